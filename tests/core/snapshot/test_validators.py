"""What runs how often, when, and with what in its hands."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, NotRequired

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PydanticUserError,
    RootModel,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from partwise import Partial
from partwise._errors import InvalidOutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder


def feed(builder: SnapshotBuilder, text: str) -> SnapshotBuilder:
    for character in text:
        builder.feed(character)
        builder.snapshot()
    return builder


def counting(runs: Counter[str], name: str) -> AfterValidator:
    def count(value: Any) -> Any:
        runs[name] += 1
        return value

    return AfterValidator(count)


def test_each_validator_runs_once_as_its_value_closes() -> None:
    runs: Counter[str] = Counter()

    class Inner(BaseModel):
        leaf: Annotated[int, counting(runs, "leaf")]

        @model_validator(mode="after")
        def _after(self) -> Inner:
            runs["inner"] += 1
            return self

    class Outer(BaseModel):
        text: Annotated[str, counting(runs, "text")]
        many: Annotated[list[Annotated[Inner, counting(runs, "element")]], counting(runs, "many")]
        one: Inner

        @field_validator("one")
        @classmethod
        def _one(cls, value: Inner, info: ValidationInfo) -> Inner:
            runs["one"] += 1
            return value

        @model_validator(mode="after")
        def _after(self) -> Outer:
            runs["outer"] += 1
            return self

    class Root(BaseModel):
        outer: Outer

    text = '{"outer":{"text":"abc","many":[{"leaf":1},{"leaf":2}],"one":{"leaf":3}}}'
    builder = feed(SnapshotBuilder(compile_plan(Root)), text)
    early = dict(runs)
    assert early == {
        "text": 1, "leaf": 3, "inner": 3, "element": 2, "many": 1, "one": 1, "outer": 1
    }  # fmt: skip
    builder.close()
    assert runs == early


def test_the_root_is_validated_when_it_closes() -> None:
    runs: Counter[str] = Counter()

    class Root(BaseModel):
        n: int

        @model_validator(mode="after")
        def _after(self) -> Root:
            runs["root"] += 1
            return self

    builder = feed(SnapshotBuilder(compile_plan(Root)), '{"n":1')
    assert not runs
    feed(builder, "} ").close()
    assert runs == {"root": 1}


def test_what_may_still_be_mended_is_validated_once_as_a_whole() -> None:
    runs: Counter[str] = Counter()

    class Mended(BaseModel):
        leaf: Annotated[int, counting(runs, "leaf")]

        @model_validator(mode="before")
        @classmethod
        def _before(cls, data: Any) -> Any:
            runs["before"] += 1
            return data

    class Root(BaseModel):
        mended: Mended

    builder = SnapshotBuilder(compile_plan(Root))
    feed(builder, '{"mended":{"leaf":1')
    assert not runs
    feed(builder, "}")
    assert runs == {"leaf": 1, "before": 1}


class Seen(BaseModel):
    first: int
    second: Annotated[str, Field(max_length=9)]
    third: list[int] = []

    @field_validator("second", "third")
    @classmethod
    def _look(cls, value: Any, info: ValidationInfo) -> Any:
        assert isinstance(info.context, list)
        info.context.append((info.field_name, dict(info.data), info.mode, value))
        return value


class Holder(BaseModel):
    seen: Seen


@pytest.mark.parametrize(
    "text",
    [
        '{"seen":{"first":1,"second":"a","third":[1]}}',
        '{"seen":{"third":[1],"second":"a","first":1}}',
        '{"seen":{"second":"a","third":[1],"first":1}}',
    ],
)
def test_a_validator_sees_early_what_it_sees_at_the_end(text: str) -> None:
    looks: list[Any] = []
    builder = feed(SnapshotBuilder(compile_plan(Holder), context=looks), text)
    expected = [
        ("second", {"first": 1}, "json", "a"),
        ("third", {"first": 1, "second": "a"}, "json", [1]),
    ]
    assert looks == expected
    builder.close()
    assert looks == expected


def test_strict_reaches_what_closes_early() -> None:
    class Inner(BaseModel):
        n: int

    class Root(BaseModel):
        inner: Inner

    feed(SnapshotBuilder(compile_plan(Root)), '{"inner":{"n":"1"}}')
    with pytest.raises(InvalidOutputError) as raised:
        feed(SnapshotBuilder(compile_plan(Root), strict=True), '{"inner":{"n":"1"')
    assert raised.value.early
    assert raised.value.errors()[0]["loc"] == ("inner", "n")
    assert raised.value.errors()[0]["type"] == "int_type"


class Odd(Exception):  # noqa: N818  a user's own
    pass


def _raises(value: Any) -> Any:
    raise Odd(value)


@pytest.mark.parametrize("validator", [AfterValidator(_raises), BeforeValidator(_raises)])
def test_what_else_a_validator_raises_comes_through(validator: Any) -> None:
    class Root(BaseModel):
        n: Annotated[int, validator]
        m: int = 0

    builder = SnapshotBuilder(compile_plan(Root))
    with pytest.raises(Odd):
        feed(builder, '{"n":1,')


def test_an_error_tells_the_place_and_the_cause() -> None:
    class User(BaseModel):
        age: Annotated[int, Field(ge=0)]

    class Root(BaseModel):
        users: list[User]
        by_name: dict[str, User] = {}

    builder = SnapshotBuilder(compile_plan(Root))
    with pytest.raises(InvalidOutputError, match=r"users\[1\]\.age: Input should be") as raised:
        feed(builder, '{"users":[{"age":1},{"age":-1}]}')
    assert raised.value.errors()[0]["loc"] == ("users", 1, "age")
    assert raised.value.__cause__ is not None
    assert builder.snapshot().users[0] == User(age=1)
    builder = SnapshotBuilder(compile_plan(Root))
    with pytest.raises(InvalidOutputError, match=r"by_name\.a\.age"):
        feed(builder, '{"users":[],"by_name":{"a":{"age":-1}}}')


def refuse_beside(_: Any, info: ValidationInfo) -> Any:
    raise ValueError(f"refused beside {[*info.data]}")


Refused = AfterValidator(refuse_beside)


class Inside(BaseModel):
    n: int


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Annotated[int, Refused], "1", 1),
        (Annotated[str, Refused], '"a"', "a"),
        (Annotated[list[int], Refused], "[1]", [1]),
        (Annotated[dict[str, int], Refused], '{"x":1}', {"x": 1}),
        (Annotated[Inside, Refused], '{"n":1}', Partial[Inside](n=1)),
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        (lambda model: model, "", ()),
        (list.__class_getitem__, "[", (0,)),
        (lambda model: dict.__class_getitem__((str, model)), '{"k":', ("k",)),
    ],
    ids=["", "in a list", "in a dict"],
)
def test_an_error_of_who_asks_for_siblings_tells_the_place_and_the_input(
    kind: Any, value: str, shown: Any, around: Any
) -> None:
    """Whether it is found as the field closes or, its siblings being late, as the object does."""
    wrap, before, path = around
    model: Any = create_model("Asks", a=(int, ...), field=(kind, ...), b=(int, 0))
    for text in (f'{{"a":1,"field":{value},', f'{{"field":{value},"a":1}}'):
        if text.endswith("}") and not path:
            continue  # the authoritative pass is about to come
        with pytest.raises(InvalidOutputError) as raised:
            feed(SnapshotBuilder(compile_plan(wrap(model))), before + text)
        (error,) = raised.value.errors()
        assert (error["loc"], error["input"]) == ((*path, "field"), shown)
        assert error["msg"] == "Value error, refused beside ['a']"


class Aliased(BaseModel):
    a: int = 0
    needed: int = Field(alias="theNeeded")
    asks: Annotated[int, Refused] = Field(1, validation_alias="theAsking")
    either: int = Field(1, validation_alias=AliasChoices("first", "second"))


class ByName(Aliased):
    model_config = ConfigDict(validate_by_name=True)


class NamedInErrors(Aliased):
    model_config = ConfigDict(loc_by_alias=False)


class DefaultRefused(BaseModel):
    model_config = ConfigDict(validate_default=True)
    needed: int = Field(alias="theNeeded")
    other: Annotated[int, Field(gt=3)] = Field(1, alias="theOther")


class AliasedDict(TypedDict):
    needed: Annotated[int, Field(alias="theNeeded")]
    list: NotRequired[Aliased]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Aliased, '{"theNeeded":"x","a":1}'),
        (Aliased, '{"a":1,"theNeeded":2,"theAsking":3}'),
        (list[Aliased], '[{"theNeeded":"x"}]'),
        (list[Aliased], '[{"a":1,"theNeeded":2,"theAsking":3}]'),
        (list[Aliased], '[{"theAsking":3,"theNeeded":2,"a":1}]'),
        (list[Aliased], '[{"theNeeded":2,"second":"x"}]'),
        (list[Aliased], '[{"a":1}]'),
        (list[DefaultRefused], '[{"theNeeded":1}]'),
        (list[DefaultRefused], "[{}]"),
        (list[ByName], '[{"theNeeded":"x"}]'),
        (list[ByName], '[{"needed":"x"}]'),
        (list[ByName], '[{"needed":1,"asks":2}]'),
        (list[NamedInErrors], '[{"theNeeded":"x"}]'),
        (list[NamedInErrors], '[{"theNeeded":2,"second":"x"}]'),
        (list[NamedInErrors], '[{"a":1}]'),
        (dict[int, Aliased], '{"7":{"theNeeded":"x"}}'),
        (list[RootModel[list[Aliased]]], '[[{"theNeeded":"x"}]]'),
        (list[AliasedDict], '[{"theNeeded":1,"list":{"a":1}}]'),
        (list[AliasedDict], '[{"theNeeded":"x"}]'),
        (list[tuple[Aliased, int]], '[[{"theNeeded":"x"},1]]'),
    ],
)
def test_an_early_error_names_the_keys_of_the_json(kind: Any, text: str) -> None:
    with pytest.raises(ValidationError) as final:
        TypeAdapter(kind).validate_json(text)
    with pytest.raises(InvalidOutputError) as early:
        feed(SnapshotBuilder(compile_plan(kind)), text).close()
    assert [e["loc"] for e in early.value.errors()] == [e["loc"] for e in final.value.errors()]


class Grown(RootModel[list[int]]):
    @model_validator(mode="after")
    def _grow(self) -> Grown:
        self.root.append(0)
        return self


class Told(RootModel[dict[str, int]]):
    @model_validator(mode="after")
    def _told(self, info: ValidationInfo) -> Told:
        self.root[str(info.mode)] = 1
        return self


class Twice(RootModel[Grown]):
    @model_validator(mode="after")
    def _grow(self) -> Twice:
        self.root.root.append(1)
        return self


def grow(value: Any) -> Any:
    return type(value)([*value.root, 2])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Grown, "[1]"),
        (Told, '{"a":1}'),
        (Twice, "[1]"),
        (Annotated[Grown, AfterValidator(grow)], "[1]"),
        (Annotated[Grown | int, AfterValidator(grow)], "[1]"),
        (Grown | None, "[1]"),
        (RootModel[Annotated[list[int], AfterValidator(sorted)]], "[2,1]"),
    ],
)
def test_what_is_around_a_root_model_gets_the_root_model(kind: Any, text: str) -> None:
    expected = TypeAdapter(kind).validate_json(text)
    holder = create_model("Holder", value=(kind, ...), after=(int, 0))
    for root, before in ((list[kind], "["), (dict[str, kind], '{"value":'), (holder, '{"value":')):
        shown: Any = feed(SnapshotBuilder(compile_plan(root)), f"{before}{text},").snapshot()
        step = 0 if before == "[" else "value"
        value = getattr(shown, "value", None) if isinstance(shown, BaseModel) else shown[step]
        assert value == expected
        assert type(value) is type(expected)


def test_a_model_outside_of_fields_is_told_that_it_is_json() -> None:
    modes: list[Any] = []

    class Told(BaseModel):
        n: int

        @model_validator(mode="after")
        def _told(self, info: ValidationInfo) -> Told:
            modes.append((info.mode, info.data))
            return self

    builder = feed(SnapshotBuilder(compile_plan(list[Told])), '[{"n":1},')
    assert modes == [("json", None)]
    assert builder.snapshot() == [Told(n=1)]


def test_what_a_model_does_before_its_fields_sees_those_around() -> None:
    seen: list[Any] = []

    class Looks(BaseModel):
        n: int

        @model_validator(mode="before")
        @classmethod
        def _look(cls, value: Any, info: ValidationInfo) -> Any:
            seen.append({**info.data})
            return value

    class Root(BaseModel):
        a: int
        one: Looks
        several: list[Looks]
        last: int = 0

    text = '{"a":1,"one":{"n":1},"several":[{"n":1}]'
    feed(SnapshotBuilder(compile_plan(Root)), text)
    early = seen.copy()
    seen.clear()
    Root.model_validate_json(text + "}")
    assert early == seen == [{"a": 1}, {"a": 1, "one": Looks.model_construct(n=1)}]


def test_a_type_without_a_schema_is_pydantics_error() -> None:
    class Opaque:
        pass

    with pytest.raises(PydanticUserError):
        compile_plan(Opaque)


class Rereads(BaseModel):
    a: int
    b: int
    c: int

    @field_validator("b")
    @classmethod
    def _read_another(cls, value: int, info: ValidationInfo) -> int:
        if value == 2:
            text = '{"c": 33, "b": 22, "a": 11}'
            read = SnapshotBuilder(compile_plan(Rereads))
            feed(read, text)
            assert read.close() == Rereads.model_construct(a=info.data["a"] + 10, b=22, c=33)
        return value


def test_a_validator_may_read_another_answer_of_the_same_type() -> None:
    builder = feed(SnapshotBuilder(compile_plan(Rereads)), '{"c": 3, "b": 2, "a": 1}')
    assert builder.close() == Rereads.model_construct(a=1, b=2, c=3)


def test_a_field_may_be_called_defaults() -> None:
    class Settings(BaseModel):
        tags: list[int] = []
        defaults: int

        def model_post_init(self, _: Any) -> None:
            self.tags.append(self.defaults)

    builder = feed(SnapshotBuilder(compile_plan(Settings)), '{"defaults": 3}')
    assert builder.close() == Settings(defaults=3)
