"""Cases that few answers have, each by itself: what the tables of types and cuts don't reach."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import PydanticUseDefault

import partwise
from partwise._json.limits import Limits
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder
from partwise._snapshot.values import value_at


def read(model: Any, text: str, size: int = 3, **options: Any) -> list[Any]:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return list(partwise.parse(model, pieces, **options))


@pytest.mark.parametrize(("name", "value"), [("depth", 0), ("errors", 0)])
def test_limits_have_bounds(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})


def test_a_model_with_its_own_new() -> None:
    class Counted(BaseModel):
        x: int

        def __new__(cls, *_: Any, **__: Any) -> Self:
            return super().__new__(cls)

    assert read(Counted, '{"x":12}')[-1] == Counted(x=12)


def test_one_key_of_two_fields() -> None:
    class Both(BaseModel):
        a: int = Field(alias="k")
        b: int = Field(alias="k")

    assert read(Both, '{"k":1}')[-1] == Both.model_validate({"k": 1})


def test_a_path_into_a_dataclass() -> None:
    @dataclass
    class Point:
        x: int

    class Shape(BaseModel):
        point: Point

    stream = partwise.parse(Shape, '{"point":{"x":1}}')
    assert stream.field("point.x") == 1
    with pytest.raises(ValueError, match="y"):
        partwise.parse(Shape, "{}").field("point.y")


class Colour(Enum):
    RED = "red"

    @classmethod
    def _missing_(cls, value: object) -> Colour | None:
        return cls.RED if isinstance(value, list) else None


class Size(StrEnum):
    SMALL = "small"


def test_an_enum_that_takes_what_it_does_not_list() -> None:
    class Wall(BaseModel):
        colour: Colour

    assert read(Wall, '{"colour":"red"}')[-1].colour is Colour.RED
    with pytest.raises(partwise.InvalidOutputError):
        read(Wall, '{"colour":"blue"}')


def test_an_enum_of_texts_is_refused_early() -> None:
    class Shirt(BaseModel):
        size: Size

    stream = partwise.parse(Shirt, ['{"size":"lar', 'ge"}'])
    with pytest.raises(partwise.InvalidOutputError) as caught:
        stream.result()
    assert caught.value.early


def test_a_default_that_another_validator_waits_for() -> None:
    class Order(BaseModel):
        model_config = ConfigDict(validate_default=True)
        count: int = Field(default_factory=lambda: 3)
        total: int = Field(default_factory=lambda data: data["count"] * 2)

    assert read(Order, "{}")[-1] == Order()
    assert read(Order, '{"count":5}')[-1].total == 10


def test_a_frozen_answer_in_an_envelope_is_validated_whole() -> None:
    def upper(values: list[str]) -> list[str]:
        return [value.upper() for value in values]

    plan = compile_plan(Annotated[list[str], BeforeValidator(upper)])
    builder = SnapshotBuilder(plan, envelope="value")
    builder.feed('{"value":["a"]}')
    assert builder.close() == ["A"]


class Stops(BaseModel):
    x: int

    @model_validator(mode="wrap")
    @classmethod
    def stop(cls, value: Any, handler: Any) -> Any:
        raise StopIteration(handler(value))


def test_a_stop_iteration_of_the_users_ends_no_loop() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        read(Stops, '{"x":1}')


@pytest.mark.parametrize("kind", [tuple[int, ...], frozenset[int]])
def test_large_ones_show_in_steps(kind: Any) -> None:
    values = list(range(300))
    snapshots = read(kind, json.dumps(values), 50)
    assert len(snapshots[-1]) == 300
    stream = partwise.parse(tuple[int, ...], [json.dumps(values)[:800]])
    next(stream)
    assert stream.state("[3]") == "complete"
    assert stream.state("[299]") == "missing"


def test_text_after_a_long_answer_in_prose() -> None:
    answer = json.dumps({"text": "x" * 200_000})
    assert read(dict[str, str], f"So: {answer} That is all.", 150_000, lenient=True)[-1]


def test_a_member_of_any_object() -> None:
    @dataclass
    class Point:
        x: int

    assert value_at(Point(1), ("x",)) == 1


def test_values_read_at_once_that_are_not_valid() -> None:
    def positive(value: int) -> int:
        if value < 0:
            raise ValueError("negative")
        return value

    class Row(BaseModel):
        values: list[Annotated[int, AfterValidator(positive)]]

    with pytest.raises(partwise.InvalidOutputError, match=r"values\[1\]"):
        read(Row, '{"values":[1,-1]}', 100)


def use_default(_: Any) -> Any:
    raise PydanticUseDefault


def test_a_control_exception_at_the_very_end() -> None:
    number: Any = Annotated[int, Field(default=7), BeforeValidator(use_default)]
    assert read(number, "12") == [7]


def test_a_bound_of_pydantics_own_reader_in_a_frozen_answer() -> None:
    class Counted(BaseModel):
        x: Annotated[int, BeforeValidator(use_default)] = 3
        y: int

    text = '{"x":1,"y":' + "1" * 5000 + "}"
    with pytest.raises(partwise.OutputError):
        read(Counted, text, 1000, limits=Limits(digits=10_000))


def test_a_builder_without_events() -> None:
    builder = SnapshotBuilder(compile_plan(int))
    builder.feed("1")
    assert builder.drain() == []


def first(values: Any) -> Any:
    return values[:2] if isinstance(values, list) else values


class Short(BaseModel):
    values: Annotated[list[int], Field(max_length=2)]
    texts: Annotated[list[str], BeforeValidator(first), Field(max_length=2)] = []


def test_a_list_that_gets_too_long() -> None:
    assert read(Short, '{"values":[1,2],"texts":["a","b","c"]}')[-1].texts == ["a", "b"]
    with pytest.raises(partwise.InvalidOutputError):
        read(Short, '{"values":[1,2,3]}')


def test_a_large_set_grows_by_its_additions() -> None:
    values = list(range(200))
    assert read(set[int], json.dumps(values), 4)[-1] == set(values)
    kept = read(dict[str, set[int]], json.dumps({"a": values}), 7)
    assert kept[-1] == {"a": set(values)}


class Cat(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Literal["cat"]
    toys: list[str] = []
    food: dict[str, int] = {}


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Literal["dog"]
    toys: list[str] = []
    food: dict[str, int] = {}
    age: int


@pytest.mark.parametrize(
    "text",
    [
        '{"toys":["a"],"name":"dog","age":3}',
        '{"toys":[],"age":3,"name":"dog"}',
        '{"food":{"x":1},"toys":["b"],"name":"cat"}',
        '{"name":"cat"}',
        '{"food":{"x":1,"y":2},"age":3,"name":"dog"}',
    ],
)
def test_a_union_without_a_tag(text: str) -> None:
    class House(BaseModel):
        pet: Cat | Dog

    whole = '{"pet":' + text + "}"
    assert read(House, whole)[-1] == House.model_validate_json(whole)
    assert read(House, whole, 1000)[-1] == House.model_validate_json(whole)


def test_deferred_parts_in_deferred_parts() -> None:
    class Inner(BaseModel):
        x: int

        @model_validator(mode="before")
        @classmethod
        def keep(cls, value: Any) -> Any:
            return value

    class Outer(BaseModel):
        inner: Annotated[list[Inner], BeforeValidator(first)]
        either: Annotated[Cat | Dog, BeforeValidator(lambda value: value)]

    text = '{"inner":[{"x":1},{"x":2}],"either":{"toys":["a"],"name":"dog","age":3}}'
    for size in (1, 4, 1000):
        assert read(Outer, text, size)[-1] == Outer.model_validate_json(text)


def test_one_large_piece_with_a_fault_inside() -> None:
    class Row(BaseModel):
        ids: list[int]
        table: dict[str, list[int]] = {}

    for text in ('{"ids":[1,"x"]}', '{"ids":[1],"table":{"a":[1,[]]}}'):
        with pytest.raises(partwise.InvalidOutputError) as caught:
            read(Row, text, 1000)
        with pytest.raises(ValidationError) as expected:
            Row.model_validate_json(text)
        assert caught.value.errors()[0]["loc"] == expected.value.errors()[0]["loc"]


def stop(value: int) -> int:
    if value == 1:
        raise StopIteration
    return value


class Frozen(BaseModel):
    """Its first field replaces another's default, which no snapshot can tell."""

    xs: list[Annotated[int, BeforeValidator(use_default)]] = [3]
    y: Annotated[int, AfterValidator(stop)] = 0


