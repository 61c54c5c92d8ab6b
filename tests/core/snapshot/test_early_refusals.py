"""What is refused early, whatever validators are beside it."""

from __future__ import annotations

import functools
import logging
import re
from collections import deque
from dataclasses import InitVar
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    Json,
    OnErrorOmit,
    PlainValidator,
    RootModel,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    create_model,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import core_schema
from typing_extensions import TypedDict

from partwise._errors import InvalidOutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .early_errors import Hidden, use_default

if TYPE_CHECKING:
    from collections.abc import Callable

hidden = Hidden(use_default)
N = Annotated[int, AfterValidator(hidden)]


def refuse(_: Any) -> Any:
    raise ValueError("refused")


def holder(kind: Any, default: Any = None) -> Any:
    return create_model("Holder", value=(kind, default), after=(int, 5))


def fed(model: Any, text: str, context: Any = None) -> SnapshotBuilder:
    """The builder after the text, character by character."""
    builder = SnapshotBuilder(compile_plan(model), context=context)
    for character in text:
        builder.feed(character)
        builder.snapshot()
    return builder


class Pair(BaseModel):
    a: int
    b: N


class Other(BaseModel):
    kind: Literal["b"]


@dataclass
class PairDataclass:
    a: int
    b: N


class PairDict(TypedDict):
    a: int
    b: N


class AfterInit(BaseModel):
    a: int

    def model_post_init(self, _: Any) -> None:
        hidden(self.a)


@dataclass
class AfterInitDataclass:
    a: int

    def __post_init__(self) -> None:
        hidden(self.a)


class Judged(BaseModel):
    a: int

    @model_validator(mode="after")
    def _judge(self) -> Judged:
        hidden(self.a)
        return self


class Custom:
    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: Any) -> Any:
        validate = core_schema.no_info_plain_validator_function(hidden)
        return core_schema.chain_schema([core_schema.int_schema(), validate])


INSIDE = {
    "list": (list[N], '["x",2]'),
    "list of a bounded length": (Annotated[list[N], Field(max_length=1)], '["x",2]'),
    "set": (set[N], '["x",2]'),
    "frozenset": (frozenset[N], '["x",2]'),
    "tuple": (tuple[N, ...], '["x",2]'),
    "deque": (deque[N], '["x",2]'),
    "dict": (dict[str, N], '{"a":"x","b":2}'),
    "dict whose key is not valid": (dict[int, N], '{"a":1,"2":2}'),
    "nested lists": (list[list[N]], '[["x"],[2]]'),
    "union": (Pair | list[N], '["x",2]'),
    "optional": (list[N] | None, '["x",2]'),
    "root model": (RootModel[list[N]], '["x",2]'),
    "custom": (list[Custom], '["x",2]'),
    "TypedDict": (PairDict, '{"a":"x","b":2}'),
    "dataclass": (PairDataclass, '{"a":"x","b":2}'),
    "after init": (list[AfterInit], '[{"a":"x"},{"a":2}]'),
    "after init of a dataclass": (list[AfterInitDataclass], '[{"a":"x"},{"a":2}]'),
    "after a model": (list[Judged], '[{"a":"x"},{"a":2}]'),
}


@pytest.mark.parametrize(("kind", "inside"), INSIDE.values(), ids=INSIDE)
def test_where_there_is_no_default_what_is_not_valid_ends_it(kind: Any, inside: str) -> None:
    with pytest.raises(InvalidOutputError) as raised:
        fed(holder(kind, ...), f'{{"value":{inside},"after":1}}')
    assert raised.value.early


@pytest.mark.parametrize(
    ("kind", "inside"),
    [
        (Annotated[list[N], Field(max_length=1)], "[1,1]"),
        (Annotated[list[N], AfterValidator(refuse)], "[1,1]"),
        (list[N], "7"),
        (Annotated[int, Field(gt=5), AfterValidator(hidden)], "4"),
    ],
    ids=["its length", "a validator around it", "its kind", "a scalar"],
)  # fmt: skip
def test_what_all_has_run_inside_of_can_be_judged(kind: Any, inside: str) -> None:
    with pytest.raises(InvalidOutputError) as raised:
        fed(holder(kind), f'{{"value":{inside},')
    assert raised.value.early


# Beside ordinary validators


COUNTRIES = {f"c{number}": (number, str(number)) for number in range(2_000)}
LOGGER = logging.getLogger(__name__)
FORM = re.compile(r"\d+")


class OddError(ValueError):
    pass


class Settings(BaseModel):
    most: int = 100
    names: list[str] = ["a"]


SETTINGS = Settings()


def is_odd(value: int) -> bool:
    return value % 2 == 1


def looks_around(value: int, info: ValidationInfo) -> int:
    LOGGER.debug("%s of %s", value, info.field_name)
    if f"c{value}" not in COUNTRIES or not FORM.fullmatch(str(value)):
        raise OddError(value)
    return min(value, SETTINGS.most, *(len(name) for name in SETTINGS.names * 9))


def asks_the_context(value: int, info: ValidationInfo) -> int:
    allowed = info.context["allowed"] if info.context else ()
    if allowed and value not in allowed:
        raise ValueError(f"{value} of {date(2024, 1, 1).isoformat()}")
    return value


class Row(BaseModel):
    a: int = 0
    text: str = ""

    @model_validator(mode="after")
    def _judge(self) -> Row:
        if getattr(self, "a") == 7 and not self.is_fine():  # noqa: B009  as one may
            raise ValueError("no")
        return self

    def is_fine(self) -> bool:
        return self.text.strip().lower() == "fine"


