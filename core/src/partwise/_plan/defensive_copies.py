"""Lets the user's code run on copies of the values that snapshots share.

A validator may change its argument in place, and a closed value is shared by every snapshot
since. So where the plan says that the user's code runs, it gets copies; an unchanged one is
taken back as the shared object itself, and a changed one stays a copy.

Only values that pydantic and partwise make are copied: models, dataclasses, lists, dicts, sets and
the like. `copy.deepcopy` also copies the objects of other classes, which may be one of a kind, and
the keys of dicts and elements of sets, which have a hash and count as immutable.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections import deque
from operator import is_
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from .instances import copied_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Place = tuple[Iterable[tuple[Any, Any]], Callable[[Any, Any], None]]
    """Values by key, and a function that puts another one at a key."""

_ATOMS: Final = frozenset({str, int, float, bool, type(None), bytes})
_CONTAINERS: Final = (BaseModel, list, dict, tuple, set, deque)


class DefensiveCopies:
    """The copies given to the user's code, once."""

    __slots__ = ("_copies", "_originals", "_settled")

    def __init__(self) -> None:
        self._copies: dict[int, Any] = {}  # by the original's id
        self._originals: dict[int, tuple[Any, Any]] = {}  # by the copy's id: the copy, and whose
        self._settled: dict[int, tuple[Any, Any]] = {}  # by id: the value and its replacement

    def copy(self, value: Any) -> Any:
        """A copy of the value, all the way down."""
        if not _is_container(value):
            return value
        if id(value) not in self._copies:
            copied = self._copies[id(value)] = _copied(value)  # before it is filled, for cycles
            copied = self._copies[id(value)] = _swap(copied, self.copy)
            self._originals[id(copied)] = copied, value
        return self._copies[id(value)]

    def restore(self, value: Any) -> Any:
        """The value, with the originals in the places of those copies that did not change."""
        if not _is_container(value):
            return value
        if id(value) not in self._settled:
            self._settled[id(value)] = value, value  # known before it is looked into, for cycles
            settled = _swap(value, self.restore)
            _, original = self._originals.get(id(value), (None, None))
            if original is not None and _contents(settled) == _contents(original):
                settled = original
            self._settled[id(value)] = value, settled
        return self._settled[id(value)][1]


def on_copies(check: Callable[..., Any]) -> Callable[..., Any]:
    """The check, which runs the user's code, on copies of its arguments."""

    def run(value: Any, **keywords: Any) -> Any:
        copies = DefensiveCopies()
        return copies.restore(check(copies.copy(value), **keywords))

    return run


def _is_container(value: Any) -> bool:
    if type(value) in _ATOMS or isinstance(value, type):
        return False
    return isinstance(value, _CONTAINERS) or dataclasses.is_dataclass(value)


def _copied(value: Any) -> Any:
    """Another container that holds the same; a tuple itself."""
    if isinstance(value, BaseModel):
        return copied_model(value)
    if isinstance(value, _CONTAINERS):
        return value if isinstance(value, tuple) else copy.copy(value)
    copied = object.__new__(type(value))
    for name, inside in _attributes(value).items():
        object.__setattr__(copied, name, inside)
    return copied


def _swap(value: Any, swap: Callable[[Any], Any]) -> Any:
    """The container, with all that it holds swapped; another one if it is a tuple."""
    if isinstance(value, tuple):
        swapped = [*map(swap, value)]
        return value if all(map(is_, swapped, value)) else tuple.__new__(type(value), swapped)
    for items, put in _places(value):
        for key, inside in [*items]:
            if (new := swap(inside)) is not inside:
                put(key, new)
    return value


def _places(value: Any) -> list[Place]:
    """The places in a container other than a tuple."""
    if isinstance(value, BaseModel):
        return [(held.items(), held.__setitem__) for held in (vars(value), *_beside_fields(value))]
    if isinstance(value, list | deque):
        return [(enumerate(value), value.__setitem__)]
    if isinstance(value, dict):
        return [(value.items(), value.__setitem__)]
    if isinstance(value, set):
        return []
    return [(_attributes(value).items(), functools.partial(object.__setattr__, value))]


def _contents(value: Any) -> Any:
    """The objects in a container, by identity: equal if two hold the very same ones."""
    if isinstance(value, BaseModel):
        # Whatever else the instance keeps, it has computed of its fields.
        fields = [id(vars(value).get(name)) for name in type(value).model_fields]
        return value.model_fields_set, fields, [*map(_contents, _beside_fields(value))]
    if isinstance(value, set):
        return {*map(id, value)}
    if isinstance(value, list | tuple | deque):
        return [*map(id, value)]
    held = value if isinstance(value, dict) else _attributes(value)
    return [(id(key), id(inside)) for key, inside in held.items()]


def _beside_fields(model: BaseModel) -> tuple[dict[str, Any], ...]:
    return model.__pydantic_extra__ or {}, model.__pydantic_private__ or {}


def _attributes(value: Any) -> dict[str, Any]:
    """The attributes of an instance of a dataclass."""
    fields = (field.name for field in dataclasses.fields(value))
    slots = {name: getattr(value, name) for name in fields if hasattr(value, name)}
    return slots | getattr(value, "__dict__", {})