def test_frozen_answers_are_validated_whole() -> None:
    assert read(Frozen, '{"xs":[1],"y":2}')[-1] == Frozen(y=2)
    with pytest.raises(RuntimeError, match="StopIteration"):
        read(Frozen, '{"xs":[1],"y":1}')
    with pytest.raises(partwise.OutputError):
        read(Frozen, '{"xs":[1],"y":' + "9" * 5000 + "}", 1000, limits=Limits(digits=10_000))
    with pytest.raises(partwise.InvalidOutputError, match="y"):
        read(Frozen, '{"xs":[1],"y":"x"}')


@pytest.mark.parametrize("size", [3, 1000])
@pytest.mark.parametrize("kind", [list[Frozen], Frozen | None])
def test_frozen_answers_in_an_envelope(kind: Any, size: int) -> None:
    inner = '{"xs":[1],"y":2}'
    text = '{"value":' + (f"[{inner}]" if kind == list[Frozen] else inner) + "}"
    builder = SnapshotBuilder(compile_plan(kind), envelope="value")
    for start in range(0, len(text), size):
        builder.feed(text[start : start + size])
    value = builder.close()
    assert value == ([Frozen(y=2)] if kind == list[Frozen] else Frozen(y=2))


class Node(BaseModel):
    xs: list[Annotated[int, BeforeValidator(use_default)]] = [3]
    next: Node | None = None


