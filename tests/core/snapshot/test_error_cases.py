"""Corners of the builder, one at a time: errors that only one kind of type can raise."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    Json,
    PlainValidator,
    RootModel,
    TypeAdapter,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticOmit, core_schema

from partwise import Limits, Partial
from partwise._errors import IncompleteOutputError, InvalidOutputError, MalformedOutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from . import models as m


def feed(builder: SnapshotBuilder, pieces: Iterable[str]) -> SnapshotBuilder:
    for piece in pieces:
        builder.feed(piece)
    return builder


@pytest.mark.parametrize("pieces", [None, 1], ids=["in one piece", "by characters"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (m.ByName, '{"a": "x", "theB": 1, "theA": "y"}'),
        (m.ByName, '{"theA": "y", "a": "x", "theB": 1}'),
        (m.Choices, '{"first": "x", "second": "y", "b": 1}'),
        (m.Choices, '{"second": "x", "first": "y", "b": 1}'),
        (list[m.Choices], '[{"second": "x", "first": "y", "b": 1}]'),
        (dict[int, str], '{"1": "x", "+1": "y"}'),
    ],
)
def test_a_field_or_key_that_is_given_twice_is_pydantics(kind: Any, text: str, pieces: Any) -> None:
    builder = feed(SnapshotBuilder(compile_plan(kind)), text if pieces else [text])
    assert builder.close() == TypeAdapter(kind).validate_json(text)


def test_a_key_that_is_in_the_text_twice_is_an_error_with_its_place() -> None:
    places = set()
    for pieces in (['{"a": 1, "a": 2}'], '{"a": 1, "a": 2}'):
        with pytest.raises(MalformedOutputError, match="duplicate key 'a'") as raised:
            feed(SnapshotBuilder(compile_plan(dict[str, int])), pieces)
        places.add(raised.value.position)
    assert places == {11}
    assert "^" in str(raised.value)


def test_an_extra_key_inside_is_refused_as_it_closes() -> None:
    builder = SnapshotBuilder(compile_plan(list[m.Forbidding]))
    with pytest.raises(InvalidOutputError) as raised:
        builder.feed('[{"known": "k", "odd": 1,')
    assert raised.value.errors()[0]["type"] == "extra_forbidden"
    assert raised.value.errors()[0]["loc"] == (0, "odd")


@pytest.mark.parametrize(
    ("text", "place"),
    [('[{"a": {"b": [1, "c"]}, "kind"', r"\[0\]\.kind"), ("[{", r"\[0\]")],
)
def test_an_object_without_its_tag_is_cut_off_at_its_place(text: str, place: str) -> None:
    builder = SnapshotBuilder(compile_plan(list[m.Pet]))
    builder.feed(text)
    assert builder.state("[0].a") == "missing"
    with pytest.raises(IncompleteOutputError, match=place):
        builder.close()


def test_an_unknown_tag_is_pydantics_error() -> None:
    builder = SnapshotBuilder(compile_plan(list[m.Pet]))
    with pytest.raises(InvalidOutputError, match="kind") as raised:
        builder.feed('[{"name": ["x"], "kind": "bird"}')
    assert raised.value.errors()[0]["type"] == "union_tag_invalid"


def test_what_stands_beside_the_wrapped_value_is_passed_over() -> None:
    builder = SnapshotBuilder(compile_plan(list[m.Point]), envelope="value")
    builder.feed('{"thoughts": {"a": [1, "b"]}, "more": "text", "value": [{"x": 1}], "n": 1}')
    assert builder.close() == [m.Point(x=1)]


def test_a_wrapped_value_of_a_recursive_type() -> None:
    builder = SnapshotBuilder(compile_plan(m.Nested), envelope="value")
    builder.feed('{"value": [1, [2]]}')
    assert builder.close() == [1, [2]]
    builder = SnapshotBuilder(compile_plan(list[m.Tree]), envelope="value")
    builder.feed('{"value": [{"name": "a"}]}')
    assert builder.close() == [m.Tree(name="a")]


def test_a_type_that_has_no_hash_has_a_plan() -> None:
    plan = compile_plan(Annotated[int, {"no": "hash"}])
    builder = SnapshotBuilder(plan)
    builder.feed("12")
    assert builder.close() == 12
    assert compile_plan(list[m.Point]).name == "list[Point]"
    assert compile_plan(m.Point).shape.keys == frozenset("xy")
    assert compile_plan(m.BeforeModel).shape.keys is None


def test_the_text_ends_inside_a_surrogate_pair() -> None:
    for text in ('"\ud83d', "\ud83d"):
        builder = SnapshotBuilder(compile_plan(str))
        builder.feed(text)
        with pytest.raises(MalformedOutputError, match="unpaired surrogate"):
            builder.close()


def test_strict_mode_refuses_control_characters() -> None:
    builder = SnapshotBuilder(compile_plan(str), strict=True)
    with pytest.raises(MalformedOutputError, match="control character in a string"):
        builder.feed('"a\nb"')


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
    builder = SnapshotBuilder(compile_plan(Branch))
    for character in text:
        builder.feed(character)
    assert builder.snapshot().numbers == [1]
    assert builder.close() == TypeAdapter(Branch).validate_json(text)


def test_a_set_whose_elements_are_left_out() -> None:
    pairs = set[tuple[Annotated[int, AfterValidator(omit_two)], ...]]
    read(list[pairs], "[[[1, 2], [2]]]")
    builder = SnapshotBuilder(compile_plan(list[Annotated[set[Untold], BeforeValidator(list)]]))
    builder.feed("[[1, 2")
    assert builder.snapshot() == [set()]


# Types that only a few have


class Code(int):
    """An integer in JSON, and nothing but itself in Python."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        in_python = core_schema.is_instance_schema(cls)
        return core_schema.json_or_python_schema(core_schema.int_schema(), in_python)


