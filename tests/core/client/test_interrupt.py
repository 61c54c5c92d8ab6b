"""The end of a read that another thread is in."""

import gc
import linecache
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from partwise._client.driver import _close
from partwise._client.interrupt import _collector_off, interrupt_read
from partwise._client.keeper import Keeper

LOOKS = ("_current_frames", "f_back", "f_locals")
"""Whatever looks at a frame that may end as soon as its thread goes on."""


class Lines:
    """The lines on this thread's stack at each call."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, *_: Any) -> None:
        for frame, line in traceback.walk_stack(sys._getframe(1)):
            self.seen.add(linecache.getline(frame.f_code.co_filename, line).strip())

    @property
    def looks(self) -> list[str]:
        return [line for line in self.seen if any(look in line for look in LOOKS)]


@contextmanager
def busy_collector(note: Callable[..., None]) -> Iterator[None]:
    threshold = gc.get_threshold()
    gc.callbacks.append(note)
    gc.set_threshold(1)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(note)


def test_nothing_is_collected_while_the_threads_are_looked_at() -> None:
    """Before CPython 3.12, that stops all threads for good, or the process."""
    lines, is_over = Lines(), threading.Event()
    threads = [threading.Thread(target=is_over.wait) for _ in range(9)]
    for thread in threads:
        thread.start()
    with busy_collector(lines):
        found = interrupt_read(threads[0].ident or 0)
        [[] for _ in range(9)]
    is_over.set()
    for thread in threads:
        thread.join()
    assert not found
    assert lines.seen
    assert lines.looks == []


def test_no_value_ends_while_the_variables_of_a_thread_are_looked_at() -> None:
    """Before CPython 3.13 a look replaces the values of the one before."""
    lines, steps = Lines(), [threading.Event() for _ in range(3)]
    in_step = [threading.Event() for _ in steps]

    class Noting:
        def __del__(self) -> None:
            lines()

    def run() -> None:
        for step, reached in zip(steps, in_step, strict=True):
            value = Noting()
            reached.set()
            step.wait(5)
        del value

    thread = threading.Thread(target=run)
    thread.start()
    for step, reached in zip(steps, in_step, strict=True):
        assert reached.wait(5)
        assert not interrupt_read(thread.ident or 0)
        step.set()
    thread.join()
    assert lines.seen
    assert lines.looks == []


class Reading:
    """As an SDK's streams hold their sockets."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self) -> bytes:
        return self._sock.recv(1)


def test_a_thread_that_has_gone_on_is_left_alone() -> None:
    """A pool may have given the socket to another request, or the thread be in another stream."""
    reads_next = threading.Event()
    received = []

    def read() -> None:
        received.append(Reading(here).read())
        reads_next.set()
        received.append(Reading(next_here).read())

    def goes_on() -> bool:
        there.sendall(b"1")
        return reads_next.wait(5)

    (here, there), (next_here, next_there) = socket.socketpair(), socket.socketpair()
    with here, there, next_here, next_there:
        thread = threading.Thread(target=read)
        thread.start()
        while not reads_next.is_set():
            assert not interrupt_read(thread.ident or 0, goes_on)
        next_there.sendall(b"2")
        thread.join()
        there.sendall(b"3")
        received.append(here.recv(1))
    assert received == [b"1", b"2", b"3"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_process_is_not_forked_while_the_threads_are_looked_at() -> None:
    """It would have no collector, and a lock that nobody releases."""
    looks, goes_on = threading.Event(), threading.Event()

    def look() -> None:
        with _collector_off():
            looks.set()
            goes_on.wait(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    assert looks.wait(5)
    if (child := os.fork()) == 0:
        os._exit(0 if gc.isenabled() else 1)
    goes_on.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


def test_a_finalizer_may_release_a_keeper_whatever_its_thread_does() -> None:
    """It may be run by that thread, in the middle of a lock of Python's."""
    lines = Lines()

    @contextmanager
    def connect() -> Iterator[Iterator[Any]]:
        yield iter(range(200))

    def note(*about: Any) -> None:
        if threading.current_thread().name == "partwise-keeper":
            lines(*about)

    with busy_collector(note):
        keeper = Keeper(connect, _close)
        keeper.start()
        for _ in range(100):
            keeper.next_item(5)
        keeper.release()
    keeper._thread.join(5)
    assert not [line for line in lines.seen if "self._cond" in line]
