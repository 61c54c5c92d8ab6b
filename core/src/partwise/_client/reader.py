"""The views of a stream, and the iterators of loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from .._errors import ConfigurationError
from .._sentinels import MISSING
from .mixups import SyncOnly
from .stream_state import ViewState

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .stream import PartialStream


S = TypeVar("S")
_Stream: TypeAlias = "PartialStream[Any, Any]"


class Loop(Generic[S]):
    """The iterator of one `for` loop, for the thread that the loop is in."""

    __slots__ = ("_items",)

    def __init__(self, items: Generator[S, None, None]) -> None:
        self._items = items

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> S:
        try:
            return next(self._items)
        except ValueError as error:
            raise_if_being_read(error)
            raise

    def close(self) -> None:
        """Leave the loop."""
        self._items.close()


def raise_if_being_read(error: ValueError) -> None:
    if "already executing" in str(error):  # as CPython says it of a generator
        raise ConfigurationError(
            "this stream is being read already, by another thread or around this call: read it in "
            "one thread, and take views (stream.events(), stream.elements(…)) for several readers "
            "in turn"
        ) from error


class View(ViewState[S, _Stream], SyncOnly):
    """Another way to read a stream. A view that has nothing left reads the stream on.

    Views are created before the stream is read. Reading one raises the errors of its stream.

    Example:
        `names, users = stream.text_deltas("name"), stream.elements("users")`
    """

    def __next__(self) -> S:
        session = self.stream._session  # noqa: SLF001
        while (item := self._feed.take()) is MISSING:
            if not (self._is_open and self.stream.advance()):
                if (item := self._feed.take_rest()) is not MISSING:
                    break
                if session.finished:
                    session.value()
                raise StopIteration
        session.feeds.mark_delivered(self._feed)
        return item

    def __iter__(self) -> Iterator[S]:
        """Items for one loop. The view is closed when the loop drops it."""
        return Loop(self._loop())

    def _loop(self) -> Generator[S, None, None]:
        try:
            while True:
                try:
                    item = self.__next__()
                except StopIteration:
                    return
                yield item
        finally:
            self.close()

    def interrupt(self, thread: int) -> None:
        """End the read that another thread is in, as the stream's does."""
        self.stream.interrupt(thread)

    def close(self) -> None:
        """Leave the stream, which is closed if nobody else reads it; once more does no harm."""
        if self._detach():
            self.stream.close()