def asking(value: Any, info: ValidationInfo) -> Any:
    assert info.mode == "json"
    return value


class Asking(BaseModel):
    a: int
    b: int
    c: list[int]

    @field_validator("b", "c")
    @classmethod
    def _ask(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.data["a"] == 1
        return value


Untold = Annotated[int, PlainValidator(int)]
"""Nothing of it shows before it is validated, since only the function knows what it is."""


class UntoldRoot(RootModel[list[Untold]]):
    pass


class Mended(BaseModel):
    """What is in it is tentative until it closes."""

    numbers: m.Numbers
    untold: UntoldRoot = UntoldRoot([])
    word: RootModel[Untold] | None = None
    marked: RootModel[m.Marked] | None = None

    @model_validator(mode="before")
    @classmethod
    def _mend(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if key != "marked"}


class Cage(BaseModel):
    kind: Literal["cage"]
    pet: m.NestedPet


class Written(BaseModel):
    numbers: Json[list[int]]

    @model_validator(mode="before")
    @classmethod
    def _pass_on(cls, data: Any) -> Any:
        return data


def read(kind: Any, text: str) -> None:
    """Read it by characters: the value is pydantic's."""
    builder = SnapshotBuilder(compile_plan(kind), record=True)
    for character in text:
        builder.feed(character)
        builder.snapshot()
    assert builder.close() == TypeAdapter(kind).validate_json(text)
    assert builder.parser._pieces._marks == 0  # nothing keeps the text in pieces


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (list[Code], "[1, 2]"),
        (RootModel[m.PlainData], '{"s": "a", "n": 1}'),
        (list[Annotated[list[int], AfterValidator(asking)]], "[[1], [2]]"),
        (list[Annotated[int, BeforeValidator(int)] | str], '[1, "ab"]'),
        (list[Annotated[list[dt.date], AfterValidator(list)]], '[["2024-01-02"]]'),
        (list[Asking], '[{"a": 1, "b": 2, "c": [1]}, {"a": 1, "b": 3, "c": []}]'),
        (
            list[Annotated[Cage | m.Cat, Field(discriminator="kind")]],
            '[{"pet": {"s": "abc", "sound": "quack", "kind": "bird2"}, "kind": "cage"}]',
        ),
        (list[Mended], '[{"numbers": [1, 2], "untold": [3], "word": 4}]'),
        (list[Mended], '[{"numbers": [], "marked": {"shown": "not yet"}}]'),
        (list[Mended], f'[{{"numbers": [{", ".join(["1"] * 600)}]}}]'),
    ],
)
def test_the_value_is_pydantics(kind: Any, text: str) -> None:
    read(kind, text)


