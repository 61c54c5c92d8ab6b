"""The vendors' own helpers as oracles: where they are right, the result is the same.

Each departure is listed with its reason, and both results are shown, so that a change of a
vendor's helper is noticed here.
"""

# No `from __future__ import annotations`: pydantic reads these annotations.

import copy
import datetime as dt
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from anthropic import transform_schema as anthropic_helper
from openai.lib._pydantic import to_strict_json_schema
from pydantic import BaseModel, Field, ValidationError, create_model

from partwise.provider import SchemaProfile, transform

from .checker import nodes
from .strategies import Side, Suit
from .vendors import ANTHROPIC, OPENAI


class Step(BaseModel):
    """One step."""

    text: str = Field(description="What to do.")
    minutes: int
    suit: Suit


class Recipe(BaseModel):
    title: str
    steps: list[Step]
    rating: float | None
    kind: Literal["soup", "cake"] | None
    last: Step | None
    best: list[Step | int]


class Chain(BaseModel):
    name: str
    next: "Chain | None"


class Nothing(BaseModel):
    """A model without fields."""


class When(BaseModel):
    id: uuid.UUID
    day: dt.date
    at: dt.datetime
    lasts: dt.timedelta


class Priced(BaseModel):
    amount: float = Field(ge=0, le=100, multiple_of=0.5)
    codes: list[int] = Field(min_length=1, max_length=3)
    country: str = Field(pattern="^[A-Z]{2}$")


class Sparse(BaseModel):
    name: str | None = None
    steps: list[Step] | None = None


class Flagged(BaseModel):
    kind: Literal["one"]
    codes: list[int] = Field(min_length=1)


