"""What shows where, and in which state, written out for small answers: nothing is computed here."""

from __future__ import annotations

import enum
from collections import defaultdict
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    OnErrorOmit,
    PlainValidator,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    create_model,
    model_validator,
)
from pydantic.fields import ModelPrivateAttr
from typing_extensions import TypedDict

from partwise._errors import InvalidOutputError
from partwise._plan.plan import compile_plan
from partwise._session.answer_schema import envelope_of
from partwise._snapshot.builder import SnapshotBuilder

from . import models as m
from .values import same


def reading(kind: Any, text: str) -> SnapshotBuilder:
    builder = SnapshotBuilder(compile_plan(kind))
    for character in text:
        builder.feed(character)
        builder.snapshot()
    return builder


def looks(value: Any) -> Any:
    """A snapshot as plain data of what came."""
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value


class Places(BaseModel):
    text: str = ""
    number: int = 0
    listed: list[str] = []
    keyed: dict[str, list[int]] = {}
    inner: m.Point | None = None
    pet: m.Pet | None = None
    table: m.Table | None = None
    mended: m.BeforeModel | None = None
    chosen: set[int] = set()
    pair: m.Pair | None = None
    data: m.PlainData | None = None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"text', {}),
        ('{"text": "', {"text": ""}),
        ('{"text": "a\\', {"text": "a"}),
        ('{"text": "a\\n"', {"text": "a\n"}),
        ('{"number": 2', {}),
        ('{"number": 25,', {"number": 25}),
        ('{"listed": ["a", "b', {"listed": ["a", "b"]}),
        ('{"listed": ["a", ', {"listed": ["a"]}),
        ('{"keyed": {"a', {"keyed": {}}),
        ('{"keyed": {"a": [1, 2', {"keyed": {"a": [1]}}),
        ('{"inner": {"x": 1, "y', {"inner": {"x": 1}}),
        ('{"inner": null,', {"inner": None}),
        ('{"pet": {"kind": "cat', {}),
        ('{"pet": {"kind": "cat"', {"pet": {"kind": "cat"}}),
        ('{"pet": {"kind": "dog", "toys": ["b', {"pet": {"kind": "dog", "toys": ["b"]}}),
        ('{"pet": {"name": "dog", "toys": ["cat"], "ki', {}),
        ('{"pet": {"toys": [{"kind": "cat"}], "name": "cat', {}),
        ('{"pet": {"name": "cat", "kind": "dog"', {"pet": {"kind": "dog", "name": "cat"}}),
        ('{"table": {"a": {"x": 1', {"table": {"a": {}}}),
        ('{"table": {"a": {"x": 1}', {"table": {"a": {"x": 1}}}),
        ('{"chosen": [1, 2, 1, 3', {"chosen": {1, 2}}),
    ],
)
def test_what_is_shown_of_a_text_that_was_cut(text: str, shown: dict[str, Any]) -> None:
    assert looks(reading(Places, text).snapshot()) == shown


