"""Values that say: there is nothing here."""

from __future__ import annotations

from enum import Enum


class Sentinel(Enum):
    """Sentinels of a type of their own, so that type checkers know them from None."""

    MISSING = "nothing to show"
    OMITTED = "an element that is left out of its list"

    def __repr__(self) -> str:
        return self.name


MISSING = Sentinel.MISSING
OMITTED = Sentinel.OMITTED