def openai_helper(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAI's, without the titles: they only repeat the names, and each costs tokens."""
    return _without("title", to_strict_json_schema(model))


def _without(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without that keyword in any of its nodes."""
    schema = copy.deepcopy(schema)
    for node in nodes(schema):
        node.pop(key, None)
    return schema


@pytest.mark.parametrize("model", [Recipe, Nothing, When, Priced, Sparse, Chain])
def test_openai_agrees(model: type[BaseModel]) -> None:
    result = transform(model.model_json_schema(), OPENAI)
    assert result.strict
    assert result.schema == openai_helper(model)


@pytest.mark.parametrize("model", [Recipe, Nothing, When, Flagged])
def test_anthropic_agrees(model: type[BaseModel]) -> None:
    result = transform(model.model_json_schema(), ANTHROPIC)
    assert result.strict
    # The helper drops the type beside listed values; the vendor takes it.
    for node in nodes(result.schema):
        if {"const", "enum"} & node.keys():
            del node["type"]
    assert result.schema == anthropic_helper(model)


def both(
    helper: Callable[[type[BaseModel]], Any], profile: SchemaProfile, field: Any
) -> tuple[Any, Any]:
    """What the helper makes of a field `x`, and what this package does; None if not strict."""
    model = create_model("M", x=field)
    theirs = helper(model)["properties"]["x"]
    result = transform(model.model_json_schema(), profile)
    return theirs, result.schema["properties"]["x"] if result.strict else None


REF = {"$ref": "#/$defs/Step"}
UNION = [{"$ref": "#/$defs/Left"}, {"$ref": "#/$defs/Right"}]


@pytest.mark.parametrize(
    ("field", "theirs", "ours"),
    [
        pytest.param(
            (int, 3),
            {"type": "integer", "default": 3},
            {"type": "integer", "description": "Default: 3"},
            id="strict mode takes no default",
        ),
        pytest.param(
            (Side, ...),
            {
                "oneOf": UNION,
                "discriminator": {
                    "propertyName": "side",
                    "mapping": {"left": "#/$defs/Left", "right": "#/$defs/Right"},
                },
            },
            {"anyOf": UNION},
            id="strict mode takes no oneOf",
        ),
        pytest.param(
            (str, Field(json_schema_extra={"format": "password"})),
            {"type": "string", "format": "password"},
            {"type": "string", "description": "Format: password"},
            id="strict mode takes few formats",
        ),
        pytest.param(
            (set[int], ...),
            {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
            {
                "type": "array",
                "items": {"type": "integer"},
                "description": "No item twice",
            },
            id="strict mode takes no uniqueItems",
        ),
        pytest.param(
            (tuple[int, int], ...),
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "integer"}],
                "minItems": 2,
                "maxItems": 2,
            },
            {
                "type": "array",
                "items": {"type": "integer"},
                "minItems": 2,
                "maxItems": 2,
            },
            id="strict mode takes no prefixItems",
        ),
        pytest.param(
            (dict[str, int], ...),
            {"type": "object", "additionalProperties": {"type": "integer"}},
            None,
            id="strict mode takes no maps",
        ),
        pytest.param((Any, ...), {}, None, id="strict mode takes no Any"),
    ],
)
def test_openai_departs(field: Any, theirs: Any, ours: Any) -> None:
    assert both(openai_helper, OPENAI, field) == (theirs, ours)


def test_openai_copies_a_definition_to_describe_it() -> None:
    field = (Step, Field(description="The first."))
    theirs, ours = both(openai_helper, OPENAI, field)
    assert theirs.keys() == {
        *("type", "description", "properties", "required", "additionalProperties")
    }
    assert ours == {"anyOf": [REF], "description": "The first."}


@pytest.mark.parametrize(
    ("field", "theirs", "ours"),
    [
        pytest.param(
            (dict[str, int], ...),
            {"title": "X", "type": "object", "properties": {}, "additionalProperties": False},
            None,
            id="a map becomes an object that is always empty",
        ),
        pytest.param(
            (Step, Field(description="The first.")),
            REF,
            {"anyOf": [REF], "description": "The first."},
            id="what stands beside a reference is dropped",
        ),
        pytest.param(
            (tuple[int, int], ...),
            {
                "title": "X",
                "type": "array",
                "description": (
                    "{maxItems: 2, prefixItems: [{'type': 'integer'}, {'type': 'integer'}], "
                    "minItems: 2}"
                ),
            },
            {
                "title": "X",
                "type": "array",
                "items": {"type": "integer"},
                "description": "Minimum number of items: 2; maximum number of items: 2",
            },
            id="the items of a tuple may be anything",
        ),
        pytest.param(
            (bool, Field(default=False, description="Is it?")),
            {"title": "X", "type": "boolean", "description": "Is it?\n\n{default: False}"},
            {"title": "X", "type": "boolean", "description": "Is it?\nDefault: false"},
            id="defaults are put in Python's words",
        ),
        pytest.param(
            (Annotated[int, Field(ge=1, lt=9)], ...),
            {
                "title": "X",
                "type": "integer",
                "description": "{exclusiveMaximum: 9, minimum: 1}",
            },
            {"title": "X", "type": "integer", "description": "Minimum: 1; less than: 9"},
            id="bounds are put in keywords",
        ),
    ],
)
def test_anthropic_departs(field: Any, theirs: Any, ours: Any) -> None:
    assert both(anthropic_helper, ANTHROPIC, field) == (theirs, ours)


def test_anthropic_refuses_any() -> None:
    with pytest.raises(ValueError, match="must have a 'type'"):
        both(anthropic_helper, ANTHROPIC, (Any, ...))


def test_anthropic_sends_recursion_which_the_vendor_refuses() -> None:
    assert anthropic_helper(Chain)["$ref"] == "#/$defs/Chain"
    assert not transform(Chain.model_json_schema(), ANTHROPIC).strict


def test_anthropic_leaves_the_tag_of_a_union_optional() -> None:
    model = create_model("M", x=(Side, ...))
    assert "side" not in anthropic_helper(model)["$defs"]["Left"]["required"]
    ours = transform(model.model_json_schema(), ANTHROPIC).schema["$defs"]
    assert ours["Left"]["required"] == ["n", "side"]
    # The model's validator takes no other view:
    with pytest.raises(ValidationError, match="Unable to extract tag"):
        model.model_validate_json('{"x": {"n": 1}}')
