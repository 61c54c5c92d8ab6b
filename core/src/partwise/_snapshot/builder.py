"""One attempt's text in, snapshots out: the parser, the plan and the open frames put together."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaError, SchemaValidator, core_schema

from .._errors import IncompleteOutputError, InvalidOutputError, malformed
from .._json.extract import Extractor
from .._json.limits import Limits
from .._json.parser import Parser
from .._paths import entry_at, format_path, parse_path
from .._plan.instances import held_by
from .._plan.nodes import HELD, IGNORED, ValueNode
from .._sentinels import MISSING
from .adapters import Adapter, DeferredValidation, enter
from .event_log import EventLog
from .frame import OPEN, Frame, SkipFrame, escaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

    from .._errors import MalformedOutputError
    from .._json.parser import Sink
    from .._paths import Path
    from .._plan.nodes import ContainerNode
    from .._plan.plan import Plan
    from .events import Event
    from .frame import Source

State: TypeAlias = Literal["missing", "partial", "complete"]

_QUIET: Final = (StopIteration, StopAsyncIteration)
"""What ends a loop over the stream as if that were at its end."""

_ignored: Final = ValueNode(None, plain=True)
_ignored.object = _ignored.array = IGNORED


class SnapshotBuilder:
    """Folds the text of one attempt into snapshots.

    Args:
        plan: of the answer's type.
        envelope: the key of the object around the answer; None if there is none.
        context: reaches every validator, early and final, as in `model_validate_json`.
        strict: likewise. In strict mode, control characters in strings are an error too.
        limits: bounds on the answer.
        record: whether to note events.

    Attributes:
        complete: the answer's JSON has closed.
        parser: what tells the open frames of the text.
        reader: what reads it: the parser, or another one where the display has stopped.
        blamed: the frame of an object one of whose fields is not valid, where the error names the
            field; else the error tells of the innermost container, or of what is in it.
    """

    def __init__(  # noqa: PLR0913 - what may be said of an answer
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
        self.json_keywords = {k: v for k, v in given.items() if v is not None}
        self.python_keywords = {"context": context} if context is not None else {}
        self._plan = plan
        self._root = _Root(self, plan, envelope)
        self._limits = limits or Limits()
        self.parser = Parser(self._root, limits=self._limits, strict=bool(strict))
        self.reader = self.parser  # another one where the display has stopped
        self.source: Source = self.parser
        self.blamed: Frame | None = None
        self.recorder = EventLog(self.parser) if record else None

    @property
    def complete(self) -> bool:
        return self.reader.complete

    @property
    def text(self) -> str:
        """All the text fed."""
        return self.reader.text

    enter = staticmethod(enter)

    def feed(self, text: str) -> bool:
        """Take the next piece of text. Whether it is one.

        When a validator raises a control exception of pydantic's (`PydanticUseDefault`, say), which
        undoes an unknown part of what is around it, the snapshots stay as they are, and the whole
        text is validated at the end.

        Raises:
            MalformedOutputError: the text so far can't begin an answer.
            InvalidOutputError: a value closed that is not valid, and nothing can still mend it.
            Exception: what a validator of the user's raised, as pydantic would let it through; but
                a RuntimeError, as Python's generators do, where it would end a loop in silence.
        """
        try:
            self.reader.feed(text)
        except ValidationError as error:
            details = error.errors(include_url=False)
            if self._limits.digits > Limits().digits and _is_about_digits(details[0]):
                raise self.parser.error_here(_reason(details[0])) from error
            raise self._refusal(details) from error
        except SchemaError:  # what pydantic makes of a control exception that nothing caught
            self._freeze_snapshots()
        except _QUIET as error:
            raise _as_runtime_error(error) from error
        return text != ""

    def _innermost(self) -> Frame:
        """The frame of the innermost container that is open."""
        here: Any = self._root
        while isinstance(here.child, Frame | Adapter):
            here = here.child
        return here  # type: ignore[no-any-return]

    def _freeze_snapshots(self) -> None:
        """Go on reading, but tell nobody of it."""
        root: Any = self._root
        text = self.reader.text
        strict = bool(self.json_keywords.get("strict"))
        self.reader = Parser(SkipFrame(root), limits=self._limits, strict=strict)
        self.reader.feed(text)

    def snapshot(self) -> Any:
        """What is there so far: the same object while nothing visible has changed.

        None where nothing can be shown yet.
        """
        root = self._root
        shown = root.value if root.child is None else root.child.snapshot()
        return None if shown is MISSING else shown

    def close(self) -> Any:
        """The text has ended: the validated value of the whole.

        Raises:
            IncompleteOutputError: the text is the beginning of an answer.
            MalformedOutputError, InvalidOutputError: as in `feed`.
        """
        self.reader.close()
        if not self.reader.complete:
            raise IncompleteOutputError(self._truncation_message())
        value = self._validate()
        if self.recorder:
            self.recorder.finished(value)
        self._root.finish(value)
        return value

    @property
    def resumable(self) -> bool:
        """Whether a part of the answer is there that more text could complete."""
        return self.reader.depth > 0

    def rewind(self) -> str:
        """Go back to where the text can be continued: the text up to there.

        Nothing that was shown is taken back.
        """
        self.reader.rewind()
        return self.text

    def state(self, path: str) -> State:
        """Whether the value at a path like `users[0].name` is missing, partial or complete.

        Raises:
            ValueError: not a path.
        """
        return self._root.state(parse_path(path))

    def drain(self) -> list[Event]:
        """The events since the last time; none unless the engine records."""
        return self.recorder.drain() if self.recorder else []

    def twice(self, name: str) -> MalformedOutputError:
        """The error for a field that is given under two names."""
        return self.parser.error_here(f"the field of the key {name!r} stands twice in one object")

    def _place(self) -> Path:
        sink: Any = self.reader.sink
        return sink.path()  # type: ignore[no-any-return]

    def _validate(self) -> Any:
        text = self.text
        try:
            try:
                return self._root.validate(text, self.json_keywords)
            except ValidationError as error:
                if not _is_about_control_characters(error):
                    raise
                text = escaped(text)
                return self._root.validate(text, self.json_keywords)
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            # The parser took it, so it is a bound of pydantic's own reader; unless it is said of a
            # `Json[T]` inside.
            if detail["type"] == "json_invalid" and detail["input"] == text:
                raise malformed(_reason(detail), self.text, len(self.text)) from error
            details = error.errors(include_url=False)
            for each in details:
                each["loc"] = each["loc"][self._root.depth :]
            raise self._invalid(details, early=False) from error
        except _QUIET as error:
            raise _as_runtime_error(error) from error

    def _refusal(self, details: list[ErrorDetails]) -> InvalidOutputError:
        """The error for what is not valid, whatever may still come."""
        blamed = self.blamed or self._innermost()
        above = blamed if self.blamed is None else blamed.parent
        path, loc = above.path(), above.loc()
        for each in details:
            if each["input"] == HELD:
                each["input"] = _at(self.snapshot(), (*path, *each["loc"]))
            each["loc"] = (*loc, *blamed.written(each["loc"]))
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
        place = format_path(self._place())
        where = f", in {place}" if place else ""
        return f"the answer was cut off after {size} characters{where}"


class LenientSnapshotBuilder(SnapshotBuilder):
    """An engine for an answer that may stand in prose or in fences.

    Its `text` is only what was taken for the answer.
    """

    def __init__(self, plan: Plan, *, envelope: str | None = None, **options: Any) -> None:
        super().__init__(plan, envelope=envelope, **options)
        self._extractor: Extractor | None = Extractor(
            frozenset({envelope}) if envelope else plan.root_keys,
            "{" if envelope else plan.opener,
            may_be_empty=not envelope and plan.may_be_empty,
            of_objects=plan.of_objects,
        )

    def feed(self, text: str) -> bool:
        return super().feed(self._extractor.feed(text) if self._extractor else text)

    def close(self) -> Any:
        if self._extractor and (rest := self._extractor.close()):
            super().feed(rest)
        return super().close()

    def rewind(self) -> str:
        """The same. From here on the text fed is all of the answer."""
        self._extractor = None
        return super().rewind()


def envelope_validator(plan: Plan, key: str) -> Callable[..., Any]:
    """Validates the whole text of an object that has the answer under the key."""
    schema: Any = plan.core_schema
    definitions: Any = []
    if schema["type"] == "definitions":
        schema, definitions = schema["schema"], schema["definitions"]
    envelope: Any = core_schema.typed_dict_schema({key: core_schema.typed_dict_field(schema)})
    if definitions:
        envelope = core_schema.definitions_schema(envelope, definitions)
    validate = SchemaValidator(envelope).validate_json
    return lambda raw, **keywords: validate(raw, **keywords)[key]


class _Root(Frame):
    """The place of the answer itself, and the envelope around it where there is one.

    Nothing is validated as it closes here: the authoritative pass is about to come.
    """

    __slots__ = ("_done", "_envelope", "_in_envelope", "_plan", "value")

    def __init__(self, engine: SnapshotBuilder, plan: Plan, envelope: str | None) -> None:
        self.engine = engine
        self.slot = plan.slot
        root: Any = self  # its own parent: nothing is above it
        super().__init__(root, ())
        self._plan = plan
        self._envelope = envelope
        self._in_envelope = False
        self._done = False
        self.value: Any = MISSING

    @property
    def live(self) -> bool:
        return False

    @property
    def depth(self) -> int:
        """Steps of pydantic's paths that lead to the answer's root."""
        return int(self._in_envelope)

    def open_object(self) -> Sink:
        if self._envelope and not self._in_envelope:
            self._in_envelope = True
            return self
        return super().open_object()

    def _enter(self, way: ContainerNode | None) -> Sink:
        if self.slot is not _ignored:
            return super()._enter(way)
        root: Any = self
        return SkipFrame(root)

    def key(self, name: str) -> None:
        self.slot = self._plan.slot if name == self._envelope else _ignored

    def read(self, raw: str) -> Any:  # noqa: ARG002  the authoritative pass reads it
        return MISSING

    def string(self, value: str) -> None:
        self.put(value if self.slot.text else MISSING)

    def put(self, value: Any) -> None:
        # A container's frame stays: it shows the container, and knows the states inside.
        if self.slot is not _ignored and not isinstance(self.child, Frame | Adapter):
            self.child, self.value = None, value

    def close(self) -> None:
        """The envelope closes."""

    def path(self) -> Path:
        return ()

    loc = path

    def validate(self, raw: str, keywords: dict[str, Any]) -> Any:
        """The authoritative pass.

        Raises:
            pydantic.ValidationError: the text is not valid.
        """
        if self._in_envelope:
            return envelope_validator(self._plan, str(self._envelope))(raw, **keywords)
        return self._plan.validate_json(raw, **keywords)

    def finish(self, value: Any) -> None:
        """This is the answer.

        What refers to each other until now does so no more: the memory of an answer is free as soon
        as nobody refers to it, and not when Python next looks for such circles.
        """
        self.child, self.value, self._done = None, value, True
        root: Any = self
        root.parent = root.engine = None

    def state(self, steps: Path) -> State:
        if self._done:
            return "complete" if _has(self.value, steps) else "missing"
        child = self.child
        if child is None and self.value is MISSING:
            return "partial" if not steps and self.engine.parser.in_value else "missing"
        here: Any = child if child is not None else self.value
        complete = False
        for depth, step in enumerate(steps):
            while isinstance(here, Adapter):
                here = here.child
            if not isinstance(here, Frame):
                found = _has(here, steps[depth:])
                return ("complete" if complete else "partial") if found else "missing"
            frame, here = here, here.find(step)
            if here is MISSING:
                return "missing"
            complete = frame.live and not _under_raw(frame)
        is_open = here is OPEN or here is self.engine.parser or isinstance(here, Frame | Adapter)
        return "complete" if complete and not is_open else "partial"


def _under_raw(frame: Any) -> bool:
    while not isinstance(frame, _Root | DeferredValidation):
        frame = frame.parent
    return isinstance(frame, DeferredValidation)


def _has(value: Any, steps: Path) -> bool:
    """Whether the JSON had something at this path below the value."""
    return _at(value, steps) is not MISSING


def _at(value: Any, steps: Path) -> Any:
    """What the JSON had at this path below the value; MISSING if nothing."""
    try:
        for step in steps:
            value = _inside(value, step)
    except (AttributeError, LookupError):
        return MISSING
    return value


def _inside(value: Any, step: str | int) -> Any:
    """What the JSON had at the step below.

    Raises:
        AttributeError, LookupError: nothing.
    """
    while isinstance(value, BaseModel) and value.__pydantic_root_model__:
        value = value.root  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return entry_at(value, step)
    if isinstance(step, int):
        if isinstance(value, list | tuple | deque) and step >= 0:
            return value[step]
    elif isinstance(value, BaseModel):
        if step in value.model_fields_set:
            return held_by(value)[step]
    elif hasattr(value, "__dataclass_fields__") or hasattr(value, "_fields"):
        return getattr(value, step)
    raise LookupError(step)


def _as_runtime_error(error: Exception) -> RuntimeError:
    return RuntimeError(f"a validator raised {type(error).__name__}")


def _is_about_control_characters(error: ValidationError) -> bool:
    details = error.errors(include_url=False, include_input=False)[0]
    return details["type"] == "json_invalid" and "control character" in details["msg"]


def _is_about_digits(detail: Any) -> bool:
    return detail["type"] == "json_invalid" and "number out of range" in detail["msg"]


def _reason(detail: Any) -> str:
    """What pydantic's reader says, without the place that it knows."""
    return str(detail["ctx"]["error"]).partition(" at line ")[0]
