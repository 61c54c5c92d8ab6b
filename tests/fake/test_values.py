from __future__ import annotations

import json
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Annotated, Any, Literal

import annotated_types as at
import pytest
from pydantic import (
    BaseModel,
    DirectoryPath,
    Field,
    PostgresDsn,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from partwise_fake import UnsatisfiableError
from partwise_fake._values import value_for

from ..core.snapshot.registry import TYPES, Row

SEEDS = range(25)
UNSAID = {
    "`AliasPath`": "the schema names the field, and validation wants it deeper",
    "`dict` with numbers as keys": "the schema does not say that keys are numbers",
    "`complex`": "the schema says no more than that it is a string",
}
"""Types of whose values JSON Schema, as pydantic writes it, does not say enough."""


def answers(type_: Any, seeds: range = SEEDS) -> list[Any]:
    """What is made up for that type, each once validated."""
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    schema = adapter.json_schema()
    made = [value_for(schema, Random(seed)) for seed in seeds]  # noqa: S311 - no secrets
    return [adapter.validate_json(json.dumps(value)) for value in made]


def of_name(row: Row) -> str:
    return row.name


@pytest.mark.parametrize("row", [row for row in TYPES if row.name not in UNSAID], ids=of_name)
def test_every_type_has_valid_answers(row: Row) -> None:
    answers(row.type)


@pytest.mark.parametrize("row", [row for row in TYPES if row.name in UNSAID], ids=of_name)
def test_of_what_the_schema_does_not_say_nothing_can_be_known(row: Row) -> None:
    with pytest.raises(ValidationError):
        answers(row.type)


class Color(Enum):
    RED = "red"
    TWO = 2


class Bounded(BaseModel):
    age: int = Field(ge=18, lt=21)
    steps: int = Field(gt=0, multiple_of=7, le=21)
    share: float = Field(gt=0.25, lt=0.26)
    quarters: float = Field(multiple_of=0.25, ge=1, le=2)
    low: int = Field(le=-1000)
    price: Decimal = Field(ge=1, le=2)
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}-\d{4}$")]
    short: Annotated[str, StringConstraints(min_length=2, max_length=3)]
    long: Annotated[str, StringConstraints(min_length=90)]
    few: Annotated[list[int], at.Len(2, 3)]
    kinds: Annotated[set[Literal["a", "b", "c"]], at.MinLen(3)]
    pair: tuple[int, str]
    color: Color
    keyed: Annotated[dict[str, int], at.Len(2, 2)]


class Tree(BaseModel):
    value: int
    left: Tree | None
    right: Tree | None = None
    children: list[Tree]
    by_name: dict[str, Tree] = {}


class Even(BaseModel):
    others: Annotated[list[Odd], at.Len(1, 1)] | None


class Odd(BaseModel):
    even: Even


@pytest.mark.parametrize("type_", [Bounded, Tree, Even, list[Tree]], ids=str)
def test_constraints_are_met_and_recursion_ends(type_: Any) -> None:
    answers(type_, range(200))


def test_there_is_variety() -> None:
    class User(BaseModel):
        name: str
        nick: str | None = None
        tags: list[str]
        color: Color

    users = answers(User, range(60))

    assert len({user.name for user in users}) > 20
    assert {user.color for user in users} == set(Color)
    assert {"nick" in user.model_fields_set for user in users} == {True, False}
    assert None in {user.nick for user in users if "nick" in user.model_fields_set}
    assert {1, 2, 3} <= {len(user.tags) for user in users}


class Endless(BaseModel):
    inner: Endless


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        (Annotated[int, Field(ge=3, le=2)], "no number fits"),
        (Annotated[float, Field(gt=1, lt=1)], "no number fits"),
        (Annotated[int, Field(gt=0, lt=5, multiple_of=7)], "no number fits"),
        (PostgresDsn, "no multi-host-uri can be made up"),
        (DirectoryPath, "no directory-path can be made up"),
        (Annotated[str, StringConstraints(pattern=r"^a$", min_length=3)], "the right length"),
        (Annotated[str, StringConstraints(pattern=r"^\p{L}$")], "no text of the pattern"),
        (Annotated[set[Literal["a"]], at.MinLen(2)], "no 2 different elements"),
        (Endless, "has no end"),
    ],
)
def test_what_can_not_be_made_is_told(type_: Any, told: str) -> None:
    with pytest.raises(UnsatisfiableError, match=told):
        answers(type_)


def test_a_part_that_can_not_be_made_is_left_out_where_it_may_be() -> None:
    class Config(BaseModel):
        home: DirectoryPath | None = None
        database: PostgresDsn | int

    for config in answers(Config):
        assert config.home is None
        assert isinstance(config.database, int)