STATES = [
    ("", {"": "missing", "text": "missing"}),
    (" {", {"": "partial", "text": "missing"}),
    ('{"text', {"": "partial", "text": "missing"}),
    ('{"text": "a', {"text": "partial"}),
    ('{"text": "a"', {"text": "complete", "number": "missing"}),
    ('{"number": 2', {"number": "partial"}),
    ('{"number": 2 ', {"": "partial", "number": "complete", "number.x": "missing"}),
    ('{"listed": ["a", "b', {"listed": "partial", "listed[0]": "complete",
                             "listed[1]": "partial", "listed[2]": "missing",
                             "listed[-1]": "missing", "listed[1].x": "missing"}),
    ('{"listed": ["a", ', {"listed[1]": "missing", "listed.x": "missing"}),
    ('{"listed": ["a"]', {"listed": "complete", "listed[0]": "complete", "listed[1]": "missing"}),
    ('{"keyed": {"a": [1], "b": [2', {"keyed": "partial", "keyed.a": "complete",
                                      "keyed.a[0]": "complete", "keyed.b": "partial",
                                      "keyed.b[0]": "partial", "keyed.c": "missing"}),
    ('{"keyed": {"a"', {"keyed": "partial", "keyed.a": "partial"}),
    ('{"inner": {"x": 1', {"inner": "partial", "inner.x": "partial", "inner.y": "missing"}),
    ('{"inner": {"x": 1}', {"inner": "complete", "inner.x": "complete", "inner.y": "missing"}),
    ('{"inner": null,', {"inner": "complete", "inner.x": "missing"}),
    ('{"pet": {"name": "a", ', {"pet": "partial", "pet.name": "missing"}),
    ('{"pet": {"name": "a", "kind": "cat"', {"pet": "partial", "pet.name": "complete",
                                             "pet.kind": "complete", "pet.lives": "missing"}),
    ('{"table": {"a": {"x": 1, ', {"table": "partial", "table.a": "partial",
                                   "table.a.x": "complete", "table.b": "missing"}),
    ('{"mended": {"n": 1, ', {"mended": "partial", "mended.n": "partial"}),
    ('{"mended": {"n": 1, "s": "", "inner": {"x": 1}}', {"mended": "complete",
                                                        "mended.inner.x": "complete"}),
    ('{"chosen": [1, 2', {"chosen": "partial", "chosen[0]": "missing"}),
    ('{"text": "a"}', {"": "complete", "text": "complete", "listed": "missing"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "states"), STATES)
def test_the_states_of_a_text_that_was_cut(text: str, states: dict[str, str]) -> None:
    builder = reading(Places, text)
    assert {path: builder.state(path) for path in states} == states


def test_what_a_validator_has_still_to_see_is_not_complete() -> None:
    builder = reading(list[Annotated[Any, BeforeValidator(dict)]], '[{"a": [1], "b": 2, ')
    places = ["[0]", "[0].a", "[0].a[0]", "[0].b"]
    assert {builder.state(place) for place in places} == {"partial"}
    builder.feed('"c": 3}')
    assert {builder.state(place) for place in places} == {"complete"}


def test_the_states_of_an_answer_that_is_no_container() -> None:
    builder = SnapshotBuilder(compile_plan(str))
    states = [builder.state("")]
    for character in '"ab"':
        builder.feed(character)
        states.append(builder.state(""))
    assert states == ["missing", "partial", "partial", "partial", "complete"]
    builder.close()
    assert builder.state("") == "complete"
    assert builder.state("[0]") == "missing"


def test_the_states_of_the_answer_itself() -> None:
    inside = '{"inner": {"x": 1, "y": 2}, "table": {"a": {"x": 1}}, "listed": ["a", "b"]'
    more = '"text": "t", "chosen": [1], "pair": ["a", 1], "data": {"s": "a", "n": 1}'
    builder = reading(Places, f"{inside}, {more}}}")
    builder.close()
    states = {
        "": "complete",
        "inner.y": "complete",
        "number": "missing",
        "table.a.x": "complete",
        "table.b": "missing",
        "inner.x.y": "missing",
        "inner.x.real": "missing",
        "text[0]": "missing",
        "text.upper": "missing",
        "listed[-1]": "missing",
        "listed[1]": "complete",
        "listed[2]": "missing",
        "chosen[0]": "missing",
        "pair[0]": "complete",
        "data.s": "complete",
        "data.t": "missing",
    }
    assert {path: builder.state(path) for path in states} == states


def test_a_root_model_inside_what_may_be_mended_stays_one_when_it_closes() -> None:
    class Mended(BaseModel):
        numbers: m.Numbers
        rest: int = 0

        @model_validator(mode="before")
        @classmethod
        def _mend(cls, data: Any) -> Any:
            return data

    builder = SnapshotBuilder(compile_plan(list[Mended]))
    builder.feed('[{"numbers": [1, 2')
    assert isinstance(builder.snapshot()[0].numbers, m.Numbers)
    builder.feed("], ")
    numbers = builder.snapshot()[0].numbers
    assert isinstance(numbers, m.Numbers)
    assert type(numbers) is not m.Numbers
    assert numbers.root == [1, 2]


def test_what_is_not_valid_in_what_may_be_mended_does_not_show() -> None:
    (mended,) = reading(list[m.BeforeModel], '[{"n": "one", "s": "a').snapshot()
    assert looks(mended) == {"s": "a"}
    assert mended.n is None


def test_keys_that_are_ignored_are_no_events() -> None:
    builder = SnapshotBuilder(compile_plan(m.Ignoring), record=True)
    builder.feed('{"other": "x", "more": [1], "number": 3, "known": "k"')
    builder.snapshot()
    events: list[Any] = builder.drain()
    assert {event.path for event in events} == {(), ("known",)}


@pytest.mark.parametrize("ignored", ['"x"', "1", "[1]", '{"a": "x"}'])
def test_keys_that_are_ignored_change_nothing(ignored: str) -> None:
    builder = SnapshotBuilder(compile_plan(m.Ignoring))
    builder.feed('{"other": ')
    before = builder.snapshot()
    for character in f'{ignored}, "more"':
        builder.feed(character)
        assert builder.snapshot() is before


class Forgiving(BaseModel):
    n: OnErrorOmit[int]
    s: str = "x"


@pytest.mark.parametrize("text", ['[{"n": 1, "s": "y"}]', '[{"n": "one", "s": "y"}]'])
def test_a_field_may_be_left_out_where_it_is_not_valid(text: str) -> None:
    builder = reading(list[Forgiving], text)
    assert builder.snapshot()[0].s == "y"
    assert same(builder.close(), TypeAdapter(list[Forgiving]).validate_json(text))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(Base64Bytes, '"aGk="', b"hi"), (ByteSize, '"1KB"', 1000), (ByteSize, "7", 7)],
)
def test_types_of_pydantics_own_ask_for_nothing_around_them(
    kind: Any, text: str, value: Any
) -> None:
    model = create_model("Sized", few=(list[kind], ...), after=(int, 0))
    builder = reading(model, f'{{"few": [{text}, ')
    assert builder.snapshot().few == [value]
    assert builder.state("few[0]") == "complete"


