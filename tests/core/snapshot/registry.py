"""Each kind of type that a response model can have: its values, and how it shows while open."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import ipaddress
import json
import pathlib
import re
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    ByteSize,
    EmailStr,
    Field,
    FiniteFloat,
    HttpUrl,
    Json,
    JsonValue,
    PositiveInt,
    SecretBytes,
    SecretStr,
    StringConstraints,
    conlist,
)

from partwise import Atomic

from . import models as m

GROWS = "grows"
ELEMENTS = "element by element"
FIELDS = "field by field"
KEYS = "key by key"
WHOLE = "when complete"

Values = st.SearchStrategy[Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A kind of type.

    Attributes:
        group: the part of the table that it stands in.
        name: what it is called there.
        type: one type of that kind.
        values: what `json.loads` gives of JSON texts that are valid for it.
        shows: how it shows while it is open; several ways where the JSON says which.
        rewrites: whether a validator around it, as it closes, changes what was complete inside.
        whole: whether it, or something in it, is validated as a whole when it closes.
    """

    group: str
    name: str
    type: Any
    values: Values
    shows: frozenset[str]
    rewrites: bool = False
    whole: bool = False


# Values

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
word = st.text('abcXYZ é😀\n"\\{}[]', max_size=8)
key = st.text('abcdé.[ "', min_size=1, max_size=4)
integer = st.integers(-(10**6), 10**6)
number = st.floats(-1e6, 1e6, allow_nan=False, width=32) | st.integers(-99, 99)
boolean = st.booleans()
strings = word | text


def several(values: Values, least: int = 0, most: int = 3) -> Values:
    return st.lists(values, min_size=least, max_size=most)


def keyed(values: Values, keys: Values = key) -> Values:
    return st.dictionaries(keys, values, max_size=3)


def fields(optional: dict[str, Values] | None = None, /, **required: Values) -> Values:
    return st.fixed_dictionaries(required, optional=optional or {})


point = fields({"y": number}, x=integer)
user = fields({"email": st.none() | strings}, name=strings, age=integer)
meeting = fields(
    {"tags": several(strings), "notes": keyed(strings)},
    title=strings,
    users=several(user, most=2),
    place=point,
)
tree: Values = st.recursive(
    fields(name=strings),
    lambda inner: fields(
        {"children": several(inner, most=2), "parent": st.none() | inner}, name=word
    ),
    max_leaves=4,
)
ping: Values = st.deferred(lambda: fields({"pong": st.none() | pong}, n=integer))
pong: Values = fields(s=word, pings=several(fields(n=integer), most=2))
json_value: Values = st.recursive(
    st.none() | boolean | integer | number | strings,
    lambda inner: several(inner, most=2) | st.dictionaries(key, inner, max_size=2),
    max_leaves=5,
)
cat = fields({"lives": integer}, kind=st.just("cat"), name=strings)
dog = fields({"toys": several(strings)}, kind=st.sampled_from(["dog", "puppy"]), name=strings)
lizard = fields(size=number, kind=st.just("lizard"))
pet = cat | dog | lizard
bird = fields(s=strings, sound=st.just("tweet"), kind=st.just("bird"))
duck = fields(kind=st.just("bird2"), s=strings, sound=st.just("quack"))
data = fields({"items": several(integer)}, s=strings, n=integer)
pydantic_data = fields({"n": integer, "point": st.none() | point}, s=strings)
after_model = fields(n=integer, s=strings)
before_model = fields(n=integer, s=strings, inner=point)
marked = fields({"items": several(point), "text": strings}, whole=strings, number=integer)
dates = st.dates().map(str)
datetimes = st.datetimes().map(dt.datetime.isoformat)
times = st.times().map(dt.time.isoformat)

TYPES: list[Row] = []
_group = ""


def _group_of(name: str) -> None:
    global _group  # noqa: PLW0603  a heading for the rows that follow
    _group = name


def _row(name: str, type_: Any, values: Values, *shows: str, **flags: bool) -> None:
    TYPES.append(Row(_group, name, type_, values, frozenset(shows or {WHOLE}), **flags))


