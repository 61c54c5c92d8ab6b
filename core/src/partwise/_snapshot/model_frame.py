"""The frame of an open object with known fields."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from weakref import getweakrefcount

from pydantic_core import ValidationError

from .._plan.instances import set_names
from .._sentinels import MISSING
from .buffers import DictBuffers
from .frame import OPEN, Frame, FreezeSnapshots, InvalidPartError
from .refcounts import UNSHARED_INSTANCE, getrefcount

if TYPE_CHECKING:
    from .._paths import Path
    from .._plan.nodes import ContainerNode, Field, ModelLayout
    from .._plan.validation import Waiting
    from .context import Parent


class ModelFrame(Frame):
    """An open object with known fields, of which two instances are shown by turns.

    To give an instance that was shown other values costs a third of a new one. The counts of
    references say whether anybody still has the instance, or its dict; if so, it is left alone for
    ever, and a new one takes its place.

    Attributes:
        last_values: the dict of the instance that is shown.
        spare, spare_values: the instance that was shown before it, and its dict.
        values: the values that the fields show, but for the one that is open.
        complete: those of the fields that came, validated but for those that wait.
        waiting: the fields that are still to be validated.
        extra: the values of unknown keys.
        present: the fields that are there, if only in part.
        fields_set: the same, as instances share it: it is replaced and not changed.
        held: the children that were open of those that wait, for their states.
        ranks: the rank of the key that a field was given by, if it is not the best.
    """

    __slots__ = (
        "_buffers", "complete", "extra", "field", "fields_set", "held", "last_values", "present",
        "ranks", "spare", "spare_values", "values", "waiting",
    )  # fmt: skip

    layout: ModelLayout

    def __init__(self, parent: Parent, container: ContainerNode) -> None:
        super().__init__(parent, container)
        layout = self.layout
        self.field: Field = layout.extra
        self.node = self.field.node
        self.spare: Any = None
        self.spare_values: Any = None
        self.last_values: Any = None
        self.values = _first_values(parent, layout)
        self.complete: dict[str, Any] = {}
        self.waiting: dict[str, Waiting] = {}
        self.extra: dict[str, Any] = {}
        self.present: set[str] = set()
        self.fields_set: set[str] = set()
        self.held: dict[str, Any] = {}
        self.ranks: dict[str, int] = {}
        self._buffers: DictBuffers | None = None
        if layout.shows_unknown:  # so that the object may become large
            self._buffers = DictBuffers(self.extra if layout.is_model else self.values)

    def key(self, name: str) -> None:
        field = self.layout.fields.get(name)
        if field is None or (field.name in self.complete and self._is_worse(field)):
            self._unknown_key(name)
            return
        self.field = field
        self.node = field.node

    def _is_worse(self, field: Field) -> bool:
        """Whether the field was given by a better key, so that this one counts as unknown.

        Raises:
            FreezeSnapshots: it was given by a worse one, whose value was shown.
        """
        if self.ranks.get(field.name, 0) < field.rank or not self.is_final:
            return True
        raise FreezeSnapshots

    def _unknown_key(self, name: str) -> None:
        layout = self.layout
        if not layout.is_model and layout.shows_unknown and name in layout.field_names:
            raise FreezeSnapshots  # pydantic decides which of the two the object has
        self.field = dataclasses.replace(layout.extra, name=name)
        self.node = self.field.node

    @property
    def is_hidden(self) -> bool:
        field = self.field
        return self._is_out_of_sight or (field.is_extra and field.name in self.layout.field_names)

    @property
    def _is_out_of_sight(self) -> bool:
        """Whether a field is missing without which nothing is to be shown."""
        required = self.layout.required
        return bool(required) and any(self.complete.get(name) is None for name in required)

    def read(self, raw: str) -> Any:
        if self.field.preceding_fields is None:
            return self.node.read(raw, self.context.json_keywords)
        return self._validate_beside(raw, "raw")

    def _validate_beside(self, value: Any, part: Waiting) -> Any:
        """Validate a field that reads the others, or keep it until they are all there.

        pydantic shows a validator the fields that are declared before its own; a model may write
        them in another order, or leave one out whose default is then the value.
        """
        field = self.field
        names = field.preceding_fields
        if names is None or not names <= self.complete.keys() - self.waiting.keys():
            self.waiting[field.name] = part
            self.complete[field.name] = value
            self.held[field.name] = self.child or OPEN
            return MISSING
        validator = self.layout.validator
        preceding = {name: self.complete[name] for name in validator.fields if name in names}
        try:
            values = validator.assign(field.name, value, part, preceding, self.context)
        except ValidationError as error:
            raise InvalidPartError(error, self) from error
        if values.keys() != preceding.keys() | {field.name}:
            raise FreezeSnapshots  # it has left the field out, or added a key that pydantic keeps
        for name, before in preceding.items():
            if values[name] is not before:
                self.complete[name] = self.values[name] = values[name]
                self.is_dirty = True
        return values[field.name]

    def complete_container(self, value: Any) -> None:
        if self.field.preceding_fields is not None:
            value = self._validate_beside(value, "value")
        self.complete_value(value)

    def complete_value(self, value: Any) -> None:
        field, is_final = self.field, value is not MISSING
        value = self._take(value)
        if value is MISSING or field.ignored:
            return
        name = field.name
        if field.is_extra:
            self.extra[name] = value
            if not self.layout.is_model:
                self.values[name] = value
        else:
            self.values[name] = value
            self.present.add(name)
            if field.rank:
                self.ranks[name] = field.rank
            if is_final:
                self.complete[name] = value
            if self._buffers is not None and not self.layout.is_model:
                self._buffers.forget()
        if not is_final:
            return
        if name in self.layout.required and not self._is_out_of_sight:
            self.context.events.appeared(self.parent, self.snapshot())
        else:
            self.context.events.closed(self, value)

    def find(self, step: str | int) -> Any:
        if self._is_out_of_sight:
            return MISSING
        field = self.field
        if step in self.layout.field_names:
            if step == field.name and not field.is_extra and step not in self.complete:
                return self.child or OPEN
            return self.held.get(str(step)) or self.complete.get(str(step), MISSING)
        if field.is_extra and step == field.name and step not in self.extra:
            return MISSING if field.ignored else self.child or OPEN
        return self.extra.get(str(step), MISSING)

    def snapshot(self) -> Any:
        child = self.child
        if child is None and not self.is_dirty:
            return self.last_snapshot
        spare, values = self.spare, self.spare_values
        if getrefcount(spare) + getrefcount(values) + getweakrefcount(spare) != UNSHARED_INSTANCE:
            spare = None
            if self._buffers is not None:
                self._buffers.recycle()
        else:
            values.clear()  # so that nobody holds the contents, either
        inner = MISSING if child is None else child.snapshot()
        before = self.child_snapshot
        if inner is before and not self.is_dirty:
            return self.last_snapshot
        if self.is_dirty or before is MISSING:
            self.is_dirty = False
            self._note_present(inner)
        self.child_snapshot = inner
        if spare is None:
            self.last_snapshot = self._make(inner)
            return self.last_snapshot
        values |= self.values  # all of it: whoever had the instance may have changed it
        if inner is not MISSING:
            values[self.field.name] = inner
        set_names(spare, self.fields_set)
        self.spare, self.spare_values = self.last_snapshot, self.last_values
        self.last_snapshot, self.last_values = spare, values
        return spare

    def _note_present(self, inner: Any) -> None:
        """See to the names of the fields that are there, the open one's included."""
        if inner is not MISSING and not self.field.is_extra:
            self.present.add(self.field.name)
        if len(self.fields_set) != len(self.present):
            self.fields_set = self.present.copy()

    def _make(self, inner: Any) -> Any:
        """The snapshot, as a new instance."""
        if self.layout.required and self._is_out_of_sight:
            return MISSING
        name, is_extra = self.field.name, self.field.is_extra
        extra: dict[str, Any] = self.extra
        buffers = self._buffers
        if buffers is not None:
            buffers.key = name
        if buffers is not None and not self.layout.is_model:
            values = buffers.show(inner)
        else:
            values = self.values.copy()
            if inner is not MISSING and not is_extra:
                values[name] = inner
            if buffers is not None:
                extra = buffers.show(inner if is_extra else MISSING)
        instance = self.layout.instance(values, self.fields_set, extra)
        if self.layout.reuses:
            self.spare, self.spare_values = self.last_snapshot, self.last_values
            self.last_values = values
        return instance

    def close(self) -> None:
        self.is_closing = True
        if not self.is_final:
            self._finished(self.snapshot())
            return
        layout = self.layout
        for name in layout.validates_defaults:
            if name not in self.complete:
                self.waiting[name] = "default"
        self._finished(
            layout.validator.finish(
                self.complete, self.extra, self.waiting, self.values, self.context
            )
        )

    def _step(self, *, by_key: bool) -> Path:
        field = self.field
        if field is self.layout.extra:  # before the first key
            return ()
        return (self._key_of(field.name) if by_key and not field.is_extra else field.name,)

    def written(self, loc: Path, *, of_level: bool) -> Path:
        if not loc or not (of_level or (self.is_closing and self.is_final)):
            return loc
        name = str(loc[0])
        if self.waiting.get(name) == "default":  # which has no key, so pydantic names the field
            return loc
        return (self._key_of(name), *loc[1:])

    def _key_of(self, name: str) -> str:
        """The key of a field: the one written, if it was just now, else the first it may have."""
        keys = self.layout.keys
        return self.field.key if name == self.field.name and name in keys else keys.get(name, name)


def _first_values(parent: Any, layout: ModelLayout) -> dict[str, Any]:
    """The values that the fields show before they come: those of the empty object shown so far.

    So each default that a factory makes is made once.
    """
    if not layout.factories:
        return layout.template.copy()
    if isinstance(parent, ModelFrame) and parent.field.name in parent.layout.placeholders:
        shown = parent.values[parent.field.name]
        own = getattr(shown, "__dict__", None)  # a dataclass may have slots in its place
        names = [*layout.template, *layout.factories]
        return {name: getattr(shown, name) if own is None else own[name] for name in names}
    return layout.fresh()
