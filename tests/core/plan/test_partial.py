"""`Partial[M]` as a class: what it is, takes, gives and describes."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
import typing
from collections.abc import Generator, Hashable, Iterable, MutableSequence, Sequence
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_serializer,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import core_schema
from typing_extensions import TypeAliasType

from partwise._errors import InvalidOutputError
from partwise._plan import partial as _partial
from partwise._plan.markers import Atomic, NotNull, PartialLiteralMixin, original_of
from partwise._plan.partial import partial_of
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

Partial: Any = _partial.Partial  # a type checker can't know the classes that it makes
T = TypeVar("T")


class Venue(BaseModel):
    city: str
    rooms: list[int] = []


Venues = TypeAliasType("Venues", list[Venue])


class Event(BaseModel):
    """A thing that happens."""

    model_config = ConfigDict(title="An event")

    name: Annotated[str, Field(min_length=3, description="What it is called")]
    venue: Venue
    kind: Literal["talk", "party"]
    guests: list[Venue] = []
    by_name: dict[str, Venue] = Field(default_factory=dict, alias="byName")
    parent: Event | None = None

    @field_validator("name")
    @classmethod
    def _check(cls, value: str) -> str:
        raise AssertionError("no validator runs on what is partial")


class Marked(BaseModel):
    number: Annotated[int, NotNull()]
    text: Annotated[str, Atomic()] = ""


@dataclasses.dataclass
class Plain:
    n: int
    items: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slotted:
    n: int
    s: str = "a"


@pydantic_dataclass
class Checked:
    n: int = Field(gt=0)


class Guarded(BaseModel):
    n: int
    s: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return self.n * 2

    @computed_field(alias="upper", description="Loud")  # type: ignore[prop-decorator]
    @functools.cached_property
    def loud(self) -> str:
        return self.s.upper()

    @field_serializer("s")
    def _s(self, value: str) -> str:
        return value[0]


class Whole(BaseModel):
    n: int

    @model_serializer
    def _show(self) -> dict[str, Any]:
        return {"n": self.n + 1}


class Box(BaseModel, Generic[T]):
    item: T


def test_it_is_one_class_a_subclass_of_the_model() -> None:
    assert Partial[Event] is Partial[Event]
    assert issubclass(Partial[Event], Event)
    assert Partial[Event].__name__ == "PartialEvent"
    assert Partial[Event].__doc__ == Event.__doc__
    assert original_of(Partial[Event]) is Event
    assert original_of(Event) is Event
    assert Partial[Box[int]] is not Partial[Box[str]]


@pytest.mark.parametrize("not_a_model", [int, list[int], "Event", None])
def test_it_takes_models_and_dataclasses_alone(not_a_model: Any) -> None:
    with pytest.raises(TypeError, match="Partial takes"):
        partial_of(not_a_model)
    with pytest.raises(TypeError, match=r"Partial\[Model\]"):
        Partial()


def test_every_field_is_optional_and_takes_both_kinds() -> None:
    partial = Partial[Event]
    assert partial().name is None
    done = Venue(city="Rome")
    open_ = Partial[Venue](city="R")
    event = partial(name="x", venue=open_, guests=[done, open_], byName={"a": open_})
    assert event.venue is open_
    assert event.guests == [done, open_]
    assert type(event.guests[0]) is Venue
    assert event.by_name["a"] is open_
    assert partial.model_validate_json('{"name": "x", "venue": {}}').venue is not None
    with pytest.raises(ValidationError):
        partial(kind="tal")


def test_its_schema_describes_snapshots() -> None:
    whole = Partial[Event].model_json_schema()
    schema = whole["$defs"]["PartialEvent"]  # it is recursive
    assert schema["title"] == "PartialAn event"
    assert "required" not in schema
    assert schema["properties"]["name"]["description"] == "What it is called"
    assert "minLength" not in str(schema)
    assert "byName" in schema["properties"]
    assert {"PartialVenue", "Venue"} <= {*whole["$defs"]}
    assert whole["$defs"]["PartialVenue"]["properties"]["city"]["default"] is None


def test_what_a_type_alias_stands_for_is_taken_as_it_is() -> None:
    class Holder(BaseModel):
        venues: Venues

    assert Partial[Holder](venues=[{"city": "Rome"}]).venues == [Venue(city="Rome")]
    with pytest.raises(ValidationError):
        Partial[Holder](venues=[{}])


def test_its_schema_and_its_validation_take_every_snapshot() -> None:
    text = '{"name":"abc","venue":{"city":"R","rooms":[1,2]},"kind":"talk","guests":[{"city":"S"}]'
    builder = SnapshotBuilder(compile_plan(Event))
    for character in text.replace('"name":"abc",', ""):
        builder.feed(character)
        if (snapshot := builder.snapshot()) is not None:
            again = Partial[Event].model_validate_json(snapshot.model_dump_json(by_alias=True))
            assert again.model_dump() == snapshot.model_dump()


def test_a_field_that_may_not_be_null_is_required() -> None:
    assert Partial[Marked].model_json_schema()["required"] == ["number"]
    with pytest.raises(ValidationError):
        Partial[Marked]()
    assert Partial[Marked](number=1).text == ""


@pytest.mark.parametrize("cls", [Plain, Slotted, Checked])
def test_dataclasses(cls: Any) -> None:
    builder = SnapshotBuilder(compile_plan(list[cls]))
    builder.feed('[{"n":1')
    builder.feed(",")
    (snapshot,) = builder.snapshot()
    assert type(snapshot) is Partial[cls]
    assert isinstance(snapshot, cls)
    assert snapshot.n == 1
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot  # noqa: S301  its own
    assert copy.deepcopy(snapshot) == snapshot
    assert type(copy.copy(snapshot)) is Partial[cls]


def test_what_the_user_computes_shows_none_while_it_cannot_be_computed() -> None:
    partial = Partial[Guarded]()
    assert partial.twice is None
    assert partial.model_dump(by_alias=True) == {"n": None, "s": None, "twice": None, "upper": None}
    full = Partial[Guarded](n=2, s="abc")
    assert full.model_dump(by_alias=True) == {"n": 2, "s": "a", "twice": 4, "upper": "ABC"}
    assert Partial[Whole]().model_dump() == {"n": None}
    assert Partial[Whole](n=1).model_dump() == {"n": 2}


def test_models_pickle_as_what_they_are() -> None:
    partial = Partial[Event](name="x", venue=Partial[Venue](city="y"))
    back = pickle.loads(pickle.dumps(partial))  # noqa: S301  its own
    assert back == partial
    assert type(back) is Partial[Event]
    assert type(back.venue) is Partial[Venue]
    assert back.model_fields_set == {"name", "venue"}


def test_a_required_model_is_there_before_it_comes() -> None:
    class Root(BaseModel):
        event: Event
        marked: Marked
        maybe: Venue | None
        union: Venue | Marked

    builder = SnapshotBuilder(compile_plan(Root))
    assert builder.snapshot() is None
    builder.feed("{")
    root = builder.snapshot()
    assert root.event.venue.city is None
    assert root.event.venue is builder.snapshot().event.venue
    assert root.event.parent is None
    assert root.marked is None
    assert root.maybe is None
    assert root.union is None
    assert root.model_fields_set == set()


def test_an_object_is_out_of_sight_until_its_field_has_a_value() -> None:
    builder = SnapshotBuilder(compile_plan(list[Marked]))
    builder.feed('[{"text": "abc"')
    assert builder.snapshot() == []
    assert builder.state("[0].text") == "missing"
    builder.feed(', "number": 1,')
    (marked,) = builder.snapshot()
    assert (marked.number, marked.text) == (1, "abc")
    assert builder.state("[0].text") == "complete"


def test_an_atomic_text_shows_when_it_is_complete() -> None:
    builder = SnapshotBuilder(compile_plan(Marked))
    builder.feed('{"number": 1, "text": "abc')
    assert builder.snapshot().text == ""
    assert "text" not in builder.snapshot().model_fields_set
    assert builder.state("text") == "partial"
    builder.feed('"')
    assert builder.snapshot().text == "abc"


def test_the_mixin_does_nothing() -> None:
    class Old(BaseModel, PartialLiteralMixin):
        kind: Literal["a"]

    assert Old(kind="a").kind == "a"


class Wrapped(BaseModel, Generic[T]):
    item: T


class Nested(BaseModel, Generic[T]):
    number: T
    inner: Wrapped[Nested[T]] | None = None


def test_a_generic_model_that_pydantic_leaves_undefined_is_shown() -> None:
    # It makes `Wrapped` of a reference, and no schema for it; what is around it is whole.
    builder = SnapshotBuilder(compile_plan(Nested[int]))
    for character in '{"number": 1, "inner": {"item": {"number": 2':
        builder.feed(character)
        shown: Any = builder.snapshot()
    inner = {"item": {"number": None, "inner": None}}
    assert shown.model_dump() == {"number": 1, "inner": inner}
    builder.feed("}}}")
    assert builder.close() == Nested[int].model_validate(
        {"number": 1, "inner": {"item": {"number": 2}}}
    )


class Shape(BaseModel):
    known: ClassVar[list[str]] = []

    def __init_subclass__(cls, /, tag: str, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.known.append(tag)

    @classmethod
    def __pydantic_init_subclass__(cls, **keywords: Any) -> None:
        cls.known.append(f"{keywords['tag']}!")


class Circle(Shape, tag="circle"):
    model_config = ConfigDict(frozen=True)
    radius: int

    def __hash__(self) -> int:
        return 17


def test_a_hook_for_subclasses_is_not_told_of_partial_classes() -> None:
    partial = Partial[Circle]
    assert Shape.known == ["circle", "circle!"]
    assert partial.__name__ == "PartialCircle"
    assert Partial[Circle] is partial
    assert hash(partial()) == 17


class OwnWays(BaseModel):
    number: int
    text: str

    def __repr__(self) -> str:
        return f"{self.number:04d}"

    def __str__(self) -> str:
        return self.text.upper()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnWays) and self.number + 0 == other.number + 0

    __hash__ = None  # type: ignore[assignment]

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return {"next": self.number + 1}


class OwnArguments(BaseModel):
    text: str

    def __repr_args__(self) -> Any:
        yield "loud", self.text.upper()


class OwnRoot(RootModel[list[str]]):
    def __str__(self) -> str:
        return self.root[0]


def test_what_a_model_does_its_own_way_is_as_usual_while_it_cannot() -> None:
    partial = Partial[OwnWays]
    empty, whole = partial(), partial(number=12, text="a")
    assert repr(empty) == "PartialOwnWays(number=None, text=None)"
    assert str(empty) == "number=None text=None"
    assert empty == partial()
    assert empty.model_dump() == {"number": None, "text": None}
    assert (repr(whole), str(whole)) == ("0012", "A")
    assert whole == partial(number=12, text="b")
    assert whole.model_dump() == {"next": 13}
    assert repr(Partial[OwnArguments]()) == "PartialOwnArguments(text=None)"
    assert repr(Partial[OwnArguments](text="a")) == "PartialOwnArguments(loud='A')"
    assert str(Partial[OwnRoot]([])) == "root=[]"
    assert str(Partial[OwnRoot](["a"])) == "a"


class Scores:
    """Made of an object in JSON, and written by a serialiser of its own."""

    def __init__(self, scores: dict[str, int]) -> None:
        self.scores = scores

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.dict_schema(core_schema.str_schema(), core_schema.int_schema()),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: [*value.scores.values()]
            ),
        )


class Game(BaseModel):
    scores: Scores
    anything: Hashable = None
    bare: typing.List = []  # type: ignore[type-arg]  # noqa: UP006  as it is seen


def test_a_type_with_a_serialiser_of_its_own_is_written_as_far_as_it_has_come() -> None:
    builder = SnapshotBuilder(compile_plan(list[Game]))
    builder.feed('[{"scores": {"a": 1, "b": 2')
    (game,) = builder.snapshot()
    assert game.model_dump(include={"scores"}) == {"scores": {"a": 1}}
    builder.feed('}, "bare": [1')
    (game,) = builder.snapshot()
    assert game.model_dump_json() == '{"scores":[1,2],"anything":null,"bare":[]}'


class Padded(BaseModel):
    number: int
    text: str = ""

    @field_serializer("number")
    def _pad(self, number: int) -> str:
        return f"{number:03d}"


PaddedOnes = TypeAliasType("PaddedOnes", list[Padded])


class Aliased(BaseModel):
    ones: PaddedOnes


def test_what_an_alias_names_is_written_as_far_as_it_has_come() -> None:
    builder = SnapshotBuilder(compile_plan(Aliased))
    builder.feed('{"ones": [{"number": 1}, {"text": "a')
    ones = [{"number": "001", "text": ""}, {"number": None, "text": "a"}]
    assert builder.snapshot().model_dump() == {"ones": ones}
    for mode in ("validation", "serialization"):
        schema = Partial[Aliased].model_json_schema(mode=mode)
        assert "PaddedOnes" in schema["$defs"]


class Shadowing(BaseModel):
    """Its fields are called as methods of pydantic's are."""

    a: int


