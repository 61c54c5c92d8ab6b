"""The asyncio twins of `PartialStream` and `View`, driven by awaiting.

Several tasks may read one stream, as `gather(stream.field("a"), stream.field("b"))` does. One of
them reads at a time, the others wait for what it finds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .._paths import parse_path
from .._session.commands import END, READ, SHOW
from .stream import StreamFacts
from .views import Elements, Events, Patches, TextDeltas, value_at

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Generator
    from types import TracebackType

    from .._session.commands import Command
    from .._session.session import Session
    from .._snapshot.events import Event
    from .views import Fold, Operation

T = TypeVar("T")
S = TypeVar("S")


class AsyncReader(ABC, Generic[S]):
    """Something to be read item by item, and given up at will. Awaiting it gives itself."""

    @abstractmethod
    async def __anext__(self) -> S: ...

    def __aiter__(self) -> _AsyncLoop[S]:
        """An iterator for one loop. The reader is closed when the loop drops it."""
        return _AsyncLoop(self)

    def __await__(self) -> Generator[Any, None, Self]:
        return self
        yield

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of the connection. Nothing more can be read."""

    @abstractmethod
    def abandon(self) -> None:
        """The same without waiting: the loop lets go of the connection at its next turn."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class _AsyncLoop(Generic[S]):
    """What one `async for` loop holds of a reader."""

    __slots__ = ("_reader",)

    def __init__(self, reader: AsyncReader[S]) -> None:
        self._reader = reader

    def __anext__(self) -> Awaitable[S]:
        return self._reader.__anext__()

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        self._reader.abandon()


class AsyncPartialStream(AsyncReader[T], StreamFacts):
    """Snapshots of an answer while it is being written; the last is the validated value.

    Reading raises the `PartwiseError` that ends the answer, where it has no good end, and what
    validators of the response model raise other than `ValueError` and `AssertionError`.
    """

    def __init__(self, session: Session) -> None:
        # Loads asyncio, which takes a while, and which only they need who come here.
        from .async_driver import AsyncDriver  # noqa: PLC0415

        self._session = session
        self._connection = AsyncDriver(session)
        self._flow = session.run()
        self._command: Command = SHOW  # as after a snapshot: the reader has come
        self._failure: Exception | None = None  # what came of it, if not what was meant to
        self._found = 0  # so many snapshots
        self._seen = 0  # so many when one was shown last
        self._reading = False
        self._waiting: list[Future[None]] = []

    async def __anext__(self) -> T:
        # Another task may have read on: what it found is shown first.
        if self._seen == self._found or self._session.closed:
            await (self.advance() if self._reading else self._drive())
        self._seen = self._found
        return self._session.show()  # type: ignore[no-any-return]

    async def advance(self) -> None:
        """Read until there is a new snapshot, without making it."""
        before = self._found
        while self._reading:
            self._waiting.append(turn := self._connection.new_future())
            await turn
        if self._found == before:
            await self._drive()

    async def _drive(self) -> None:
        self._reading = True
        try:
            while self._command is not READ or not await self._read():
                await self._obey()
                failure, self._failure = self._failure, None
                flow = self._flow
                self._command = flow.throw(failure) if failure else next(flow)
                if self._command is SHOW:
                    break
            self._found += 1
        except StopIteration:
            self._session.value()
            raise StopAsyncIteration from None
        except GeneratorExit:
            self.abandon()
            raise
        except BaseException:
            await self.aclose()
            raise
        finally:
            self._reading = False
            if self._waiting:
                self._wake()

    async def _read(self) -> bool:
        """Read until there is a new snapshot; if the events end before, there is none."""
        session, connection = self._session, self._connection
        event = None
        try:
            shows = session.unfinished and session.more()
            while not shows:
                event = END
                event = await connection.read()
                if event is END:
                    return False
                shows = session.take(event)
        except Exception as error:  # noqa: BLE001 - the session judges it
            # What came of taking an event is the session's own.
            self._failure = session.translated(error) if event is END else error
            return False
        return True

    async def _obey(self) -> None:
        if self._command not in (READ, SHOW):
            try:
                await self._connection.obey(self._command)
            except Exception as error:  # noqa: BLE001 - as above
                self._failure = self._session.translated(error)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def result(self) -> T:
        """Read to the end: the validated value."""
        while not self._session.finished:
            await self.advance()
        return self._session.value()  # type: ignore[no-any-return]

    async def field(self, path: str) -> Any:
        """Read until the value at the path is complete: that value.

        Raises:
            LookupError: the answer has ended, and has nothing there.
            ValueError: not a path, or no answer can have anything there.
        """
        self._session.expect(path)
        while self.state(path) != "complete" and not self._session.finished:
            await self.advance()
        if self._session.finished:
            self._session.value()
        return value_at(self._session.snapshot, parse_path(path))

    async def aclose(self) -> None:
        """Let go of the connection. Nothing more can be read; what was read stays."""
        self._leave()
        await self._connection.close()

    def abandon(self) -> None:
        """The same without waiting: the loop lets go of the connection at its next turn."""
        self._leave()
        self._connection.abandon()

    def _leave(self) -> None:
        self._session.leave()
        self._flow.close()
        self._command = SHOW

    def __del__(self) -> None:
        self.abandon()

    def events(self) -> AsyncView[Event]:
        """What changes between one snapshot and the next: folding it gives the snapshots."""
        return AsyncView(self, Events())

    def patches(self) -> AsyncView[list[Operation]]:
        """The changes as JSON patches (RFC 6902), one a snapshot, for who shows it elsewhere."""
        return AsyncView(self, Patches())

    def elements(self, path: str) -> AsyncView[Any]:
        """Each element of the list or dict at the path, as soon as it is complete and valid.

        What was given can't be taken back: from the first element on, a failed attempt is not
        tried again, and its error is raised.

        Raises:
            ValueError: not a path, or no answer can have anything there.
        """
        self._session.expect(path)
        return AsyncView(self, Elements(path))

    def text_deltas(self, path: str) -> AsyncView[str]:
        """The text at the path, piece by piece as it arrives.

        What was given can't be taken back: from the first piece on, a failed attempt is not tried
        again, and its error is raised.

        Raises:
            ValueError: not a path, or no answer can have anything there.
        """
        self._session.expect(path)
        return AsyncView(self, TextDeltas(path))


class AsyncView(AsyncReader[S]):
    """Another way to read a stream. Reading a view reads the stream on.

    A view is to be asked for before the first snapshot is read.
    """

    def __init__(self, stream: AsyncPartialStream[Any], fold: Fold[S]) -> None:
        stream._session.record()  # noqa: SLF001 - a view is a part of its stream
        self.stream = stream
        self._fold = fold
        self._items: deque[S] = deque()

    async def __anext__(self) -> S:
        session = self.stream._session  # noqa: SLF001
        while not self._items:
            await self.stream.advance()
            self._items.extend(self._fold(session.drain()))
        session.commit(for_good=self._fold.final)
        return self._items.popleft()

    async def aclose(self) -> None:
        """Close the stream."""
        await self.stream.aclose()

    def abandon(self) -> None:
        """The same without waiting: the loop lets go of the connection at its next turn."""
        self.stream.abandon()
