"""The frame of an open object with known fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import getweakrefcount

from ._frames import OPEN, Frame
from ._instances import refill, set_values
from ._missing import MISSING
from ._sharing import UNSHARED, getrefcount

if TYPE_CHECKING:
    from ._events import Path
    from ._frames import Parent
    from ._shapes import Check, Field, ModelShape, Waiting

_NOTHING: Final[dict[str, Any]] = {}
_STEADY: Final = 2
"""From so many instances on, all that can be shown again have the open field's name already."""


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
            if getrefcount(self.back) == UNSHARED and not getweakrefcount(self.back):
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