_group_of("Models")
_row("a model", m.Point, point, FIELDS)
_row("models in models", m.Meeting, meeting, FIELDS)
_row("deeply nested, generic", m.Deep, fields(meeting=meeting, box=fields(item=point)), FIELDS)
_row("recursive", m.Tree, tree, FIELDS)
_row("mutually recursive", m.Ping, ping, FIELDS)
_row("generic with arguments", m.Box[int], fields({"label": strings}, item=integer), FIELDS)
_row("generic with a TypeVar's default", m.Box, fields(item=strings), FIELDS)
_row(
    "generic, recursive",
    m.Node[int],
    st.recursive(
        fields(item=integer),
        lambda inner: (
            fields({"children": several(inner, most=2)}, item=integer)
            | fields(item=integer, by_name=keyed(fields(item=inner)))
        ),
        max_leaves=3,
    ),
    FIELDS,
)
_row("inherited", m.Derived, fields({"base": strings}, extra_field=integer), FIELDS)
_row(
    "extra keys allowed",
    m.Allowing,
    st.tuples(fields(known=strings), keyed(json_value)).map(lambda t: t[1] | t[0]),
    FIELDS,
)
_row(
    "extra keys of a type",
    m.AllowingPoints,
    st.tuples(fields(known=strings), keyed(point)).map(lambda t: t[0] | t[1]),
    FIELDS,
)
_row("extra keys forbidden", m.Forbidding, fields({"other": integer}, known=strings), FIELDS)
_row(
    "extra keys ignored",
    m.Ignoring,
    st.tuples(fields(known=strings), keyed(json_value)).map(lambda t: t[1] | t[0]),
    FIELDS,
)
_row("frozen", m.Frozen, fields(n=integer, s=strings), FIELDS)
_row(
    "`strict=True`",
    m.Strict,
    fields(
        {"days": several(integer)},
        n=integer,
        s=strings,
        points=several(fields(x=integer, y=number.map(float))),
    ),
    FIELDS,
)
_row("aliases", m.Aliased, fields({"c": several(strings)}, theA=strings, theB=integer), FIELDS)
_row(
    "`AliasChoices`",
    m.Choices,
    fields(first=strings, b=integer) | fields(second=strings, b=integer),
    FIELDS,
)
_row("`AliasPath`", m.DeepAlias, fields(outer=fields(inner=strings), b=integer), FIELDS, whole=True)
_row(
    "`populate_by_name`",
    m.ByName,
    fields(a=strings, theB=integer) | fields(theA=strings, b=integer),
    FIELDS,
)
_row(
    "`validate_by_name` and `_by_alias`",
    m.ByNameAndAlias,
    fields(a=strings) | fields(theA=strings),
    FIELDS,
)
_row("`validate_by_name` alone", m.ByNameOnly, fields(a=strings), FIELDS)
_row("private attributes", m.Private, fields(n=integer, s=strings), FIELDS)
_row("computed fields", m.Computed, fields(width=number, height=number), FIELDS)
_row("`model_post_init`", m.PostInit, fields({"s": strings}, n=integer), FIELDS, rewrites=True)
_row("a custom `__init__`", m.CustomInit, fields(n=integer, s=strings), FIELDS, whole=True)
_row("field serialisers", m.Serialised, fields(n=integer, names=several(strings)), FIELDS)
_row("a wrap model serialiser", m.WholeSerialised, fields(n=integer, s=strings), FIELDS)
_row("a plain model serialiser", m.PlainSerialised, fields(n=integer, s=strings), FIELDS)
_row(
    "defaults",
    m.WithDefaults,
    fields(
        {
            "n": integer,
            "s": strings,
            "items": several(integer),
            "made": keyed(integer),
            "point": point,
            "derived": integer,
        }
    ),
    FIELDS,
)
_row("validated defaults", m.ValidatedDefaults, fields({"n": integer, "s": strings}), FIELDS)
_row("class variables", m.ClassVars, fields(n=integer), FIELDS)
_row("required models", m.Required, fields(place=point, who=user, number=integer), FIELDS)
_row(
    "`str_strip_whitespace`, `str_to_lower`",
    m.Stripped,
    fields({"by_name": keyed(word, st.sampled_from("abc"))}, s=word, items=several(word)),
    FIELDS,
)

