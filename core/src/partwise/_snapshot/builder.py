"""One attempt's text in, snapshots out: the parser, the plan and the open frames put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic import ValidationError
from pydantic_core import SchemaError

from .._errors import IncompleteOutputError, InvalidOutputError, malformed
from .._json.candidate import AnswerShape
from .._json.limits import Limits
from .._json.parser import Parser
from .._paths import format_path, parse_path
from .._plan.validation import HELD
from .._sentinels import MISSING
from .adapters import enter
from .context import Context, EventLog
from .event_log import RecordingEventLog
from .frame import FreezeSnapshots, InvalidPartError, SkipFrame, escaped
from .root_frame import RootFrame
from .values import given_at

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from .._plan.plan import Plan
    from .events import Event
    from .frame import Frame

State: TypeAlias = Literal["missing", "partial", "complete"]

_QUIET: Final = (StopIteration, StopAsyncIteration)
"""Errors that end a loop over the stream as if that were at its end."""
_JUDGED: Final = (ValidationError, InvalidPartError, SchemaError, FreezeSnapshots, *_QUIET)


class SnapshotBuilder:
    """Folds the text of one attempt into snapshots.

    The answer is validated piece by piece, each piece once, when it closes. Only if the snapshots
    were frozen, the text is validated as a whole at the end.

    Args:
        plan: of the answer's type.
        envelope: the key of the object around the answer; None if there is none.
        context: reaches every validator, as in `model_validate_json`.
        strict: likewise. In strict mode, control characters in strings are an error too.
        limits: bounds on the answer.
        record: whether to note events.

    Attributes:
        parser: calls the open frames with the text.
        reader: the parser, or another reader if the snapshots were frozen.
    """

    def __init__(  # noqa: PLR0913 - an option each
        self,
        plan: Plan,
        *,
        envelope: str | None = None,
        context: Any = None,
        strict: bool | None = None,
        limits: Limits | None = None,
        record: bool = False,
    ) -> None:
        given = {"context": context, "strict": strict}
        self._json_keywords = {k: v for k, v in given.items() if v is not None}
        self._plan = plan
        self._envelope = envelope
        self._limits = limits or Limits()
        self._root = RootFrame(plan.root, envelope)
        self.parser = Parser(self._root, limits=self._limits, strict=bool(strict))
        self.reader = self.parser
        self._events = RecordingEventLog(self.parser) if record else EventLog()
        self._root.context = Context(
            parser=self.parser,
            events=self._events,
            json_keywords=self._json_keywords,
            python_keywords={"context": context} if context is not None else {},
            enter=enter,
        )
        self._failure: InvalidOutputError | None = None  # of the whole answer

    def __del__(self) -> None:
        # The open frames and the parser refer to each other. Without this their memory would not
        # be free when nobody refers to them, but when Python next looks for such circles.
        self._release()

    @property
    def complete(self) -> bool:
        return self.reader.complete

    @property
    def text(self) -> str:
        return self.reader.text

    @property
    def shape(self) -> AnswerShape:
        if self._envelope:
            return AnswerShape(keys=frozenset({self._envelope}), openers="{", may_be_empty=False)
        return self._plan.shape

    def keep_rest(self) -> None:
        """Keep text that follows the answer for `take_rest`, in place of refusing it."""
        self.reader.keeps_rest = True

    def take_rest(self) -> str:
        """The text that followed the answer, up to the end of the last piece."""
        return self.reader.take_rest()

    def feed(self, text: str) -> bool:
        """Take the next piece of text. Whether it is one.

        When a validator raises a control exception of pydantic's (`PydanticUseDefault`, say), which
        undoes an unknown part of the values around it, the snapshots stay as they are, and the
        whole text is validated at the end. So they do when a key comes that changes a value before
        it.

        Raises:
            MalformedOutputError: the text so far can't begin an answer.
            InvalidOutputError: a value closed that is not valid, and nothing can still mend it.
            Exception: a validator of the user's raised it, and pydantic would let it through; but a
                RuntimeError, as Python's generators do, if it would end a loop in silence.
        """
        try:
            self.reader.feed(text)
        except _JUDGED as error:
            self._judge(error)
        return text != ""

    def _judge(self, error: Exception) -> None:
        """Decide on an error that reading the text raised.

        Raises:
            Exception: as in `feed`.
        """
        if not isinstance(error, _QUIET) and self._root.may_be_replaced():
            self._freeze_snapshots()
            return
        match error:
            case ValidationError():
                self._fail(error)
            case InvalidPartError(cause, level):
                frame = level or self._root.innermost()
                raise self._early(cause, frame, of_level=level is not None) from cause
            case SchemaError() | FreezeSnapshots():  # the former of a control exception, uncaught
                self._freeze_snapshots()
            case _:
                raise _as_runtime_error(error) from error

    def _fail(self, error: ValidationError) -> None:
        """A value is not valid that has just closed.

        Raises:
            InvalidOutputError: it is a part of the answer. An error of the whole is kept for the
                end of the text.
        """
        frame = self._root.innermost()
        if frame is not self._root and not (frame.is_closing and frame.parent is self._root):
            raise self._early(error, frame) from error
        self._failure = self._early(error, frame)
        self._failure.early = False
        self._failure.__cause__ = error
        self._freeze_snapshots()

    def _freeze_snapshots(self) -> None:
        """Go on reading without snapshots."""
        text = self.reader.text
        strict = bool(self._json_keywords.get("strict"))
        self.reader = Parser(SkipFrame(self._root), limits=self._limits, strict=strict)
        self.reader.keeps_rest = self.parser.keeps_rest
        self.reader.feed(text)

    def snapshot(self) -> Any:
        """The value so far: the same object while nothing visible has changed.

        None if nothing can be shown yet.
        """
        root = self._root
        child = root.child
        shown = root.value if child is None else child.snapshot()
        return None if shown is MISSING else shown

    def close(self) -> Any:
        """The text has ended: the validated value of the whole.

        Raises:
            IncompleteOutputError: the text is the beginning of an answer.
            MalformedOutputError, InvalidOutputError: as in `feed`.
        """
        reader = self.reader
        try:
            reader.close()
        except _JUDGED as error:
            self._judge(error)
        if self.reader is not reader:  # it ended with a value that is not valid
            self.reader.close()
        if not self.reader.complete:
            raise IncompleteOutputError(self._truncation_message())
        if self._failure is not None:
            raise self._failure
        if self.reader is not self.parser:
            self._root.value = self._validate_whole()
            self._events.finished(self._root.value)
        self._release()
        return self._root.value

    def _release(self) -> None:
        self._root.release()
        self.parser.release_sinks()

    @property
    def resumable(self) -> bool:
        """Whether a part of the answer is there that more text could complete."""
        return self.reader.depth > 0

    def rewind(self) -> str:
        """Go back to the last place from which the text can be continued: the text up to there.

        Nothing that was shown is taken back.
        """
        self.reader.rewind()
        return self.text

    def state(self, path: str) -> State:
        """Whether the value at a path like `users[0].name` is missing, partial or complete.

        Raises:
            PathError: not a path.
        """
        steps = parse_path(path)
        root = self._root
        if root.value is not MISSING:
            return "missing" if given_at(root.value, steps) is MISSING else "complete"
        if root.child is None:
            return "partial" if not steps and self.parser.in_value else "missing"
        found, is_complete = root.find_state(steps)
        if found is MISSING:
            return "missing"
        return "complete" if is_complete else "partial"

    def drain(self) -> list[Event]:
        """The events since the last time; none unless they are recorded."""
        return self._events.drain()

    def _validate_whole(self) -> Any:
        text = escaped(self.text)
        try:
            if self._root.in_envelope:
                return self._plan.read_envelope(str(self._envelope), text, self._json_keywords)
            return self._plan.root.read(text, self._json_keywords)
        except ValidationError as error:
            details = error.errors(include_url=False)
            # The parser took it, so it is a bound of pydantic's own reader; unless it is said of a
            # `Json[T]` inside.
            if details[0]["type"] == "json_invalid" and details[0]["input"] == text:
                raise malformed(_reason(details[0]), self.text, len(self.text)) from error
            for each in details:
                each["loc"] = each["loc"][self._root.in_envelope :]
            raise self._invalid(details, early=False) from error
        except _QUIET as error:
            raise _as_runtime_error(error) from error

    def _early(
        self, error: ValidationError, frame: Frame, *, of_level: bool = False
    ) -> InvalidOutputError:
        """The error for a value that is not valid, whatever may still come.

        Args:
            error: pydantic's.
            frame: of the container that it is in, or that it is.
            of_level: whether its places begin at the container, though that is not closing.

        Raises:
            MalformedOutputError: pydantic can't read so long a number.
        """
        details = error.errors(include_url=False)
        is_of_reader = details[0]["type"] == "json_invalid"
        takes_long_numbers = self._limits.digits > Limits().digits
        if is_of_reader and takes_long_numbers and "number out of range" in details[0]["msg"]:
            raise self.parser.error_here(_reason(details[0])) from error
        above: Any = frame.parent if of_level else frame
        path, loc = above.path(), above.path(by_key=True)
        for each in details:
            if each["input"] == HELD:
                each["input"] = given_at(self.snapshot(), (*path, *each["loc"]))
            each["loc"] = (*loc, *frame.written(each["loc"], of_level=of_level))
        return self._invalid(details, early=True)

    def _invalid(self, details: list[ErrorDetails], *, early: bool) -> InvalidOutputError:
        lines = [f"{format_path(d['loc']) or 'the answer'}: {d['msg']}" for d in details]
        count = "1 value is" if len(lines) == 1 else f"{len(lines)} values are"
        message = f"{count} not valid for {self._plan.name}\n  " + "\n  ".join(lines)
        return InvalidOutputError(message, details, early=early)

    def _truncation_message(self) -> str:
        size = len(self.text)
        if not size:
            return "the stream ended before the answer began"
        sink: Any = self.reader.sink
        place = format_path(sink.path())
        where = f", in {place}" if place else ""
        return f"the answer was cut off after {size} characters{where}"


def _as_runtime_error(error: Exception) -> RuntimeError:
    return RuntimeError(f"a validator raised {type(error).__name__}")


def _reason(detail: Any) -> str:
    """The words of pydantic's reader, without the place that it knows."""
    return str(detail["ctx"]["error"]).partition(" at line ")[0]