ORDINARY: dict[str, Callable[..., Any]] = {
    "a function of Python's": abs,
    "a helper": lambda value: value if is_odd(value) or value else 0,
    "globals": looks_around,
    "the context": asks_the_context,
    "what is bound": functools.partial(max, 0),
    "cached": functools.lru_cache(is_odd),
    "a method": SETTINGS.__eq__,
}


@pytest.mark.parametrize("validator", ORDINARY.values(), ids=ORDINARY)
def test_beside_ordinary_validators_what_is_not_valid_ends_it(validator: Any) -> None:
    row = create_model("Row", a=(Annotated[int, AfterValidator(validator)], ...))
    with pytest.raises(InvalidOutputError) as raised:
        fed(holder(list[row]), '{"value":[{"a":"x"', {"allowed": [1, 2]})  # type: ignore[valid-type]
    assert raised.value.early


def test_and_beside_those_of_models() -> None:
    with pytest.raises(InvalidOutputError) as raised:
        fed(holder(list[Row]), '{"value":[{"a":7},')
    assert raised.value.errors()[0]["loc"] == ("value", 0)


# What is told of places


def test_what_came_before_its_tag_is_refused_at_its_place() -> None:
    model = holder(Annotated[Other | Rows, Field(discriminator="kind")], ...)
    with pytest.raises(InvalidOutputError) as raised:
        fed(model, '{"value":{"rows":[{"a":1},{"a":"x"}],"kind":"rows"')
    assert raised.value.errors()[0]["loc"] == ("value", "rows", 1, "a")


class Rows(BaseModel):
    rows: list[Row]
    kind: Literal["rows"]


@dataclass
class Login:
    name: str
    secret: InitVar[str]
    seen: str = ""

    def __post_init__(self, secret: str) -> None:
        self.seen = secret[:1]


def test_what_a_dataclass_is_only_given_does_not_show() -> None:
    builder = SnapshotBuilder(compile_plan(holder(Login, ...)))
    for character in '{"value":{"name":"Ada","secret":"xyz"':
        builder.feed(character)
        shown: Any = builder.snapshot()
        assert "secret" not in vars(getattr(shown, "value", None) or Login("", ""))
    builder.feed("}}")
    assert builder.close().value == Login("Ada", "xyz")


# At the first character


class Plain(BaseModel):
    a: int


class Mends(BaseModel):
    a: int

    @model_validator(mode="before")
    @classmethod
    def _mend(cls, data: Any) -> Any:
        return {"a": 1}


FIRST_CHARACTERS: list[tuple[Any, str, str]] = [
    (list[int], '"', "list_type"),
    (list[int], "{", "list_type"),
    (set[int], '"', "set_type"),
    (tuple[int, ...], "{", "tuple_type"),
    (str, "{", "string_type"),
    (int, "[", "int_type"),
    (date, "{", "date_type"),
    (Plain, "[", "model_type"),
    (Plain, '"', "model_type"),
    (Plain | None, "[", "model_type"),
    (dict[str, int], '"', "dict_type"),
    (RootModel[list[int]], '"', "list_type"),
    (Pair | PairDict, "[", "model_type"),
    (Literal["abc", "abd"], '"x', "literal_error"),
    (Literal["abc", "abd"], '"abcd', "literal_error"),
    (Literal[1, 2], '"', "literal_error"),
    (Literal["a"], "{", "literal_error"),
    (Annotated[str, Field(max_length=3)], '"abcd', "string_too_long"),
    (Annotated[str | None, Field(max_length=3)], '"abcd', "string_too_long"),
    (Annotated[list[str], Field(max_length=1)], '["a","', "too_long"),
    (Annotated[list[list[int]], Field(max_length=1)], "[[1],[", "too_long"),
    (Annotated[tuple[str, ...], Field(max_length=1)], '["a","', "too_long"),
    (Annotated[dict[str, int], Field(max_length=1)], '{"a":1,"b"', "too_long"),
]


@pytest.mark.parametrize(("kind", "text", "error"), FIRST_CHARACTERS)
@pytest.mark.parametrize("around", ["", "[", '{"value":'])
def test_a_value_that_can_never_be_valid_is_refused_as_it_opens(
    kind: Any, text: str, error: str, around: str
) -> None:
    root: Any = {"": kind, "[": list[kind]}.get(around) or holder(kind, ...)
    builder = fed(root, around + text[:-1])
    with pytest.raises(InvalidOutputError) as raised:
        builder.feed(text[-1])
    assert raised.value.early
    assert raised.value.errors()[0]["type"] == error
    place = {"": (), "[": (0,)}.get(around, ("value",))
    assert raised.value.errors()[0]["loc"][: len(place)] == place


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Annotated[list[int], BeforeValidator(lambda v: [1])], '"a"'),
        (Annotated[str, BeforeValidator(str)], "{}"),
        (Annotated[str, Field(max_length=2), BeforeValidator(lambda v: v[:2])], '"abcd"'),
        (Annotated[str, WrapValidator(lambda v, handler: "x"), Field(max_length=1)], '"abcd"'),
        (Annotated[str, StringConstraints(max_length=2, strip_whitespace=True)], '"ab   "'),
        (Mends, "[]"),
        (list[int] | str, '"a"'),
        (list[OnErrorOmit[int]], "[{},1]"),
        (list[Annotated[int, Field(max_length=1), PlainValidator(lambda v: 7)]], '["abc"]'),
        (Any, "[]"),
        (Json[list[int]], '"[1]"'),
    ],
)  # fmt: skip
def test_and_not_if_something_could_mend_it(kind: Any, text: str) -> None:
    assert fed(kind, text).close() == TypeAdapter(kind).validate_json(text)