def test_a_recursive_frozen_answer_in_an_envelope() -> None:
    builder = SnapshotBuilder(compile_plan(list[Node]), envelope="value")
    builder.feed('{"value":[{"xs":[1],"next":{}}]}')
    assert builder.close() == [Node(next=Node())]


def test_a_control_exception_as_the_text_ends() -> None:
    number: Any = Annotated[int, AfterValidator(use_default), Field(default=7)]
    assert read(number, "12", 2)[-1] == 7
    plain: Any = Annotated[list[Annotated[int, AfterValidator(use_default)]], Field(default=[7])]
    assert read(plain, "[12]", 2)[-1] == [7]


@pytest.mark.parametrize("text", ['{"colour":["red"]}', '{"colour":{"a":1}}'])
def test_an_enum_that_is_made_of_a_list(text: str) -> None:
    class Wall(BaseModel):
        colour: Colour

    try:
        expected: Any = Wall.model_validate_json(text)
    except ValueError:
        with pytest.raises(partwise.InvalidOutputError):
            read(Wall, text)
    else:
        assert read(Wall, text)[-1] == expected


def test_a_large_set_whose_snapshots_are_dropped() -> None:
    values = list(range(200))
    text = json.dumps(values)
    stream = partwise.parse(set[int], [text[start : start + 4] for start in range(0, len(text), 4)])
    count = 0
    for snapshot in stream:
        count = len(snapshot)
        del snapshot
    assert count == 200


@pytest.mark.parametrize(
    "text",
    [
        '{"pet":{"toys":["a","b"],"food":{"x":1},"name":"cat"}}',
        '{"pet":{"age":3,"toys":["a"],"name":"dog"}}',
        '{"pet":{"name":"cow"}}',
        '{"pet":{"toys":5}}',
    ],
)
def test_events_of_an_undecided_object(text: str) -> None:
    class House(BaseModel):
        pet: Cat | Dog
        tag: Annotated[Cat | Dog | None, Field(discriminator="name")] = None

    stream = partwise.parse(House, text)
    try:
        events = list(stream.events())
    except partwise.InvalidOutputError:
        with pytest.raises(ValueError, match="pet"):
            House.model_validate_json(text)
    else:
        assert isinstance(events[-1], partwise.Closed)
    tagged = text.replace("pet", "tag", 1).replace("{", '{"pet":{"name":"cat"},', 1)
    try:
        expected = House.model_validate_json(tagged)
    except ValueError:
        return
    assert read(House, tagged, 1)[-1] == expected


def test_a_short_list_in_a_part_that_is_validated_late() -> None:
    class Late(BaseModel):
        rows: Annotated[list[Short], BeforeValidator(first)]

    text = '{"rows":[{"values":[1,2,3]},{"values":[]}]}'
    with pytest.raises(partwise.InvalidOutputError):
        read(Late, text)
    text = '{"rows":[{"values":[1,2],"texts":[]},{"values":[]},{"values":[1]}]}'
    assert len(read(Late, text)[-1].rows) == 2


def test_a_control_exception_that_nothing_catches() -> None:
    number: Any = Annotated[int, AfterValidator(use_default)]
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever pydantic makes of it
        read(number, "12")


class Table(BaseModel):
    ids: list[int]
    checked: Annotated[list[int], BeforeValidator(lambda value: value)] = []
    either: Annotated[
        Annotated[Cat | Dog, Field(discriminator="name")], BeforeValidator(lambda value: value)
    ]


