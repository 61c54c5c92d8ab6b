"""The limits of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .._errors import ConfigurationError, shown

MAX_DEPTH: Final = 200
"""pydantic's own JSON reader goes one deeper, and it has the last word on every answer."""


_LEAST: Final = {"depth": 1, "digits": 1, "characters": 0, "errors": 1}


class _LimitsError(ConfigurationError, ValueError):
    """A limit that can't be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of an answer, against a runaway model.

    An answer beyond `depth`, `digits` or `characters` is a `MalformedOutputError` when it is read.

    Attributes:
        depth: nested containers, from 1 to 200; 200 unless given.
        digits: digits of one number; 4,300 unless given, Python's own bound for `int(str)`.
        characters: the whole answer's text, or None for no bound; 32 million unless given. Above a
            million, they are counted now and then, so some thousands more may be read.
        errors: faults of one answer that a correction names to the model, at least 1; 20 unless
            given. The error has them all.

    Raises:
        ConfigurationError: a limit is no integer, or out of its range; a `ValueError`, too.

    Example:
        ```python
        limits = partwise.Limits(depth=20, characters=100_000)
        team = partwise.parse(Team, '{"name": "A"}', limits=limits).result()
        ```
    """

    depth: int = MAX_DEPTH
    digits: int = 4300
    characters: int | None = 32_000_000
    errors: int = 20

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if name == "characters" and value is None:
                continue
            if type(value) is not int or value < least:
                raise _LimitsError(
                    f"{name} must be an integer and at least {least}, not {shown(value)}"
                )
        if self.depth > MAX_DEPTH:
            raise _LimitsError(f"depth must be from 1 to {MAX_DEPTH}, not {shown(self.depth)}")
