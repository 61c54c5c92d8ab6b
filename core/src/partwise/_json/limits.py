"""The limits of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 200
"""pydantic's own JSON reader goes one deeper, and it has the last word on every answer."""


_MANY: Final = 1_000_000
"""Characters; a bound from here on need not be exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of an answer, against a runaway model.

    Attributes:
        depth: nested containers, at most 200.
        digits: digits of one number. The default is Python's own bound for `int(str)`.
        characters: the whole answer's text, or None for no bound. Above a million, they are
            counted now and then, so some thousands more may be read.
        errors: faults of one answer that a correction names to the model; the error has them all.
    """

    depth: int = MAX_DEPTH
    digits: int = 4300
    characters: int | None = 32_000_000
    errors: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"depth must be from 1 to {MAX_DEPTH}, not {self.depth}")
        if self.errors < 1:
            raise ValueError(f"errors must be at least 1, not {self.errors}")

    @property
    def counts_each_piece(self) -> bool:
        """Whether the text's size is to be checked with each piece."""
        return self.characters is not None and self.characters < _MANY
