"""Ends the read that another thread is in, so that a sync stream can be left at once."""

from __future__ import annotations

import gc
import logging
import socket
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import FrameType

log = logging.getLogger("partwise")

_OUTERMOST: Final = "partwise._client."
"""Modules whose frames are around the SDK's."""

_without_gc: Final = threading.RLock()  # a finalizer may come here as well


def interrupt(events: Any, thread: int | None) -> bool:
    """End the read of these events that a thread is in. Whether a way was found.

    A provider may offer `interrupt()` on its events; otherwise it is done by the thread's socket.
    """
    if callable(own := getattr(events, "interrupt", None)):
        try:
            own()
        except Exception:
            log.warning("a read could not be interrupted", exc_info=True)
        else:
            return True
    return thread is not None and interrupt_read(thread)


def interrupt_read(thread: int) -> bool:
    """Shut down the socket that a thread waits for. Whether it waits for one.

    Closing a socket does not wake a thread that is in its `recv`; shutting it down does. The
    socket is found on the thread's stack, since no vendor's SDK says which it is: the innermost
    method of a socket, or of an object that holds one in `_sock`, as httpcore's streams and
    `socket.SocketIO` do, or a function that connects `sock`. A socket that HTTP/2 shares with other
    requests is left alone: that read ends with the connection's next event.

    Args:
        thread: its identifier, as `threading.get_ident` gives it.
    """
    frames = _stack(frame_of(thread))
    if any(_is_shared(frame) for frame in frames):
        return False
    for frame in frames:
        if (found := _socket_of(frame)) is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
            return True
    return False


def frame_of(thread: int) -> FrameType | None:
    """The innermost frame of a thread; None if it has ended."""
    # A collection inside of `_current_frames` may stop the interpreter for good before Python
    # 3.11.9 and 3.12.3, which do the same (gh-106883).
    with _without_gc:
        is_enabled = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames().get(thread)  # noqa: SLF001 - documented in `sys`
        finally:
            if is_enabled:
                gc.enable()


def _stack(frame: FrameType | None) -> list[FrameType]:
    """The frames inside of partwise's own, innermost first."""
    frames = []
    while frame is not None and not _is_own(frame):
        frames.append(frame)
        frame = frame.f_back
    return frames


def _is_own(frame: FrameType) -> bool:
    name: str = frame.f_globals.get("__name__", "")
    return name.startswith(_OUTERMOST)


def _is_shared(frame: FrameType) -> bool:
    """Whether it reads for more than one request.

    httpcore's `HTTP2Connection` has a list of events for each request that is open, in `_events`.
    """
    if not frame.f_code.co_filename.endswith("http2.py"):
        return False
    requests = _attribute(frame.f_locals.get("self"), "_events")
    return isinstance(requests, dict) and len(requests) > 1


def _socket_of(frame: FrameType) -> socket.socket | None:
    owner, connecting = frame.f_locals.get("self"), frame.f_locals.get("sock")
    for found in (owner, connecting, _attribute(owner, "_sock")):
        if isinstance(found, socket.socket):
            return found
    return None


def _attribute(owner: Any, name: str) -> Any:
    """An attribute of any object, without the object's own `__getattr__`: it may be half made."""
    with suppress(AttributeError):
        return object.__getattribute__(owner, name)
    return None
