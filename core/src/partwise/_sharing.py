"""Whether anybody else holds an object, as far as CPython's count of references tells."""

from __future__ import annotations

import sys
from typing import Any

from pydantic import BaseModel

from ._instances import set_values

getrefcount = getattr(sys, "getrefcount", lambda _: 0)


def _counts_tell() -> bool:
    """Whether a count of references can tell that nobody else holds an object."""
    return getattr(sys, "_is_gil_enabled", lambda: True)() and hasattr(sys, "getrefcount")


class _Probe:
    __slots__ = ("back", "values")

    def __init__(self) -> None:
        self.back = object.__new__(BaseModel)
        self.values: dict[str, Any] = {}
        set_values(self.back, self.values)


def _unshared_counts() -> tuple[int, int]:
    probe = _Probe()
    return (getrefcount(probe.back), getrefcount(probe.values)) if _counts_tell() else (-1, -1)


UNSHARED, UNSHARED_DICT = _unshared_counts()
"""What `getrefcount(self.attribute)` gives when only `self` holds it, or, of the dict of a pydantic
instance, only `self` and the instance; -1 if that can't be told."""
