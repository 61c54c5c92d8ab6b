"""The open path: one frame for each container that is open, which hears of its inside.

Snapshots share what they can. A frame keeps what it showed last and makes something new only
when its inside has changed, so a delta costs the open path and nothing else. What has closed is
the same object from then on, handed up once.

A frame is told by the parser (`Sink`), and asked by its parent: `snapshot()` is what it shows, or
MISSING. `child` is what is open inside it: a frame, or the parser, which shows the text of an open
string. Between a frame and its parent there may be adapters (`_regions`).
"""

from __future__ import annotations

import re
import sys
from collections import deque
from enum import Enum
from itertools import islice
from operator import is_
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import getweakrefcount

from pydantic_core import to_json

from ._instances import refill, set_values
from ._missing import MISSING
from ._paths import find_key, key_text
from ._shapes import ATOM

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._engine import Engine
    from ._events import Path
    from ._parser import Sink
    from ._shapes import Check, DictShape, Field, ListShape, ModelShape, Slot, Waiting, Way

_needs_escape: Final = re.compile(r'["\\\x00-\x1f\ud800-\udfff]').search

_BUFFERED: Final = 64
"""So many elements or entries make a container large."""
_NOTHING: Final[dict[str, Any]] = {}
_PLAIN: Final = frozenset({dict, list, tuple, deque, set, frozenset})
"""Containers that are no more than what they hold."""


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

    def put_shown(self, value: Any) -> None:
        """The container inside, which was shown, is complete."""

    def path(self) -> Path:
        """The place of the value inside."""

    @property
    def live(self) -> bool:
        """Whether the value inside is validated when it closes, and shown then as complete."""

    @property
    def hides(self) -> bool:
        """Whether nothing inside shows by itself."""