def test_elements_may_be_left_out_where_they_are_not_valid() -> None:
    kind = create_model("Some", few=(list[OnErrorOmit[int]], ...), after=(str, ""))
    builder = reading(kind, '{"few": [1, "x", 2], "after": "y"')
    assert looks(builder.snapshot()) == {"few": [1, 2], "after": "y"}


def test_what_only_names_are_asked_for_is_not_found_by_an_alias() -> None:
    named = {"validate_by_alias": False, "validate_by_name": True}
    kind: Any = create_model("Named", __config__=named, n=(int, Field(0, alias="theN")))  # type: ignore[call-overload]
    builder = reading(list[kind], '[{"theN": 1')
    assert looks(builder.snapshot()[0]) == {}
    builder.feed(', "n": 2}]')
    assert builder.close() == [kind(n=2)]


def test_a_default_that_pydantic_validates_shows_as_it_will_be() -> None:
    class Texts(BaseModel, validate_default=True):
        first: str = ""
        count: int = "3"  # type: ignore[assignment]
        tags: tuple[int, ...] = Field(default_factory=lambda: ["7"])  # type: ignore[arg-type]
        odd: int = "odd"  # type: ignore[assignment]
        seen: Annotated[int, AfterValidator(lambda value: value)] = "5"  # type: ignore[assignment]
        any_of: Annotated[int, PlainValidator(int)] = "6"  # type: ignore[assignment]
        none: OnErrorOmit[int] = "x"  # type: ignore[assignment]

    shown = reading(list[Texts], '[{"first": "a').snapshot()[0]
    assert (shown.count, shown.tags, shown.odd, shown.seen) == (3, (7,), "odd", 5)
    assert (shown.any_of, shown.none) == ("6", "x")


def test_a_root_model_at_the_root_is_made_once_when_it_closes() -> None:
    made = []

    class Noted(RootModel[list[int]]):
        def model_post_init(self, context: Any) -> None:
            made.append(self.root)

    builder = reading(Noted, "[1, 2")
    assert made == []
    builder.feed("]")
    assert made == [[1, 2]]
    assert builder.close() is builder.snapshot()
    assert made == [[1, 2]]


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        (list[Annotated[list[int], Field(min_length=2)]], "[[1]", "too_short"),
        (list[Annotated[tuple[int, ...], Field(min_length=2)]], "[[1]", "too_short"),
        (list[Annotated[set[int], Field(min_length=2)]], "[[1, 1]", "too_short"),
        (list[Annotated[dict[str, int], Field(max_length=1)]], '[{"a": 1, "b"', "too_long"),
        (list[Annotated[dict[int, int], Field()]], '[{"a"', "int_parsing"),
        (list[m.Point], '[{"y": 1}', "missing"),
    ],
)
def test_a_container_that_closes_is_judged_there_and_then(kind: Any, text: str, error: str) -> None:
    builder = SnapshotBuilder(compile_plan(kind))
    builder.feed(text[:-1])
    with pytest.raises(InvalidOutputError) as raised:
        builder.feed(text[-1])
    assert raised.value.early
    assert raised.value.errors()[0]["type"] == error


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (list[list[int]], "[[1, 2]"),
        (list[dict[str, int]], '[{"a": 1}'),
        (list[m.Point], '[{"x": 1}'),
        (list[Annotated[list[int], Field(min_length=1)]], "[[1]"),
    ],
)
def test_what_has_closed_is_the_same_object_from_then_on(kind: Any, text: str) -> None:
    builder = reading(kind, text)
    closed = builder.snapshot()[0]
    builder.feed(", ")
    assert builder.snapshot()[0] is closed
    builder.feed(text[1:])
    assert builder.snapshot()[0] is closed


