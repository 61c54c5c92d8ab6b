"""The end of a read that another thread is in."""

import gc
import linecache
import sys
import threading
from typing import Any

from partwise._client.interrupt import interrupt_read


def test_nothing_is_collected_while_the_threads_are_looked_at() -> None:
    """Before CPython 3.11.9, that stops all threads for good."""
    at: set[str] = set()

    def note(*_: Any) -> None:
        frame = sys._getframe(1)
        at.add(linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip())

    is_over = threading.Event()
    threads = [threading.Thread(target=is_over.wait) for _ in range(9)]
    for thread in threads:
        thread.start()
    threshold = gc.get_threshold()
    gc.callbacks.append(note)
    gc.set_threshold(1)
    try:
        found = interrupt_read(threads[0].ident or 0)
        [[] for _ in range(9)]
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(note)
        is_over.set()
        for thread in threads:
            thread.join()
    assert not found
    assert at
    assert not [line for line in at if "_current_frames()" in line]