class Frame:
    """What the containers have in common: a slot that is filled next, and a child that is open."""

    __slots__ = (
        "changed",
        "child",
        "closing",
        "engine",
        "inner",
        "outers",
        "parent",
        "shown",
        "slot",
    )

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

    @property
    def hides(self) -> bool:
        return False

    # Told by the parser

    def open_object(self) -> Sink:
        return self._enter(self.slot.object)

    def open_array(self) -> Sink:
        return self._enter(self.slot.array)

    def open_string(self) -> None:
        if self.slot.text:
            self.child = self.engine.parser
            if self.engine.recorder:
                self.engine.recorder.opened(self, "")

    def string(self, value: str) -> None:
        if self.engine.recorder:
            self.engine.recorder.grown(value)
        self.put(value if self.slot.plain else self.read(quote(value)))

    def scalar(self, raw: str) -> None:
        self.put(self.read(raw))

    def _enter(self, way: Way | None) -> Sink:
        self.child, sink = self.engine.enter(self, way or ATOM)
        if self.engine.recorder:
            self.engine.recorder.opened(self, self.child.snapshot())
        return sink

    def read(self, raw: str) -> Any:
        """The validated value of a JSON text that stands here."""
        return self.slot.read(raw, self.engine.json_keywords)

    def put(self, value: Any) -> None:
        """The value that stands here is complete and validated; MISSING if it doesn't show."""
        raise NotImplementedError

    def put_shown(self, value: Any) -> None:
        """The container that was shown here is complete, but for what this frame checks."""
        self.put(value)

    # Asked by the parent

    def snapshot(self) -> Any:
        raise NotImplementedError

    def _take(self, value: Any) -> Any:
        """The child has closed: its value, or what it showed last if there is no value yet."""
        shown = self.inner
        if value is MISSING and self.child is not None:
            value = self.child.snapshot()
        elif type(value) is str and value == shown:
            value = shown
        if value is not shown:
            self.changed = True
        self.child = None
        self.inner = MISSING
        return value

    def _finished(self, value: Any) -> None:
        """Hand the value of this container up, through the validators around it."""
        if self.parent.live:
            for check in self.outers:
                value = check(value, **self.engine.python_keywords)
        self.parent.put_shown(self.shown if _holds_the_same(value, self.shown) else value)

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

    __slots__ = (
        "back", "extra", "field", "held", "names", "shape", "spare", "steady", "values", "waiting",
        "whole",
    )  # fmt: skip

    def __init__(self, parent: Parent, shape: ModelShape, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.back: Any = None  # the instance that was shown before the last
        self.spare: Any = None  # one that nobody holds any more
        self.steady = 0  # so many instances have shown that the open field is there
        self.field: Field = shape.extra
        self.slot = self.field.slot
        self.whole = shape.fresh() if shape.factories else shape.template.copy()
        self.values: dict[str, Any] = {}  # what came, by field
        self.extra: dict[str, Any] = {}
        self.names: set[str] = set()  # replaced and not changed, since instances share it
        self.waiting: dict[str, Waiting] = {}
        self.held: dict[str, Any] = {}  # what was open of those that wait, for their states

    def key(self, name: str) -> None:
        self.steady = 0
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

    def string(self, value: str) -> None:
        # By far the most frequent value is a string that needs no validation, of a known field:
        # what `put` comes to for it, in one go.
        field = self.field
        if not self.slot.plain or field.is_extra or self.engine.recorder:
            super().string(value)
            return
        if value == self.inner:
            value = self.inner
        else:
            self.changed = True
        name = field.name
        self.whole[name] = self.values[name] = value
        if name not in self.names:
            self.names = {*self.names, name}
        self.child, self.inner = None, MISSING

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
            self.held[field.name] = self.child or OPEN
            return MISSING
        earlier = {
            name: self.values[name] for name in self.shape.validator.fields if name in field.earlier
        }
        keywords = self.engine.json_keywords
        values = self.shape.validator.assign(field.name, value, what, earlier, keywords)
        for name, before in earlier.items():
            if values[name] is not before:
                self.values[name] = self.whole[name] = values[name]
                self.changed = True
        return values[field.name]

    def put_shown(self, value: Any) -> None:
        self.put(value if self.field.earlier is None else self._ask(value, "value"))

    def put(self, value: Any) -> None:
        field, is_final = self.field, value is not MISSING
        value = self._take(value)
        if value is MISSING or field.ignored:
            return
        name = field.name
        if field.is_extra:
            self.extra = {**self.extra, name: value}
        else:
            self.whole[name] = value
            if name not in self.names:
                self.names = {*self.names, name}
        if is_final:
            self._note(name, value)

    def _note(self, name: str, value: Any) -> None:
        if not self.field.is_extra:
            self.values[name] = value
        recorder = self.engine.recorder
        if recorder and name in self.shape.required and not self.hides:
            recorder.opened(self.parent, self.snapshot())  # the object comes into sight
        elif recorder:
            recorder.closed(self, value)

    def find(self, step: str | int) -> Any:
        if self.hides:
            return MISSING
        if step in self.extra:
            return self.extra[str(step)]
        if step == self.field.name and step not in self.values:
            return self.child or OPEN
        return self.held.get(str(step)) or self.values.get(str(step), MISSING)

    def snapshot(self) -> Any:
        child = self.child
        if child is None:
            return self._show(MISSING) if self.changed else self.shown
        if self.back is not None:
            if getrefcount(self.back) == _UNSHARED and not getweakrefcount(self.back):
                self.spare = self.back
                if child is not self.engine.parser:
                    set_values(self.back, _NOTHING)  # so that nobody holds what was inside, either
            self.back = None
        inner = child.snapshot()
        if inner is self.inner and not self.changed:
            return self.shown
        self.inner = inner
        if self.steady < _STEADY or self.spare is None:
            return self._show(inner)
        spare, values = self.spare, self.whole.copy()
        values[self.field.name] = inner
        set_values(spare, values)
        self.back, self.shown, self.spare = self.shown, spare, None
        return spare

    def _show(self, inner: Any) -> Any:
        values, extra, shape = self.whole.copy(), self.extra, self.shape
        self.changed = False
        if inner is not MISSING:
            name = self.field.name
            if not self.field.is_extra:
                values[name] = inner
                if name not in self.names:
                    self.names = {*self.names, name}
            else:
                extra = {**extra, name: inner}
        if shape.required and self.hides:
            self.shown = MISSING
        elif not shape.reuses:
            self.shown = shape.instance(values, self.names, extra)
        else:
            self.steady += not self.field.is_extra and inner is not MISSING
            self.back, spare, self.spare = self.shown, self.spare, None
            if spare is None:
                spare = shape.instance(values, self.names, extra)
            else:
                refill(spare, values, self.names)
            self.shown = spare
        return self.shown

    @property
    def hides(self) -> bool:
        required = self.shape.required
        return bool(required) and any(self.values.get(name) is None for name in required)

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
        keywords = self.engine.python_keywords
        value = shape.validator.finish(values, self.waiting, self.whole, keywords)
        self._finished(value)

    def _step(self) -> Path:
        return () if self.field is self.shape.extra else (self.field.name,)


class LargeFrame(Frame):
    """An open container that may become large: it is shown in two buffers by turns.

    To show what was added since costs just that, where a copy costs the whole container at each
    delta. The count of references says whether anybody still has a buffer that was shown; if so,
    it is left alone for ever, and a copy takes its place.
    """

    __slots__ = ("back", "items", "spare")

    items: Any
    """What is complete."""
    drop_last: Callable[[Any], Any]

    def __init__(self, parent: Parent, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.back: Any = None  # the buffer that was shown before the last
        self.spare: Any = None  # one that nobody holds any more

    def snapshot(self) -> Any:
        child = self.child
        if child is not None:
            if self.back is not None:
                if getrefcount(self.back) == _UNSHARED:
                    self.spare = self.back
                    if self.spare:
                        self.drop_last(self.spare)  # so that nobody holds it, if it was open
                self.back = None
            inner = child.snapshot()
            if inner is not self.inner:
                self.inner = inner
            elif not self.changed:
                return self.shown
        elif not self.changed:
            return self.shown
        self.changed = False
        self.shown = self._show()
        return self.shown

    def _show(self) -> Any:
        """What is complete and what is open, in the spare buffer or a new one."""
        raise NotImplementedError

    def close(self) -> None:
        self.closing = True
        self.back = self.spare = None
        if not self.parent.live:
            self._finished(self.snapshot())
            return
        shell = self.shell
        self._finished(shell(self.items, **self.engine.python_keywords) if shell else self.items)

    @property
    def shell(self) -> Check | None:
        """Validates what is complete as a whole."""
        raise NotImplementedError


class DictFrame(LargeFrame):
    """An open object with any keys."""

    __slots__ = ("name", "shape")

    drop_last = staticmethod(dict.popitem)

    def __init__(self, parent: Parent, shape: DictShape, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.slot = shape.value
        self.items: dict[Any, Any] = {}
        self.name: Any = None

    @property
    def shell(self) -> Check | None:
        return self.shape.shell

    def key(self, name: str) -> None:
        self.name = name if self.shape.key is None else self.shape.key(quote(name))
        if self.name in self.items:
            raise self.engine.twice(name)

    @property
    def hides(self) -> bool:
        return self.name is MISSING

    def put(self, value: Any) -> None:
        if self.engine.recorder and value is not MISSING:
            self.engine.recorder.closed(self, value)
        value = self._take(value)
        if value is not MISSING and self.name is not MISSING:
            self.items[self.name] = value

    def _show(self) -> Any:
        shown, self.spare = self.spare, None
        if len(self.items) >= _BUFFERED:
            self.back = self.shown
        if shown is None:
            shown = self.items.copy()
        elif len(shown) < len(self.items):
            added = [*islice(reversed(self.items.items()), len(self.items) - len(shown))]
            shown.update(reversed(added))
        if self.inner is not MISSING and self.name is not MISSING:
            shown[self.name] = self.inner
        return shown

    def _step(self) -> Path:
        return () if self.name is None else (self.name,)

    def find(self, step: str | int) -> Any:
        if not self.hides and str(step) == key_text(self.name) and self.name not in self.items:
            return self.child or OPEN
        return self.items.get(find_key(self.items, step), MISSING)


class ListFrame(LargeFrame):
    """An open array whose elements are alike."""

    __slots__ = ("shape",)

    drop_last = staticmethod(list.pop)

    def __init__(self, parent: Parent, shape: ListShape, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.slot = shape.item
        self.items: list[Any] = []

    @property
    def shell(self) -> Check | None:
        return self.shape.shell

    def put(self, value: Any) -> None:
        if self.engine.recorder and value is not MISSING:
            self.engine.recorder.closed(self, value)
        value = self._take(value)
        if value is MISSING:  # the place is taken all the same
            value, self.changed = None, True
            if self.engine.recorder:
                self.engine.recorder.opened(self, value)
        self.items.append(value)

    def _show(self) -> Any:
        shown, self.spare = self.spare, None
        if len(self.items) >= _BUFFERED:
            self.back = self.shown
        if shown is None:
            shown = self.items.copy()
        elif len(shown) < len(self.items):
            shown += self.items[len(shown) :]
        if self.inner is not MISSING:
            shown.append(self.inner)
        return shown

    def _step(self) -> Path:
        return (len(self.items),)

    def find(self, step: str | int) -> Any:
        if not isinstance(step, int) or not 0 <= step <= len(self.items):
            return MISSING
        if step < len(self.items):
            return self.items[step]
        return self.child or (OPEN if self.engine.parser.in_value else MISSING)


class TupleFrame(ListFrame):
    """An open array of which something else than a list is shown."""

    __slots__ = ()

    def _show(self) -> Any:
        return self.shape.show(self.items if self.inner is MISSING else [*self.items, self.inner])


class SetFrame(TupleFrame):
    """An open array of which a set is shown: its elements show when they are complete."""

    __slots__ = ()

    @property
    def hides(self) -> bool:
        return True  # an element of a set has no place of its own

    def put(self, value: Any) -> None:
        if value is MISSING:
            self.child = None
            return
        super().put(value)
        if self.engine.recorder:
            self.engine.recorder.opened(self.parent, self.snapshot())

    def snapshot(self) -> Any:
        if self.changed:
            self.changed = False
            shown = self._show()
            if _holds_the_same(shown, self.shown):
                return self.shown
            self.shown = shown
        return self.shown


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

    def scalar(self, raw: str) -> None:
        pass

    def snapshot(self) -> Any:
        return MISSING

    def close(self) -> None:
        if self.depth:
            self.depth -= 1
        else:
            self.parent.put_shown(MISSING)

    def _step(self) -> Path:
        return ()

    def find(self, step: str | int) -> Any:  # noqa: ARG002  nothing inside is shown
        return MISSING


def _holds_the_same(value: Any, shown: Any) -> bool:
    """Whether two containers hold the very same objects, so that either can stand for both."""
    if type(value) is not type(shown) or type(value) not in _PLAIN or len(value) != len(shown):
        return False
    if isinstance(value, dict):
        return all(map(is_, value, shown)) and all(map(is_, value.values(), shown.values()))
    if isinstance(value, set | frozenset):
        return {*map(id, value)} == {*map(id, shown)}
    return all(map(is_, value, shown))


def _counts_tell() -> bool:
    """Whether a count of references can tell that nobody else holds an object."""
    return getattr(sys, "_is_gil_enabled", lambda: True)() and hasattr(sys, "getrefcount")


class _Probe:
    __slots__ = ("back",)

    def __init__(self) -> None:
        self.back: list[Any] = []


def _unshared_count() -> int:
    probe = _Probe()
    return getrefcount(probe.back) if _counts_tell() else -1


getrefcount = getattr(sys, "getrefcount", lambda _: 0)
_STEADY: Final = 2
"""From so many instances on, all that can be shown again have the open field's name already."""
_UNSHARED: Final = _unshared_count()
"""What `getrefcount(self.back)` gives when only this frame holds the buffer; -1 if unknown."""
