"""The value that says: there is nothing to show."""

from __future__ import annotations

from enum import Enum


class Missing(Enum):
    """A sentinel of a type of its own, so that type checkers know it from None."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing.MISSING


class Omitted(Enum):
    """The sentinel for an element that is left out of its list."""

    OMITTED = "omitted"

    def __repr__(self) -> str:
        return "OMITTED"


OMITTED = Omitted.OMITTED
