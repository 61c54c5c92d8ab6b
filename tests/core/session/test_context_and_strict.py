"""What a call says to the validators: `context` and `strict`, in every call and every position."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    RootModel,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

import partwise
from partwise.provider import Finish, TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
Note = tuple[Any, ...]


def note(label: str, info: ValidationInfo[Any]) -> None:
    """Write into the call's context who was asked, and what it was told beside the context."""
    # Of an extra value, pydantic names the field of the model around; and a default is no JSON.
    name = info.field_name if label != "extra" else None
    mode = info.mode if label != "validated default" else None
    info.context.append((label, mode, name, tuple(info.data or ())))


def noted(label: str) -> Any:
    """A function that notes what it is told, and leaves the value alone."""

    def validate(value: Any, info: ValidationInfo[Any]) -> Any:
        note(label, info)
        return value

    return validate


def after(label: str) -> Any:
    return AfterValidator(noted(label))


def before(label: str) -> Any:
    return BeforeValidator(noted(label))


def around(label: str) -> Any:
    def validate(value: Any, handler: Any, info: ValidationInfo[Any]) -> Any:
        note(label, info)
        return handler(value)

    return WrapValidator(validate)


def plain(label: str) -> Any:
    return PlainValidator(noted(label))


class Fields(BaseModel):
    a: int
    b: int
    c: int
    d: int
    later: str = "x"
    checked: Annotated[int, after("validated default")] = Field(3, validate_default=True)

    @field_validator("a", "later")
    @classmethod
    def _after(cls, value: Any, info: ValidationInfo[Any]) -> Any:
        note("field after", info)
        return value

    @field_validator("b", mode="before")
    @classmethod
    def _before(cls, value: Any, info: ValidationInfo[Any]) -> Any:
        note("field before", info)
        return value

    @field_validator("c", mode="wrap")
    @classmethod
    def _wrap(cls, value: Any, handler: Any, info: ValidationInfo[Any]) -> Any:
        note("field wrap", info)
        return handler(value)

    @field_validator("d", mode="plain")
    @classmethod
    def _plain(cls, value: Any, info: ValidationInfo[Any]) -> Any:
        note("field plain", info)
        return value


class After(BaseModel):
    n: Annotated[int, after("inside after")]

    @model_validator(mode="after")
    def _after(self, info: ValidationInfo[Any]) -> After:
        note("model after", info)
        return self


class Before(BaseModel):
    n: Annotated[int, after("inside before")]

    @model_validator(mode="before")
    @classmethod
    def _before(cls, data: Any, info: ValidationInfo[Any]) -> Any:
        note("model before", info)
        assert info.data is not None
        return data


class Wrapped(BaseModel):
    n: Annotated[int, after("inside wrap")]

    @model_validator(mode="wrap")
    @classmethod
    def _wrap(cls, data: Any, handler: Any, info: ValidationInfo[Any]) -> Any:
        note("model wrap", info)
        return handler(data)


class AfterInit(BaseModel):
    n: int

    def model_post_init(self, context: Any) -> None:
        context.append(("post init", None, None, ()))


class Rooted(RootModel[list[Annotated[int, after("in a root")]]]):
    @model_validator(mode="after")
    def _after(self, info: ValidationInfo[Any]) -> Rooted:
        note("root model after", info)
        return self


class Box(BaseModel, Generic[T]):
    item: T

    @field_validator("item")
    @classmethod
    def _after(cls, value: Any, info: ValidationInfo[Any]) -> Any:
        note("generic", info)
        return value


class Extras(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[int, after("extra")]]
    n: int


@dataclass
class Pydantic:
    n: Annotated[int, after("pydantic's dataclass")]

    @field_validator("n")
    @classmethod
    def _after(cls, value: Any, info: ValidationInfo[Any]) -> Any:
        note("field of a dataclass", info)
        return value

    @model_validator(mode="after")
    def _whole(self, info: ValidationInfo[Any]) -> Pydantic:
        note("dataclass after", info)
        return self


@dataclasses.dataclass
class Standard:
    n: Annotated[int, after("standard dataclass")]


class Typed(TypedDict):
    n: Annotated[int, after("TypedDict")]


class Cat(BaseModel):
    kind: Literal["cat"]
    n: Annotated[int, after("cat")]


class Dog(BaseModel):
    kind: Literal["dog"]
    n: Annotated[int, after("dog")]


