"""Ending a read that blocks another thread, in an SDK that offers no way to do so."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import FrameType

_OUTERMOST: Final = "partwise._client."
_SHARED: Final = ".http2"
"""End of the name of httpcore's module for connections that carry several responses."""


def interrupt(events: Any, thread: int | None) -> bool:
    """End the read of these events that the thread is in. Whether a way was found.

    Closing a socket does not end a read of it by another thread, on Linux at least, but shutting it
    down does. A provider may offer `interrupt()` on its events. Otherwise the socket is the one
    that the thread waits for, in the frames of the SDK's HTTP client: no SDK has a public way to
    it while it connects or waits for the headers.
    """
    if callable(own := getattr(events, "interrupt", None)):
        own()
        return True
    frame = sys._current_frames().get(thread or -1)  # noqa: SLF001 - documented, so named
    found = None if frame is None else _socket_of(frame)
    if found is not None:
        with suppress(OSError):  # it is closed already
            found.shutdown(socket.SHUT_RDWR)
    return found is not None


def _socket_of(innermost: FrameType) -> socket.socket | None:
    frame: FrameType | None = innermost
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_OUTERMOST) or module.endswith(_SHARED):
            return None
        for name in ("self", "sock"):
            holder = frame.f_locals.get(name)
            found = holder if isinstance(holder, socket.socket) else _held(holder)
            if found is not None:
                return found
        frame = frame.f_back
    return None


def _held(holder: Any) -> socket.socket | None:
    try:
        found = object.__getattribute__(holder, "_sock")
    except AttributeError:
        return None
    return found if isinstance(found, socket.socket) else None