_group_of("Root models")
_row("of a list", m.Numbers, several(integer), ELEMENTS)
_row("of a list of models", m.Points, several(point), ELEMENTS)
_row("of a text", m.Word, strings)
_row("of a number", m.Number, integer)
_row("of a model", m.Wrapped, point, FIELDS)
_row("of a dict", m.Table, keyed(point), KEYS)
_row(
    "as fields",
    m.Rooted,
    fields(
        numbers=several(integer), word=strings, number=integer, wrapped=point, table=keyed(point)
    ),
    FIELDS,
)

_group_of("Dataclasses, TypedDict, NamedTuple")
_row("standard dataclass", m.PlainData, data, FIELDS)
_row("frozen, with slots", m.SlottedData, fields({"n": integer}, s=strings), FIELDS)
_row("pydantic dataclass", m.PydanticData, pydantic_data, FIELDS)
_row("nested, keyword only", m.NestedData, fields(inner=data, many=several(pydantic_data)), FIELDS)
_row("dataclass with `InitVar`", m.InitData, fields(s=strings, n=integer), FIELDS, whole=True)
_row("dataclass with `field(init=False)`", m.MadeData, fields(s=strings), FIELDS, whole=True)
_row(
    "dataclass, recursive",
    m.TreeData,
    st.recursive(
        fields(n=integer),
        lambda inner: fields({"children": several(inner, most=2)}, n=integer),
        max_leaves=3,
    ),
    FIELDS,
)
_row("dataclass, computed fields", m.ComputedData, fields({"s": strings}, n=integer), FIELDS)
_row(
    "dataclass, field serialisers",
    m.SerialisedData,
    fields(n=integer, inner=fields(n=integer, names=several(strings))),
    FIELDS,
)
_row("TypedDict", m.Total, fields(s=strings, n=integer, point=point), KEYS)
_row("TypedDict, `total=False`", m.Partly, fields({"s": strings, "n": integer}), KEYS)
_row("NamedTuple", m.Pair, st.tuples(strings, integer).map(list))

_group_of("Containers")
_row("`list`", list[int], several(integer, most=5), ELEMENTS)
_row("`list` of texts", list[str], several(strings), ELEMENTS)
_row("`list` of models", list[m.User], several(user), ELEMENTS)
_row("`list` of lists", list[list[int]], several(several(integer)), ELEMENTS)
_row("bare `list`", list, several(json_value), ELEMENTS)
_row("`list` with bounds", conlist(int, min_length=1, max_length=4), several(integer, 1), ELEMENTS)
_row("`set`", set[int], several(st.integers(0, 4), most=5), ELEMENTS)
_row("`set` of texts", set[str], several(st.sampled_from(["a", "b", "cc", "d"]), most=5), ELEMENTS)
_row("`frozenset`", frozenset[str], several(strings), ELEMENTS)
_row("`set` of frozen models", set[m.Frozen], several(fields(n=integer, s=strings)), ELEMENTS)
_row("`tuple[X, ...]`", tuple[int, ...], several(integer), ELEMENTS)
_row("`tuple[Model, ...]`", tuple[m.Point, ...], several(point), ELEMENTS)
_row("`tuple[X, Y]`", tuple[int, str], st.tuples(integer, strings).map(list))
_row("`dict`", dict[str, int], keyed(integer), KEYS)
_row("`dict` of texts", dict[str, str], keyed(strings), KEYS)
_row("`dict` of models", dict[str, m.User], keyed(user), KEYS)
_row("`dict` with numbers as keys", dict[int, m.Point], keyed(point, integer.map(str)), KEYS)
_row("`dict` with dates as keys", dict[dt.date, int], keyed(integer, dates), KEYS)
_row(
    "`dict` with bounds",
    Annotated[dict[str, int], Field(min_length=1)],
    st.dictionaries(key, integer, min_size=1, max_size=3),
    KEYS,
)
_row("bare `dict`", dict, keyed(json_value), KEYS)
_row("`Sequence`", Sequence[m.Point], several(point), ELEMENTS)
_row("`Mapping`", Mapping[str, int], keyed(integer), KEYS)
_row("`deque`", deque[int], several(integer), ELEMENTS)
_row("`defaultdict`", collections.defaultdict[str, list[int]], keyed(several(integer)))
_row("`OrderedDict`", collections.OrderedDict[str, int], keyed(integer))
_row("`Counter`", collections.Counter[str], keyed(st.integers(0, 9)))

