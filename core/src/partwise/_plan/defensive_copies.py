"""Lets the user's code run on copies of the values that snapshots share.

A validator may change its argument in place, and a closed value is shared by every snapshot
since. So where the plan says that the user's code runs, it gets copies; an unchanged one is
taken back as the shared object itself, and a changed one stays a copy.

Only values that pydantic and partwise make are copied: models, dataclasses, lists, dicts, sets and
the like. An object of another class may be one of a kind, so it is lent as it is. Keys of dicts and
elements of sets have a hash and count as immutable.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from operator import is_
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic import BaseModel

from .instances import copied_model

if TYPE_CHECKING:
    from collections.abc import Callable

    Swap = Callable[[Any], Any]
    """Gives the replacement of a value: its copy, or the original."""

_ATOMS: Final = frozenset({str, int, float, bool, type(None), bytes})


class DefensiveCopies:
    """The copies given to the user's code, once."""

    __slots__ = ("_copies", "_originals", "_settled")

    def __init__(self) -> None:
        self._copies: dict[int, Any] = {}  # by the original's id
        self._originals: dict[int, tuple[Any, Any]] = {}  # by the copy's id: the copy, and whose
        self._settled: dict[int, tuple[Any, Any]] = {}  # by id: the value and its replacement

    def copy(self, value: Any) -> Any:
        """A copy of the value, all the way down."""
        kind = _kind_of(value)
        if kind is None:
            return value
        if id(value) not in self._copies:
            copied = kind.copy(value)
            self._copies[id(value)] = copied  # known before it is filled, for cycles
            copied = kind.swap(copied, self.copy)
            if copied is value:  # a tuple of immutable values
                self._copies[id(value)] = value
                return value
            self._copies[id(value)] = copied
            self._originals[id(copied)] = copied, value
        return self._copies[id(value)]

    def restore(self, value: Any) -> Any:
        """The value, with the originals in the places of those copies that did not change."""
        kind = _kind_of(value)
        if kind is None:
            return value
        if id(value) not in self._settled:
            self._settled[id(value)] = value, value  # known before it is looked into, for cycles
            settled = kind.swap(value, self.restore)
            _, original = self._originals.get(id(value), (None, None))
            if original is not None and kind.same(settled, original):
                settled = original
            self._settled[id(value)] = value, settled
        return self._settled[id(value)][1]


def on_copies(check: Callable[..., Any]) -> Callable[..., Any]:
    """The check, which runs the user's code, on copies of its arguments."""

    def run(value: Any, **keywords: Any) -> Any:
        copies = DefensiveCopies()
        return copies.restore(check(copies.copy(value), **keywords))

    return run


class _Kind(Protocol):
    """How the containers of one kind are handled."""

    def copy(self, value: Any) -> Any:
        """Another container that holds the same."""

    def swap(self, value: Any, swap: Swap) -> Any:
        """The container, with all that it holds swapped."""

    def same(self, value: Any, other: Any) -> bool:
        """Whether the two hold the very same objects."""


def _kind_of(value: Any) -> _Kind | None:
    """How to handle it; None if it is not a container."""
    if type(value) in _ATOMS:
        return None
    for base, kind in _KINDS:
        if isinstance(value, base):
            return kind
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _DATACLASS
    return None


class _Dict:
    def copy(self, value: dict[Any, Any]) -> Any:
        return copy.copy(value)

    def swap(self, value: dict[Any, Any], swap: Swap) -> Any:
        for key, inside in [*value.items()]:
            if (new := swap(inside)) is not inside:
                value[key] = new
        return value

    def same(self, value: dict[Any, Any], other: dict[Any, Any]) -> bool:
        return (
            len(value) == len(other)
            and all(map(is_, value, other))
            and all(map(is_, value.values(), other.values()))
        )


class _List:
    def copy(self, value: Any) -> Any:
        return copy.copy(value)

    def swap(self, value: Any, swap: Swap) -> Any:
        for index, inside in enumerate(value):
            if (new := swap(inside)) is not inside:
                value[index] = new
        return value

    def same(self, value: Any, other: Any) -> bool:
        return len(value) == len(other) and all(map(is_, value, other))


class _Tuple(_List):
    def copy(self, value: Any) -> Any:
        return value

    def swap(self, value: Any, swap: Swap) -> Any:
        swapped = [*map(swap, value)]
        if all(map(is_, swapped, value)):
            return value
        return tuple.__new__(type(value), swapped)


class _Set:
    def copy(self, value: set[Any]) -> Any:
        return copy.copy(value)

    def swap(self, value: set[Any], swap: Swap) -> Any:  # noqa: ARG002  elements are immutable
        return value

    def same(self, value: set[Any], other: set[Any]) -> bool:
        return {*map(id, value)} == {*map(id, other)}


class _Model:
    def copy(self, value: BaseModel) -> Any:
        return copied_model(value)

    def swap(self, value: BaseModel, swap: Swap) -> Any:
        for inside in (vars(value), *_beside_fields(value)):
            _DICT.swap(inside, swap)
        return value

    def same(self, value: BaseModel, other: BaseModel) -> bool:
        # Whatever else the instance keeps, it has computed of its fields.
        mine, its = vars(value), vars(other)
        return (
            value.model_fields_set == other.model_fields_set
            and all(mine.get(name) is its.get(name) for name in type(other).model_fields)
            and all(map(_DICT.same, _beside_fields(value), _beside_fields(other)))
        )


def _beside_fields(model: BaseModel) -> tuple[dict[str, Any], ...]:
    return model.__pydantic_extra__ or {}, model.__pydantic_private__ or {}


class _Dataclass:
    def copy(self, value: Any) -> Any:
        copied = object.__new__(type(value))
        for name, inside in _attributes(value).items():
            object.__setattr__(copied, name, inside)
        return copied

    def swap(self, value: Any, swap: Swap) -> Any:
        for name, inside in _attributes(value).items():
            if (new := swap(inside)) is not inside:
                object.__setattr__(value, name, new)  # which may be frozen
        return value

    def same(self, value: Any, other: Any) -> bool:
        return _DICT.same(_attributes(value), _attributes(other))


def _attributes(value: Any) -> dict[str, Any]:
    fields = (field.name for field in dataclasses.fields(value))
    slots = {name: getattr(value, name) for name in fields if hasattr(value, name)}
    return slots | getattr(value, "__dict__", {})


_DICT: Final = _Dict()
_DATACLASS: Final = _Dataclass()
_KINDS: Final[tuple[tuple[type, _Kind], ...]] = (
    (BaseModel, _Model()),
    (list, _List()),
    (dict, _DICT),
    (tuple, _Tuple()),
    (set, _Set()),
    (deque, _List()),
)