@pytest.mark.parametrize("kind", [set[str], frozenset[str]])
def test_a_set_is_the_same_object_while_nothing_is_added(kind: Any) -> None:
    builder = reading(list[kind], '[["b", "a", "c"')
    shown = builder.snapshot()[0]
    assert shown == {"a", "b", "c"}
    for more in (', "a', '"', "]", ", "):
        builder.feed(more)
        assert builder.snapshot()[0] is shown


def test_what_a_validator_puts_in_another_order_shows_so() -> None:
    reversed_list = Annotated[list[int], AfterValidator(lambda numbers: numbers[::-1])]
    assert reading(list[reversed_list], "[[1, 2").snapshot() == [[1]]
    assert reading(list[reversed_list], "[[1, 2]").snapshot() == [[2, 1]]


def test_to_ask_for_a_state_adds_nothing() -> None:
    builder = reading(defaultdict[int, list[int]], '{"1": [2]}')
    value = builder.close()
    assert [builder.state(path) for path in ("[1]", '["1"]', "[1][0]", "other", "[2]")] == [
        "complete", "complete", "complete", "missing", "missing",
    ]  # fmt: skip
    assert value == {1: [2]}


class Open(BaseModel):
    """Takes other keys later too, and notes them as given."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)
    number: int


def test_what_is_set_on_an_element_is_not_set_on_the_next() -> None:
    first, second = reading(list[Open], '[{"number": 1}, {"number": 2}').snapshot()
    first.odd = 3
    assert first.model_fields_set == {"number", "odd"}
    assert second.model_fields_set == {"number"}


class Own(BaseModel):
    """Has attributes that are nobody's business."""

    text: str
    _count: int = 3
    _notes: list[str] = PrivateAttr(default_factory=list)
    _words: list[str] = ["a"]
    _unset: int


def test_private_attributes_have_their_defaults() -> None:
    for text in ('[{"text": "a', '[{"text": "a"}'):
        (own,) = reading(list[Own], text).snapshot()
        assert (own._count, own._notes, own._words) == (3, [], ["a"])
        assert own._words is not Own.__private_attributes__["_words"].default
        assert not hasattr(own, "_unset")


@pytest.mark.skipif(
    not hasattr(ModelPrivateAttr, "default_factory_takes_validated_data"),
    reason="before 2.14, pydantic gives such a factory no data",
)
def test_a_private_attribute_that_asks_for_data_waits_for_it() -> None:
    class Measured(BaseModel):
        text: str
        _length: int = PrivateAttr(default_factory=lambda data: len(data["text"]))

    (own,) = reading(list[Measured], '[{"text": "ab').snapshot()
    assert not hasattr(own, "_length")
    (own,) = reading(list[Measured], '[{"text": "ab"}').snapshot()
    assert own._length == 2


class Wide(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    number: int


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('[{"number": 1, "odd', {"number": 1}),
        ('[{"number": 1, "odd": "te', {"number": 1, "odd": "te"}),
        ('[{"odd": "text", "number": 1}', {"number": 1, "odd": "text"}),
    ],
)
def test_other_keys_of_a_typed_dict_show(text: str, shown: dict[str, Any]) -> None:
    assert reading(list[Wide], text).snapshot() == [shown]


class Side(enum.Enum):
    A = "a"


class One(BaseModel):
    kind: Literal[1]
    text: str = ""


class OneInWords(BaseModel):
    kind: Literal["1", "a"]
    text: str = ""


class SideA(BaseModel):
    """No JSON names it, since pydantic takes an enum's member for itself alone."""

    kind: Literal[Side.A]


Sorted = Annotated[One | OneInWords | SideA, Field(discriminator="kind")]


@pytest.mark.parametrize(
    ("kind", "chosen"),
    [("1", One), ('"1"', OneInWords), ('"a"', OneInWords), ('"\\u0061"', OneInWords)],
)
def test_a_tag_is_told_from_one_that_looks_the_same(kind: str, chosen: type[BaseModel]) -> None:
    for text in (f'[{{"kind": {kind}, "text": "x', f'[{{"text": "x", "kind": {kind} '):
        (shown,) = reading(list[Sorted], text).snapshot()
        assert isinstance(shown, chosen)
        assert shown.text == "x"  # type: ignore[attr-defined]
    text = f'[{{"kind": {kind}, "text": "x"}}]'
    assert reading(list[Sorted], text).close() == TypeAdapter(list[Sorted]).validate_json(text)


