"""What an answer may not exceed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 200
"""pydantic's own JSON reader goes one deeper, and it has the last word on every answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an answer may not exceed, in the face of a runaway model.

    Attributes:
        depth: nested containers, at most 200.
        digits: digits of one number. The default is Python's own bound for `int(str)`.
        characters: the whole answer's text, or None for no bound.
    """

    depth: int = MAX_DEPTH
    digits: int = 4300
    characters: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"depth must be from 1 to {MAX_DEPTH}, not {self.depth}")
