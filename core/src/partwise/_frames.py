"""The open path: one frame for each container that is open, which hears of its inside.

Snapshots share what they can. A frame keeps what it showed last and makes something new only
when its inside has changed, so a delta costs the open path and nothing else. What has closed is
the same object from then on; `parent.put` hands it up, once.

A frame is told by the parser (`Sink`), and asked by its parent: `snapshot()` is what it shows, or
MISSING. `child` is what is open inside it: a frame, or the parser, which shows the text of an open
string. Between a frame and its parent there may be adapters, which hear only `put`.
"""

from __future__ import annotations

import re
import sys
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic_core import to_json

from ._missing import MISSING
from ._shapes import ATOM, DictShape, ListShape, ModelShape, SkipShape, TaggedShape

if TYPE_CHECKING:
    from ._engine import Engine
    from ._events import Path
    from ._parser import Parser, Sink
    from ._shapes import Check, Field, RootShape, Slot, Waiting, Way

_needs_escape: Final = re.compile(r'["\\\x00-\x1f\ud800-\udfff]').search

_BUFFERED: Final = 64
"""Elements from which on a list is shown in two buffers by turns, and not copied each time."""


def quote(text: str) -> str:
    """The text as a JSON string."""
    return to_json(text).decode() if _needs_escape(text) else f'"{text}"'


class _Open(Enum):
    OPEN = "open"


OPEN: Final = _Open.OPEN
"""Says of a place that its value has begun, and shows nothing yet."""


class Source(Protocol):
    """Where the raw text of what is open can be had: the parser, or a replay."""

    def mark(self) -> Any:
        """The place of what opens now."""

    def capture(self, mark: Any) -> str:
        """The text from the mark to the end of what closes now. Gives the mark up."""

    def retain(self, mark: Any) -> Any:
        """Use a mark once more."""

    def release(self, mark: Any) -> None:
        """Give a mark up."""


class Shown(Protocol):
    """What can be open inside a container."""

    def snapshot(self) -> Any:
        """What is shown of it: the same object while that is the same; MISSING if nothing."""


class Parent(Protocol):
    """What a frame hands its value to when it is complete."""

    engine: Engine
    child: Shown | None

    def put(self, value: Any) -> None:
        """The value inside is complete."""

    def path(self) -> Path:
        """The place of the value inside."""

    @property
    def live(self) -> bool:
        """Whether the value inside is validated when it closes, and shown then as complete."""


class Frame:
    """What the containers have in common: a slot that is filled next, and a child that is open."""

    __slots__ = ("changed", "child", "closing", "engine", "inner", "outers", "parent", "shown", "slot")

    slot: Slot
    """The place of the value that comes next."""

    def __init__(self, parent: Parent, outers: tuple[Check, ...]) -> None:
        self.engine = parent.engine
        self.parent = parent
        self.outers = outers
        self.child: Shown | None = None
        self.inner: Any = MISSING  # what the child showed last
        self.shown: Any = MISSING  # what this frame showed last
        self.changed = True
        self.closing = False

    @property
    def live(self) -> bool:
        return not self.slot.tentative

    # Told by the parser

    def open_object(self) -> Sink:
        return self._enter(self.slot.object)

    def open_array(self) -> Sink:
        return self._enter(self.slot.array)

    def open_string(self) -> None:
        if self.slot.text:
            self.child = self.engine.parser
            if self.engine.recorder:
                self.engine.recorder.opened(self.path(), "")

    def string(self, value: str) -> None:
        self.put(value if self.slot.plain else self.read(quote(value)))

    def scalar(self, raw: str) -> None:
        self.put(self.read(raw))

    def _enter(self, way: Way | None) -> Sink:
        self.child, sink = enter(self, way or ATOM)
        if self.engine.recorder:
            self.engine.recorder.opened(self.path(), self.child.snapshot())
        return sink

    def read(self, raw: str) -> Any:
        """The validated value of a JSON text that stands here."""
        return self.slot.read(raw, self.engine.json_keywords)

    def put(self, value: Any) -> None:
        raise NotImplementedError

    # Asked by the parent

    def snapshot(self) -> Any:
        child = self.child
        if child is not None:
            value = child.snapshot()
            if value is not self.inner:
                self.inner = value
                self.changed = True
        if self.changed:
            self.changed = False
            self.shown = self._show()
        return self.shown

    def _show(self) -> Any:
        raise NotImplementedError

    def _child_closed(self) -> None:
        self.child = None
        self.inner = MISSING
        self.changed = True

    def _finished(self, value: Any) -> None:
        """Hand the value of this container up, through the validators around it."""
        if self.parent.live:
            for check in self.outers:
                value = check(value, **self.engine.python_keywords)
        self.parent.put(value)

    # Where

    def path(self) -> Path:
        """The place of the value inside that comes next or is open."""
        place = self.parent.path()
        return place if self.closing else (*place, *self._step())

    def _step(self) -> Path:
        raise NotImplementedError

    def find(self, step: str | int) -> Any:
        """What stands at the step below: the child if it is open, a value if it is complete.

        `OPEN` says that it has begun and shows nothing yet, MISSING that it has not.
        """
        raise NotImplementedError


