"""One type of each kind that pydantic can describe, all at a module's level so that they pickle."""

from __future__ import annotations

import dataclasses
import enum
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FieldSerializationInfo,
    PlainValidator,
    PrivateAttr,
    RootModel,
    Tag,
    WrapValidator,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import core_schema
from typing_extensions import TypeAliasType, TypedDict, TypeVar

from partwise._plan.markers import Atomic, NotNull

# Models


class Point(BaseModel):
    x: int
    y: float = 0.5


class User(BaseModel):
    name: str
    age: int
    email: str | None = None


class Meeting(BaseModel):
    """A bit of everything, nested."""

    title: str
    users: list[User]
    place: Point
    tags: list[str] = Field(default_factory=list)
    notes: dict[str, str] = {}


class Tree(BaseModel):
    name: str
    children: list[Tree] = []
    parent: Tree | None = None


class Ping(BaseModel):
    n: int
    pong: Pong | None = None


class Pong(BaseModel):
    s: str
    pings: list[Ping]


T = TypeVar("T", default=str)


class Box(BaseModel, Generic[T]):
    item: T
    label: str = "box"


class Node(BaseModel, Generic[T]):
    item: T
    children: list[Node[T]] = []


class Base(BaseModel):
    base: str


class Derived(Base):
    extra_field: int
    base: str = "narrowed"


class Allowing(BaseModel):
    model_config = ConfigDict(extra="allow")
    known: str


class AllowingPoints(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Point]
    known: str


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")
    known: str
    other: int = 3


class Ignoring(BaseModel):
    known: str


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    n: int
    s: str


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    n: int
    s: str
    points: list[Point]
    days: tuple[int, ...] = ()


class Aliased(BaseModel):
    a: str = Field(alias="theA")
    b: int = Field(validation_alias="theB")
    c: list[str] = Field(default=[], serialization_alias="theC")


class Choices(BaseModel):
    a: str = Field(validation_alias=AliasChoices("first", "second"))
    b: int


class DeepAlias(BaseModel):
    a: str = Field(validation_alias=AliasPath("outer", "inner"))
    b: int


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    a: str = Field(alias="theA")
    b: int = Field(alias="theB")


class ByNameAndAlias(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)
    a: str = Field(alias="theA")


class ByNameOnly(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)
    a: str = Field(alias="theA")


class Private(BaseModel):
    n: int
    s: str
    _secret: int = PrivateAttr(default=7)
    _made: list[int] = PrivateAttr(default_factory=list)
    _unset: str


class Computed(BaseModel):
    width: float
    height: float

    @computed_field
    def area(self) -> float:
        return self.width * self.height

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        return f"{self.width:.1f} x {self.height:.1f}"


class PostInit(BaseModel):
    n: int
    s: str = ""
    doubled: int = 0

    def model_post_init(self, context: Any, /) -> None:
        self.doubled = self.n * 2


class CustomInit(BaseModel):
    n: int
    s: str

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)


class Serialised(BaseModel):
    n: int
    names: list[str]

    @field_serializer("n")
    def _show_n(self, value: int) -> str:
        return f"{value:04d}"

    @field_serializer("names", mode="wrap")
    def _show_names(self, value: list[str], handler: Any) -> Any:
        return [name.upper() for name in handler(value)]


class WholeSerialised(BaseModel):
    n: int
    s: str

    @model_serializer(mode="wrap")
    def _show(self, handler: Any) -> Any:
        return {**handler(self), "sum": self.n + len(self.s)}


class PlainSerialised(BaseModel):
    n: int
    s: str

    @model_serializer
    def _show(self) -> dict[str, Any]:
        return {"n": self.n + 1, "s": self.s.upper()}


class WithDefaults(BaseModel):
    n: int = 1
    s: str = "default"
    items: list[int] = [1]
    made: dict[str, int] = Field(default_factory=dict)
    point: Point = Point(x=1)
    derived: int = Field(default_factory=lambda data: data["n"] + 1)


class ValidatedDefaults(BaseModel):
    model_config = ConfigDict(validate_default=True)
    n: Annotated[int, AfterValidator(lambda n: n + 1)] = 1
    s: str = "x"


class ClassVars(BaseModel):
    kind: ClassVar[str] = "class"
    n: int


class Deep(BaseModel):
    meeting: Meeting
    box: Box[Point]


class Required(BaseModel):
    place: Point
    who: User
    number: int


# Root models

Points = RootModel[list[Point]]


class Numbers(RootModel[list[int]]):
    pass


