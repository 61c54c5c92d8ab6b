"""Plain unions of models: told apart as soon as only one branch is left."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator
from pydantic_core import CoreSchema, core_schema

from partwise._errors import OutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .values import same

FORBID = ConfigDict(extra="forbid")


class Named(BaseModel):
    model_config = FORBID
    name: str
    age: int = 0


class Titled(BaseModel):
    model_config = FORBID
    title: str
    name: str = ""


class Listing(BaseModel):
    name: str
    parts: list[str]


class Text(BaseModel):
    name: str
    parts: str


class Red(BaseModel):
    kind: Literal["red"]
    depth: int = 0


class Blue(BaseModel):
    kind: Literal["blue", "navy"]
    depth: int = 0


class Open(BaseModel):
    name: str


class OtherOpen(BaseModel):
    title: str


class Mended(BaseModel):
    model_config = FORBID
    other: str = "x"

    @model_validator(mode="before")
    @classmethod
    def _mend(cls, data: Any) -> Any:
        return {}


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        (Named | Titled, '{"name":"Ad', None),
        (Named | Titled, '{"name":"Ada","age"', "PartialNamed(name='Ada', age=0)"),
        (Named | Titled, '{"title":"ab', "PartialTitled(title='ab', name='')"),
        (Titled | Named | None, '{"title":"ab', "PartialTitled(title='ab', name='')"),
        (Listing | Text, '{"name":"a","parts":[', "PartialListing(name='a', parts=[])"),
        (Listing | Text, '{"name":"a","parts":"xy', "PartialText(name='a', parts='xy')"),
        (Red | Blue, '{"depth":1,"kind":"navy"', "PartialBlue(kind='navy', depth=1)"),
        (Open | OtherOpen, '{"name":"a","title":"b"', None),
        (Mended | Named, '{"name":"a"', None),
        (Named | dict[str, str], '{"name":"a"', None),
    ],
)
@pytest.mark.parametrize("cut", [1, 1000])
def test_the_branch_that_is_left_shows(kind: Any, text: str, shown: str | None, cut: int) -> None:
    builder = SnapshotBuilder(compile_plan(kind))
    for start in range(0, len(text), cut):
        builder.feed(text[start : start + cut])
    assert (builder.snapshot() is None) if shown is None else (repr(builder.snapshot()) == shown)


BRANCHES = [Named, Titled, Listing, Text, Red, Blue, Open, OtherOpen, Mended]
KEYS = ["name", "title", "age", "parts", "kind", "depth", "other", "x"]
VALUES = ['"a"', '"red"', '"navy"', "1", "[]", '["b"]', "{}", "null"]


@st.composite
def objects(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
    return "{" + ",".join(f'"{key}":{draw(st.sampled_from(VALUES))}' for key in keys) + "}"


@given(st.lists(st.sampled_from(BRANCHES), min_size=2, max_size=4, unique=True), objects())
def test_the_answer_is_pydantics(branches: list[Any], text: str) -> None:
    kind: Any = branches[0]
    for branch in branches[1:]:
        kind = kind | branch
    kind, text = list[kind], f"[{text}]"
    builder = SnapshotBuilder(compile_plan(kind))
    shown: set[str] = set()

    def read() -> Any:
        for character in text:
            builder.feed(character)
            snapshot = builder.snapshot()
            if snapshot and builder.state("[0]") == "partial":
                shown.add(type(snapshot[0]).__name__)
        return builder.close()

    try:
        expected = TypeAdapter(kind).validate_json(text)
    except ValueError:
        with pytest.raises(OutputError):
            read()
        return
    assert same(read(), expected)
    assert shown <= {f"Partial{type(expected[0]).__name__}"}


class Handmade(BaseModel):
    """A model whose schema has no fields, so that nothing of it shows before it is complete."""

    b: int

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        fields = core_schema.no_info_plain_validator_function(lambda given: (given, None, {"b"}))
        return core_schema.model_schema(cls, fields)


def test_a_branch_without_known_fields_may_be_the_one_that_is_left() -> None:
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")

        a: int

    builder = SnapshotBuilder(compile_plan(Closed | Handmade))
    builder.feed('{"b": ')
    assert builder.snapshot() is None
    builder.feed("1}")
    assert builder.close() == Handmade.model_construct(b=1)
