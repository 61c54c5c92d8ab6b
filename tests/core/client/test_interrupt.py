"""The end of a read that another thread is in."""

import gc
import linecache
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from partwise._client.interrupt import interrupt_read

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
def busy_collector(note: Lines) -> Iterator[None]:
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
