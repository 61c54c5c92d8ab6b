"""The asyncio twins of `PartialStream` and `View`, driven by awaiting.

Several tasks may read one stream, as `gather(stream.field("a"), stream.field("b"))` does. One of
them reads at a time, the others wait for its snapshots. A task that is cancelled leaves the others
their stream.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Self, overload

from typing_extensions import TypeVar

from .._sentinels import MISSING
from .._session.commands import END, Done, Read, Show
from .mixups import AsyncIterableOnly
from .stream_state import StreamState, ViewState
from .views import Events
from .wire_folds import EventBatches, Newest, Snapshots
from .wire_patches import Patches
from .wire_text import JsonDeltas

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator

    from .._session.event_reader import EventReader
    from .._session.session import Session
    from .._snapshot.events import Event
    from .selectors import HasElements, OnInvalid, Place
    from .wire_folds import PacedFold
    from .wire_patches import Operation

P = TypeVar("P")
T = TypeVar("T", default=P)
S = TypeVar("S")


class AsyncReader(AsyncIterableOnly, ABC, Generic[S]):
    """An asynchronous iterator of items that can be left at will. Awaiting it gives itself."""

    @abstractmethod
    async def __anext__(self) -> S: ...

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[S]:
        """An iterator for one loop, which leaves when the loop drops it."""

    def __await__(self) -> Generator[Any, None, Self]:
        return self
        yield

    @abstractmethod
    async def aclose(self) -> None:
        """Leave. Nothing more can be read."""

    @abstractmethod
    def abandon(self) -> None:
        """The same without waiting: the connection is released at the loop's next turn."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class AsyncPartialStream(AsyncReader[P], StreamState[T], Generic[P, T]):
    """Snapshots of an answer while it is being written; the last is the validated value.

    Reading raises the `PartwiseError` that ends the answer, if it has no good end, and errors of
    the response model's validators other than `ValueError` and `AssertionError`.

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
        if (
            self._shown == self._session.feeds.found or self._session.closed
        ) and not await self.advance():
            self._stop()
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
            await self._let_others_see()
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

    async def _let_others_see(self) -> None:
        """Let the tasks that wait for a snapshot run before there is another one."""
        if self._has_woken:
            self._has_woken = False
            await self._driver.yield_turn()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)
                self._has_woken = True

    def _stop(self) -> None:
        self._session.value()
        raise StopAsyncIteration

    async def result(self) -> T:
        """Read to the end: the validated value. Once there, it gives the same value again.

        Raises:
            RetriesExhaustedError: there were several attempts, and all failed.
            PartwiseError: of another class, as the answer ended: with invalid output, a refusal, or
                an error of the vendor.
            IncompleteOutputError: the stream was closed before the end.

        Example:
            As for `PartialStream.result`, awaited.
        """
        while await self.advance():
            pass
        return self._session.value()  # type: ignore[no-any-return]

    @overload
    async def field(self, path: Callable[[T], S]) -> S: ...
    @overload
    async def field(self, path: Place) -> Any: ...
    async def field(self, path: Place | Callable[[T], Any]) -> Any:
        """Read until the value at the place is complete: that value. The rest can be read on.

        Args:
            path: a path such as `users[0].name`, its steps, or a selector such as
                `lambda team: team.users[0].name`.

        Raises:
            LookupError: the answer has nothing there, and never will.
            PathError: not a path, or no answer can have anything there.
            PartwiseError: the answer ended with it before the value was complete.

        Example:
            As for `PartialStream.field`, awaited.
        """
        text = self._checked(path)
        while (value := self._settled(text)) is MISSING:
            if not await self.advance(closes_if_cancelled=False):
                break
        if self._session.finished:
            self._session.value()
        return self._settled(text) if value is MISSING else value

    async def aclose(self) -> None:
        """Release the connection. Nothing more can be read; values read stay.

        Closing twice does no harm. The end of an `async with` block closes, too.

        Example:
            As for `PartialStream.close`, awaited.
        """
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

    def events(self, *, throttle: float | None = None) -> AsyncView[Event]:
        """The changes between one snapshot and the next: folding them gives the snapshots.

        Args:
            throttle: seconds between two batches, at least; the changes of one place are joined.
                None, the default, gives each change as it is read.

        Raises:
            ConfigurationError: the stream was read before it had any view.
            ValueError: `throttle` is negative or longer than a day.

        Example:
            As for `PartialStream.events`, read with `async for`.
        """
        if throttle is None:
            return AsyncView(self, Events())
        return _paced(self, EventBatches(), Newest(self._session), throttle)

    def snapshots(self, *, throttle: float = 0.0) -> AsyncView[P]:
        """The newest snapshot, one each `throttle` seconds at most, the last one included.

        The stream is read on in the background, so a slow reader skips snapshots.

        Args:
            throttle: seconds between two snapshots, at least; 0 unless given.

        Raises:
            ConfigurationError: the stream was read before it had any view.
            ValueError: `throttle` is negative or longer than a day.

        Example:
            As for `PartialStream.snapshots`, read with `async for`.
        """
        newest = Newest(self._session)
        return _paced(self, Snapshots(newest), newest, throttle)

    def patches(
        self,
        *,
        standard: bool = False,
        by_alias: bool | None = None,
        throttle: float | None = None,
    ) -> AsyncView[list[Operation]]:
        """The changes of the snapshots' JSON as patches, to be applied elsewhere.

        Args:
            standard: whether to use the operations of RFC 6902 only; False unless given. A text
                that grows is then replaced by itself; otherwise there is an operation `append`.
            by_alias: as in pydantic's `model_dump`; None, the default, leaves it to the model.
            throttle: seconds between two patches, at least. None, the default, gives each as it
                comes.

        Raises:
            ConfigurationError: the stream was read before it had any view.
            ValueError: `throttle` is negative or longer than a day.

        Example:
            As for `PartialStream.patches`, read with `async for`.
        """
        if throttle is None:
            return AsyncView(self, Patches(self._session, standard=standard, by_alias=by_alias))
        newest = Newest(self._session)
        fold = Patches(newest, standard=standard, by_alias=by_alias)
        return _paced(self, fold, newest, throttle)

    def json_deltas(
        self, *, by_alias: bool | None = None, wait: bool = False, throttle: float | None = None
    ) -> AsyncView[str]:
        """The JSON text of the snapshots, piece by piece. Joined, they are the value's JSON.

        A delivered piece can't be taken back: from the first one on, a failed attempt is not tried
        again, and its error is raised.

        Args:
            by_alias: as in pydantic's `model_dump`; None, the default, leaves it to the model.
            wait: whether to give nothing until an attempt is whole, so that failed ones don't show;
                False unless given.
            throttle: seconds between two pieces, at least. None, the default, gives each as it
                comes.

        Raises:
            NotAppendableError: when read, if a validator changed text that was given already.
            ConfigurationError: the stream was read before it had any view.
            ValueError: `throttle` is negative or longer than a day.

        Example:
            As for `PartialStream.json_deltas`, read with `async for`.
        """
        if throttle is None:
            return AsyncView(self, JsonDeltas(self._session, by_alias=by_alias, wait=wait))
        newest = Newest(self._session)
        return _paced(self, JsonDeltas(newest, by_alias=by_alias, wait=wait), newest, throttle)

    @overload
    def elements(
        self, path: Callable[[T], HasElements[S]], *, on_invalid: OnInvalid = "raise"
    ) -> AsyncView[S]: ...
    @overload
    def elements(self, path: Place, *, on_invalid: OnInvalid = "raise") -> AsyncView[Any]: ...
    def elements(
        self, path: Place | Callable[[T], Any], *, on_invalid: OnInvalid = "raise"
    ) -> AsyncView[Any]:
        """Each element of the list or dict at the place, as soon as it is complete and valid.

        A delivered element can't be taken back: from the first one on, a failed attempt is not
        tried again, and its error is raised.

        Args:
            path: a path such as `users` or `users[*].tags`, its steps, or a selector such as
                `lambda team: team.users`.
            on_invalid: `"raise"`, the default, ends the stream at an invalid element. `"skip"`
                leaves it out of the list, and the stream goes on; `invalid` has it. The elements
                then show when they are complete.

        Raises:
            PathError: not a path, or no answer can have elements there.
            ConfigurationError: the stream was read before it had any view, or at all if `"skip"`;
                `on_invalid` is neither of the two; or another list is skipped in already.

        Example:
            As for `PartialStream.elements`, read with `async for`.
        """
        return AsyncView(self, self._elements(path, on_invalid))

    def text_deltas(self, path: Place | Callable[[T], str | None]) -> AsyncView[str]:
        """The text at the place, piece by piece as it arrives.

        A delivered piece can't be taken back: from the first one on, a failed attempt is not tried
        again, and its error is raised.

        Args:
            path: a path such as `name`, its steps, or a selector such as `lambda team: team.name`.
                One with `[*]` gives the texts of all its places, one after the other.

        Raises:
            PathError: not a path, or no answer can have text there.
            ConfigurationError: the stream was read before it had any view.

        Example:
            As for `PartialStream.text_deltas`, read with `async for`.
        """
        return AsyncView(self, self._text_deltas(path))


def _paced(
    stream: AsyncPartialStream[Any, Any], fold: PacedFold[S], source: Newest, seconds: float
) -> AsyncView[S]:
    from .wire_view import AsyncPacedView, Pace  # noqa: PLC0415 - made of the classes here

    return AsyncPacedView(stream, fold, source, Pace(seconds))


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
            stream._stop()  # noqa: SLF001
        self._shown = stream._shown = session.feeds.found  # noqa: SLF001
        return session.show()  # type: ignore[no-any-return]

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        self._stream._leave()  # noqa: SLF001


class AsyncView(ViewState[S, AsyncPartialStream[Any, Any]], AsyncReader[S]):
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
        if self._detach() and not self.stream._readers:  # noqa: SLF001
            await self.stream.aclose()

    def abandon(self) -> None:
        """The same without waiting: the connection is released at the loop's next turn."""
        if self._detach() and not self.stream._readers:  # noqa: SLF001
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
