"""The frames of open containers that may become large: dicts, lists, tuples, sets."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from .._paths import find_key, key_text
from .._sentinels import MISSING
from .frame import OPEN, Frame, holds_the_same, quote
from .refcounts import UNSHARED, getrefcount

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._paths import Path
    from .._plan.nodes import Check, DictLayout, ListLayout
    from .frame import Parent

_BUFFERED: Final = 64
"""So many elements or entries make a container large."""


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
        if self.back is not None:
            if getrefcount(self.back) == UNSHARED:
                self.spare = self.back
                if self.spare:
                    self.drop_last(self.spare)  # so that nobody holds it, if it was open
            self.back = None
        child = self.child
        inner = MISSING if child is None else child.snapshot()
        if inner is not self.inner or self.changed:
            self.inner = inner
            self.changed = False
            self.shown = self._show(inner)
        return self.shown

    def _show(self, inner: Any) -> Any:
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

    def __init__(self, parent: Parent, shape: DictLayout, outers: tuple[Check, ...]) -> None:
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

    def _show(self, inner: Any) -> Any:
        shown, self.spare = self.spare, None
        if len(self.items) >= _BUFFERED:
            self.back = self.shown
        if shown is None:
            shown = self.items.copy()
        elif len(shown) < len(self.items):
            added = [*islice(reversed(self.items.items()), len(self.items) - len(shown))]
            shown.update(reversed(added))
        if inner is not MISSING and self.name is not MISSING:
            shown[self.name] = inner
        return shown

    def _step(self) -> Path:
        return () if self.name is None else (self.name,)

    def _written_step(self) -> Path:
        return () if self.name is None else (key_text(self.name),)

    def find(self, step: str | int) -> Any:
        if not self.hides and str(step) == key_text(self.name) and self.name not in self.items:
            return self.child or OPEN
        return self.items.get(find_key(self.items, step), MISSING)


class ListFrame(LargeFrame):
    """An open array whose elements are alike."""

    __slots__ = ("shape",)

    drop_last = staticmethod(list.pop)

    def __init__(self, parent: Parent, shape: ListLayout, outers: tuple[Check, ...]) -> None:
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

    def _show(self, inner: Any) -> Any:
        items = self.items
        if len(items) < _BUFFERED:
            return items.copy() if inner is MISSING else [*items, inner]
        shown, self.spare = self.spare, None
        self.back = self.shown
        if shown is None:
            shown = items.copy()
        elif len(shown) < len(items):
            shown += items[len(shown) :]
        if inner is not MISSING:
            shown.append(inner)
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

    def _show(self, inner: Any) -> Any:
        return self.shape.show(self.items if inner is MISSING else [*self.items, inner])


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
            shown = self._show(self.inner)
            if holds_the_same(shown, self.shown):
                return self.shown
            self.shown = shown
        return self.shown

    def find(self, step: str | int) -> Any:  # noqa: ARG002  nothing in a set has a place
        return MISSING