MANY = json.dumps(list(range(400)))
DOG = '{"name":"dog","age":3}'


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        (f'{{"ids":{MANY},"checked":{MANY},"either":{DOG}}}', True),
        (f'{{"ids":[1],"checked":{MANY[:-1]},"x"],"either":{DOG}}}', False),
        (f'{{"ids":{MANY[:-1]},"x"],"either":{DOG}}}', False),
        ('{"ids":[1],"either":{"name":"cow"}}', False),
        ('{"ids":{"a":1},"either":' + DOG + "}", False),
    ],
)
def test_large_pieces(text: str, is_valid: bool) -> None:
    for size in (7, len(text)):
        if is_valid:
            assert read(Table, text, size)[-1] == Table.model_validate_json(text)
            events = list(partwise.parse(Table, text).events())
            assert events[-1] == partwise.Closed((), Table.model_validate_json(text))
        else:
            with pytest.raises(partwise.InvalidOutputError):
                read(Table, text, size)
            with pytest.raises(partwise.InvalidOutputError):
                list(partwise.parse(Table, text).events())


def test_a_large_piece_in_an_envelope() -> None:
    builder = SnapshotBuilder(compile_plan(list[int]), envelope="value")
    builder.feed(f'{{"more":{MANY},"value":{MANY}}}')
    assert builder.close() == list(range(400))


def test_paths_into_a_pydantic_dataclass() -> None:
    @pydantic_dataclass
    class Point:
        x: int
        labels: list[str]

    stream = partwise.parse(Point, '{"x":1,"labels":["a"]}')
    assert list(stream.elements("labels")) == ["a"]
    with pytest.raises(ValueError, match="y"):
        partwise.parse(Point, "{}").elements("y")


class Shade(Enum):
    DARK = 1

    @classmethod
    def _missing_(cls, value: object) -> Shade:
        return cls.DARK


class Length(StrEnum):
    SHORT = "short"

    @classmethod
    def _missing_(cls, value: object) -> Length | None:
        return cls.SHORT if str(value).lower() == "short" else None


@pytest.mark.parametrize("size", [1, 5, 100])
def test_an_enum_of_texts_that_takes_unlisted_ones(size: int) -> None:
    class Film(BaseModel):
        length: Length

    assert read(Film, '{"length":"SHORT"}', size)[-1].length is Length.SHORT


def test_an_enum_that_takes_anything() -> None:
    class Lamp(BaseModel):
        shade: Shade

    assert read(Lamp, '{"shade":"x"}')[-1].shade is Shade.DARK
    assert read(Lamp | Cat, '{"shade":[1]}')[-1] == Lamp.model_validate({"shade": [1]})


class Cow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Literal["cow"]
    milk: int = 0
    age: int = 0


def test_a_union_of_three_is_narrowed_twice() -> None:
    class House(BaseModel):
        pet: Cat | Dog | Cow

    text = '{"pet":{"age":3,"milk":2,"name":"cow"}}'
    assert read(House, text)[-1] == House.model_validate_json(text)


class Summed(BaseModel):
    a: int
    rows: dict[str, list[int]] = {}

    @model_serializer
    def summed(self) -> Any:
        return {"sum": self.a + 1}


def test_a_serializer_that_can_not_read_a_part() -> None:
    first, *_, last = partwise.parse(Summed, ['{"rows":{"x":[1', "]},", '"a":1}'])
    assert first.model_dump() == {"a": None, "rows": {"x": []}}
    assert last.model_dump() == {"sum": 2}


class Wrapped(BaseModel):
    a: int
    text: str

    @model_serializer(mode="wrap")
    def with_sum(self, handler: Any) -> Any:
        return {**handler(self), "sum": self.a + 1}


def test_a_wrapping_serializer_that_can_not_read_a_part() -> None:
    first, *_, last = partwise.parse(Wrapped, ['{"text":"x', '","a":1}'])
    assert first.model_dump() == {"a": None, "text": "x"}
    assert last.model_dump() == {"a": 1, "text": "x", "sum": 2}


def test_a_snapshot_in_a_notebook() -> None:
    class Sheet(BaseModel):
        rows: dict[str, list[int]]
        note: str

    first: Any = next(partwise.parse(Sheet, '{"rows":{"x":[1,2'))
    page = first._repr_mimebundle_()["text/html"]
    assert "<ol" in page
    assert "<table>" in page
