"""Large containers are shown in buffers used by turns: whoever holds one never sees it change."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pydantic import BaseModel

from partwise._plan.partial import Partial
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .values import frozen, same


class Item(BaseModel):
    n: int
    s: str = ""


class Many(BaseModel):
    items: list[Item] = []
    words: list[str] = []
    by_name: dict[str, Item] = {}


def item(n: int) -> str:
    return f'{{"n":{n},"s":"é{n}"}}'


LIST = '{"items":[' + ",".join(map(item, range(220))) + "]}"
WORDS = '{"words":[' + ",".join(f'"word {n}"' for n in range(200)) + "]}"
DICT = '{"by_name":{' + ",".join(f'"k{n}":{item(n)}' for n in range(200)) + "}}"
TEXTS = pytest.mark.parametrize("text", [LIST, WORDS, DICT], ids=["list", "words", "dict"])


def container(snapshot: Any) -> Any:
    return snapshot.items or snapshot.words or snapshot.by_name


def parts(snapshot: Any) -> list[Any]:
    return [*snapshot.items, *snapshot.words, *snapshot.by_name.values()]


def snapshots(text: str, step: int = 3) -> Any:
    builder = SnapshotBuilder(compile_plan(Many))
    for start in range(0, len(text), step):
        builder.feed(text[start : start + step])
        yield builder.snapshot()


@TEXTS
@pytest.mark.parametrize("step", [1, 7, 40])
def test_what_is_shown_is_what_came(text: str, step: int) -> None:
    whole = parts(Many.model_validate_json(text))
    for snapshot in snapshots(text, step):
        shown = parts(snapshot)
        assert shown[:-1] == whole[: max(len(shown) - 1, 0)]
        assert [*snapshot.by_name] == [f"k{n}" for n in range(len(snapshot.by_name))]


@TEXTS
@pytest.mark.parametrize("keep", [1, 2, 3, 50])
def test_snapshots_that_are_held_stay_as_they_were(text: str, keep: int) -> None:
    held = [
        (snapshot, len(container(snapshot)), frozen(container(snapshot)) if n % 20 == 0 else None)
        for n, snapshot in enumerate(snapshots(text))
        if n % keep == 0
    ]
    for snapshot, length, then in held:
        assert len(container(snapshot)) == length
        assert then is None or frozen(container(snapshot)) == then


@TEXTS
def test_an_inner_container_that_is_held_alone_stays(text: str) -> None:
    held = [(container(s), len(container(s))) for n, s in enumerate(snapshots(text)) if n % 5 == 0]
    assert all(len(inside) == length for inside, length in held)


@TEXTS
def test_an_iterator_that_is_held_alone_goes_on_as_it_began(text: str) -> None:
    held = []
    for n, snapshot in enumerate(snapshots(text)):
        if n % 11 == 0:
            iterator = iter(container(snapshot))
            next(iterator, None)
            held.append((iterator, max(len(container(snapshot)) - 1, 0)))
    assert all(len([*iterator]) == length for iterator, length in held)


@TEXTS
def test_what_is_complete_is_the_same_object_in_every_snapshot(text: str) -> None:
    for old, new in itertools.pairwise(snapshots(text)):
        was, now = parts(old), parts(new)
        assert all(a is b for a, b in zip(was[:-1], now, strict=False))


def test_the_same_type_has_one_plan_and_one_partial_class() -> None:
    assert compile_plan(Many) is compile_plan(Many)
    assert Partial[Many] is Partial[Many]
    assert same(compile_plan(list[Many]).json_schema, compile_plan(list[Many]).json_schema)