def test_partial_of_a_partial_class_is_itself() -> None:
    assert Partial[Partial[Shadowing]] is Partial[Shadowing]
    assert compile_plan(Partial[Shadowing]) is compile_plan(Shadowing)


def test_a_field_of_a_partial_type_takes_both_kinds() -> None:
    Holding: Any = create_model(  # noqa: N806
        "Holding", one=(Partial[Shadowing], ...), many=(list[Partial[Shadowing]], [])
    )
    whole = Holding(one=Shadowing(a=1), many=[Shadowing(a=2), Partial[Shadowing]()])
    assert whole.model_dump() == {"one": {"a": 1}, "many": [{"a": 2}, {"a": None}]}
    builder = SnapshotBuilder(compile_plan(Holding))
    for character in '{"one":{"a":1},"many":[{}]}':
        builder.feed(character)
        assert builder.snapshot() is not None
    assert builder.close() == Holding.model_validate_json('{"one":{"a":1},"many":[{}]}')
    assert Partial[Holding].model_json_schema()["properties"].keys() == {"one", "many"}


def test_fields_named_as_methods_of_pydantic_make_no_further_warning() -> None:
    with pytest.warns(UserWarning, match="shadows"):
        model = create_model("Named", copy=(str, ...), json=(int, ...), schema=(str, ""))
    builder = SnapshotBuilder(compile_plan(list[model]))  # type: ignore[valid-type]
    builder.feed('[{"copy": "a", "js')
    assert builder.snapshot()[0].model_dump() == {"copy": "a", "json": None, "schema": ""}


