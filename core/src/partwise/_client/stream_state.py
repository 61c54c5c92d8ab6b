"""The parts of streams and views that sync and async share: their state, and their folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .._errors import ConfigurationError, PathError, shown
from .._nearest import is_one_of
from .._paths import format_path, format_pointer, parse_path
from .._plan.notebook_view import absent_places, in_three_forms, written
from .._sentinels import MISSING
from .._session.feeds import Fold
from .._snapshot.values import value_at
from .selectors import path_of, text_of
from .views import Elements, TextDeltas
from .wire_envelope import Envelope
from .wire_folds import PacedFold

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._plan.skipping import InvalidElement
    from .._providers.hookspecs import HookName
    from .._session.hooks import Completion, Handler
    from .._session.session import Session
    from .._snapshot.builder import State
    from .._usage import FinishReason, Usage
    from .selectors import OnInvalid, Place

T = TypeVar("T")
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
StreamT = TypeVar("StreamT", bound="StreamState[Any]")


class PaceableFold(Fold[S_co], PacedFold[S_co], Protocol[S_co]):
    """A fold of a view that can be read at a reader's own pace, and need not be."""


class StreamState(Generic[T]):
    """The state of a stream, in sync and in async.

    Attributes:
        _shown: the number of the snapshot that was shown last.
        _readers: loops and views that are open.
        _checked_places: places that an answer may have.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shown = 0
        self._readers = 0
        self._checked_places: set[str] = set()

    @property
    def attempt(self) -> int:
        """The number of the attempt that is running, or was the last, from 1."""
        return self._session.attempt.number

    @property
    def usage(self) -> Usage | None:
        """The tokens of all attempts, as far as the vendor reported them; None if it did not."""
        return self._session.usage

    @property
    def usage_complete(self) -> bool:
        """Whether `usage` is all that was spent. A stream that is cut short does not know."""
        return self._session.usage_complete

    @property
    def finish_reason(self) -> FinishReason | None:
        """The reason why the vendor stopped, once it gave one; None until then."""
        return self._session.attempt.finish_reason

    @property
    def text(self) -> str:
        """The raw text of the structured answer so far, of the attempt that runs; "" at first."""
        return self._session.attempt.text

    @property
    def reasoning(self) -> str:
        """The model's reasoning so far, or the vendor's summary of it; "" if there is none."""
        return self._session.attempt.reasoning

    @property
    def completion(self) -> Completion:
        """The vendor's side of the attempt that is running, or was the last."""
        return self._session.completion

    @property
    def invalid(self) -> list[InvalidElement]:
        """The elements that `on_invalid="skip"` left out, of this attempt, each with its errors."""
        return self._session.invalid

    def on(self, name: HookName, handler: Handler) -> None:
        """Call the handler whenever this happens in this stream, as `Client.on` does for all.

        It is called in the thread that reads the stream. Added before the first read, it misses
        nothing.

        Args:
            name: one of the hooks, such as `"stream:field_complete"`.
            handler: a function of the hook's arguments. If it raises, that becomes a
                `RuntimeWarning`, and the answer goes on.

        Raises:
            ConfigurationError: there is no hook of that name, or the handler can't be called.

        Example:
            ```python
            stream.on("stream:field_complete", lambda path, value: print(path, value))
            team = stream.result()
            ```
        """
        self._session.on(name, handler)

    def state(self, path: Place | Callable[[T], object]) -> State:
        """The state of the value at a place like `users[0].name`, in the newest snapshot.

        Args:
            path: the place, as a path, its steps, or a selector such as `lambda team: team.name`;
                `""` is the whole answer.

        Returns:
            `"missing"` until it has arrived, `"partial"` while it is open, then `"complete"`.

        Raises:
            PathError: not a path, or no answer can have anything there, or it names several places.

        Example:
            ```python
            for team in stream:
                if stream.state("name") == "complete":
                    print(team.name)
            ```
        """
        return self._session.state(self._checked(path))

    def _checked(self, place: Place | Callable[[T], object]) -> str:
        """The place as text, if an answer may have something there."""
        text = text_of(place)
        if text not in self._checked_places:
            self._session.call.plan.check_path(text)
            if "*" in parse_path(text):
                raise PathError(f"{text!r} names several places: give an index instead of [*]")
            self._checked_places.add(text)
        return text

    def _elements(self, path: Place | Callable[[T], Any], on_invalid: OnInvalid) -> Elements:
        text = text_of(path)
        self._session.call.plan.check_holds(text, "elements")
        if not is_one_of(on_invalid, ("raise", "skip")):
            raise ConfigurationError(
                f'on_invalid must be "raise" or "skip", got {shown(on_invalid)}'
            )
        if on_invalid == "skip":
            self._session.skip_invalid(path_of(text))
        return Elements(text)

    def _text_deltas(self, path: Place | Callable[[T], Any]) -> TextDeltas:
        text = text_of(path)
        self._session.call.plan.check_holds(text, "text")
        return TextDeltas(text)

    def _settled(self, text: str) -> Any:
        """The value at the path, once it is settled; MISSING until then.

        A value is settled if it is complete, or if something around it is: then it has its default,
        or will never be there.

        Raises:
            LookupError: the answer has nothing there, and never will.
        """
        session, path = self._session, parse_path(text)
        depths = range(len(path), -1, -1)
        if not any(session.state(format_path(path[:depth])) == "complete" for depth in depths):
            return MISSING
        return value_at(session.snapshot, path)

    def __repr__(self) -> str:
        session, call = self._session, self._session.call.info
        source = f"{call.provider}/{call.model}" if call.model else call.provider
        state = {"missing": "waiting", "partial": "writing"}.get(session.state(""), "complete")
        if session.closed:
            state = "closed"
        elif session.finished and state != "complete":
            state = "failed"
        usage = session.usage
        tokens = "" if usage is None else f", {usage.output_tokens} tokens"
        name = type(self).__name__
        return f"<{name} of {source}: {state}, attempt {self.attempt}{tokens}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The newest snapshot, as notebooks show it; values that have not arrived are dim."""
        envelope = self.envelope()
        absent = {*envelope["missing"], *envelope["defaults"]}
        return in_three_forms(envelope["value"], repr(self), absent)

    def envelope(self, *, by_alias: bool | None = None) -> Envelope:
        """The newest snapshot as plain data that tells missing from null and from a default.

        Args:
            by_alias: as in pydantic's `model_dump`; None, the default, leaves it to the model.

        Example:
            ```python
            next(stream)
            print(stream.envelope()["defaults"])  # ["/users"]: they show the default
            ```
        """
        snapshot = self._session.snapshot
        absent = [*absent_places(snapshot, (), by_alias)]
        return Envelope(
            kind="snapshot",
            attempt=self.attempt,
            state=self._session.state(""),
            value=written(snapshot, by_alias=by_alias),
            missing=[format_pointer(steps) for steps, is_required in absent if is_required],
            defaults=[format_pointer(steps) for steps, is_required in absent if not is_required],
        )


class ViewState(Generic[S, StreamT]):
    """A view's place in its stream, in sync and in async."""

    _is_open = False  # until the feed is opened, which may fail

    def __init__(self, stream: StreamT, fold: Fold[S]) -> None:
        self.stream = stream
        self._feed = stream._session.open_feed(fold)  # noqa: SLF001 - a view is a part of its stream
        self._is_open = True
        stream._readers += 1  # noqa: SLF001

    @property
    def invalid(self) -> list[InvalidElement]:
        """The elements that `on_invalid="skip"` left out, of this attempt, each with its errors."""
        return self.stream.invalid

    def _detach(self) -> bool:
        """Leave the stream. Whether nobody else reads it."""
        was_open, self._is_open = self._is_open, False
        if was_open:
            self.stream._session.feeds.close(self._feed)  # noqa: SLF001
            self.stream._readers -= 1  # noqa: SLF001
        return was_open and not self.stream._readers  # noqa: SLF001

    def __del__(self) -> None:
        self._detach()