class ModelFrame(Frame):
    """An open object with known fields."""

    __slots__ = ("extra", "field", "names", "shape", "values", "waiting", "whole")

    def __init__(self, parent: Parent, shape: ModelShape, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.field: Field = shape.extra
        self.slot = self.field.slot
        self.whole = shape.fresh() if shape.factories else shape.template.copy()
        self.values: dict[str, Any] = {}  # what came, by field
        self.extra: dict[str, Any] = {}
        self.names: set[str] = set()  # replaced and not changed, since instances share it
        self.waiting: dict[str, Waiting] = {}

    def key(self, name: str) -> None:
        shape = self.shape
        field = shape.fields.get(name)
        if field is None:
            self._unknown_key(name)
            return
        if field.name in self.values:
            raise self.engine.twice(name)
        self.field = field
        self.slot = field.slot

    def _unknown_key(self, name: str) -> None:
        extra = self.shape.extra
        self.field = type(extra)(name, extra.slot, is_extra=extra.is_extra, ignored=extra.ignored)
        self.slot = extra.slot

    def read(self, raw: str) -> Any:
        if self.field.earlier is None:
            return self.slot.read(raw, self.engine.json_keywords)
        return self._ask(raw, "raw")

    def _ask(self, value: Any, what: Waiting) -> Any:
        """Validate a field that asks for its siblings, or keep it until they are all there.

        pydantic shows a validator the fields that are declared before its own; a model may write
        them in another order, or leave one out whose default is then the value.
        """
        field = self.field
        if field.earlier is None or not field.earlier <= self.values.keys() - self.waiting.keys():
            self.waiting[field.name] = what
            self.values[field.name] = value
            return MISSING
        earlier = {name: self.values[name] for name in self.shape.validator.fields if name in field.earlier}
        keywords = self.engine.json_keywords
        return self.shape.validator.assign(field.name, value, what, earlier, keywords)

    def put(self, value: Any) -> None:
        field = self.field
        child = self.child
        self._child_closed()
        if field.earlier is not None and isinstance(child, Frame | RootWrap):
            # A container that was shown; any other value has been validated when it was read.
            value = self._ask(value, "value")
        if value is MISSING or field.ignored:
            return
        name = field.name
        if field.is_extra:
            self.extra = {**self.extra, name: value}
        else:
            self.values[name] = self.whole[name] = value
            if name not in self.names:
                self.names = self.names | {name}
        if self.engine.recorder:
            self.engine.recorder.closed(self, value)

    def find(self, step: str | int) -> Any:
        if step in self.extra:
            return self.extra[step]  # type: ignore[index]
        if step == self.field.name and step not in self.values:
            return self.child or OPEN
        return OPEN if step in self.waiting else self.values.get(step, MISSING)  # type: ignore[call-overload]

    def snapshot(self) -> Any:
        # The hottest method there is, once a level and delta: `Frame.snapshot`, spelt out.
        child = self.child
        if child is not None:
            inner = child.snapshot()
            if inner is not self.inner:
                self.inner = inner
            elif not self.changed:
                return self.shown
        elif self.changed:
            inner = MISSING
        else:
            return self.shown
        self.changed = False
        values, extra, shape = self.whole.copy(), self.extra, self.shape
        if inner is not MISSING:
            name = self.field.name
            if not self.field.is_extra:
                values[name] = inner
                if name not in self.names:
                    self.names = self.names | {name}
            elif not self.field.ignored:
                extra = {**extra, name: inner}
        if shape.required and not self._is_in_sight():
            self.shown = MISSING
        else:
            self.shown = shape.instance(values, self.names, extra)
        return self.shown

    def _is_in_sight(self) -> bool:
        return all(self.values.get(name) is not None for name in self.shape.required)

    def close(self) -> None:
        self.closing = True
        if not self.parent.live:
            self._finished(self.snapshot())
            return
        shape = self.shape
        for name in shape.validates_defaults:
            if name not in self.values:
                self.waiting[name] = "default"
        values = {**self.values, **self.extra} if self.extra else self.values
        value = shape.validator.finish(values, self.waiting, self.engine.python_keywords)
        self._finished(value)

    def _step(self) -> Path:
        return (self.field.name,)


class DictFrame(Frame):
    """An open object with any keys."""

    __slots__ = ("items", "name", "shape")

    def __init__(self, parent: Parent, shape: DictShape, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.slot = shape.value
        self.items: dict[Any, Any] = {}
        self.name: Any = None

    def key(self, name: str) -> None:
        self.name = name if self.shape.key is None else self.shape.key(quote(name))
        if self.name in self.items:
            raise self.engine.twice(name)

    def put(self, value: Any) -> None:
        self._child_closed()
        if value is not MISSING:
            self.items[self.name] = value
            if self.engine.recorder:
                self.engine.recorder.closed(self, value)

    def _show(self) -> Any:
        shown = self.items.copy()
        if self.inner is not MISSING:
            shown[self.name] = self.inner
        return shown

    def close(self) -> None:
        self.closing = True
        if not self.parent.live:
            self._finished(self.snapshot())
            return
        shell = self.shape.shell
        self._finished(shell(self.items, **self.engine.python_keywords) if shell else self.items)

    def _step(self) -> Path:
        return (self.name,)

    def find(self, step: str | int) -> Any:
        if step == self.name and step not in self.items:
            return self.child or OPEN
        return self.items.get(step, MISSING)


class ListFrame(Frame):
    """An open array whose elements are alike."""

    __slots__ = ("back", "front", "items", "shape")

    def __init__(self, parent: Parent, shape: ListShape, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.slot = shape.item
        self.items: list[Any] = []
        self.front: list[Any] | None = None  # the buffer that was shown last
        self.back: list[Any] | None = None  # the one before

    def put(self, value: Any) -> None:
        if self.engine.recorder and value is not MISSING:
            self.engine.recorder.closed(self, value)
        self._child_closed()
        self.items.append(None if value is MISSING else value)

    def _show(self) -> Any:
        shape = self.shape
        inner = self.inner if shape.shows_open else MISSING
        if shape.show is not None:
            return shape.show(self.items if inner is MISSING else [*self.items, inner])
        if len(self.items) >= _BUFFERED:
            return self._show_buffered()
        return self.items.copy() if inner is MISSING else [*self.items, inner]

    def _show_buffered(self) -> list[Any]:
        """The elements, in the buffer shown before the last if nobody else holds it any more.

        Two buffers by turns cost what was added since, where a copy costs the whole list. The
        count of references says whether a snapshot that was handed out still has the buffer; if
        so, it is left alone for ever and a copy is made.
        """
        items = self.items
        if self.back is None or getrefcount(self.back) > _UNSHARED:
            self.back = items.copy()
        else:
            buffer = self.back
            del buffer[self._common(buffer) :]
            buffer.extend(items[len(buffer) :])
        self.front, self.back = self.back, self.front
        if self.inner is not MISSING:
            self.front.append(self.inner)
        return self.front

    def _common(self, buffer: list[Any]) -> int:
        # Only the last element of a buffer can have been open when it was shown.
        count = min(len(buffer), len(self.items))
        return count if count < len(buffer) or buffer[-1] is self.items[count - 1] else count - 1

    def close(self) -> None:
        self.closing = True
        self.front = self.back = None
        if not self.parent.live:
            self._finished(self.snapshot())
            return
        shell = self.shape.shell
        self._finished(shell(self.items, **self.engine.python_keywords) if shell else self.items)

    def _step(self) -> Path:
        return (len(self.items),)

    def find(self, step: str | int) -> Any:
        if not isinstance(step, int) or not 0 <= step <= len(self.items):
            return MISSING
        if step < len(self.items):
            return self.items[step]
        return self.child or (OPEN if self.engine.parser.in_value else MISSING)


class TaggedFrame(Frame):
    """An open object whose kind is not known yet: it keeps what it hears until its tag comes."""

    __slots__ = ("heard", "mark", "nested", "pending_key", "shape", "successor", "way")

    def __init__(self, parent: Parent, shape: TaggedShape, way: Way) -> None:
        super().__init__(parent, way.outers)
        self.shape = shape
        self.way = way
        self.mark = self.engine.source.mark()
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self.nested = 0
        self.pending_key: str | None = None
        self.successor: Sink | None = None

    def key(self, name: str) -> None:
        self.heard.append(("key", (name,)))
        if not self.nested:
            self.pending_key = name

    def open_object(self) -> Sink:
        return self._open("open_object")

    def open_array(self) -> Sink:
        return self._open("open_array")

    def _open(self, what: str) -> Sink:
        self.heard.append((what, ()))
        self.nested += 1
        return self

    def open_string(self) -> None:
        self.heard.append(("open_string", ()))

    def string(self, value: str) -> None:
        self.heard.append(("string", (value,)))
        self._decide(value)

    def scalar(self, raw: str) -> None:
        self.heard.append(("scalar", (raw,)))
        self._decide(raw)

    def _decide(self, tag: str) -> None:
        if self.nested or self.pending_key not in self.shape.tags or tag not in self.shape.choices:
            return
        way = self.shape.choices[tag].object
        if way is None:
            return
        engine, parent = self.engine, self.parent
        way = type(way)(way.shape, (*way.outers, *self.outers), raw=way.raw, roots=way.roots)
        outer_source = engine.source
        engine.source = replay = Replay(outer_source, self.mark, self.heard)
        parent.child, sink = enter(parent, way)
        if engine.recorder:
            engine.recorder.opened(parent.path(), parent.child.snapshot())
        self.successor = replay.into(sink)
        engine.source = outer_source
        outer_source.release(self.mark)
        engine.parser.sink = self.successor

    def snapshot(self) -> Any:
        return MISSING

    def close(self) -> None:
        if self.nested:
            self.heard.append(("close", ()))
            self.nested -= 1
            return
        # No tag, or one that nobody knows: pydantic says so, of the whole text.
        raw = self.engine.source.capture(self.mark)
        self.closing = True
        self.parent.put(read_up(self.parent, raw))

    def _step(self) -> Path:
        return () if self.pending_key is None else (self.pending_key,)

    def find(self, step: str | int) -> Any:  # noqa: ARG002  nothing inside is told apart
        return OPEN


class SkipFrame(Frame):
    """A container of which nothing shows."""

    __slots__ = ("depth",)

    def __init__(self, parent: Parent) -> None:
        super().__init__(parent, ())
        self.depth = 0

    def key(self, name: str) -> None:
        pass

    def open_object(self) -> Sink:
        self.depth += 1
        return self

    open_array = open_object

    def open_string(self) -> None:
        pass

    def string(self, value: str) -> None:
        pass

    scalar = string

    def snapshot(self) -> Any:
        return MISSING

    def close(self) -> None:
        if self.depth:
            self.depth -= 1
        else:
            self.parent.put(MISSING)

    def _step(self) -> Path:
        return ()

    def find(self, step: str | int) -> Any:  # noqa: ARG002  nothing inside is told apart
        return OPEN


class _Adapter:
    """Stands between a frame and its parent."""

    __slots__ = ("child", "engine", "parent")

    def __init__(self, parent: Parent) -> None:
        self.engine = parent.engine
        self.parent = parent
        self.child: Shown | None = None

    def path(self) -> Path:
        return self.parent.path()

    @property
    def live(self) -> bool:
        return self.parent.live

    def snapshot(self) -> Any:
        return self.child.snapshot() if self.child is not None else MISSING


class RawRegion(_Adapter):
    """Validates what it holds as a whole, from its text, when it closes."""

    __slots__ = ("mark",)

    def __init__(self, parent: Parent) -> None:
        super().__init__(parent)
        self.mark = self.engine.source.mark()

    @property
    def live(self) -> bool:
        return False

    def put(self, value: Any) -> None:  # noqa: ARG002  what was shown has no say
        self.parent.put(read_up(self.parent, self.engine.source.capture(self.mark)))


class RootWrap(_Adapter):
    """Wraps what it holds in a root model."""

    __slots__ = ("inner", "shape", "shown")

    def __init__(self, parent: Parent, shape: RootShape) -> None:
        super().__init__(parent)
        self.shape = shape
        self.inner: Any = MISSING
        self.shown: Any = MISSING

    def snapshot(self) -> Any:
        inner = super().snapshot()
        if inner is not self.inner:
            self.inner = inner
            self.shown = MISSING if inner is MISSING else self.shape.wrap(inner)
        return self.shown

    def put(self, value: Any) -> None:
        if not self.parent.live or self.shape.shell is None:
            self.parent.put(value if value is MISSING else self.shape.wrap(value))
            return
        self.parent.put(self.shape.shell(value, **self.engine.python_keywords))


def read_up(parent: Any, raw: str) -> Any:
    """The validated value of the raw text, by the slot of the nearest frame above."""
    while isinstance(parent, _Adapter):
        parent = parent.parent
    return parent.read(raw)


def enter(parent: Parent, way: Way) -> tuple[Shown, Sink]:
    """Open a container in the parent: what shows it, and what hears of its inside."""
    outermost: Any = None
    if way.raw:
        outermost = parent = RawRegion(parent)
    for shape in reversed(way.roots):
        wrap = RootWrap(parent, shape)
        if outermost is None:
            outermost = wrap
        else:
            parent.child = wrap
        parent = wrap
    frame = _frame(parent, way)
    if outermost is None:
        return frame, frame
    parent.child = frame
    return outermost, frame


def _frame(parent: Parent, way: Way) -> Any:
    shape = way.shape
    if isinstance(shape, ModelShape):
        return ModelFrame(parent, shape, way.outers)
    if isinstance(shape, ListShape):
        return ListFrame(parent, shape, way.outers)
    if isinstance(shape, DictShape):
        return DictFrame(parent, shape, way.outers)
    if isinstance(shape, TaggedShape):
        return TaggedFrame(parent, shape, way)
    assert isinstance(shape, SkipShape)
    return SkipFrame(parent)


class Replay:
    """Tells a sink what a `TaggedFrame` heard, and is the source of raw text meanwhile."""

    __slots__ = ("heard", "index", "outer", "start")

    def __init__(self, outer: Source, start: Any, heard: list[tuple[str, tuple[Any, ...]]]) -> None:
        self.outer = outer
        self.start = start
        self.heard = heard
        self.index = -1  # of what is told now; before the first, the object itself opens

    def into(self, sink: Any) -> Sink:
        """The sink of the innermost container that is open at the end."""
        outer: list[Any] = []
        for self.index, (what, arguments) in enumerate(self.heard):
            if what in ("open_object", "open_array"):
                outer.append(sink)
                sink = getattr(sink, what)()
            else:
                getattr(sink, what)(*arguments)
                if what == "close":
                    sink = outer.pop()
            sink = getattr(sink, "successor", None) or sink
        return sink  # type: ignore[no-any-return]

    def mark(self) -> Any:
        # The object itself is open in the outer source still, and will close there.
        return self.index if self.index >= 0 else self.outer.retain(self.start)

    def capture(self, mark: Any) -> str:
        """The text of what was heard from the mark on, equal in meaning to what was written."""
        return written(self.heard[mark : self.index + 1])

    def retain(self, mark: Any) -> Any:
        return mark

    def release(self, mark: Any) -> None:
        if not isinstance(mark, int):
            self.outer.release(mark)


def written(heard: list[tuple[str, tuple[Any, ...]]]) -> str:
    """One value's JSON text, of what a sink was told of it."""
    text, comma = "", ""
    closers: list[str] = []
    for what, arguments in heard:
        if what == "close":
            text, comma = text + closers.pop(), ","
        elif what == "key":
            text, comma = f"{text}{comma}{quote(*arguments)}:", ""
        elif what == "string":
            text, comma = f"{text}{comma}{quote(*arguments)}", ","
        elif what == "scalar":
            text, comma = f"{text}{comma}{arguments[0]}", ","
        elif what != "open_string":
            opener, closer = ("{", "}") if what == "open_object" else ("[", "]")
            closers.append(closer)
            text, comma = text + comma + opener, ""
    return text


def _never_shared() -> bool:
    """Whether a count of references can tell that nobody else holds an object."""
    return getattr(sys, "_is_gil_enabled", lambda: True)() and hasattr(sys, "getrefcount")


class _Probe:
    __slots__ = ("back",)


def _unshared_count() -> int:
    probe = _Probe()
    probe.back = []
    return getrefcount(probe.back) if _never_shared() else -1


getrefcount = getattr(sys, "getrefcount", lambda _: 0)
_UNSHARED: Final = _unshared_count()
"""What `getrefcount(self.back)` gives when only this frame holds the buffer; -1 if unknown."""