def test_a_class_that_could_not_be_made_is_not_found_again() -> None:
    made = []

    class Counting(type(BaseModel)):  # type: ignore[misc]
        def __init__(cls, name: str, *_: Any) -> None:
            made.append(name)
            if len(made) == 2:
                raise TypeError("not now")

    class Counted(BaseModel, metaclass=Counting):
        a: int

    with pytest.raises(TypeError, match="not now"):
        Partial[Counted]
    assert Partial[Counted](a=None).a is None
    assert Partial[Counted] is Partial[Counted]


def test_a_model_that_was_rebuilt_has_another_plan_and_partial_class() -> None:
    class Changing(BaseModel):
        a: int

    before, partial = compile_plan(list[Changing]), Partial[Changing]
    Changing.model_fields["a"].annotation = str
    Changing.model_rebuild(force=True)
    assert compile_plan(list[Changing]) is not before
    assert Partial[Changing] is not partial
    builder = SnapshotBuilder(compile_plan(list[Changing]))
    builder.feed('[{"a": "x"}]')
    assert builder.close() == [Changing(a="x")]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kind", [Iterable[int], Generator[int, None, None], Sequence[int], MutableSequence[int]]
)
def test_what_can_be_iterated_is_a_list(kind: Any) -> None:
    model = create_model("Iterated", many=(kind, ...))
    for root, text in ((kind, "[1,2]"), (model, '{"many":[1,2]}'), (list[kind], "[[1,2]]")):
        for pieces in (text, [text]):
            builder = SnapshotBuilder(compile_plan(root))
            for piece in pieces:
                builder.feed(piece)
            value: Any = builder.close()
            many = value.many if root is model else value[0] if root == list[kind] else value
            assert (type(many), many) == (list, [1, 2])
    with pytest.raises(InvalidOutputError):
        SnapshotBuilder(compile_plan(kind)).feed('["x"')