def test_a_tag_written_otherwise_shows_when_it_is_complete() -> None:
    builder = reading(list[Sorted], '[{"kind": 1.0, "text": "x"')
    assert builder.snapshot() == []
    builder.feed("}]")
    assert builder.close() == [One(kind=1, text="x")]


class NumberFirst(BaseModel):
    value: int | str = Field(union_mode="left_to_right")


class TextFirst(BaseModel):
    value: str | int = Field(union_mode="left_to_right")


def test_a_text_that_an_earlier_choice_may_convert_waits_for_its_end() -> None:
    assert looks(reading(NumberFirst, '{"value": "1').snapshot()) == {}
    assert looks(reading(NumberFirst, '{"value": "1"').snapshot()) == {"value": 1}
    assert looks(reading(NumberFirst, '{"value": "a"').snapshot()) == {"value": "a"}
    assert looks(reading(TextFirst, '{"value": "1').snapshot()) == {"value": "1"}
    assert looks(reading(TextFirst, '{"value": 1 ').snapshot()) == {"value": 1}


def test_the_order_of_choices_is_that_of_the_type() -> None:
    number_first, text_first = dict[int | str, int], dict[str | int, int]
    assert number_first == text_first  # to Python
    assert compile_plan(number_first) is not compile_plan(text_first)
    assert compile_plan(text_first) is compile_plan(dict[str | int, int])


class Aging(BaseModel):
    name: Annotated[str, Field(deprecated="say title")]
    age: int = 0


def test_a_deprecated_field_is_not_touched() -> None:
    builder = reading(Aging, '{"name": "ab"}')
    assert builder.state("name") == "complete"
    builder.close()
    assert builder.state("name") == "complete"
    assert builder.state("age") == "missing"


class Doubled(RootModel[list[Annotated[int, AfterValidator(lambda n: 2 * n)]]]):
    pass


def test_a_root_model_inside_holds_what_its_validators_made() -> None:
    assert looks(reading(list[Doubled], "[[1, 2").snapshot()[0]) == [2]
    assert reading(list[Doubled], "[[1, 2]").snapshot() == [Doubled.model_construct([2, 4])]


def shown_of(kind: Any, text: str) -> Any:
    """What shows of an answer that was asked for in an object."""
    plan = compile_plan(kind)
    builder = SnapshotBuilder(plan, envelope=envelope_of(plan))
    for character in text:
        builder.feed(character)
        builder.snapshot()
    return builder.snapshot()


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        (str, '{"note": "x", "value": "a', "a"),
        (str, '{"value": "ab", "note": "x', "ab"),
        (str, '{"value": "ab", "note": "xyz"}', "ab"),
        (str, '{"note": "x"', None),
        (list[int], '{"note": [7, 8], "value": [1, 2', [1]),
        (list[int], '{"value": [1, 2], "note": [7, 8', [1, 2]),
        (list[int], '{"value": [1, 2], "note": "x", "more": {"a": 1}}', [1, 2]),
        (list[int], '{"note": {"value": [1, 2', None),
        (int, '{"value": 12, ', 12),
    ],
)
def test_what_stands_beside_an_answer_does_not_show(kind: Any, text: str, shown: Any) -> None:
    assert shown_of(kind, text) == shown


NUMBERS = Annotated[list[int], Field(max_length=2)]


@pytest.mark.parametrize(
    ("kind", "text", "places"),
    [
        (list[int], '{"value": [1, "x"', [(1,)]),
        (NUMBERS, '{"value": [1, 2, 3]}', [()]),
        (list[m.Point], '{"value": [{"x": 1}, {"x": "a"', [(1, "x")]),
        (list[NUMBERS], '{"value": [[1], [1, 2, 3]', [(1,)]),
        (tuple[int, int], '{"value": ["a", "b"]}', [(0,), (1,)]),
    ],
)
def test_errors_in_an_envelope_have_their_place_in_the_answer(
    kind: Any, text: str, places: list[Any]
) -> None:
    plan = compile_plan(kind)
    builder = SnapshotBuilder(plan, envelope=envelope_of(plan))
    with pytest.raises(InvalidOutputError) as raised:
        fed(builder, text).close()
    assert [error["loc"] for error in raised.value.errors()] == places
    count = "1 value is" if len(places) == 1 else f"{len(places)} values are"
    assert str(raised.value).startswith(f"{count} not valid for {builder._plan.name}\n")


def fed(builder: SnapshotBuilder, text: str) -> SnapshotBuilder:
    builder.feed(text)
    return builder
