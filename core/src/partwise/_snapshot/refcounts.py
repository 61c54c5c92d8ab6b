"""Whether anybody else holds an object, as far as CPython's count of references tells."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from .._plan.instances import set_values

getrefcount = getattr(sys, "getrefcount", lambda _: 0)


def _unshared_counts() -> tuple[int, int]:
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    if not (has_gil and hasattr(sys, "getrefcount")):
        return -1, -1  # a count tells nothing
    instance, values = object.__new__(BaseModel), dict[str, Any]()
    set_values(instance, values)
    probe = SimpleNamespace(container=[], instance=instance, values=values)
    return getrefcount(probe.container), getrefcount(instance) + getrefcount(values)


UNSHARED, UNSHARED_INSTANCE = _unshared_counts()
"""The result of `getrefcount(self.attribute)` when only `self` holds it, and the one for a pydantic
instance and its dict, together, when only `self` and two local variables hold them; -1 if that
can't be told."""
