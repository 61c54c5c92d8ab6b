"""Ends the read that another thread is in, so that a sync stream can be left at once."""

from __future__ import annotations

import gc
import inspect
import logging
import os
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import FrameType, GeneratorType

log = logging.getLogger("partwise")

RELEASE_SECONDS: Final = 0.1
"""How long a release is waited for. Half of the tolerance for a time limit."""
_FIRST_WAITS: Final = (0.01, 0.02, 0.03, 0.04)
"""The same in steps: most often the first is enough."""
_REAPER_TURNS: Final = 6000
"""For ten minutes, after which the SDKs' own time limits end a request (as in openai)."""
_OUTERMOST: Final = ("partwise._client.", "partwise._session.")
"""Modules whose frames are around the SDK's, or around a hook of the user's."""

_KEPT: Final = "partwise:kept"
"""No name of a variable."""

_looking: Final = threading.RLock()  # a finalizer may come here as well
if hasattr(os, "register_at_fork"):  # a child has none of the threads that would release it
    os.register_at_fork(
        before=_looking.acquire,
        after_in_parent=_looking.release,
        after_in_child=_looking.release,
    )


def end_reads(
    interrupt: Callable[[], object], has_left: Callable[[float], bool], *, waits: bool = True
) -> None:
    """End the reads that another thread is in, until it has left them.

    One interrupt is not enough: a thread may be between two sockets, while it looks a name up or
    sleeps, and an SDK connects to the next address, or sends its request again, when one breaks.
    It is waited for briefly; whoever takes longer is left to a thread of its own.

    Args:
        interrupt: ends the read that the thread is in, if it is in one.
        has_left: waits up to so many seconds for the thread. Whether it has left.
        waits: whether this thread may wait at all.
    """
    if not _has_ended(interrupt, has_left, _FIRST_WAITS if waits else (0,)):
        turns = [RELEASE_SECONDS] * _REAPER_TURNS
        reaper = threading.Thread(
            target=_has_ended,
            args=(interrupt, has_left, turns),
            name="partwise-reaper",
            daemon=True,
        )
        with suppress(RuntimeError):  # none can be started any more, as at the program's end
            reaper.start()


def _has_ended(
    interrupt: Callable[[], object], has_left: Callable[[float], bool], waits: Iterable[float]
) -> bool:
    for seconds in waits:
        if has_left(seconds):
            return True
        interrupt()
    return has_left(0)


def interrupt(events: Any, thread: int | None, is_there: Callable[[], bool]) -> bool:
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
    return thread is not None and interrupt_read(thread, is_there)


def interrupt_read(thread: int, is_there: Callable[[], bool] = lambda: True) -> bool:
    """Shut down the socket that a thread waits for. Whether it waits for one.

    Closing a socket does not wake a thread that is in its `recv`; shutting it down does. The
    socket is found on the thread's stack, since no vendor's SDK says which it is: the innermost
    method of a socket, or of an object that holds one in `_sock`, as httpcore's streams and
    `socket.SocketIO` do, or in `sock`, as `http.client` does, or a function that connects `sock`.
    A socket that HTTP/2 shares with other requests is left alone: that read ends with the
    connection's next event.

    Args:
        thread: its identifier, as `threading.get_ident` gives it.
        is_there: whether the thread is still in the read that is to end. It may have gone on to a
            request of another stream, or have ended, and its identifier be another thread's.
    """
    with _collector_off(), suppress(OSError):
        innermost = frame_of(thread)
        found = _awaited_socket(_stack(innermost))
        # If the thread has gone on meanwhile, another request may have the socket now.
        if found is None or not is_there() or frame_of(thread) is not innermost:
            return False
        # Not the method of `SSLSocket`, which ends the encryption first: the thread might still
        # write, and would do so in plain text.
        socket.socket.shutdown(found, socket.SHUT_RDWR)
    return True


def thread_in(generator: GeneratorType[Any, None, None]) -> int | None:
    """The identifier of the thread that runs a generator now; None if there is none."""
    with _collector_off():
        for thread, innermost in _frames().items():
            frame: FrameType | None = innermost
            while frame is not None and frame is not generator.gi_frame:
                frame = frame.f_back
            if frame is not None:
                return thread
    return None


def frame_of(thread: int) -> FrameType | None:
    """The innermost frame of a thread; None if it has ended."""
    return _frames().get(thread)


def _frames() -> dict[int, FrameType]:
    """The innermost frame of each thread."""
    with _collector_off():
        return sys._current_frames()  # noqa: SLF001 - documented in `sys`


@contextmanager
def _collector_off() -> Iterator[None]:
    """Collect nothing meanwhile.

    Before CPython 3.12 any allocation may run the collector, and a finalizer lets other threads go
    on: then `_current_frames` may stop the interpreter for good (gh-106883), and `f_back` and
    `f_locals` touch the memory of a frame that has ended.
    """
    with _looking:
        is_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
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


def _awaited_socket(frames: list[FrameType]) -> socket.socket | None:
    if any(_is_shared(frame) for frame in frames):
        return None
    return next((found for frame in frames if (found := _socket_of(frame)) is not None), None)


def _is_shared(frame: FrameType) -> bool:
    """Whether it reads for more than one request.

    httpcore's `HTTP2Connection` has a list of events for each request that is open, in `_events`.
    """
    if not frame.f_code.co_filename.endswith("http2.py"):
        return False
    requests = _attribute(_variables(frame).get("self"), "_events")
    return isinstance(requests, dict) and len(requests) > 1


def _socket_of(frame: FrameType) -> socket.socket | None:
    variables = _variables(frame)
    owner, connecting = variables.get("self"), variables.get("sock")
    held = (_attribute(owner, name) for name in ("_sock", "sock"))
    for found in (owner, connecting, *held):
        if issubclass(type(found), socket.socket):  # `isinstance` asks the object for its class
            return cast("socket.socket", found)
    return None


def _variables(frame: FrameType) -> Mapping[str, Any]:
    """The local variables of a frame that another thread may run.

    Before Python 3.13 each look copies them into the frame's own dict (PEP 667). A finalizer of a
    value that is replaced there may let the other thread go on, in the middle of the copy: so the
    values of this look live until the next one is over, or the frame is gone.
    """
    variables = frame.f_locals
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        kept = variables.copy()
        kept.pop(_KEPT, None)
        variables[_KEPT] = kept
    return variables


def _attribute(owner: Any, name: str) -> Any:
    """What an object has in its dict. None of its code is run: it may be half made."""
    with suppress(AttributeError):
        return object.__getattribute__(owner, "__dict__").get(name)
    return None