_group_of("Unions")
_row("`X | None`", m.Point | None, st.none() | point, FIELDS)
_row("`str | None`", str | None, st.none() | strings, GROWS)
_row("scalars", int | str, integer | strings, GROWS)
_row("scalars that take texts", dt.date | int | str, dates | integer | strings)
_row("a list or a number", list[int] | int, integer | several(integer), ELEMENTS)
_row("a model or a text", m.Point | str, point | strings, FIELDS, GROWS)
_row("models", m.Point | m.User, point | user)
_row("models told apart by a literal", m.Cat | m.Dog, cat | dog, FIELDS)
_row(
    "models told apart by their keys",
    m.Fact | m.Guess,
    fields({"sources": several(text)}, claim=text) | fields({"sources": text}, hunch=text),
    FIELDS,
)
_row("discriminated", m.Pet, pet, FIELDS)
_row(
    "discriminated by an alias",
    m.AliasedPet,
    fields(Kind=st.sampled_from(["cat", "dog"]), name=strings),
    FIELDS,
)
_row(
    "discriminated by an enum",
    m.Suited,
    fields(suit=st.just("hearts"), shade=strings) | fields(suit=st.just("spades"), depth=integer),
    FIELDS,
)
_row(
    "discriminated by a number",
    m.Versioned,
    fields(version=st.just(1), s=strings) | fields(n=integer, version=st.just(2)),
    FIELDS,
)
_row("discriminated, nested", m.NestedPet, pet | bird | duck, FIELDS)
_row("discriminated by a function", m.CallablePet, point | user)
_row("`list` of discriminated", list[m.Pet], several(pet), ELEMENTS)
_row("`dict` of discriminated", dict[str, m.Pet], keyed(pet), KEYS)
_row(
    "discriminated in a model",
    m.Owner,
    fields({"by_name": keyed(pet), "spare": st.none() | pet}, pet=pet, pets=several(pet)),
    FIELDS,
)

_group_of("Scalars")
_row("`str`", str, strings, GROWS)
_row(
    "`str` with bounds",
    Annotated[str, StringConstraints(min_length=1, max_length=9)],
    st.text("abc", min_size=1, max_size=9),
    GROWS,
)
_row("`str` with a pattern", Annotated[str, Field(pattern="^a+$")], st.text("a", min_size=1), GROWS)
_row(
    "`str`, changed",
    Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True)],
    word,
    GROWS,
)
_row("`int`", int, integer | st.integers(-(10**30), 10**30))
_row("`int` with bounds", PositiveInt, st.integers(1, 999))
_row("`float`", float, number)
_row("finite `float`", FiniteFloat, number)
_row("`bool`", bool, boolean)
_row("`None`", type(None), st.none())
_row("`Decimal`", Decimal, st.decimals(-99, 99, places=2).map(str) | integer)
_row("`Decimal` with bounds", Annotated[Decimal, Field(ge=0, max_digits=6)], st.integers(0, 999))
_row("`complex`", complex, st.sampled_from(["1+2j", "3j"]) | number)
_row("`Fraction`", Fraction, st.sampled_from(["1/3", "2", "-7/5"]))
_row("`Literal`", Literal["yes", "no", "yesterday"], st.sampled_from(["yes", "no", "yesterday"]))
_row("`Literal` of numbers", Literal[1, 10, 100], st.sampled_from([1, 10, 100]))
_row("`Enum`", m.Colour, st.sampled_from(["red", "blue"]))
_row("`StrEnum`", m.Suit, st.sampled_from(["hearts", "spades"]))
_row("`IntEnum`", m.Level, st.sampled_from([1, 20]))
_row("`date`", dt.date, dates)
_row("`time`", dt.time, times)
_row("`datetime`", dt.datetime, datetimes)
_row("`AwareDatetime`", AwareDatetime, datetimes.map(lambda s: s + "Z"))
_row(
    "`timedelta`",
    dt.timedelta,
    st.sampled_from(["P3D", "PT1H5S", "1 day, 00:00:01", "-P1DT1S"]) | st.integers(0, 10**6),
)
_row("`UUID`", uuid.UUID, st.uuids().map(str))
_row("`Path`", pathlib.Path, st.sampled_from(["/tmp/a", "a/b.txt", "."]))  # noqa: S108  not opened
_row("`HttpUrl`", HttpUrl, st.sampled_from(["https://a.example/x?y#z", "http://b.example"]))
_row("`AnyUrl`", AnyUrl, st.sampled_from(["ftp://a.example/x", "custom:thing"]))
_row("`EmailStr`", EmailStr, st.sampled_from(["a@b.com", "Jo.Doe+x@mail.de"]), GROWS)
_row("`IPv4Address`", ipaddress.IPv4Address, st.ip_addresses(v=4).map(str))
_row("`IPv6Network`", ipaddress.IPv6Network, st.sampled_from(["2001:db8::/32", "::/0"]))
_row("`bytes`", bytes, strings)
_row("`Base64Bytes`", Base64Bytes, st.sampled_from(["aGVsbG8=", ""]))
_row("scalars with a validator", Annotated[int | str, AfterValidator(str)], integer | strings)
_row("`ByteSize`", ByteSize, st.sampled_from(["1KB", "2.5 MiB"]) | st.integers(0, 99))
_row("`SecretStr`", SecretStr, strings)
_row("`SecretBytes`", SecretBytes, strings)
_row("`Pattern`", re.Pattern[str], st.sampled_from(["^a+$", "[0-9]"]))
_row("`Json[T]`", Json[list[int]], several(integer).map(json.dumps))
_row("`Any`", Any, json_value, GROWS, ELEMENTS, KEYS)
_row("`object`", object, json_value, GROWS, ELEMENTS, KEYS)
_row("`JsonValue`", JsonValue, json_value, GROWS, ELEMENTS, KEYS)