def test_what_is_tentative_can_be_gone_on_with() -> None:
    builder = SnapshotBuilder(compile_plan(list[Mended]))
    builder.feed('[{"numbers": [1')
    builder.feed(", 23")
    assert builder.rewind() == '[{"numbers": [1, '
    builder.feed("4]}]")
    assert builder.close() == [Mended(numbers=m.Numbers([1, 4]))]


def test_a_root_model_of_an_unknown_kind_is_pydantics_error() -> None:
    builder = SnapshotBuilder(compile_plan(list[RootModel[m.Pet]]))
    with pytest.raises(InvalidOutputError) as raised:
        builder.feed('[{"kind": "bird"}')
    assert raised.value.errors()[0]["type"] == "union_tag_invalid"


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (int, "", ""),
        (list[int], "[", "]"),
        (list[m.Pair], '[["a", ', "]]"),
        (m.BeforeModel, '{"n": ', ', "s": "a", "inner": {"x": 1}}'),
    ],
)
def test_a_bound_of_pydantics_own_reader_is_told_as_such(
    kind: Any, before: str, after: str
) -> None:
    builder = SnapshotBuilder(compile_plan(kind), limits=Limits(digits=9000))
    with pytest.raises(MalformedOutputError, match=r"^number out of range at line 1") as raised:
        feed(builder, [before, "1" * 5000, after]).close()
    assert len(before) + 4999 <= raised.value.position <= len(before) + 5000 + len(after)


@pytest.mark.parametrize(
    ("kind", "text", "place"),
    [
        (Json[list[int]], '"[1, "', ()),
        (list[Json[list[int]]], '["[1, "]', (0,)),
        (Written, '{"numbers": "[1, "}', ("numbers",)),
    ],
)
def test_json_in_a_text_that_is_none_is_not_valid(kind: Any, text: str, place: Any) -> None:
    builder = SnapshotBuilder(compile_plan(kind))
    with pytest.raises(InvalidOutputError) as raised:
        feed(builder, text).close()
    assert raised.value.errors()[0]["type"] == "json_invalid"
    assert raised.value.errors()[0]["loc"] == place


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (list[m.Pair], '[["a\tb\\n\x01", 1],\n ["\\"\x00", 2]]'),
        (list[m.BeforeModel], '[{"n": 1,\n "s": "a\nb", "inner": {"x": 1}}]'),
        (list[m.Point | m.User], '[{"name": "\n", "age": 1}]'),
        (m.BeforeModel, '{"n": 1, "s": "a\nb", "inner": {"x": 1}}'),
        (dict[str, str], '{"a\nb": "\t"}'),
    ],
)
def test_control_characters_are_kept_where_the_text_is_read_as_a_whole(
    kind: Any, text: str
) -> None:
    builder = SnapshotBuilder(compile_plan(kind))
    for character in text:
        builder.feed(character)
        builder.snapshot()
    assert builder.close() == TypeAdapter(kind).validate_python(json.loads(text, strict=False))


def test_an_answer_cut_inside_what_is_passed_over_is_cut_at_its_root() -> None:
    builder = SnapshotBuilder(compile_plan(list[int]), envelope="value")
    builder.feed('{"thoughts": {"a": [')
    with pytest.raises(IncompleteOutputError):
        builder.close()


@pytest.mark.parametrize("kind", [list[str], dict[str, str]])
@pytest.mark.parametrize("hold", [2, 1000], ids=["every other is held", "one is held"])
def test_a_container_that_becomes_large_at_once(kind: Any, hold: int) -> None:
    keys = [f'"k{n}": ' if kind == dict[str, str] else "" for n in range(80)]
    entries = [f'{key}"text {n}"' for n, key in enumerate(keys)]
    text = f"{{{', '.join(entries)}}}" if any(keys) else f"[{', '.join(entries)}]"
    large = text.index(entries[70])
    builder = SnapshotBuilder(compile_plan(kind))
    held = []
    for number, piece in enumerate([text[0], text[1:large], *text[large:]]):
        builder.feed(piece)
        if number % hold == 1:
            held.append((builder.snapshot(), [*builder.snapshot()]))
        else:
            builder.snapshot()
    assert builder.snapshot() == builder.close() == TypeAdapter(kind).validate_json(text)
    assert all([*snapshot] == then for snapshot, then in held)
