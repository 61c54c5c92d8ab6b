"""Copies of growing containers for snapshots, made at the cost of the additions."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from .._plan.core_schema import is_hashable
from .._sentinels import MISSING
from .refcounts import UNSHARED, getrefcount

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_BUFFERED: Final = 64
"""A container of fewer elements or entries is copied for each snapshot."""


def hashable_in(items: list[Any]) -> list[Any]:
    """Those that a set can have: a provisional one need not be hashable."""
    return [*filter(is_hashable, items)]


class Buffers:
    """A growing container, shown in two copies by turns: a list, unless a subclass is for another.

    A snapshot must never change, so each has a container of its own. To copy one costs 26 µs a
    delta at 10,000 elements, and makes a long answer quadratic. To show in another copy the
    elements added since costs just that. The count of references says whether anybody still holds
    the copy that was shown before the last one; if so, it is left alone for ever, and a new copy
    takes its place.

    Attributes:
        items: the elements or entries that are complete.
        back: the copy that was shown before the last one; None if that is not to be shown again.
    """

    __slots__ = ("_last", "_spare", "back", "items")

    _put: Callable[[Any, Any], None] = staticmethod(list.append)
    _drop_last: Callable[[Any], Any] = staticmethod(list.pop)

    def __init__(self, items: Any) -> None:
        self.items = items
        self.forget()

    @property
    def shows_open(self) -> bool:
        """Whether an element that is open may show."""
        return True

    def forget(self) -> None:
        """Make new copies from here on: an entry has changed that was shown."""
        self._last: Any = None
        self.back: Any = None
        self._spare: Any = None  # one that nobody holds

    def recycle(self) -> None:
        """See whether a copy is free. Nothing that is open is held by it from then on."""
        if getrefcount(self.back) == UNSHARED:
            self._spare = self.back
            self._drop_last(self._spare)  # which may be open
        self.back = None

    def show(self, inner: Any = MISSING) -> Any:
        """A copy of the complete values, and the one that is open."""
        count = len(self.items)
        shown = self._spare
        if shown is None:
            shown = self._copy()
        else:
            self._spare = None
            if len(shown) != count:
                self._extend(shown, len(shown))
        if count >= MIN_BUFFERED:
            self.back, self._last = self._last, shown
        if inner is not MISSING:
            self._put(shown, inner)
        return shown

    def _copy(self) -> Any:
        return self.items.copy()

    def _extend(self, shown: Any, count: int) -> None:
        """Add the items that came after so many."""
        shown += self.items[count:]


class DequeBuffers(Buffers):
    """Of a deque; the items are a list."""

    __slots__ = ()

    _put = staticmethod(deque.append)
    _drop_last = staticmethod(deque.pop)

    def _copy(self) -> Any:
        return deque(self.items)


class SetBuffers(Buffers):
    """Of a set, in which nothing shows that is open; the items are a list, with repetitions.

    Events have a copy for each element, so the two snapshots around may hold two: there is a third.
    """

    __slots__ = ("_counts", "_older")

    def forget(self) -> None:
        super().forget()
        self._older: Any = None  # the copy that was shown before `back`
        self._counts = (0, 0, 0)  # the items in that, in `back`, and in the last copy

    def recycle(self) -> None:
        if getrefcount(self.back) != UNSHARED:
            self._older, self.back = self.back, self._older
            older, back, last = self._counts
            self._counts = back, older, last
        super().recycle()

    @staticmethod
    def _drop_last(_: Any) -> None:
        """No element is the last one."""

    def show(self, inner: Any = MISSING) -> Any:
        shown = super().show(inner)
        older, _, last = self._counts
        self._counts = older, last, len(self.items)
        return shown

    def _copy(self) -> Any:
        return set(hashable_in(self.items))

    def _extend(self, shown: Any, count: int) -> None:  # noqa: ARG002
        shown.update(hashable_in(self.items[self._counts[1] :]))


class DictBuffers(Buffers):
    """Of a dict; the items are one, too.

    Attributes:
        key: of the entry that is open; MISSING if that is not to be shown.
    """

    __slots__ = ("key",)

    key: Any

    _drop_last = staticmethod(dict.popitem)

    def _put(self, shown: Any, inner: Any) -> None:
        if self.key is not MISSING:
            shown[self.key] = inner

    def _extend(self, shown: Any, count: int) -> None:
        added = [*islice(reversed(self.items.items()), len(self.items) - count)]
        shown.update(reversed(added))


class Steps(Buffers):
    """Of a tuple, which can't grow; the items are a list.

    Each copy is whole, so a large container shows in steps, each an eighth larger than the one
    before: so all copies together stay linear in its length.
    """

    __slots__ = ("_made_of", "_next_step", "_shown_count")

    def __init__(self, items: list[Any]) -> None:
        super().__init__(items)
        self._shown_count = 0  # the elements that may show
        self._next_step = MIN_BUFFERED
        self._made_of = -1  # the elements in the last copy, if nothing in it is open

    def forget(self) -> None:
        super().forget()
        self._next_step = 0  # no more steps: all of it shows

    @property
    def shows_open(self) -> bool:
        return len(self.items) < MIN_BUFFERED

    def show(self, inner: Any = MISSING) -> Any:
        if inner is not MISSING and self.shows_open:
            self._made_of = -1
            return self._make([*self.items, inner])
        count = self._step()
        if count != self._made_of:
            self._made_of = count
            self._last = self._make(self.items[:count])
        return self._last

    def _step(self) -> int:
        """The elements that show now."""
        count = len(self.items)
        if count < MIN_BUFFERED or not self._next_step:
            return count
        while self._next_step <= count:
            self._shown_count = self._next_step
            self._next_step += self._next_step // 8
        return self._shown_count

    def _make(self, items: list[Any]) -> Any:
        return tuple(items)


class FrozensetSteps(Steps):
    """Of a frozenset, in which nothing shows that is open."""

    __slots__ = ()

    def _make(self, items: list[Any]) -> Any:
        return frozenset(hashable_in(items))


BUFFERS: Final[dict[Any, type[Buffers]]] = {
    list: Buffers,
    deque: DequeBuffers,
    tuple: Steps,
    set: SetBuffers,
    frozenset: FrozensetSteps,
}
"""The copies of a container of elements, by its type."""
