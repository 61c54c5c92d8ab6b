"""Reads a sync view in a thread of its own, so that one can wait for other things meanwhile."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

END: Final = object()
"""The item after the last one."""

_TRIES: Final = 50
"""How often the thread is interrupted, which may just be between two reads."""


class ReadingThread:
    """The thread. It reads an item when it is asked to."""

    def __init__(self, view: Any) -> None:
        self._view = view
        self._context = contextvars.copy_context()
        self._thread = ThreadPoolExecutor(1, "partwise-web")
        self._ident = 0

    def read(self) -> Future[Any]:
        """The next item, or `END`."""
        return self._thread.submit(self._context.run, self._next)

    def _next(self) -> Any:
        self._ident = threading.get_ident()
        return next(self._view, END)

    def close(self) -> Iterator[None]:
        """End the read that the thread is in, and let it close the stream.

        Between two tries the caller is to wait for a moment.
        """
        closing = self._thread.submit(self._view.close)
        self._thread.shutdown(wait=False)
        for _ in range(_TRIES):
            if closing.done():
                return
            if self._ident:
                self._view.interrupt(self._ident)
            yield
