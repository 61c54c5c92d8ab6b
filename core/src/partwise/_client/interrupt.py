"""Ends the read that another thread is in, so that a sync stream can be left at once."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


def interrupt_read(thread: int) -> None:
    """Shut down the socket that a thread waits for, if it waits for one.

    Closing a socket does not wake a thread that is in its `recv`; shutting it down does. The
    socket is found on the thread's stack, since no vendor's SDK says which it is: the innermost
    method of a socket, or of an object that holds one in `_sock`, as httpcore's streams and
    `socket.SocketIO` do. A socket that HTTP/2 shares with other requests is left alone: that read
    ends with the vendor's next event.

    Args:
        thread: its identifier, as `threading.get_ident` gives it.
    """
    frames = _stack(sys._current_frames().get(thread))  # noqa: SLF001 - documented in `sys`
    if any(frame.f_code.co_filename.endswith("http2.py") for frame in frames):
        return
    for frame in frames:
        if (found := _socket_of(frame)) is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
            return


def _stack(frame: FrameType | None) -> list[FrameType]:
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _socket_of(frame: FrameType) -> socket.socket | None:
    owner = frame.f_locals.get("self")
    found = owner if isinstance(owner, socket.socket) else getattr(owner, "_sock", None)
    return found if isinstance(found, socket.socket) else None
