"""Folding the events gives the snapshots, exactly."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any

from hypothesis import given
from pydantic import BaseModel

from partwise._snapshot.events import Closed, Event, Grew, Opened

from .cases import Case, cases
from .values import frozen


def plain(value: Any) -> Any:
    """A snapshot as dicts and lists, as an event's reader on the other end of a wire has it."""
    if isinstance(value, BaseModel) and value.__pydantic_root_model__:
        return plain(value.root)  # type: ignore[attr-defined]
    if isinstance(value, BaseModel):
        return {k: plain(v) for k, v in {**vars(value), **(value.model_extra or {})}.items()}
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: plain(getattr(value, name, None)) for name in names}
    if isinstance(value, dict):
        return {key: plain(inside) for key, inside in value.items()}
    if isinstance(value, list | deque) or type(value) is tuple:
        return [plain(inside) for inside in value]
    return value


def fold(state: Any, event: Event) -> Any:
    """The state after that event."""
    assert isinstance(event, Opened | Grew | Closed)
    if not event.path:
        return state + event.text if isinstance(event, Grew) else plain(event.value)
    *way, last = event.path
    inside = state
    for step in way:
        inside = inside[step]
    if isinstance(event, Grew):
        inside[last] += event.text
    elif isinstance(inside, list) and last == len(inside):
        inside.append(plain(event.value))
    else:
        inside[last] = plain(event.value)
    return state


@given(cases())
def test_folding_the_events_gives_the_snapshots(case: Case) -> None:
    builder = case.builder(record=True)
    state: Any = None
    for character in case.text:
        builder.feed(character)
        for event in builder.drain():
            state = fold(state, event)
        assert frozen(state) == frozen(plain(builder.snapshot()))
    builder.close()
    for event in builder.drain():
        state = fold(state, event)
    assert frozen(state) == frozen(plain(case.final))
