"""How a model's JSON may differ from its fields, as its core schema tells."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    field_serializer,
    model_serializer,
    model_validator,
)
from typing_extensions import TypedDict

from partwise._plan.json_layouts import layout_of
from partwise._plan.notebook_view import absent_places, written


class Plain(BaseModel):
    a: int
    b: str = Field(default="", serialization_alias="B")


class Node(BaseModel):
    value: Annotated[int, PlainSerializer(str)]
    next: Node | None = None


class Own(BaseModel):
    a: int

    @model_serializer
    def shorten(self) -> Any:
        return self.a


class Extras(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int] = Field(init=False)
    a: int


class Checked(BaseModel):
    a: int

    @model_validator(mode="after")
    def check(self) -> Checked:
        return self

    @field_serializer("a")
    def as_text(self, value: int) -> str:
        return str(value)


class Whole(RootModel[list[Plain]]):
    pass


class Renamed(TypedDict):
    a: Annotated[int, Field(serialization_alias="A")]


class Holder(BaseModel):
    pairs: tuple[Plain, int]
    renamed: Renamed | None = None
    nodes: list[Node] = []


@pytest.mark.parametrize(
    ("model", "whole", "special"),
    [
        (Plain, False, set()),
        (Node, False, {"value"}),
        (Own, True, set()),
        (Extras, True, set()),
        (Checked, False, {"a"}),
        (Whole, False, set()),
        (Holder, False, {"renamed"}),
    ],
)
def test_layouts(model: type[BaseModel], whole: bool, special: set[str]) -> None:
    layout = layout_of(model)
    assert (layout.whole, set(layout.special)) == (whole, special)


def test_keys() -> None:
    layout = layout_of(Plain)
    assert (layout.key("b", by_alias=True), layout.key("b", by_alias=False)) == ("B", "b")


def test_absent_places() -> None:
    class Box(BaseModel):
        rows: dict[str, list[Plain]]
        root: Whole
        pair: tuple[Plain, int]

    plain = Plain.model_validate({"a": 1})
    box = Box(rows={"k": [plain]}, root=Whole([plain]), pair=(plain, 1))
    places = [place for place, _ in absent_places(box, (), None)]
    assert places == [("rows", "k", 0, "b"), ("root", 0, "b"), ("pair", 0, "b")]
    assert written([plain]) == [{"a": 1, "b": ""}]


def test_a_cached_property_is_no_absent_field() -> None:
    class Team(BaseModel):
        name: str

        @cached_property
        def size(self) -> int:
            return 5

    team = Team(name="x")
    assert team.size == 5
    assert [*absent_places(team, (), None)] == []
