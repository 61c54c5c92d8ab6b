"""The asyncio twin of `PartialStream`, driven by awaiting.

Several tasks may read one stream, as `gather(stream.field("a"), stream.field("b"))` does. One of
them reads at a time, the others wait for its snapshots. A task that is cancelled leaves the others
their stream.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, overload

from typing_extensions import TypeVar

from .._sentinels import MISSING
from .._session.commands import END, Done, Read, Show
from .async_reader import AsyncReader, AsyncView
from .keywords import flag
from .stream_state import StreamState
from .wire_folds import Events, Snapshots
from .wire_patches import Patches
from .wire_text import JsonDeltas
from .wire_view import AsyncPacedView

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    from .._session.event_reader import EventReader
    from .._session.session import Session
    from .._snapshot.events import Event
    from .selectors import HasElements, OnInvalid, Place
    from .stream_state import PaceableFold
    from .wire_patches import Operation, Source

P = TypeVar("P")
T = TypeVar("T", default=P)
S = TypeVar("S")


class AsyncPartialStream(AsyncReader, StreamState[T], Generic[P, T]):
    """Snapshots of an answer while it is being written; the last is the validated value.

    Reading raises the `PartwiseError` that ended the answer, if one did, and errors of the
    response model's validators other than `ValueError` and `AssertionError`.

    Example:
        As for `PartialStream`, with `async for` and `await`.
    """

    def __init__(self, session: Session) -> None:
        # Loads asyncio, which takes a while, and which only asynchronous callers need.
        from .async_driver import AsyncDriver  # noqa: PLC0415

        super().__init__(session)
        self._driver = AsyncDriver(session)
        self._is_driven = False  # by a task that reads
        self._has_woken = False  # tasks that have not run yet
        self._waiting: list[Future[None]] = []

    async def __anext__(self) -> P:
        # Another task may have read on: the snapshot that it found is shown first.
        is_behind = self._shown != self._session.feeds.found and not self._session.closed
        if not (is_behind or await self.advance()):
            self._session.value()
            raise StopAsyncIteration
        self._shown = self._session.feeds.found
        return self._session.show()  # type: ignore[no-any-return]

    def __aiter__(self) -> _SnapshotLoop[P]:
        """Snapshots for one loop. The stream is left when the loop drops it."""
        return _SnapshotLoop(self)

    async def advance(self, *, closes_if_cancelled: bool = True) -> bool:
        """Read until a snapshot is due, without making it. False if the session has ended."""
        before = self._session.feeds.found
        while self._is_driven:
            self._waiting.append(turn := self._driver.new_future())
            await turn
            if self._session.feeds.found != before:
                return True
        self._is_driven = True
        try:
            return await self._drive()
        except GeneratorExit:
            if not self._is_shared:
                self.abandon()
            raise
        except BaseException:
            if closes_if_cancelled and not self._is_shared:
                await self.aclose()
            raise
        finally:
            self._is_driven = False
            self._wake()

    async def _drive(self) -> bool:
        session = self._session
        while True:
            command = session.next_command()
            try:
                match command:
                    case Read(reader) if await self._read(reader):
                        session.feeds.found += 1
                        return True
                    case Show():
                        session.feeds.found += 1
                        return True
                    case Done():
                        return False
                    case _:
                        await self._driver.execute(command)
            except Exception as error:  # noqa: BLE001 - the session judges it
                session.fail(error)
            else:
                session.receive()

    async def _read(self, reader: EventReader) -> bool:
        """Read events until a snapshot is due. If none is, they have ended."""
        if reader.has_pending_chunks:
            if self._has_woken:  # they are to run before there is another snapshot
                self._has_woken = False
                await self._driver.yield_turn()
            if reader.receive_rest():
                return True
        while (event := await self._driver.next_event()) is not END:
            if reader.receive(event):
                return True
        return reader.receive_end()

    @property
    def _is_shared(self) -> bool:
        """Whether somebody else reads this stream."""
        return self._readers > 0 or any(not turn.done() for turn in self._waiting)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)
                self._has_woken = True

    async def result(self) -> T:
        """Read to the end: the validated value. See `PartialStream.result`."""
        while await self.advance():
            pass
        return self._session.value()  # type: ignore[no-any-return]

    @overload
    async def field(self, path: Callable[[T], S]) -> S: ...
    @overload
    async def field(self, path: Place) -> Any: ...
    async def field(self, path: Place | Callable[[T], Any]) -> Any:
        """Read until the value at the place is complete: that value. See `PartialStream.field`."""
        text = self._checked(path)
        while (value := self._settled(text)) is MISSING:
            if not await self.advance(closes_if_cancelled=False):
                break
        if self._session.finished:
            self._session.value()
        return self._settled(text) if value is MISSING else value

    async def aclose(self) -> None:
        """Release the connection. Nothing more can be read; values read stay."""
        self._session.abandon()
        await self._driver.close()

    def abandon(self) -> None:
        """The same without waiting: the connection is released at the loop's next turn."""
        self._session.abandon()
        self._driver.abandon()

    def _leave(self) -> None:
        self._readers -= 1
        if not self._readers:
            self.abandon()

    def __del__(self) -> None:
        self.abandon()

    def _view(
        self, new_fold: Callable[[Source], PaceableFold[S]], throttle: float | None
    ) -> AsyncView[S]:
        if throttle is None:
            return AsyncView(self, new_fold(self._session))
        return AsyncPacedView(self, new_fold, throttle)

    def events(self, *, throttle: float | None = None) -> AsyncView[Event]:
        """The changes between one snapshot and the next. See `PartialStream.events`."""
        return self._view(lambda _: Events(), throttle)

    def snapshots(self, *, throttle: float = 0.0) -> AsyncView[P]:
        """The newest snapshot, at the reader's pace. See `PartialStream.snapshots`."""
        return AsyncPacedView(self, Snapshots, throttle)

    def patches(
        self,
        *,
        standard: bool = False,
        by_alias: bool | None = None,
        throttle: float | None = None,
    ) -> AsyncView[list[Operation]]:
        """The changes of the snapshots' JSON as patches. See `PartialStream.patches`."""
        return self._view(
            partial(Patches, standard=flag("standard", standard), by_alias=by_alias), throttle
        )

    def json_deltas(
        self, *, by_alias: bool | None = None, wait: bool = False, throttle: float | None = None
    ) -> AsyncView[str]:
        """The JSON text of the snapshots, piece by piece. See `PartialStream.json_deltas`."""
        return self._view(partial(JsonDeltas, by_alias=by_alias, wait=flag("wait", wait)), throttle)

    @overload
    def elements(
        self, path: Callable[[T], HasElements[S]], *, on_invalid: OnInvalid = "raise"
    ) -> AsyncView[S]: ...
    @overload
    def elements(self, path: Place, *, on_invalid: OnInvalid = "raise") -> AsyncView[Any]: ...
    def elements(
        self, path: Place | Callable[[T], Any], *, on_invalid: OnInvalid = "raise"
    ) -> AsyncView[Any]:
        """Each element, as soon as it is complete and valid. See `PartialStream.elements`."""
        return AsyncView(self, self._elements(path, on_invalid))

    def text_deltas(self, path: Place | Callable[[T], str | None]) -> AsyncView[str]:
        """The text at the place, piece by piece as it arrives. See `PartialStream.text_deltas`."""
        return AsyncView(self, self._text_deltas(path))


class _SnapshotLoop(Generic[P]):
    """The iterator of one `async for` loop over a stream."""

    __slots__ = ("_shown", "_stream")

    def __init__(self, stream: AsyncPartialStream[P, Any]) -> None:
        self._stream = stream
        self._shown = stream._shown  # noqa: SLF001 - a part of its stream
        stream._readers += 1  # noqa: SLF001

    async def __anext__(self) -> P:
        stream, session = self._stream, self._stream._session  # noqa: SLF001
        is_behind = self._shown != session.feeds.found and not session.closed
        if not (is_behind or await stream.advance()):
            session.value()
            raise StopAsyncIteration
        self._shown = stream._shown = session.feeds.found  # noqa: SLF001
        return session.show()  # type: ignore[no-any-return]

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        self._stream._leave()  # noqa: SLF001
