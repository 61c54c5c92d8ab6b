"""Corners of the engine, one at a time: errors that only one kind of type can raise."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, TypeAdapter, create_model
from pydantic_core import PydanticOmit

from partwise import Partial
from partwise._engine import Engine
from partwise._errors import IncompleteOutputError, InvalidOutputError, MalformedOutputError
from partwise._extract import Extractor
from partwise._plan import compile_plan

from . import models as m


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (m.ByName, '{"a": "x", "theB": 1, "theA": "y"}'),
        (m.Choices, '{"first": "x", "second": "y", "b": 1}'),
        (dict[int, str], '{"1": "x", "+1": "y"}'),
    ],
)
def test_a_field_or_key_that_stands_twice_is_an_error_with_its_place(kind: Any, text: str) -> None:
    engine = Engine(compile_plan(kind))
    with pytest.raises(MalformedOutputError, match="stands twice") as raised:
        engine.feed(text)
    assert "^" in str(raised.value)


def test_an_extra_key_inside_is_refused_as_it_closes() -> None:
    engine = Engine(compile_plan(list[m.Forbidding]))
    with pytest.raises(InvalidOutputError) as raised:
        engine.feed('[{"known": "k", "odd": 1,')
    assert raised.value.errors()[0]["type"] == "extra_forbidden"
    assert raised.value.errors()[0]["loc"] == (0, "odd")


@pytest.mark.parametrize(
    ("text", "place"),
    [('[{"a": {"b": [1, "c"]}, "kind"', r"\[0\]\.kind"), ("[{", r"\[0\]")],
)
def test_an_object_without_its_tag_is_cut_off_at_its_place(text: str, place: str) -> None:
    engine = Engine(compile_plan(list[m.Pet]))
    engine.feed(text)
    assert engine.state("[0].a") == "missing"
    with pytest.raises(IncompleteOutputError, match=place):
        engine.close()


def test_an_unknown_tag_is_pydantics_error() -> None:
    engine = Engine(compile_plan(list[m.Pet]))
    with pytest.raises(InvalidOutputError, match="kind") as raised:
        engine.feed('[{"name": ["x"], "kind": "bird"}')
    assert raised.value.errors()[0]["type"] == "union_tag_invalid"


def test_what_stands_beside_the_wrapped_value_is_passed_over() -> None:
    plan = compile_plan(list[m.Point], wrap=True)
    assert plan.json_schema["required"] == ["value"]
    engine = Engine(plan)
    engine.feed('{"thoughts": {"a": [1, "b"]}, "more": "text", "value": [{"x": 1}], "n": 1}')
    assert engine.close() == [m.Point(x=1)]
    assert compile_plan(m.Point, wrap=True).json_schema == m.Point.model_json_schema()
    assert compile_plan(m.Tree, wrap=True).wrapped is False
    assert compile_plan(int, wrap=True).json_schema["properties"] == {"value": {"type": "integer"}}


def test_a_wrapped_value_of_a_recursive_type() -> None:
    engine = Engine(compile_plan(m.Nested, wrap=True))
    engine.feed('{"value": [1, [2]]}')
    assert engine.close() == [1, [2]]
    engine = Engine(compile_plan(list[m.Tree], wrap=True))
    engine.feed('{"value": [{"name": "a"}]}')
    assert engine.close() == [m.Tree(name="a")]


def test_a_type_that_has_no_hash_has_a_plan() -> None:
    plan = compile_plan(Annotated[int, {"no": "hash"}])
    engine = Engine(plan)
    engine.feed("12")
    assert engine.close() == 12
    assert compile_plan(list[m.Point]).name == "list[Point]"
    assert compile_plan(m.Point).root_keys == frozenset("xy")
    assert compile_plan(list[int], wrap=True).root_keys == frozenset({"value"})
    assert compile_plan(m.BeforeModel).root_keys is None


def test_a_key_that_is_no_json_opens_no_answer() -> None:
    extractor = Extractor(frozenset({"a"}), "{")
    assert extractor.feed(r'{"\x": 1} ') == ""
    assert extractor.feed('{"a": "}]"}') == '{"a": "}]"}'
    assert extractor.feed("rest") == ""


def test_the_text_ends_inside_a_surrogate_pair() -> None:
    for text in ('"\ud83d', "\ud83d"):
        engine = Engine(compile_plan(str))
        engine.feed(text)
        with pytest.raises(MalformedOutputError, match="a lone surrogate"):
            engine.close()


def test_strict_mode_refuses_control_characters() -> None:
    engine = Engine(compile_plan(str), strict=True)
    with pytest.raises(MalformedOutputError, match="a control character in a string"):
        engine.feed('"a\nb"')


def test_the_schema_of_dataclasses_inside() -> None:
    holder = create_model("Holder", data=(m.PlainData, ...), many=(list[m.NestedData], []))
    schema: Any = Partial[holder].model_json_schema()
    assert {"PlainData", "NestedData"} <= schema["$defs"].keys()


def omit_two(value: int) -> int:
    if value == 2:
        raise PydanticOmit
    return value


class Branch(BaseModel):
    numbers: list[Annotated[int, AfterValidator(omit_two)]]
    branches: list[Branch] = []


def test_recursive_models_whose_elements_are_left_out() -> None:
    text = '{"numbers": [1, 2], "branches": [{"numbers": [2, 3]}]}'
    engine = Engine(compile_plan(Branch))
    for character in text:
        engine.feed(character)
    assert engine.snapshot().numbers == [1]
    assert engine.close() == TypeAdapter(Branch).validate_json(text)
