"""The schema that a vendor is asked with."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from partwise._plan.plan import compile_plan
from partwise._session.answer_schema import answer_schema, envelope_of


class Point(BaseModel):
    x: int


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class Spaced(BaseModel):
    name: str = Field(alias="first name")


def test_an_object_is_asked_for_as_it_is() -> None:
    assert answer_schema(compile_plan(Point)) == Point.model_json_schema()
    assert envelope_of(compile_plan(Tree)) is None


@pytest.mark.parametrize("kind", [int, list[Point], list[Tree], Spaced])
def test_any_other_type_is_asked_for_in_an_envelope(kind: Any) -> None:
    plan = compile_plan(kind)
    schema = answer_schema(plan)
    assert envelope_of(plan) == "value"
    assert schema["required"] == ["value"]
    assert schema["properties"]["value"].items() <= plan.json_schema.items()
    assert schema.get("$defs") == plan.json_schema.get("$defs")
