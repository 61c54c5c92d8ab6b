"""What was shown is the answer: each part is validated once, and the last snapshot shares it."""

from __future__ import annotations

import gc
import uuid
import weakref
from collections import Counter
from typing import Annotated, Any

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticOmit

from partwise._errors import InvalidOutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .values import at, places, same

RUNS: Counter[str] = Counter()


def noting(name: str) -> Any:
    def note(value: Any) -> Any:
        RUNS[name] += 1
        return value

    return note


def note_beside(value: Any, info: ValidationInfo) -> Any:
    RUNS["beside"] += 1
    return value


def note_around(value: Any, handler: Any) -> Any:
    RUNS["around"] += 1
    return handler(value)


def made(name: str) -> Any:
    def make() -> uuid.UUID:
        RUNS[name] += 1
        return uuid.uuid4()

    return make


class Leaf(BaseModel):
    id: uuid.UUID = Field(default_factory=made("id of a leaf"))
    text: Annotated[str, AfterValidator(noting("text"))]

    @model_validator(mode="after")
    def _after(self) -> Leaf:
        RUNS["after a leaf"] += 1
        return self


class Hooked(BaseModel):
    n: int
    _made: uuid.UUID = PrivateAttr(default_factory=made("private"))

    def model_post_init(self, context: Any, /) -> None:
        RUNS["post init"] += 1


class Before(BaseModel):
    n: int

    @model_validator(mode="before")
    @classmethod
    def _before(cls, data: Any) -> Any:
        RUNS["before a model"] += 1
        return data


@dataclass
class Data:
    n: Annotated[int, AfterValidator(noting("in a dataclass"))]
    id: uuid.UUID = Field(default_factory=made("id of a dataclass"))

    def __post_init__(self) -> None:
        RUNS["post init of a dataclass"] += 1


class Numbers(RootModel[list[Annotated[int, AfterValidator(noting("in a root model"))]]]):
    @model_validator(mode="after")
    def _after(self) -> Numbers:
        RUNS["after a root model"] += 1
        return self


class Whole(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[int, AfterValidator(noting("extra"))]]
    id: uuid.UUID = Field(default_factory=made("id of the root"))
    leaf: Leaf
    leaves: Annotated[list[Leaf], AfterValidator(noting("list"))]
    by_name: dict[Annotated[str, AfterValidator(noting("key"))], Leaf]
    hooked: Hooked
    before: Before
    data: Data
    numbers: Numbers
    beside: Annotated[int, AfterValidator(note_beside)]
    around: Annotated[int, WrapValidator(note_around)]
    first: Annotated[int, BeforeValidator(noting("first"))]
    plain: Annotated[Any, PlainValidator(noting("plain"))]
    late: Annotated[list[int], AfterValidator(note_beside)] = []
    default: Annotated[int, AfterValidator(noting("default"))] = Field(7, validate_default=True)

    @field_validator("first")
    @classmethod
    def _first(cls, value: int) -> int:
        RUNS["field"] += 1
        return value

    @model_validator(mode="after")
    def _after(self) -> Whole:
        RUNS["after the root"] += 1
        return self


TEXT = (
    '{"late":[1,2],"leaf":{"text":"a"},"leaves":[{"text":"b"},{"text":"c"}],"by_name":{"k":'
    '{"text":"d"}},"hooked":{"n":1},"before":{"n":1},"data":{"n":1},"numbers":[1,2],"beside":1,'
    '"around":1,"first":1,"plain":1,"more":5}'
)


def read(kind: Any, text: str, pieces: int = 1) -> tuple[Any, SnapshotBuilder]:
    """The last snapshot before the end, and the builder after the text."""
    builder = SnapshotBuilder(compile_plan(kind))
    for start in range(0, len(text) - 1, pieces):
        builder.feed(text[start : min(start + pieces, len(text) - 1)])
        shown = builder.snapshot()
    builder.feed(text[-1])
    return shown, builder


@pytest.mark.parametrize("pieces", [1, 5, 10_000])
def test_every_function_runs_as_often_as_pydantic_runs_it(pieces: int) -> None:
    RUNS.clear()
    Whole.model_validate_json(TEXT)
    once = Counter(RUNS)
    RUNS.clear()
    _, builder = read(Whole, TEXT, pieces)
    builder.close()
    assert once == RUNS


def test_what_was_made_for_an_object_stays() -> None:
    shown, builder = read(Whole, TEXT)
    final = builder.close()
    assert final.id == shown.id
    assert final.leaf.id == shown.leaf.id
    assert final.leaves[1].id == shown.leaves[1].id
    assert final.data.id == shown.data.id
    assert builder.snapshot() is final


@pytest.mark.parametrize("cut", [TEXT.index('"text"'), TEXT.index('"data"')])
def test_what_an_object_shows_before_it_comes_stays_too(cut: int) -> None:
    builder = SnapshotBuilder(compile_plan(Whole))
    builder.feed(TEXT[:8])
    before: Any = builder.snapshot()
    builder.feed(TEXT[8:cut])
    builder.snapshot()
    builder.feed(TEXT[cut:])
    assert builder.close().leaf.id == before.leaf.id


