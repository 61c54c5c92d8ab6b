"""The frames of open containers that may become large: dicts, lists, tuples, sets."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic_core import ValidationError

from .._paths import key_text
from .._plan.nodes import ValueNode
from .._sentinels import MISSING, OMITTED
from .buffers import BUFFERS, DictBuffers
from .frame import OPEN, Frame, FreezeSnapshots, InvalidPartError, quote
from .values import given_at

if TYPE_CHECKING:
    from .._paths import Path
    from .._plan.nodes import ContainerNode, DictLayout, ListLayout
    from .buffers import Buffers
    from .context import Parent, Shown


class CollectionFrame(Frame):
    """An open container of any number of parts.

    Attributes:
        items: the parts that are complete.
    """

    __slots__ = ("buffers", "items")

    items: Any
    buffers: Buffers

    def snapshot(self) -> Any:
        if self.buffers.back is not None:
            self.buffers.recycle()
        child = self.child
        inner = MISSING if child is None else child.snapshot()
        if inner is not self.child_snapshot or self.is_dirty:
            self.child_snapshot = inner
            self.is_dirty = False
            self.last_snapshot = self.buffers.show(inner)
        return self.last_snapshot

    def _has_room(self) -> bool:
        most = self.layout.max_items
        return most is None or len(self.items) < most

    def _refuse_more(self, items: Any) -> Any:
        """Raise the error of so many parts."""
        try:
            self.layout.level_validator(items, **self.context.python_keywords)
        except ValidationError as error:
            raise InvalidPartError(error, self) from error

    def close(self) -> None:
        self.is_closing = True
        self.buffers.forget()
        if not self.is_final:
            self._finished(self.snapshot())
            return
        validate = self.layout.level_validator
        items = self.items
        self._finished(validate(items, **self.context.python_keywords) if validate else items)


class DictFrame(CollectionFrame):
    """An open object with any keys."""

    __slots__ = ("keys_by_text", "keys_seen", "name")

    layout: DictLayout

    def __init__(self, parent: Parent, container: ContainerNode) -> None:
        super().__init__(parent, container)
        self.node = self.layout.value
        self.items: dict[Any, Any] = {}
        self.buffers: DictBuffers = DictBuffers(self.items)
        self.name: Any = MISSING
        self.keys_by_text: dict[str, Any] = {}  # those seen when a key was looked for
        self.keys_seen = 0

    def key(self, name: str) -> None:
        name = name if self.layout.key is None else self.layout.key(quote(name))
        self.name = self.buffers.key = name
        if self.name in self.items:
            raise FreezeSnapshots  # keys become equal by validation: the value may change
        if not self._has_room() and self.is_final:
            self._refuse_more({**self.items, self.name: None})

    @property
    def is_hidden(self) -> bool:
        return self.name is MISSING

    def complete_value(self, value: Any) -> None:
        self.context.events.closed(self, value)
        value = self._take(value)
        if value is not MISSING and self.name is not MISSING:
            self.items[self.name] = value

    def _step(self, *, by_key: bool) -> Path:
        name = self.name
        return () if name is MISSING else (key_text(name) if by_key else name,)

    def find(self, step: str | int) -> Any:
        if not self.is_hidden and str(step) == key_text(self.name) and self.name not in self.items:
            return self.child or OPEN
        return self.items.get(self._key_at(step), MISSING)

    def _key_at(self, step: str | int) -> Any:
        """The same as `find_key`, with a look at only those keys that came since the last time."""
        if step in self.items:
            return step
        new = [*islice(reversed(self.items), len(self.items) - self.keys_seen)]
        self.keys_seen += len(new)
        for key in reversed(new):
            self.keys_by_text.setdefault(key_text(key), key)
        return self.keys_by_text.get(str(step), MISSING)


class ListFrame(CollectionFrame):
    """An open array whose elements are alike."""

    __slots__ = ()

    layout: ListLayout

    def __init__(self, parent: Parent, container: ContainerNode) -> None:
        super().__init__(parent, container)
        self.node = self.layout.item
        self.items: list[Any] = []
        self.buffers = BUFFERS[self.layout.show](self.items)
        self._see_to_room()

    def _see_to_room(self) -> None:
        if not self._has_room() and self.is_final:
            self.node = ValueNode(  # of one more than it can have
                None,
                refuses=frozenset('{["'),
                watches_text=True,
                _validate_json=lambda _: self._refuse_more([*self.items, None]),
            )

    def complete_value(self, value: Any) -> None:
        if value is OMITTED:
            self.child: Shown | None = None
            self.child_snapshot, self.is_dirty = MISSING, True
            return
        self.context.events.closed(self, value)
        value = self._take(value)
        if value is MISSING:  # the place is taken all the same
            value, self.is_dirty = None, True
            self.context.events.appeared(self, value)
        self.items.append(value)
        if self.layout.max_items is not None:
            self._see_to_room()

    def _step(self, *, by_key: bool) -> Path:  # noqa: ARG002
        return (len(self.items),)

    def find(self, step: str | int) -> Any:
        if step == len(self.items) and self.buffers.shows_open and not self.is_hidden:
            return self.child or (OPEN if self.context.parser.in_value else MISSING)
        return given_at(self.snapshot(), (step,))


class SetFrame(ListFrame):
    """An open array of which a set is shown: its elements show when they are complete."""

    __slots__ = ()

    @property
    def is_hidden(self) -> bool:
        return True  # an element of a set has no place of its own

    def complete_value(self, value: Any) -> None:
        if value is MISSING:
            self.child = None
            return
        super().complete_value(value)
        if self.context.events.is_on:
            self.context.events.appeared(self.parent, self.snapshot())

    def snapshot(self) -> Any:
        if self.is_dirty:
            self.is_dirty = False
            self.buffers.recycle()
            shown = self.buffers.show()
            if self.last_snapshot is MISSING or len(shown) != len(self.last_snapshot):
                self.last_snapshot = shown
        return self.last_snapshot