class Word(RootModel[str]):
    pass


class Number(RootModel[int]):
    pass


class Wrapped(RootModel[Point]):
    pass


class Table(RootModel[dict[str, Point]]):
    pass


class PostInitRoot(RootModel[list[int]]):
    def model_post_init(self, context: Any, /) -> None:
        self.root.append(7)


class Rooted(BaseModel):
    numbers: Numbers
    word: Word
    number: Number
    wrapped: Wrapped
    table: Table


# Dataclasses, typed dicts, named tuples


@dataclasses.dataclass
class PlainData:
    s: str
    n: int
    items: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class SlottedData:
    s: str
    n: int = 4


@pydantic_dataclass
class PydanticData:
    s: str
    n: int = Field(default=4, gt=-(10**12))
    point: Point | None = None


@pydantic_dataclass(kw_only=True)
class NestedData:
    inner: PlainData
    many: list[PydanticData]


@dataclasses.dataclass
class InitData:
    s: str
    n: dataclasses.InitVar[int]
    made: int = dataclasses.field(init=False, default=3)

    def __post_init__(self, n: int) -> None:
        self.made = n


@dataclasses.dataclass
class MadeData:
    """What it makes itself has no default."""

    s: str
    made: int = dataclasses.field(init=False)
    many: list[int] = dataclasses.field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.made = len(self.s)


@pydantic_dataclass(slots=True)
class ComputedData:
    n: int
    s: str = ""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return 2 * self.n

    @field_serializer("n")
    def _show_n(self, value: int) -> str:
        return f"{value:04d}"

    @field_serializer("s", mode="wrap")
    def _show_s(self, value: str, handler: Any, info: FieldSerializationInfo) -> Any:
        return handler(value)[self.n]


@pydantic_dataclass
class TreeData:
    n: int
    children: list[TreeData] = Field(default_factory=list)


@pydantic_dataclass
class SerialisedData:
    n: int
    inner: Serialised

    @model_serializer
    def _show(self) -> dict[str, Any]:
        return {"n": self.n + 1, "inner": self.inner.n + 1}


@dataclasses.dataclass
class FrozenPoint:
    x: int
    y: int = 0


class Total(TypedDict):
    s: str
    n: int
    point: Point


class Partly(TypedDict, total=False):
    s: str
    n: int


class Pair(NamedTuple):
    s: str
    n: int = 1


class Held(BaseModel):
    names: set[str]
    points: frozenset[Frozen]
    pair: tuple[int, str]


# Unions


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "puppy"]
    name: str
    toys: list[str] = []


class OtherCat(BaseModel):
    kind: Literal["cat"]
    name: int


HalfAtomic = Annotated[Cat | Annotated[Dog, Atomic()], Field(discriminator="kind")]


class Lizard(BaseModel):
    kind: Literal["lizard"]
    size: float


Pet = Annotated[Cat | Dog | Lizard, Field(discriminator="kind")]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Suit(enum.StrEnum):
    HEARTS = "hearts"
    SPADES = "spades"


class Hearts(BaseModel):
    suit: Literal[Suit.HEARTS]
    shade: str


class Spades(BaseModel):
    suit: Literal[Suit.SPADES]
    depth: int


Suited = Annotated[Hearts | Spades, Field(discriminator="suit")]


class Fact(BaseModel):
    model_config = ConfigDict(extra="forbid")
    claim: str
    sources: list[str] = []


class Guess(BaseModel):
    model_config = ConfigDict(extra="forbid")
    hunch: str
    sources: str = ""


class One(BaseModel):
    version: Literal[1]
    s: str


class Two(BaseModel):
    version: Literal[2]
    n: int


Versioned = Annotated[One | Two, Field(discriminator="version")]


class AliasedCat(BaseModel):
    kind: Literal["cat"] = Field(alias="Kind")
    name: str


class AliasedDog(BaseModel):
    kind: Literal["dog"] = Field(alias="Kind")
    name: str


AliasedPet = Annotated[AliasedCat | AliasedDog, Field(discriminator="kind")]


class Bird(BaseModel):
    kind: Literal["bird"]
    sound: Literal["tweet"] = "tweet"
    s: str


class Duck(BaseModel):
    kind: Literal["bird2"]
    sound: Literal["quack"]
    s: str


Birds = Annotated[Bird | Duck, Field(discriminator="sound")]
NestedPet = Annotated[Pet | Birds, Field(discriminator="kind")]


def _tag_of(value: Any) -> str:
    given = value if isinstance(value, dict) else vars(value)
    return "point" if "x" in given else "user"