def test_the_last_snapshot_shares_all_its_parts_with_the_one_before() -> None:
    class Part(BaseModel):
        name: str
        tags: list[str] = []

    class Team(BaseModel):
        one: Part
        many: list[Part]
        by_name: dict[str, Part]
        several: tuple[Part, ...]
        word: str

    part = '{"name":"a","tags":["x","y"]}'
    text = (
        f'{{"one":{part},"many":[{part},{part}],"by_name":{{"k":{part}}},'
        f'"several":[{part}],"word":"abc"}}'
    )
    shown, builder = read(Team, text)
    final = builder.close()
    assert type(final) is Team
    for path, value in places(shown):
        if path:
            assert at(final, path) is value, path


def test_a_validator_that_remembers_refuses_no_value_of_its_own() -> None:
    def is_new(value: int, info: ValidationInfo) -> int:
        assert isinstance(info.context, set)
        if value in info.context:
            raise ValueError("there already")
        info.context.add(value)
        return value

    kind: Any = list[Annotated[int, AfterValidator(is_new)]]
    builder = SnapshotBuilder(compile_plan(kind), context=set())
    for character in "[1,2,3]":
        builder.feed(character)
    assert builder.close() == [1, 2, 3]
    builder = SnapshotBuilder(compile_plan(create_model("M", f=(kind, ...))), context=set())
    with pytest.raises(InvalidOutputError):
        builder.feed('{"f":[1,2,1]}')


def test_all_errors_of_the_root_come_at_its_end() -> None:
    class Root(BaseModel):
        model_config = ConfigDict(validate_default=True)
        a: int
        b: str = Field(alias="theB")
        c: Annotated[int, Field(gt=3)] = 1

    text = '{"x":1}'
    builder = SnapshotBuilder(compile_plan(Root))
    for character in text:
        builder.feed(character)
    with pytest.raises(InvalidOutputError) as raised:
        builder.close()
    assert not raised.value.early
    with pytest.raises(ValueError) as expected:  # noqa: PT011  pydantic's
        Root.model_validate_json(text)
    details: Any = expected.value
    assert [(e["loc"], e["msg"]) for e in raised.value.errors()] == [
        (e["loc"], e["msg"]) for e in details.errors()
    ]


@pytest.mark.parametrize("text", ['{"value": 12, "note": "x"}', '{"value": 12}'])
def test_a_value_in_an_envelope_is_the_answer(text: str) -> None:
    builder = SnapshotBuilder(compile_plan(int), envelope="value")
    builder.feed(text)
    assert builder.close() == 12


def test_an_envelope_without_the_answer_is_an_error_of_the_answer() -> None:
    builder = SnapshotBuilder(compile_plan(int), envelope="value")
    builder.feed('{"note": 12}')
    with pytest.raises(InvalidOutputError) as raised:
        builder.close()
    assert [(e["loc"], e["type"]) for e in raised.value.errors()] == [((), "missing")]


def test_what_a_validator_adds_to_the_data_stays_in_the_object() -> None:
    class Adds(BaseModel):
        a: int
        b: int

        @field_validator("b")
        @classmethod
        def _add(cls, value: int, info: ValidationInfo) -> int:
            info.data["c"] = value
            return value

    for text in ('[{"a":1,"b":2}]', '[{"b":2,"a":1}]'):
        builder = SnapshotBuilder(compile_plan(list[Adds]))
        for character in text:
            builder.feed(character)
        assert same(builder.close(), TypeAdapter(list[Adds]).validate_json(text))


def test_a_field_that_its_validator_leaves_out_freezes_the_snapshots() -> None:
    def leave_out(value: int, info: ValidationInfo) -> int:
        if value == len(info.data):
            raise PydanticOmit
        return value

    class Leaves(BaseModel):
        a: int
        b: Annotated[int, AfterValidator(leave_out)] = 5

    for text in ('[{"a":1,"b":1}]', '[{"b":1,"a":1}]', '[{"a":1,"b":2}]'):
        builder = SnapshotBuilder(compile_plan(list[Leaves]))
        for character in text:
            builder.feed(character)
            builder.snapshot()
        assert same(builder.close(), TypeAdapter(list[Leaves]).validate_json(text))


@pytest.mark.parametrize("end", ["", "]", '"x"]'])
def test_a_builder_that_nobody_holds_is_freed_at_once(end: str) -> None:
    """Whether it was closed, left half-way, or failed."""

    class Held(BaseModel):
        parts: list[Leaf]

    builder = SnapshotBuilder(compile_plan(list[Held]))
    for character in '[{"parts":[{"text":"a"},{"text":"b"':
        builder.feed(character)
    shown = weakref.ref(builder.snapshot()[0])
    gc.disable()
    try:
        if end == "]":
            builder.feed("}]}]")
            builder.close()
        elif end:
            try:
                builder.feed("}]},7,")
            except InvalidOutputError as error:
                assert error.early  # noqa: PT017  pytest would keep the traceback
        del builder
        assert shown() is None
    finally:
        gc.enable()
