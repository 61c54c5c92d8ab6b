"""The JSON of a stream's newest snapshot, updated at the paths that changed.

Events give the paths, the snapshot gives the values there. So any number of events can be taken
together, and the document equals `snapshot.model_dump(mode="json")`; for a type that is not
a model it equals `to_jsonable_python(snapshot)`.

A value inside a custom serializer's output, or inside a type other than a model, a list or a dict,
has no path in the JSON: the value around it is compared as a whole. If that is large, it is not
compared for each change inside, which would cost the square of its size, but each time that it
has grown by a part of it, and when it is complete.
"""

from __future__ import annotations

import copy
import json
from datetime import date, time
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from pydantic import BaseModel, RootModel
from pydantic_core import to_jsonable_python

from .._paths import find_key
from .._plan.json_layouts import layout_of
from .._plan.notebook_view import written
from .._sentinels import MISSING
from .._snapshot.events import Closed, Restarted, Resumed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .._paths import Path
    from .._snapshot.events import Event

_NATIVE: Final = frozenset({str, int, bool, type(None)})
_INFERRED: Final = (Decimal, Enum, UUID)
"""Types whose JSON no model's configuration changes."""
_SMALL_CHARS: Final = 256
"""A value of less JSON is compared as a whole for each change inside."""
_CHARS_PER_CHANGE: Final = 32
"""A larger one waits for as many changes as it is times as long: about an eighth of them."""

Steps: TypeAlias = tuple[str | int, ...]
"""Keys and indices of a JSON document from its root."""


class Change(NamedTuple):
    """One change of the document.

    Attributes:
        steps: the place; the root's is `()`.
        value: the new value; of an `append`, the text to be put at the end; of a `remove`, None.
    """

    op: Literal["add", "replace", "remove", "append"]
    steps: Steps
    value: Any


class _Place(NamedTuple):
    """The value at an event's path in a snapshot, or as much of the path as can be followed."""

    steps: Steps
    value: Any
    model: BaseModel | None
    """The innermost model on the way that is written field by field, if there is one."""
    include: tuple[Any, ...]
    """The steps from that model to the value."""
    is_special: bool
    is_rewritten: bool = False
    """Whether it is a text that changes when it is complete."""


