"""Places in an answer: as text, as steps, or as a selector such as `lambda t: t.name`.

A selector is called with a probe, which notes the attributes and items that are asked of it. Type
checkers see the response model in its place, so they infer the selected type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, Literal, TypeAlias, TypeVar

from .._errors import PathError, shown
from .._paths import Path, format_path, parse_path

Place: TypeAlias = str | Sequence[str | int]
"""A path as text, such as `users[0].name`, or as its steps, such as `("users", 0, "name")`."""

OnInvalid: TypeAlias = Literal["raise", "skip"]
"""The fate of an element that is not valid: its error ends the stream, or it is left out."""

S = TypeVar("S")

# One type and not an overload for each of them, so that type checkers infer the elements from a
# lambda. A dict's elements are its values.
HasElements: TypeAlias = Sequence[S] | AbstractSet[S] | Mapping[Any, S] | None


def path_of(place: Place | Callable[[Any], object]) -> Path:
    """The steps to the place.

    Raises:
        PathError: it is not a place.
    """
    if isinstance(place, str):
        return parse_path(place)
    if callable(place):
        return _selected(place)
    if not isinstance(place, Sequence):
        raise PathError(f"invalid path {shown(place)}: write it like users[0].name")
    steps = tuple(place)
    for step in steps:
        if type(step) not in (str, int):
            raise PathError(
                f"invalid path {shown(place)}: {shown(step)} is neither a key nor an index"
            )
    return steps


def text_of(place: Place | Callable[[Any], object]) -> str:
    """The same as text.

    Raises:
        PathError: it is not a place.
    """
    return place if isinstance(place, str) else format_path(path_of(place))


def _selected(selector: Callable[[Any], object]) -> Path:
    try:
        probe = selector(_Probe(()))
    except Exception as error:
        raise PathError(f"invalid selector: {error}; {_EXAMPLE}") from error
    if type(probe) is not _Probe:
        raise PathError(f"invalid selector: it returned {shown(probe)}; {_EXAMPLE}")
    return _steps_of(probe)


_EXAMPLE: Final = "write attributes and items only, as in lambda team: team.users[0].name"


class _Probe:
    """Stands for an answer; has every attribute, each another probe."""

    __slots__ = ("steps",)

    def __init__(self, steps: Path) -> None:
        object.__setattr__(self, "steps", steps)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            return object.__getattribute__(self, name)
        return _Probe((*_steps_of(self), name))

    def __getitem__(self, key: Any) -> _Probe:
        if not isinstance(key, str | int):
            raise TypeError(f"{key!r} is neither a key nor an index")
        return _Probe((*_steps_of(self), key))

    def __iter__(self) -> Any:
        raise TypeError("it iterates")

    def __bool__(self) -> bool:
        raise TypeError("it asks for a truth value")


def _steps_of(probe: _Probe) -> Path:
    steps: Path = object.__getattribute__(probe, "steps")
    return steps
