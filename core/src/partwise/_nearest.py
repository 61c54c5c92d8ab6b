"""Known names, and the nearest of them to an unknown one, for errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_LIKENESS: Final = 0.6
"""Least ratio, as `difflib` measures it, of two names that may be one with a typo."""


def is_one_of(value: object, names: Collection[str]) -> bool:
    """Whether the value is one of the names; no object of another type is asked for equality."""
    return isinstance(value, str) and value in names


def nearest(name: object, names: Iterable[str]) -> str:
    """`; did you mean 'tools'?` for `'tolls'`; `""` if no name is near.

    Upper and lower case don't count, nor does the kind of separator: `Max-Retries` is near to
    `max_retries`.

    Args:
        name: the unknown name. Anything but text is near to none.
        names: the known names.
    """
    found = nearest_name(name, names)
    return "" if found is None else f"; did you mean {found!r}?"


def nearest_name(name: object, names: Iterable[str], *, likeness: float = _LIKENESS) -> str | None:
    """The known name that is nearest to an unknown one; None if none is near.

    Args:
        name: the unknown name.
        names: the known names.
        likeness: the least ratio, as `difflib` measures it, of names that are near.
    """
    if not isinstance(name, str):
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - for an error only

    known = {_folded(each): str(each) for each in sorted(names, reverse=True)}
    # Letters that changed places are likelier than any other mistake.
    swapped = [each for each in sorted(known) if sorted(each) == sorted(_folded(name))]
    close = swapped or get_close_matches(_folded(name), sorted(known), n=1, cutoff=likeness)
    return known[close[0]] if close else None


def _folded(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")
