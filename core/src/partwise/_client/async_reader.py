"""The base of streams and views for asyncio, and the twin of `View`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeAlias, TypeVar

from .._sentinels import MISSING
from .mixups import AsyncOnly
from .stream_state import ViewState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    from .async_stream import AsyncPartialStream


S = TypeVar("S")
_Stream: TypeAlias = "AsyncPartialStream[Any, Any]"


class AsyncReader(AsyncOnly, ABC):
    """A stream or a view for asyncio, which can be left at will. Awaiting it gives itself."""

    if not TYPE_CHECKING:
        # Python iterates by it if there is no `__iter__`, which would make this an `Iterable`.
        def __getitem__(self, index: Any) -> NoReturn:
            raise self._mixup("for", "write async for")

        def __next__(self) -> NoReturn:
            raise self._mixup("next()", "write await anext(…)")

    def __await__(self) -> Generator[Any, None, Self]:
        return self
        yield

    @abstractmethod
    async def aclose(self) -> None:
        """Leave. Nothing more can be read."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class AsyncView(ViewState[S, _Stream], AsyncReader):
    """Another way to read a stream. A view that has nothing left reads the stream on.

    Views are created before the stream is read. Reading one raises the errors of its stream.

    Example:
        As for `View`, read with `async for`.
    """

    async def __anext__(self) -> S:
        session = self.stream._session  # noqa: SLF001
        while (item := self._feed.take()) is MISSING:
            if not (self._is_open and await self.stream.advance()):
                if (item := self._feed.take_rest()) is not MISSING:
                    break
                if session.finished:
                    session.value()
                raise StopAsyncIteration
        session.feeds.mark_delivered(self._feed)
        return item

    def __aiter__(self) -> _ViewLoop[S]:
        """Items for one loop. The view is closed when the loop drops it."""
        return _ViewLoop(self)

    async def aclose(self) -> None:
        """Leave the stream, which is closed if nobody else reads it; once more does no harm."""
        if self._detach():
            await self.stream.aclose()

    def abandon(self) -> None:
        """The same without waiting: the connection is released at the loop's next turn."""
        if self._detach():
            self.stream.abandon()


class _ViewLoop(Generic[S]):
    """The iterator of one `async for` loop over a view."""

    __slots__ = ("_view",)

    def __init__(self, view: AsyncView[S]) -> None:
        self._view = view

    def __anext__(self) -> Awaitable[S]:
        return self._view.__anext__()

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        self._view.abandon()