class Document:
    """The JSON document.

    Attributes:
        touched: the places of the last update in their order, and whether the contents of each can
            be followed, and only grow.
    """

    def __init__(self, *, by_alias: bool | None = None) -> None:
        self._by_alias = by_alias
        self._holder: dict[Any, Any] = {}
        self._marks: dict[Path, bool] = {}  # and whether the value there is complete
        self._restarted = False
        self._whole: Steps = ()  # of the value that was compared as a whole last
        self._wait = 0  # changes in it before it is compared again
        self._late: Path | None = None  # of such a change
        self.touched: dict[Steps, bool] = {}

    @property
    def value(self) -> Any:
        """The document; MISSING before the first snapshot. It changes with the next update."""
        return self._holder.get("", MISSING)

    def mark(self, events: Sequence[Event]) -> None:
        """Note where something changed."""
        for event in events:
            if isinstance(event, Restarted):
                self._marks.clear()
                self._restarted = True
            elif not isinstance(event, Resumed):
                self._marks[event.path] = isinstance(event, Closed)

    def update(self, snapshot: Any, *, is_last: bool = False) -> list[Change]:
        """Bring the document up to date where something changed: the changes, in order."""
        marks, self._marks = self._marks, {}
        self.touched = {}
        if marks and (self._restarted or self.value is MISSING):
            return self._replace_all(snapshot, marks)
        changes: list[Change] = []
        for path, is_complete in marks.items():
            changes += self._update_at(snapshot, path, is_complete=is_complete)
        if is_last:
            changes += self._catch_up(snapshot)
        return changes

    def _replace_all(self, snapshot: Any, marks: dict[Path, bool]) -> list[Change]:
        op: Literal["add", "replace"] = "add" if self.value is MISSING else "replace"
        self._restarted, self._late, self._wait = False, None, 0
        value = self._write(_Place((), snapshot, None, (), is_special=False))
        self._holder[""] = value
        for path in marks:
            self._touch(self._locate(snapshot, path))
        return [Change(op, (), copy.deepcopy(value))]

    def _update_at(self, snapshot: Any, path: Path, *, is_complete: bool) -> Iterator[Change]:
        place = self._locate(snapshot, path)
        self._touch(place)
        if place.steps != self._whole:
            yield from self._catch_up(snapshot)
        elif self._wait and not (is_complete and len(path) == len(place.steps)):
            self._wait -= 1
            self._late = path
            return
        yield from self._compare(snapshot, path, place)

    def _catch_up(self, snapshot: Any) -> Iterator[Change]:
        """Make the changes that wait: there will be no more of them."""
        path, self._late, self._wait = self._late, None, 0
        if path is not None:
            yield from self._compare(snapshot, path, self._locate(snapshot, path))

    def _compare(self, snapshot: Any, path: Path, place: _Place) -> Iterator[Change]:
        while (found := self._find(place.steps)) is None:
            # The values around it were added without events of their own, with their contents.
            place = self._locate(snapshot, path[: len(place.steps) - 1])
        value = self._write(place)
        if place.is_special:
            size = len(json.dumps(value)) if value is not MISSING else 0
            self._whole, self._late = place.steps, None
            self._wait = size // _CHARS_PER_CHANGE if size > _SMALL_CHARS else 0
        yield from _differences(*found, value, place.steps)
        for around in self._computing(snapshot, path):
            yield from self._compare_computed(around)

    def _touch(self, place: _Place) -> None:
        self.touched[place.steps] = not (place.is_special or place.is_rewritten)

    def _find(self, steps: Steps) -> tuple[Any, Any] | None:
        """The container of that place and its key there; None if the document has none yet."""
        parent: Any = self._holder
        key: Any = ""
        for step in steps:
            parent = _child(parent, key)
            key = step
            if not _has_room(parent, step):
                return None
        return parent, key

    def _compare_computed(self, place: _Place) -> Iterator[Change]:
        model = place.value
        names = layout_of(type(model)).computed
        values = written(model, by_alias=self._by_alias, include=set(names))
        at: Any = self._holder[""]
        for step in place.steps:
            at = at[step]
        for key, value in values.items():
            yield from _differences(at, key, value, (*place.steps, key))

    def _computing(self, snapshot: Any, path: Path) -> Iterator[_Place]:
        """The models on the way that compute a field."""
        for depth in range(len(path) + 1):
            place = self._locate(snapshot, path[:depth])
            here = place.value
            if place.is_special or len(place.steps) < depth:
                return
            if isinstance(here, BaseModel) and layout_of(type(here)).computed:
                yield place

    def _locate(self, snapshot: Any, path: Path) -> _Place:
        here, model = snapshot, None
        steps: list[str | int] = []
        include: list[Any] = []
        is_special = is_rewritten = False
        for step in path:
            is_rewritten |= _rewrites_its_root(here)
            here = _unrooted(here)
            if isinstance(here, BaseModel):
                layout = layout_of(type(here))
                inside = _field(here, step)
                if layout.whole or inside is MISSING:
                    is_special = layout.whole
                    break
                model, include = here, []
                key: Any = layout.key(str(step), by_alias=self._by_alias)
                is_special = step in layout.special
                is_rewritten = step in layout.rewritten
            else:
                key, inside = _entry(here, step)
                if inside is MISSING:
                    is_special = not isinstance(here, (list, dict, str))
                    break
            steps.append(key)
            include.append(step)
            here = inside
            if is_special:
                break
        is_special = is_special or _is_whole(here)
        is_rewritten |= _rewrites_its_root(here)
        is_rewritten &= type(_unrooted(here)) is str
        return _Place(tuple(steps), here, model, tuple(include), is_special, is_rewritten)

    def _write(self, place: _Place) -> Any:
        value, model = place.value, place.model
        if not place.is_special:
            kind = type(value)
            if kind in _NATIVE or (kind is float and isfinite(value)):
                return value
            if isinstance(value, _INFERRED):
                return to_jsonable_python(value)
        if model is None or (isinstance(value, BaseModel) and not place.is_special):
            return written(value, by_alias=self._by_alias)
        return self._write_inside(model, place.include)

    def _write_inside(self, model: BaseModel, include: tuple[Any, ...]) -> Any:
        chosen: Any = True
        for step in reversed(include):
            chosen = {step: chosen}
        found = written(model, by_alias=self._by_alias, include=chosen)
        for _ in include:
            if not found:  # excluded
                return MISSING
            (found,) = found.values() if isinstance(found, dict) else found
        return found