CallablePet = Annotated[
    Annotated[Point, Tag("point")] | Annotated[User, Tag("user")], Discriminator(_tag_of)
]


class Owner(BaseModel):
    pet: Pet
    pets: list[Pet]
    by_name: dict[str, Pet] = {}
    spare: Pet | None = None


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 20


# Custom types and functional validators


class Celsius:
    """A type with a core schema of its own."""

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Celsius) and other.degrees == self.degrees

    def __hash__(self) -> int:
        return hash(self.degrees)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.float_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda v: v.degrees),
        )


class Opaque(BaseModel):
    """A model of which pydantic knows nothing but how to make it."""

    n: int

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        fields = core_schema.no_info_plain_validator_function(
            lambda data: ({"n": data["n"]}, None, {"n"})
        )
        return core_schema.model_schema(cls, fields)


def numbered(entries: Any) -> Any:
    return {key.strip("x"): value for key, value in entries.items()}


def written(items: Any) -> Any:
    return [str(item) if isinstance(item, list) else item for item in items]


class Names(list[str]):
    """A list with a class of its own, made of an array."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.list_schema(core_schema.str_schema())
        )


def shout(text: str) -> str:
    return text.upper()


def first_ten(items: list[int]) -> list[int]:
    return items[:10]


def bare(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def passed_on(value: Any, handler: Any) -> Any:
    return handler(value)


def as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Loud = Annotated[str, AfterValidator(shout)]
Bare = Annotated[str, BeforeValidator(bare)]
WrappedPoint = Annotated[Point, WrapValidator(passed_on)]
Listed = Annotated[list[int], BeforeValidator(as_list)]
Cut = Annotated[list[int], AfterValidator(first_ten)]
Repr = Annotated[str, PlainValidator(repr)]
LoudUsers = Annotated[list[Loud], AfterValidator(lambda names: names[::-1])]


class Validated(BaseModel):
    """Field validators of all modes, and model validators of all modes."""

    a: str
    b: list[int]
    c: dict[str, int] = {}
    d: Point

    @field_validator("a")
    @classmethod
    def _after(cls, value: str) -> str:
        return value + "!"

    @field_validator("b", mode="before")
    @classmethod
    def _before(cls, value: Any) -> Any:
        return as_list(value)

    @field_validator("c", mode="wrap")
    @classmethod
    def _wrap(cls, value: Any, handler: Any, info: Any) -> Any:
        return handler(value) | {"fields": len(info.data)}

    @field_validator("d")
    @classmethod
    def _sees(cls, value: Point, info: Any) -> Point:
        return value.model_copy(update={"x": value.x + len(info.data)})


class AfterModel(BaseModel):
    n: int
    s: str

    @model_validator(mode="after")
    def _check(self) -> AfterModel:
        self.n += 1
        return self


class BeforeModel(BaseModel):
    n: int
    s: str
    inner: Point

    @model_validator(mode="before")
    @classmethod
    def _check(cls, data: Any) -> Any:
        return {**data, "n": 1} if isinstance(data, dict) else data


class WrapModel(BaseModel):
    n: int
    s: str

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, data: Any, handler: Any) -> Any:
        return handler(data)


class ValidatedParts(BaseModel):
    after: AfterModel
    before: BeforeModel
    wrap: WrapModel
    many: list[BeforeModel] = []


class Mended(BaseModel):
    kind: Literal["mended"]
    items: Listed
    inner: BeforeModel
    pet: Pet | None = None


class Unmended(BaseModel):
    kind: Literal["unmended"]
    items: list[Point]
    anything: Any = None


class MendedWhole(BaseModel):
    kind: Literal["whole"]
    n: int

    @model_validator(mode="before")
    @classmethod
    def _check(cls, data: Any) -> Any:
        return data


MaybeMended = Annotated[Mended | Unmended | MendedWhole, Field(discriminator="kind")]


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, str_to_lower=True)
    s: str
    items: list[str]
    by_name: dict[str, str] = {}


class Marked(BaseModel):
    whole: Annotated[str, Atomic()]
    number: Annotated[int, NotNull()]
    items: Annotated[list[Point], Atomic()] = []
    text: str = ""


class MarkedList(BaseModel):
    many: list[Marked]
    one: Marked


# Type aliases

Ages = TypeAliasType("Ages", dict[str, int])
Nested = TypeAliasType("Nested", "list[Nested] | int")
S = TypeVar("S")
Few = TypeAliasType("Few", list[S], type_params=(S,))
