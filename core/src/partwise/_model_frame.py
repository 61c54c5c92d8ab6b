"""The frame of an open object with known fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import getweakrefcount

from pydantic_core import ValidationError

from ._frames import OPEN, Frame
from ._instances import set_names
from ._missing import MISSING
from ._sharing import UNSHARED, UNSHARED_DICT, getrefcount

if TYPE_CHECKING:
    from ._events import Path
    from ._frames import Parent
    from ._shapes import Check, Field, ModelShape, Waiting

_STEADY: Final = 2
"""From so many instances on, both that are shown by turns say that the open field has come."""


class ModelFrame(Frame):
    """An open object with known fields.

    It is shown in two instances by turns. To give one that was shown another value costs a third of
    a new one. The counts of references say whether anybody still has the instance, or its dict; if
    so, it is left alone for ever, and a new one takes its place.
    """

    __slots__ = (
        "back", "back_dict", "extra", "field", "held", "names", "shape", "shown_dict", "size",
        "steady", "values", "waiting", "whole",
    )  # fmt: skip

    def __init__(self, parent: Parent, shape: ModelShape, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.shown_dict: Any = None  # of the instance that was shown last
        self.back: Any = None  # the instance that was shown before the last
        self.back_dict: Any = None
        self.steady = 0  # so many instances have shown that the open field is there
        self.field: Field = shape.extra
        self.slot = self.field.slot
        self.whole = shape.fresh() if shape.factories else shape.template.copy()
        self.size = len(self.whole)
        self.values: dict[str, Any] = {}  # what came, by field
        self.extra: dict[str, Any] = {}
        self.names: set[str] = set()  # replaced and not changed, since instances share it
        self.waiting: dict[str, Waiting] = {}
        self.held: dict[str, Any] = {}  # what was open of those that wait, for their states

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
        self.steady = 0

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
        try:
            values = self.shape.validator.assign(field.name, value, what, earlier, keywords)
        except ValidationError:
            self.engine.blamed = self.parent.path()  # the error names the field itself
            raise
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
        self.steady = 0
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
        if child is None and not self.changed:
            return self.shown
        is_free = (
            getrefcount(self.back) == UNSHARED
            and getrefcount(self.back_dict) == UNSHARED_DICT
            and not getweakrefcount(self.back)
            and len(self.back_dict) == self.size  # or a property is cached there
        )
        if not is_free:
            self.back = self.back_dict = None
        elif self.steady and child is not self.engine.parser:
            self.back_dict[self.field.name] = None  # so that nobody holds what was inside, either
        inner = MISSING if child is None else child.snapshot()
        if inner is self.inner and not self.changed:
            return self.shown
        self.inner = inner
        self.changed = False
        if not is_free:
            return self._make(inner)
        shown, values = self.back, self.back_dict
        values |= self.whole  # all of it: whoever had the instance may have changed it
        if inner is not MISSING:
            values[self.field.name] = inner
        if self.steady < _STEADY:
            self._name(inner)
            set_names(shown, self.names)
        self.back, self.back_dict = self.shown, self.shown_dict
        self.shown, self.shown_dict = shown, values
        return shown

    def _make(self, inner: Any) -> Any:
        """Show a new instance."""
        shape, extra = self.shape, self.extra
        values = self.whole.copy()
        if inner is not MISSING and self.field.is_extra:
            extra = {**extra, self.field.name: inner}
        elif inner is not MISSING:
            self._name(inner)
            values[self.field.name] = inner
        if shape.required and self.hides:
            self.shown = MISSING
            return MISSING
        if shape.reuses:
            self.back, self.back_dict, self.shown_dict = self.shown, self.shown_dict, values
        self.shown = shape.instance(values, self.names, extra)
        return self.shown

    def _name(self, inner: Any) -> None:
        """Note that the open field has come, if it shows."""
        if inner is not MISSING:
            self.steady += 1
            if self.field.name not in self.names:
                self.names = {*self.names, self.field.name}

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
        if shape.reuses and not self.outers:
            self.parent.put_shown(value)
        else:
            self._finished(value)

    def _step(self) -> Path:
        return () if self.field is self.shape.extra else (self.field.name,)
