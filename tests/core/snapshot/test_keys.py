"""Keys that name a field otherwise, twice, or not at all: always as pydantic takes them."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from partwise._errors import OutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .values import same

ALLOW = ConfigDict(extra="allow")


class Allowing(BaseModel):
    model_config = ALLOW
    first_name: str = Field(alias="firstName")
    n: int = 0


class AllowingDict(TypedDict):
    __pydantic_config__ = ALLOW  # type: ignore[misc]
    first_name: Annotated[str, Field(alias="firstName")]


@dataclass(config=ALLOW)
class AllowingData:
    first_name: str = Field(alias="firstName")


class Feeding(BaseModel):
    """One key feeds two fields."""

    headline: str = Field(validation_alias=AliasChoices("headline", "title"))
    title: str


class Same(BaseModel):
    a: str = Field(alias="key")
    b: str = Field(alias="key")


class Crossed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    a: str = Field(alias="b")
    b: str = Field(alias="a")


class Either(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    a: str = Field(alias="theA")
    n: int = 0


class EitherAllowing(Either):
    model_config = ConfigDict(populate_by_name=True, extra="allow")


class EitherForbidding(Either):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")


@pytest.mark.parametrize("kind", [Allowing, AllowingDict, AllowingData])
@pytest.mark.parametrize(
    "text",
    [
        '{"firstName":"Ada","first_name":7}',
        '{"first_name":7,"firstName":"Ada"}',
        '{"firstName":"Ada","first_name":7,"x":{"y":[1]},"n":3}',
        '{"x":1,"firstName":"Ada"}',
    ],
)
@pytest.mark.parametrize("around", ["", "["], ids=["", "in a list"])
def test_an_extra_key_with_the_name_of_a_field(kind: Any, text: str, around: str) -> None:
    kind, text = (list[kind], f"[{text}]") if around else (kind, text)
    assert same(read(kind, text), TypeAdapter(kind).validate_json(text))


def test_the_state_of_a_field_is_not_that_of_the_extra_key() -> None:
    builder = SnapshotBuilder(compile_plan(list[Allowing]), record=True)
    builder.feed('[{"first_name":7,"x":1,')
    assert builder.state("[0].first_name") == "missing"
    assert builder.state("[0].x") == "complete"
    builder.feed('"firstName":"Ad')
    assert builder.state("[0].first_name") == "partial"
    assert builder.snapshot()[0].first_name == "Ad"
    assert builder.snapshot()[0].model_extra == {"first_name": 7, "x": 1}
    events: Any = builder.drain()
    assert [event.path for event in events if event.path == (0, "first_name")] == [
        (0, "first_name")
    ] * 2  # of the field, which opened and grew
    builder.feed('a"')
    assert builder.state("[0].first_name") == "complete"


KEYS = ["a", "b", "theA", "key", "headline", "title", "first_name", "firstName", "n", "x"]
MODELS: list[Any] = [
    Allowing, AllowingDict, AllowingData, Feeding, Same, Crossed, Either, EitherAllowing,
    EitherForbidding, dict[int, str],
]  # fmt: skip


@st.composite
def objects(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.sampled_from([*KEYS, "1", "+1", "01"]), unique=True, max_size=5))
    values = [draw(st.sampled_from(['"s"', "1", '"t"'])) for _ in keys]
    entries = [f'"{key}":{value}' for key, value in zip(keys, values, strict=True)]
    return "{" + ",".join(entries) + "}"


@given(st.sampled_from(MODELS), objects(), st.sampled_from(["", "[", "{"]), st.booleans())
def test_whatever_keys_come_the_answer_is_pydantics(
    kind: Any, text: str, around: str, by_characters: bool
) -> None:
    if around == "[":
        kind, text = list[kind], f"[{text}]"
    elif around == "{":
        kind, text = create_model("Holder", value=(kind, ...)), f'{{"value":{text}}}'
    try:
        expected = TypeAdapter(kind).validate_json(text)
    except ValueError:
        with pytest.raises(OutputError):
            read(kind, text, by_characters=by_characters)
        return
    assert same(read(kind, text, by_characters=by_characters), expected)


def read(kind: Any, text: str, *, by_characters: bool = True) -> Any:
    builder = SnapshotBuilder(compile_plan(kind))
    for piece in text if by_characters else [text]:
        builder.feed(piece)
        builder.snapshot()
    return builder.close()


def test_a_dict_that_has_just_opened_has_no_entry() -> None:
    builder = SnapshotBuilder(compile_plan(dict[str, int]))
    builder.feed("{")
    assert builder.state("None") == "missing"