_group_of("Custom types and validators")
_row("a custom core schema", m.Celsius, number)
_row("a custom class of list", m.Names, several(strings), ELEMENTS)
_row("`AfterValidator` on a text", m.Loud, strings, GROWS)
_row("`BeforeValidator` on a text", m.Bare, strings, GROWS)
_row("`AfterValidator` on a list", m.Cut, several(integer), ELEMENTS)
_row("`AfterValidator` that reorders", m.LoudUsers, several(strings), ELEMENTS, rewrites=True)
_row("`BeforeValidator` on a list", m.Listed, several(integer) | integer, ELEMENTS, whole=True)
_row("`WrapValidator` on a model", m.WrappedPoint, point, FIELDS, whole=True)
_row("`PlainValidator`", m.Repr, json_value)
_row(
    "field validators",
    m.Validated,
    fields({"c": keyed(integer)}, a=strings, b=several(integer) | integer, d=point),
    FIELDS,
    rewrites=True,
    whole=True,
)
_row("model validator, after", m.AfterModel, after_model, FIELDS, rewrites=True)
_row("model validator, before", m.BeforeModel, before_model, FIELDS, whole=True)
_row("model validator, wrap", m.WrapModel, after_model, FIELDS, whole=True)
_row(
    "models with validators, nested",
    m.ValidatedParts,
    fields(
        {"many": several(before_model)}, after=after_model, before=before_model, wrap=after_model
    ),
    FIELDS,
    rewrites=True,
    whole=True,
)

_row(
    "discriminated models with validators",
    m.MaybeMended,
    fields(
        {"pet": pet},
        items=several(integer) | integer,
        inner=before_model,
        kind=st.just("mended"),
    )
    | fields({"anything": json_value}, items=several(point), kind=st.just("unmended"))
    | fields(n=integer, kind=st.just("whole")),
    FIELDS,
    whole=True,
)

_group_of("Markers")
_row("`Atomic()` on a text", Annotated[str, Atomic()], strings)
_row("`Atomic()` on a model", Annotated[m.User, Atomic()], user)
_row("`Atomic()` and `NotNull()` on fields", m.Marked, marked, FIELDS)
_row("`NotNull()` in elements", m.MarkedList, fields(many=several(marked), one=marked), FIELDS)

_group_of("Type aliases")
_row("`type X = ...`", m.Ages, keyed(integer), KEYS)
_row("recursive", m.Nested, st.recursive(integer, several, max_leaves=5), ELEMENTS)
_row("generic", m.Few[int], several(integer), ELEMENTS)
