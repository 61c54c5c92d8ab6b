"""The streams that a user holds, and the loop that drives a session.

The request is sent when the first snapshot is asked for, in sync as in async.

A stream that is given up half-way lets go of its connection at once:
- `close()`, the end of a `with` block, an error, an interrupt, a cancelled task: each closes it.
- `break` closes it, even where the stream itself is still referred to: a `for` loop holds an
  iterator of its own, and that closes the stream when the loop drops it. Who wants to read on
  later calls `next(stream)`.
- A stream that nobody refers to any more closes itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .._session.commands import END, READ, SHOW
from .driver import Driver
from .views import Elements, Events, Patches, TextDeltas

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import TracebackType

    from .._session.hooks import Completion
    from .._session.session import Session
    from .._snapshot.builder import State
    from .._snapshot.events import Event
    from .._usage import FinishReason, Usage
    from .views import Fold, Operation

T = TypeVar("T")
S = TypeVar("S")


class StreamFacts:
    """What a stream knows of its session, in sync and in async."""

    _session: Session

    @property
    def attempt(self) -> int:
        """The number of the attempt that is running, or was the last, from 1."""
        return self._session.attempt

    @property
    def usage(self) -> Usage | None:
        """The tokens of all attempts, as far as the vendor told; None if it told nothing."""
        return self._session.usage

    @property
    def usage_complete(self) -> bool:
        """Whether `usage` is all that was spent. A stream that is cut short never tells."""
        return self._session.usage_complete

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the vendor stopped, once it said so."""
        return self._session.finish_reason

    @property
    def text(self) -> str:
        """The raw text of the structured answer so far."""
        return self._session.text

    @property
    def reasoning(self) -> str:
        """What came so far of the model's reasoning, or of the vendor's summary of it."""
        return self._session.reasoning

    @property
    def completion(self) -> Completion:
        """What the vendor sent in the attempt that is running, or was the last."""
        return self._session.completion

    def state(self, path: str) -> State:
        """How far the value at a path like `users[0].name` is.

        Raises:
            ValueError: not a path.
        """
        return self._session.state(path)


class Reader(ABC, Generic[S]):
    """Something to be read item by item, and given up at will."""

    @abstractmethod
    def __next__(self) -> S: ...

    def __iter__(self) -> Iterator[S]:
        """An iterator for one loop. The reader is closed when the loop drops it."""
        # A generator: an object with a `__next__` costs a loop twice as much a turn.
        take = self.__next__
        try:
            while True:
                try:
                    item = take()
                except StopIteration:
                    return
                yield item
        finally:
            self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection. Nothing more can be read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class PartialStream(Reader[T], StreamFacts):
    """Snapshots of an answer while it is being written; the last is the validated value.

    Reading raises the `PartwiseError` that ends the answer, where it has no good end, and what
    validators of the response model raise other than `ValueError` and `AssertionError`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._connection = Driver(session)
        self._turns = _turns(session, self._connection)

    def __next__(self) -> T:
        self.advance()
        return self._session.show()  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[T]:
        """Snapshots for one loop. The stream is closed when the loop drops it."""
        # As in `Reader`, with what `Session.show` does: three calls less for each snapshot, which
        # cost a tenth of the whole.
        session = self._session
        try:
            for make_snapshot in self._turns:
                session.seen = True
                yield make_snapshot()
            session.value()
        finally:
            self.close()

    def advance(self) -> None:
        """Read until there is a new snapshot, without making it."""
        try:
            next(self._turns)
        except StopIteration:
            self._session.value()
            raise

    def result(self) -> T:
        """Read to the end: the validated value."""
        while not self._session.finished:
            self.advance()
        return self._session.value()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Let go of the connection. Nothing more can be read; what was read stays."""
        self._connection.close()
        self._session.leave()
        with suppress(ValueError):  # it is running: a hook closes it, and this turn is its last
            self._turns.close()

    def __del__(self) -> None:
        self.close()

    def events(self) -> View[Event]:
        """What changes between one snapshot and the next: folding it gives the snapshots."""
        return View(self, Events())

    def patches(self) -> View[list[Operation]]:
        """The changes as JSON patches (RFC 6902), one a snapshot, for who shows it elsewhere."""
        return View(self, Patches())

    def elements(self, path: str) -> View[Any]:
        """Each element of the list or dict at the path, as soon as it is complete and valid.

        What was given can't be taken back: from the first element on, a failed attempt is not
        tried again, and its error is raised.

        Raises:
            ValueError: not a path, or no answer can have anything there.
        """
        self._session.expect(path)
        return View(self, Elements(path))

    def text_deltas(self, path: str) -> View[str]:
        """The text at the path, piece by piece as it arrives.

        What was given can't be taken back: from the first piece on, a failed attempt is not tried
        again, and its error is raised.

        Raises:
            ValueError: not a path, or no answer can have anything there.
        """
        self._session.expect(path)
        return View(self, TextDeltas(path))


def _turns(session: Session, connection: Driver) -> Generator[Callable[[], Any], None, None]:
    """Carry out the commands of a session. At each new snapshot, what makes it."""
    flow = session.run()
    failure: Exception | None = None
    try:
        while not session.closed:
            try:
                command = flow.throw(failure) if failure else next(flow)
            except StopIteration:
                return
            failure = None
            if command is SHOW:
                yield session.make_snapshot
            elif command is READ:
                failure = yield from _read(session, connection.events)
            else:
                try:
                    connection.obey(command)
                except Exception as error:  # noqa: BLE001 - the session judges it
                    failure = session.translated(error)
    finally:
        connection.close()
        session.leave()
        flow.close()


def _read(
    session: Session, events: Iterator[Any]
) -> Generator[Callable[[], Any], None, Exception | None]:
    """Hand the session the events. At each new snapshot, what makes it; in the end, what failed."""
    event, make_snapshot = END, session.make_snapshot
    try:
        for event in events:
            if session.take(event):
                yield make_snapshot
            if session.unfinished:
                while not session.closed and session.more():
                    yield make_snapshot
                if session.closed:
                    return None
            event = END  # noqa: PLW2901 - this one was taken
    except Exception as error:  # noqa: BLE001 - the session judges it
        # What came of taking an event is the session's own.
        return session.translated(error) if event is END else error
    return None


class View(Reader[S]):
    """Another way to read a stream. Reading a view reads the stream on.

    A view is to be asked for before the first snapshot is read.
    """

    def __init__(self, stream: PartialStream[Any], fold: Fold[S]) -> None:
        stream._session.record()  # noqa: SLF001 - a view is a part of its stream
        self.stream = stream
        self._fold = fold
        self._items: deque[S] = deque()

    def __next__(self) -> S:
        session = self.stream._session  # noqa: SLF001
        while not self._items:
            self.stream.advance()
            self._items.extend(self._fold(session.drain()))
        session.commit(for_good=self._fold.final)
        return self._items.popleft()

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()
