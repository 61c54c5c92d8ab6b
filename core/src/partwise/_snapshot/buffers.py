"""Copies of growing containers for snapshots, made at the cost of the additions."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any, Final

from .._plan.core_schema import is_hashable
from .._sentinels import MISSING
from .refcounts import UNSHARED, getrefcount

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
    """

    __slots__ = ("_back", "_back_state", "_last", "_last_state", "_spare", "items")

    def __init__(self, items: Any) -> None:
        self.items = items
        self.forget()

    def forget(self) -> None:
        """Make new copies from here on: an entry has changed that was shown."""
        self._last: Any = None
        self._back: Any = None  # the one that was shown before the last
        self._spare: Any = None  # one that nobody holds
        self._last_state = self._back_state = (0, MISSING)  # items in it, and its open key

    def recycle(self) -> None:
        """See whether a copy is free. Nothing that is open is held by it from then on."""
        if self._back is not None:
            if getrefcount(self._back) == UNSHARED:
                self._spare = self._back
                if self._back_state[1] is not MISSING:
                    self._drop(self._spare, self._back_state[1])
            self._back = None

    def show(self, key: Any = MISSING, value: Any = MISSING) -> Any:
        """A copy of the complete values, with an open one at that key."""
        count = len(self.items)
        shown, self._spare = self._spare, None
        if shown is None:
            shown = self._copy()
        else:
            self._extend(shown, self._back_state[0])
        if count >= MIN_BUFFERED:
            self._back, self._back_state = self._last, self._last_state
            self._last, self._last_state = shown, (count, key)
        if key is not MISSING:
            self._put(shown, key, value)
        return shown

    def _copy(self) -> Any:
        return self.items.copy()

    def _extend(self, shown: Any, count: int) -> None:
        """Add the items that came after so many."""
        shown += self.items[count:]

    def _put(self, shown: Any, key: Any, value: Any) -> None:  # noqa: ARG002
        shown.append(value)

    def _drop(self, shown: Any, key: Any) -> None:  # noqa: ARG002
        shown.pop()


class DequeBuffers(Buffers):
    """Of a deque; the items are a list."""

    __slots__ = ()

    def _copy(self) -> Any:
        return deque(self.items)


class SetBuffers(Buffers):
    """Of a set, in which nothing shows that is open; the items are a list, with repetitions."""

    __slots__ = ()

    def _copy(self) -> Any:
        return set(hashable_in(self.items))

    def _extend(self, shown: Any, count: int) -> None:
        shown.update(hashable_in(self.items[count:]))


class DictBuffers(Buffers):
    """Of a dict; the items are one, too."""

    __slots__ = ()

    def _extend(self, shown: Any, count: int) -> None:
        added = [*islice(reversed(self.items.items()), len(self.items) - count)]
        shown.update(reversed(added))

    def _put(self, shown: Any, key: Any, value: Any) -> None:
        shown[key] = value

    def _drop(self, shown: Any, key: Any) -> None:
        if key in self.items:
            shown[key] = self.items[key]
        else:
            del shown[key]
