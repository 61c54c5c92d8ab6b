"""Whether a count of references can tell that nobody else holds an object."""

from __future__ import annotations

import sys

import pytest

from partwise._snapshot import refcounts as _sharing
from partwise._snapshot.refcounts import UNSHARED, UNSHARED_INSTANCE, getrefcount


class Holder:
    def __init__(self) -> None:
        self.held: list[int] = []

    def is_alone(self) -> bool:
        return getrefcount(self.held) == UNSHARED


@pytest.mark.skipif(UNSHARED == -1, reason="counts tell nothing in this interpreter")
def test_a_count_tells_who_holds_an_object() -> None:
    assert _sharing._unshared_counts() == (UNSHARED, UNSHARED_INSTANCE)
    holder = Holder()
    assert holder.is_alone()
    mine = holder.held
    assert not holder.is_alone()
    del mine
    assert holder.is_alone()


def test_without_a_lock_counts_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert _sharing._unshared_counts() == (-1, -1)


def test_an_interpreter_without_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "getrefcount")
    assert _sharing._unshared_counts() == (-1, -1)
