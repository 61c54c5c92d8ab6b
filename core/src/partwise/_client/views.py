"""The views of a stream beside snapshots, as folds over its events.

A fold receives the events between one snapshot and the next, and gives items. It does no I/O, so
the sync and the async views share it. One that is `final` gives items that can't be taken back:
once one was given, a failed attempt is not tried again, and its error is raised.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel

from .._paths import format_path, matches, parse_path
from .._sentinels import MISSING
from .._snapshot.events import Closed, Grew, Restarted, Resumed
from .._snapshot.values import given_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .._paths import Path
    from .._snapshot.events import Event


class Elements:
    """Each element of a list, or value of a dict, once it is complete and valid.

    If a container only shows as a whole, or is validated as a part of one around it, its elements
    come when that closes; so do those that a validator has put into it then. A value without
    elements, such as a text, is a `TypeError`.
    """

    final = True

    def __init__(self, path: str) -> None:
        self._path = parse_path(path)
        self._given: dict[Path, list[Any]] = {}
        self._closed: set[Path] = set()  # containers of which all was given

    def __call__(self, events: Sequence[Event]) -> Iterable[Any]:
        for event in events:
            if isinstance(event, Restarted):
                self._given.clear()
                self._closed.clear()
            elif isinstance(event, Closed):
                if event.path and matches(self._path, event.path[:-1]):
                    self._given.setdefault(event.path[:-1], []).append(event.value)
                    yield event.value
                elif matches(self._path[: len(event.path)], event.path):
                    rest = self._path[len(event.path) :]
                    for path, container in _places_in(event.value, event.path, rest):
                        if path not in self._closed:
                            self._closed.add(path)
                            given = self._given.pop(path, [])
                            yield from _not_in(given, _elements_of(container, path))


def _places_in(value: Any, path: Path, rest: Path) -> Iterator[tuple[Path, Any]]:
    """The values at the rest of a pattern, from the value at the path on, with their paths."""
    if not rest:
        yield path, value
        return
    for step in _steps_in(value) if rest[0] == "*" else rest[:1]:
        inside = given_at(value, (step,))
        if inside is not MISSING:
            yield from _places_in(inside, (*path, step), rest[1:])


def _steps_in(value: Any) -> Iterable[Any]:
    while isinstance(value, RootModel):
        value = value.root
    if isinstance(value, BaseModel):
        return type(value).model_fields
    if isinstance(value, Mapping):
        return [*value]
    return range(len(value)) if isinstance(value, list | tuple) else ()


def _not_in(given: list[Any], elements: list[Any]) -> list[Any]:
    """The elements without those that were given, whatever their order is now.

    Given elements that are gone were replaced by as many of the others.
    """
    left = Counter(map(id, given))
    others = []
    for element in elements:
        if left[id(element)]:
            left[id(element)] -= 1
        else:
            others.append(element)
    gone: defaultdict[int, deque[Any]] = defaultdict(deque)
    for element in given:
        if left[id(element)]:
            gone[_hash(element)].append(element)
    new = []
    for element in others:
        try:
            gone[_hash(element)].remove(element)
        except ValueError:
            new.append(element)
    return new[sum(map(len, gone.values())) :]


def _hash(value: Any) -> int:
    """A number that is the same for equal values, if they can't be hashed, too."""
    kind: Any = type(value)
    with suppress(TypeError):
        return hash(value)
    if kind.__eq__ is BaseModel.__eq__:
        held = vars(value)
        return hash(tuple(_hash(held.get(name)) for name in kind.model_fields))
    if kind is list:
        return hash(tuple(map(_hash, value)))
    if kind is dict:
        return hash(frozenset((key, _hash(each)) for key, each in value.items()))
    return 0


def _elements_of(container: Any, path: Path) -> list[Any]:
    while isinstance(container, RootModel):
        container = container.root
    if isinstance(container, Mapping):
        return [*container.values()]
    if container is None or isinstance(container, BaseModel) or is_dataclass(container):
        return []
    if isinstance(container, Collection) and not isinstance(container, str | bytes):
        return [*container]
    place = format_path(path) or "the root"
    raise TypeError(f"no elements at {place}: it holds {type(container).__name__}")


class TextDeltas:
    """The text that each snapshot adds at a path: joined, the pieces are the text.

    A path with `[*]` gives the texts of all its places, one after the other.
    """

    final = True

    def __init__(self, path: str) -> None:
        self._pattern = parse_path(path)
        self._path: Path | None = None  # of the text that is open, or was
        self._pieces: list[str] = []  # of it, as they were given
        self._begun: set[Path] = set()  # the texts so far

    def __call__(self, events: Sequence[Event]) -> Iterable[str]:
        added = "".join(map(self._added, events))
        return (added,) if added else ()

    def _added(self, event: Event) -> str:
        if isinstance(event, Restarted):
            self._path = None
            self._begun.clear()
            return ""
        if isinstance(event, Resumed):
            return ""
        if isinstance(event, Closed) and len(event.path) < len(self._pattern):
            return "".join(self._unseen_in(event))
        if not matches(self._pattern, event.path):
            return ""
        self._go_to(event.path)
        added = event.text if isinstance(event, Grew) else self._beyond(event.value)
        self._pieces.append(added)
        return added

    def _unseen_in(self, around: Closed) -> Iterator[str]:
        """The texts in a part that has closed, if they did not show by themselves."""
        size = len(around.path)
        if matches(self._pattern[:size], around.path):
            for path, value in _places_in(around.value, around.path, self._pattern[size:]):
                if path == self._path or path not in self._begun:
                    self._go_to(path)
                    added = self._beyond(value)
                    self._pieces.append(added)
                    yield added

    def _go_to(self, path: Path) -> None:
        if path != self._path:
            self._path = path
            self._begun.add(path)
            self._pieces.clear()

    def _beyond(self, value: Any) -> str:
        """The part of the value that was not given yet."""
        given = "".join(self._pieces)
        # A text that a validator has changed at its end can only add to the given one.
        return value[len(given) :] if isinstance(value, str) and value.startswith(given) else ""