class Every(BaseModel):
    fields: Fields
    after: After
    before: Before
    wrapped: Wrapped
    after_init: AfterInit
    rooted: Rooted
    box: Box[int]
    extras: Extras
    pydantic: Pydantic
    standard: Standard
    typed: Typed
    items: list[After]
    by_key: dict[Annotated[str, after("key")], Annotated[int, after("dict value")]]
    several: tuple[Annotated[int, after("tuple")], ...]
    pair: tuple[int, Annotated[str, after("pair")]]
    distinct: set[Annotated[int, after("set")]]
    whole_list: Annotated[list[int], after("list")]
    text: Annotated[str, after("text after"), before("text before"), around("text wrap")]
    any_of: Annotated[Any, plain("plain")]
    either: Annotated[int, after("either")] | list[Annotated[str, after("or")]]
    maybe: Annotated[int, after("optional")] | None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    told: Annotated[
        Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")],
        Discriminator(lambda value: value["kind"]),
    ]


TEXT = """{
    "fields": {"a": 1, "b": 2, "c": 3, "d": 4, "later": "y"},
    "after": {"n": 1}, "before": {"n": 1}, "wrapped": {"n": 1}, "after_init": {"n": 1},
    "rooted": [1, 2], "box": {"item": 1}, "extras": {"x": 1, "n": 1},
    "pydantic": {"n": 1}, "standard": {"n": 1}, "typed": {"n": 1},
    "items": [{"n": 1}, {"n": 2}], "by_key": {"a": 1}, "several": [1, 2], "pair": [1, "x"],
    "distinct": [1], "whole_list": [1], "text": "abc", "any_of": {"x": [1]},
    "either": ["a"], "maybe": 1,
    "pet": {"n": 1, "kind": "cat"}, "told": {"kind": "dog", "n": 1}
}"""


def of_pydantic(kind: Any, text: str) -> Counter[Note]:
    notes: list[Note] = []
    TypeAdapter(kind).validate_json(text, context=notes)
    return Counter(notes)


def awaited(call: Any) -> Any:
    async def wait() -> Any:
        return await call

    return asyncio.run(wait()) if inspect.isawaitable(call) else call


def read(stream: Any) -> None:
    async def collect() -> None:
        async for _ in stream:
            pass

    if hasattr(stream, "__aiter__"):
        asyncio.run(collect())
    else:
        for _ in stream:
            pass


CALLS: dict[str, Callable[..., Any]] = {
    "create": lambda client, **call: awaited(client.create(**call)),
    "create_with_completion": lambda client, **call: awaited(client.create_with_completion(**call)),
    "create_partial": lambda client, **call: read(client.create_partial(**call)),
    "create_iterable": lambda client, **call: read(client.create_iterable(**call)),
}


@pytest.fixture(params=CALLS)
def ask(play: Any, request: pytest.FixtureRequest) -> Any:
    """Make the call with a vendor that answers that text."""

    def make(kind: Any, text: str, **keywords: Any) -> None:
        if request.param == "create_iterable":
            text = f'{{"value": [{text}]}}'
        pieces = [TextDelta(text[i : i + 7]) for i in range(0, len(text), 7)]
        with play.client([*pieces, Finish("stop", "stop")]) as client:
            call = {"response_model": kind, "messages": [], "mode": "json_schema"}
            CALLS[request.param](client, max_retries=0, **call, **keywords)

    return make


@pytest.mark.parametrize("name", ["context", "validation_context"])
def test_the_context_reaches_every_validator_once(ask: Any, name: str) -> None:
    notes: list[Note] = []
    ask(Every, TEXT, **{name: notes})
    assert Counter(notes) == of_pydantic(Every, TEXT)


@pytest.mark.parametrize("parse", [partwise.parse, partwise.aparse])
def test_and_where_text_is_read(parse: Any) -> None:
    notes: list[Note] = []
    read(parse(Every, [TEXT[i : i + 7] for i in range(0, len(TEXT), 7)], context=notes))
    assert Counter(notes) == of_pydantic(Every, TEXT)


class Number(BaseModel):
    n: int


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    n: int


class Numbers(BaseModel):
    lax: Number
    strict: Strict
    last: int = 0


@pytest.mark.parametrize(
    ("text", "strict", "refused"),
    [
        ('{"lax": {"n": "1"}, "strict": {"n": 1}}', None, None),
        ('{"lax": {"n": 1}, "strict": {"n": "1"}}', None, "strict"),
        ('{"lax": {"n": "1"}, "strict": {"n": 1}}', True, "lax"),
        ('{"lax": {"n": 1}, "strict": {"n": 1}, "last": "1"}', True, "last"),
        ('{"lax": {"n": "1"}, "strict": {"n": "1"}, "last": "1"}', False, None),
    ],
)
def test_strict_reaches_every_validator_as_in_pydantic(
    ask: Any, text: str, strict: bool | None, refused: str | None
) -> None:
    if refused is None:
        Numbers.model_validate_json(text, strict=strict)
        ask(Numbers, text, strict=strict)
        return
    with pytest.raises(ValidationError):
        Numbers.model_validate_json(text, strict=strict)
    with pytest.raises(partwise.InvalidOutputError) as raised:
        ask(Numbers, text, strict=strict)
    assert raised.value.early
    assert refused in raised.value.errors()[0]["loc"]
