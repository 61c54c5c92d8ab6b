"""The stream that a user holds, and the loop that drives a session. `async_stream` is its twin.

The request is sent when the first snapshot is asked for, in sync as in async.

A stream that is left half-way releases its connection at once:
- `close()`, the end of a `with` block, an error, an interrupt: each closes it.
- `break` closes it, even if the stream itself is still referred to: a `for` loop holds an iterator
  of its own, and that leaves the stream when the loop drops it. The stream is closed when the last
  of its loops and views has left. To read on later, call `next(stream)`.
- A stream that nobody refers to any more closes itself.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, cast, overload

from typing_extensions import TypeVar

from .._sentinels import MISSING
from .._session.commands import Done, Read, Show
from .driver import Driver
from .interrupt import interrupt_read
from .keywords import flag
from .mixups import SyncOnly
from .reader import Loop, View, raise_if_being_read
from .stream_state import StreamState
from .wire_folds import Events, Snapshots
from .wire_patches import Patches
from .wire_text import JsonDeltas
from .wire_view import PacedView

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import GeneratorType

    from .._session.session import Session
    from .._snapshot.events import Event
    from .selectors import HasElements, OnInvalid, Place
    from .stream_state import PaceableFold
    from .wire_patches import Operation, Source

P = TypeVar("P")
"""The type of the snapshots."""
T = TypeVar("T", default=P)
"""The type of the value: that of the snapshots, too, unless a stub of the model tells another."""
S = TypeVar("S")


class PartialStream(StreamState[T], SyncOnly, Generic[P, T]):
    """Snapshots of an answer while it is being written; the last is the validated value.

    Reading raises the `PartwiseError` that ended the answer, if one did, and errors of the
    response model's validators other than `ValueError` and `AssertionError`.

    Example:
        ```python
        for team in stream:
            print(team.name, stream.state("name"))
        team = stream.result()
        ```
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._driver = Driver(session)
        self._turns = cast("GeneratorType[bool, None, None]", _turns(session, self._driver))

    def __next__(self) -> P:
        # A view may have read on: the snapshot that it found is shown first.
        is_behind = self._shown != self._session.feeds.found and not self._session.closed
        if not (is_behind or self.advance()):
            self._session.value()
            raise StopIteration
        self._shown = self._session.feeds.found
        return self._session.show()  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[P]:
        """Snapshots for one loop. The stream is left when the loop drops it."""
        return Loop(self._loop(self._shown))

    def _loop(self, shown: int) -> Generator[P, None, None]:
        session, feeds, turns = self._session, self._session.feeds, self._turns
        self._readers += 1
        try:
            while shown != feeds.found or next(turns, False):
                shown = self._shown = feeds.found
                yield session.show()
            session.value()
        finally:
            self._leave()

    def advance(self) -> bool:
        """Read until a snapshot is due, without making it. False if the session has ended.

        Raises:
            ConfigurationError: it is being read already, by another thread or around this call.
        """
        try:
            return next(self._turns, False)
        except ValueError as error:
            raise_if_being_read(error)
            raise

    def result(self) -> T:
        """Read to the end: the validated value. Once there, it gives the same value again.

        Raises:
            RetriesExhaustedError: there were several attempts, and all failed.
            PartwiseError: of another class, as the answer ended: with invalid output, a refusal, or
                an error of the vendor.
            IncompleteOutputError: the stream was closed before the end.

        Example:
            `team = stream.result()`
        """
        while self.advance():
            pass
        return self._session.value()  # type: ignore[no-any-return]

    @overload
    def field(self, path: Callable[[T], S]) -> S: ...
    @overload
    def field(self, path: Place) -> Any: ...
    def field(self, path: Place | Callable[[T], Any]) -> Any:
        """Read until the value at the place is complete: that value. The rest can be read on.

        Args:
            path: a path such as `users[0].name`, its steps, or a selector such as
                `lambda team: team.users[0].name`.

        Raises:
            LookupError: the answer has nothing there, and never will.
            PathError: not a path, or no answer can have anything there.
            PartwiseError: the answer ended with it before the value was complete.

        Example:
            ```python
            name = stream.field("name")  # before the users have arrived
            users = stream.field(lambda team: team.users)
            ```
        """
        text = self._checked(path)
        while (value := self._settled(text)) is MISSING and self.advance():
            pass
        if self._session.finished:
            self._session.value()
        return self._settled(text) if value is MISSING else value

    def close(self) -> None:
        """Release the connection. Nothing more can be read; values read stay.

        Closing twice does no harm. The end of a `with` block closes, too.

        Example:
            ```python
            first = next(stream)
            stream.close()
            print(stream.text)  # the part that was read
            ```
        """
        self._session.abandon()
        self._driver.close()
        with suppress(ValueError):  # a hook closes the stream, and this turn is its last
            self._turns.close()

    def interrupt(self, thread: int) -> None:
        """End the read that another thread is in: it gets the error of a closed stream.

        A thread that is about to read is not stopped by this. `close` is to follow, in any thread.

        Args:
            thread: its identifier, as `threading.get_ident` gives it.
        """
        self._session.abandon()
        self._driver.end_pause()
        interrupt_read(thread)

    def _leave(self) -> None:
        self._readers -= 1
        if not self._readers and not self._turns.gi_running:  # else another thread reads it
            self.close()

    def __del__(self) -> None:
        self.close()

    def _view(
        self, new_fold: Callable[[Source], PaceableFold[S]], throttle: float | None
    ) -> View[S]:
        if throttle is None:
            return View(self, new_fold(self._session))
        return PacedView(self, new_fold, throttle)

    def events(self, *, throttle: float | None = None) -> View[Event]:
        """The changes between one snapshot and the next: folding them gives the snapshots.

        Args:
            throttle: seconds between two batches, at least; the changes of one place are joined.
                None, the default, gives each change as it is read.

        Raises:
            ConfigurationError: the stream was read before it had any view.
            ValueError: `throttle` is negative or longer than a day.

        Example:
            ```python
            for event in stream.events():
                if isinstance(event, partwise.Closed):
                    print(event.path, event.value)
            ```
        """
        return self._view(lambda _: Events(), throttle)

    def snapshots(self, *, throttle: float = 0.0) -> View[P]:
        """The newest snapshot, one each `throttle` seconds at most, the last one included.

        The stream is read on in the background, so a slow reader skips snapshots.

        Args:
            throttle: seconds between two snapshots, at least; 0 unless given.

        Raises:
            ConfigurationError: the stream was read before it had any view.
            ValueError: `throttle` is negative or longer than a day.

        Example:
            ```python
            for team in stream.snapshots(throttle=0.1):
                print(team)
            ```
        """
        return PacedView(self, Snapshots, throttle)

    def patches(
        self,
        *,
        standard: bool = False,
        by_alias: bool | None = None,
        throttle: float | None = None,
    ) -> View[list[Operation]]:
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
            ```python
            for patch in stream.patches():
                print(json.dumps(patch))  # [{"op": "add", "path": "", "value": {…}}]
            ```
        """
        return self._view(
            partial(Patches, standard=flag("standard", standard), by_alias=by_alias), throttle
        )

    def json_deltas(
        self, *, by_alias: bool | None = None, wait: bool = False, throttle: float | None = None
    ) -> View[str]:
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
            ```python
            text = "".join(stream.json_deltas())
            assert text == stream.result().model_dump_json()
            ```
        """
        return self._view(partial(JsonDeltas, by_alias=by_alias, wait=flag("wait", wait)), throttle)

    @overload
    def elements(
        self, path: Callable[[T], HasElements[S]], *, on_invalid: OnInvalid = "raise"
    ) -> View[S]: ...
    @overload
    def elements(self, path: Place, *, on_invalid: OnInvalid = "raise") -> View[Any]: ...
    def elements(
        self, path: Place | Callable[[T], Any], *, on_invalid: OnInvalid = "raise"
    ) -> View[Any]:
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
            ```python
            for user in stream.elements("users"):
                print(user.name)
            ```
        """
        return View(self, self._elements(path, on_invalid))

    def text_deltas(self, path: Place | Callable[[T], str | None]) -> View[str]:
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
            `print(*stream.text_deltas("name"), sep="|")`
        """
        return View(self, self._text_deltas(path))


def _turns(session: Session, driver: Driver) -> Generator[bool, None, None]:
    """Carry out the commands of a session. One turn, which gives True, for each snapshot due."""
    # No method, whose `self` would make a circle: the stream holds this generator.
    feeds = session.feeds
    try:
        while True:
            command = session.next_command()
            try:
                match command:
                    case Read(reader):
                        for event in driver.events:
                            is_due = reader.receive(event)
                            while is_due:
                                feeds.found += 1
                                yield True
                                is_due = reader.has_pending_chunks and reader.receive_rest()
                        is_due = reader.receive_end()
                        while is_due:
                            feeds.found += 1
                            yield True
                            is_due = reader.receive_rest()
                    case Show():
                        feeds.found += 1
                        yield True
                    case Done():
                        return
                    case _:
                        driver.execute(command)
            except Exception as error:  # noqa: BLE001 - the session judges it
                session.fail(error)
            else:
                session.receive()
    finally:
        session.abandon()
        driver.close()
