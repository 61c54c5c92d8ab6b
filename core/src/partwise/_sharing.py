"""Whether anybody else holds an object, as far as CPython's count of references tells."""

from __future__ import annotations

import sys
from typing import Any, Final

getrefcount = getattr(sys, "getrefcount", lambda _: 0)


def _counts_tell() -> bool:
    """Whether a count of references can tell that nobody else holds an object."""
    return getattr(sys, "_is_gil_enabled", lambda: True)() and hasattr(sys, "getrefcount")


class _Probe:
    __slots__ = ("back",)

    def __init__(self) -> None:
        self.back: list[Any] = []


def _unshared_count() -> int:
    probe = _Probe()
    return getrefcount(probe.back) if _counts_tell() else -1


UNSHARED: Final = _unshared_count()
"""What `getrefcount(self.attribute)` gives when only `self` holds it; -1 if that can't be told."""
