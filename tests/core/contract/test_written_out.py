"""What shows where, and in which state, written out for small answers: nothing is computed here."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, RootModel

from partwise._engine import Engine
from partwise._plan import compile_plan

from . import models as m


def reading(kind: Any, text: str) -> Engine:
    engine = Engine(compile_plan(kind))
    for character in text:
        engine.feed(character)
        engine.snapshot()
    return engine


def looks(value: Any) -> Any:
    """A snapshot as plain data of what came."""
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value


class Places(BaseModel):
    text: str = ""
    number: int = 0
    listed: list[str] = []
    keyed: dict[str, list[int]] = {}
    inner: m.Point | None = None
    pet: m.Pet | None = None
    table: m.Table | None = None
    mended: m.BeforeModel | None = None
    chosen: set[int] = set()
    pair: m.Pair | None = None
    data: m.PlainData | None = None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"text', {}),
        ('{"text": "', {"text": ""}),
        ('{"text": "a\\', {"text": "a"}),
        ('{"text": "a\\n"', {"text": "a\n"}),
        ('{"number": 2', {}),
        ('{"number": 25,', {"number": 25}),
        ('{"listed": ["a", "b', {"listed": ["a", "b"]}),
        ('{"listed": ["a", ', {"listed": ["a"]}),
        ('{"keyed": {"a', {"keyed": {}}),
        ('{"keyed": {"a": [1, 2', {"keyed": {"a": [1]}}),
        ('{"inner": {"x": 1, "y', {"inner": {"x": 1}}),
        ('{"inner": null,', {"inner": None}),
        ('{"pet": {"kind": "cat', {}),
        ('{"pet": {"kind": "cat"', {"pet": {"kind": "cat"}}),
        ('{"pet": {"kind": "dog", "toys": ["b', {"pet": {"kind": "dog", "toys": ["b"]}}),
        ('{"pet": {"name": "dog", "toys": ["cat"], "ki', {}),
        ('{"pet": {"toys": [{"kind": "cat"}], "name": "cat', {}),
        ('{"pet": {"name": "cat", "kind": "dog"', {"pet": {"kind": "dog", "name": "cat"}}),
        ('{"table": {"a": {"x": 1', {"table": {"a": {}}}),
        ('{"table": {"a": {"x": 1}', {"table": {"a": {"x": 1}}}),
        ('{"chosen": [1, 2, 1, 3', {"chosen": {1, 2}}),
    ],
)
def test_what_is_shown_of_a_text_that_was_cut(text: str, shown: dict[str, Any]) -> None:
    assert looks(reading(Places, text).snapshot()) == shown


STATES = [
    ("", {"": "missing", "text": "missing"}),
    (" {", {"": "partial", "text": "missing"}),
    ('{"text', {"": "partial", "text": "missing"}),
    ('{"text": "a', {"text": "partial"}),
    ('{"text": "a"', {"text": "complete", "number": "missing"}),
    ('{"number": 2', {"number": "partial"}),
    ('{"number": 2 ', {"": "partial", "number": "complete", "number.x": "missing"}),
    ('{"listed": ["a", "b', {"listed": "partial", "listed[0]": "complete",
                             "listed[1]": "partial", "listed[2]": "missing",
                             "listed[-1]": "missing", "listed[1].x": "missing"}),
    ('{"listed": ["a", ', {"listed[1]": "missing", "listed.x": "missing"}),
    ('{"listed": ["a"]', {"listed": "complete", "listed[0]": "complete", "listed[1]": "missing"}),
    ('{"keyed": {"a": [1], "b": [2', {"keyed": "partial", "keyed.a": "complete",
                                      "keyed.a[0]": "complete", "keyed.b": "partial",
                                      "keyed.b[0]": "partial", "keyed.c": "missing"}),
    ('{"keyed": {"a"', {"keyed": "partial", "keyed.a": "partial"}),
    ('{"inner": {"x": 1', {"inner": "partial", "inner.x": "partial", "inner.y": "missing"}),
    ('{"inner": {"x": 1}', {"inner": "complete", "inner.x": "complete", "inner.y": "missing"}),
    ('{"inner": null,', {"inner": "complete", "inner.x": "missing"}),
    ('{"pet": {"name": "a", ', {"pet": "partial", "pet.name": "missing"}),
    ('{"pet": {"name": "a", "kind": "cat"', {"pet": "partial", "pet.name": "complete",
                                             "pet.kind": "complete", "pet.lives": "missing"}),
    ('{"table": {"a": {"x": 1, ', {"table": "partial", "table.a": "partial",
                                   "table.a.x": "complete", "table.b": "missing"}),
    ('{"mended": {"n": 1, ', {"mended": "partial", "mended.n": "partial"}),
    ('{"mended": {"n": 1, "s": "", "inner": {"x": 1}}', {"mended": "complete",
                                                        "mended.inner.x": "complete"}),
    ('{"chosen": [1, 2', {"chosen": "partial", "chosen[0]": "missing"}),
    ('{"text": "a"}', {"": "partial", "text": "complete", "listed": "missing"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "states"), STATES)
def test_the_states_of_a_text_that_was_cut(text: str, states: dict[str, str]) -> None:
    engine = reading(Places, text)
    assert {path: engine.state(path) for path in states} == states


def test_the_states_of_an_answer_that_is_no_container() -> None:
    engine = Engine(compile_plan(str))
    states = [engine.state("")]
    for character in '"ab"':
        engine.feed(character)
        states.append(engine.state(""))
    # What closes at the root is validated when the text has ended, and not before.
    assert states == ["missing", "partial", "partial", "partial", "partial"]
    engine.close()
    assert engine.state("") == "complete"
    assert engine.state("[0]") == "missing"


def test_the_states_of_the_answer_itself() -> None:
    inside = '{"inner": {"x": 1, "y": 2}, "table": {"a": {"x": 1}}, "listed": ["a", "b"]'
    more = '"text": "t", "chosen": [1], "pair": ["a", 1], "data": {"s": "a", "n": 1}'
    engine = reading(Places, f"{inside}, {more}}}")
    engine.close()
    states = {
        "": "complete",
        "inner.y": "complete",
        "number": "missing",
        "table.a.x": "complete",
        "table.b": "missing",
        "inner.x.y": "missing",
        "inner.x.real": "missing",
        "text[0]": "missing",
        "text.upper": "missing",
        "listed[-1]": "missing",
        "listed[1]": "complete",
        "listed[2]": "missing",
        "chosen[0]": "missing",
        "pair[0]": "complete",
        "data.s": "complete",
        "data.t": "missing",
    }
    assert {path: engine.state(path) for path in states} == states


def test_to_ask_for_a_state_adds_nothing() -> None:
    engine = reading(defaultdict[int, list[int]], '{"1": [2]}')
    value = engine.close()
    assert [engine.state(path) for path in ("[1]", '["1"]', "[1][0]", "other", "[2]")] == [
        "complete", "complete", "complete", "missing", "missing",
    ]  # fmt: skip
    assert value == {1: [2]}


class Open(BaseModel):
    """Takes other keys later too, and notes them as given."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)
    number: int


def test_what_is_set_on_an_element_is_not_set_on_the_next() -> None:
    first, second = reading(list[Open], '[{"number": 1}, {"number": 2}').snapshot()
    first.odd = 3
    assert first.model_fields_set == {"number", "odd"}
    assert second.model_fields_set == {"number"}


class Doubled(RootModel[list[Annotated[int, AfterValidator(lambda n: 2 * n)]]]):
    pass


def test_a_root_model_inside_holds_what_its_validators_made() -> None:
    assert looks(reading(list[Doubled], "[[1, 2").snapshot()[0]) == [2]
    assert reading(list[Doubled], "[[1, 2]").snapshot() == [Doubled.model_construct([2, 4])]