def _differences(parent: Any, key: Any, new: Any, steps: Steps) -> Iterator[Change]:
    """The changes that make `parent[key]` the new value; they are made there, too."""
    old = _child(parent, key)
    if new is MISSING:
        if old is not MISSING:
            del parent[key]
            yield Change("remove", steps, None)
    elif old is MISSING:
        if isinstance(parent, dict):
            parent[key] = new
        else:
            parent.append(new)
        yield Change("add", steps, copy.deepcopy(new))
    elif (inside := _children_to_compare(old, new)) is not None:
        for step, value in inside:
            yield from _differences(old, step, value, (*steps, step))
    elif type(old) is not type(new) or old != new:
        parent[key] = new
        grew = isinstance(new, str) and isinstance(old, str) and old and new.startswith(old)
        yield (
            Change("append", steps, new[len(old) :])
            if grew
            else Change("replace", steps, copy.deepcopy(new))
        )


def _children_to_compare(old: Any, new: Any) -> list[tuple[Any, Any]] | None:
    """Each child of the new value; None if the value is to be compared as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [*((key, MISSING) for key in old if key not in new), *new.items()]
    if isinstance(old, list) and isinstance(new, list) and len(new) >= len(old):
        return list(enumerate(new))
    return None


def _child(parent: Any, key: Any) -> Any:
    if isinstance(parent, dict):
        return parent.get(key, MISSING)
    return parent[key] if key < len(parent) else MISSING


def _has_room(parent: Any, step: str | int) -> bool:
    """Whether the JSON value has a child at that step, or can be given one."""
    if isinstance(parent, dict):
        return isinstance(step, str)
    return isinstance(parent, list) and isinstance(step, int) and step <= len(parent)


def _unrooted(value: Any) -> Any:
    while isinstance(value, RootModel) and not layout_of(type(value)).whole:
        value = value.root
    return value


def _rewrites_its_root(value: Any) -> bool:
    return isinstance(value, RootModel) and "root" in layout_of(type(value)).rewritten


def _field(model: BaseModel, step: Any) -> Any:
    values = vars(model)
    if step in values:
        return values[step]
    return (model.__pydantic_extra__ or {}).get(step, MISSING)


def _entry(container: Any, step: Any) -> tuple[Any, Any]:
    """The JSON key and the value at a step into a list or a dict; MISSING if it leads nowhere."""
    if type(container) in (list, tuple) and isinstance(step, int) and step < len(container):
        return step, container[step]
    if type(container) is dict:
        key = find_key(container, step)
        if isinstance(key, str) and not isinstance(key, Enum):
            return key, container[key]
        if type(key) is int and str(key) not in container:
            return str(key), container[key]  # pydantic writes it so
    return None, MISSING


def _is_whole(value: Any) -> bool:
    """Whether a value is written as a whole, and its contents can't be followed."""
    value = _unrooted(value)
    if isinstance(value, BaseModel):
        return layout_of(type(value)).whole
    return type(value) not in (str, int, bool, type(None), float, list, tuple, dict) and not (
        isinstance(value, (*_INFERRED, date, time))
    )
