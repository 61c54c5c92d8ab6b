"""Random response models, and random values that a schema allows.

The values come from the schema's text alone, as a vendor's constrained decoder would make them.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from types import GenericAlias
from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model
from typing_extensions import TypedDict


class Suit(enum.Enum):
    HEARTS = "hearts"
    SPADES = "spades"


class Point(TypedDict, total=False):
    x: int
    y: float


class Tree(BaseModel):
    name: str
    children: list[Tree]
    parent: Tree | None = None


class Left(BaseModel):
    side: Literal["left"] = "left"
    n: int


class Right(BaseModel):
    side: Literal["right"] = "right"
    s: str


Side = Annotated[Left | Right, Field(discriminator="side")]

_HASHABLE: list[Any] = [
    int, str, float, bool, dt.date, dt.datetime, dt.time, uuid.UUID, Suit,
    Literal["a", "b"], Literal[1, "one"] | None, Literal[True], Literal["only"],
]  # fmt: skip
_LEAVES = st.sampled_from([*_HASHABLE, bytes, type(None), Point, Side, Tree])
_BOUNDED: list[Any] = [
    Annotated[int, Field(ge=1, lt=10)],
    Annotated[float, Field(gt=0, multiple_of=0.5)],
    Annotated[str, Field(min_length=1, max_length=9)],
    Annotated[str, Field(pattern="^a+$")],
    Annotated[list[int], Field(min_length=2, max_length=3)],
    Annotated[set[str], Field(min_length=1)],
    tuple[int, str],
    tuple[Left, Tree, bool],
]
_UNCLOSED: list[Any] = [Any, dict[str, int], dict[str, Left], list[Any], dict]


def _wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Types made of those types."""
    return st.one_of(
        inner.map(lambda t: GenericAlias(list, t)),
        inner.map(lambda t: t | None),
        inner.map(lambda t: GenericAlias(tuple, (t, ...))),
        inner.map(lambda t: GenericAlias(tuple, (t, t))),
        st.sampled_from(_HASHABLE).map(lambda t: GenericAlias(set, t)),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        models(inner),
    )


@st.composite
def models(draw: st.DrawFn, types: st.SearchStrategy[Any]) -> type[BaseModel]:
    """A model with fields of these types: required, or with a default, described or not."""
    fields: dict[str, Any] = {}
    for index in range(draw(st.integers(0, 4))):
        kind = draw(types)
        description = draw(st.sampled_from([None, "Some text."]))
        default = draw(st.sampled_from([..., ..., None, 3]))
        info = Field(default, description=description)
        fields[f"f{index}"] = (kind if default is ... else kind | None | int, info)
    name = draw(st.sampled_from("ABCDE"))
    return create_model(name, **fields)


exact: st.SearchStrategy[type[BaseModel]] = models(st.recursive(_LEAVES, _wider, max_leaves=6))
"""Models whose schemas say all that pydantic checks."""

bounded: st.SearchStrategy[type[BaseModel]] = models(
    st.recursive(_LEAVES | st.sampled_from(_BOUNDED), _wider, max_leaves=6)
)
"""Models with bounds, and with tuples whose items differ."""

anything: st.SearchStrategy[type[BaseModel]] = models(
    st.recursive(_LEAVES | st.sampled_from(_BOUNDED + _UNCLOSED), _wider, max_leaves=6)
)
"""Models with maps and `Any` too."""


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_FORMATS: dict[str, st.SearchStrategy[str]] = {
    "date": st.dates(dt.date(1600, 1, 1)).map(str),
    "date-time": st.datetimes(dt.datetime(1600, 1, 1)).map(dt.datetime.isoformat),  # noqa: DTZ001
    "time": st.times().map(dt.time.isoformat),
    "uuid": st.uuids().map(str),
}
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": st.integers(-(10**9), 10**9),
    "number": st.floats(allow_nan=False, allow_infinity=False),
}
_DEPTH = 4


@st.composite
def values(draw: st.DrawFn, node: dict[str, Any], root: dict[str, Any], depth: int = 0) -> Any:
    """A value that the schema allows."""
    if "$ref" in node:
        node, depth = root["$defs"][node["$ref"].removeprefix("#/$defs/")], depth + 1
    if "anyOf" in node:
        return draw(values(_member(draw, node["anyOf"], depth), root, depth))
    if "enum" in node or "const" in node:
        return draw(st.sampled_from(node.get("enum") or [node["const"]]))
    if node["type"] == "array":
        return draw(_arrays(node, root, depth))
    if node["type"] == "object":
        return draw(_objects(node, root, depth))
    return draw(_FORMATS.get(node.get("format", ""), _SCALARS[node["type"]]))


def _member(draw: st.DrawFn, members: list[dict[str, Any]], depth: int) -> dict[str, Any]:
    """One of a union's members: deep down, null if there is one, so that recursion ends."""
    if depth > _DEPTH and {"type": "null"} in members:
        return {"type": "null"}
    return draw(st.sampled_from(members))


@st.composite
def _arrays(draw: st.DrawFn, node: dict[str, Any], root: dict[str, Any], depth: int) -> list[Any]:
    least = node.get("minItems", 0)
    most = least if depth > _DEPTH else node.get("maxItems", least + 2)
    members = [*node.get("prefixItems", [])]
    members += [node.get("items", {"type": "null"})] * (
        draw(st.integers(least, most)) - len(members)
    )
    return [draw(values(member, root, depth)) for member in members]


@st.composite
def _objects(
    draw: st.DrawFn, node: dict[str, Any], root: dict[str, Any], depth: int
) -> dict[str, Any]:
    required = node.get("required", [])
    return {
        name: draw(values(child, root, depth))
        for name, child in node["properties"].items()
        if name in required or (depth <= _DEPTH and draw(st.booleans()))
    }
