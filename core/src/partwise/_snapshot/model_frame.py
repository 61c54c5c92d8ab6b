"""The frame of an open object with known fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import getweakrefcount

from pydantic_core import ValidationError

from .._plan.instances import set_names
from .._sentinels import MISSING
from .frame import OPEN, Frame
from .refcounts import UNSHARED_INSTANCE, getrefcount

if TYPE_CHECKING:
    from .._paths import Path
    from .._plan.nodes import Check, Field, ModelLayout, Waiting
    from .frame import Parent


class ModelFrame(Frame):
    """An open object with known fields.

    It is shown in two instances by turns. To give one that was shown another value costs a third of
    a new one. The counts of references say whether anybody still has the instance, or its dict; if
    so, it is left alone for ever, and a new one takes its place.
    """

    __slots__ = (
        "back", "back_dict", "came", "extra", "field", "held", "names", "shape", "shown_dict",
        "unnamed", "values", "waiting", "whole",
    )  # fmt: skip

    def __init__(self, parent: Parent, shape: ModelLayout, outers: tuple[Check, ...]) -> None:
        super().__init__(parent, outers)
        self.shape = shape
        self.shown_dict: Any = None  # of the instance that was shown last
        self.back: Any = None  # the instance that was shown before the last
        self.back_dict: Any = None
        self.unnamed = 2  # so many of the two may not say yet that the open field has come
        self.field: Field = shape.extra
        self.slot = self.field.slot
        self.whole = shape.fresh() if shape.factories else shape.template.copy()
        self.values: dict[str, Any] = {}  # what came, by field
        self.extra: dict[str, Any] = {}
        self.came: set[str] = set()  # the fields that are there, if only in part
        self.names: set[str] = set()  # the same, as instances share it: it is replaced, not changed
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
        self.unnamed = 2

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
        self.came.add(name)
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
        try:
            values = self.shape.validator.assign(field.name, value, what, earlier, keywords)
        except ValidationError:
            self.engine.blamed = self  # the error names the field itself
            raise
        for name, before in earlier.items():
            if values[name] is not before:
                self.values[name] = self.whole[name] = values[name]
                self.changed = True
        return values[field.name]

    def complete_container(self, value: Any) -> None:
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
            self.came.add(name)
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
        back, values = self.back, self.back_dict
        if getrefcount(back) + getrefcount(values) + getweakrefcount(back) != UNSHARED_INSTANCE:
            back = None
        else:
            values.clear()  # so that nobody holds what was inside, either
        inner = MISSING if child is None else child.snapshot()
        if inner is self.inner and not self.changed:
            return self.shown
        self.inner = inner
        self.changed = False
        if back is None:
            return self._make(inner)
        # All of it: whoever had the instance may have changed it.
        values |= self.whole
        if inner is not MISSING:
            values[self.field.name] = inner
        if self.unnamed:
            self._name(inner)
            set_names(back, self.names)
        self.back, self.back_dict = self.shown, self.shown_dict
        self.shown, self.shown_dict = back, values
        return back

    def _make(self, inner: Any) -> Any:
        """Show a new instance."""
        shape, extra = self.shape, self.extra
        values = self.whole.copy()
        if inner is not MISSING and self.field.is_extra:
            extra = {**extra, self.field.name: inner}
        elif inner is not MISSING:
            values[self.field.name] = inner
        if shape.required and self.hides:
            self.shown = MISSING
            return MISSING
        if self.unnamed:
            self._name(MISSING if self.field.is_extra else inner)
        if shape.reuses:
            self.back, self.back_dict, self.shown_dict = self.shown, self.shown_dict, values
        self.shown = shape.instance(values, self.names, extra)
        return self.shown

    def _name(self, inner: Any) -> None:
        """See to it that the instance which shows next says what has come."""
        if inner is not MISSING:
            self.came.add(self.field.name)
        if self.names != self.came:
            self.names = self.came.copy()
            self.unnamed = 2
        self.unnamed -= 1

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
            self.parent.complete_container(value)
        else:
            self._finished(value)

    def _step(self) -> Path:
        return () if self.field is self.shape.extra else (self.field.name,)

    def _written_step(self) -> Path:
        return () if self.field is self.shape.extra else (self._key_of(self.field.name),)

    def written(self, loc: Path) -> Path:
        is_of_fields = self.engine.blamed is self or (self.closing and self.parent.live)
        if not loc or not is_of_fields:
            return loc
        return (self._key_of(str(loc[0])), *loc[1:])

    def _key_of(self, name: str) -> str:
        """The key of a field: what was written, if it was just now, else the first it may have."""
        keys = self.shape.keys
        return self.field.key if name == self.field.name and name in keys else keys.get(name, name)
