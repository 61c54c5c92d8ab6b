"""Random response models of all kinds of types, with JSON texts that are valid for them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from hypothesis import strategies as st
from pydantic import TypeAdapter, create_model

from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .registry import TYPES, Row, fields, key
from .writing import texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """An answer.

    Attributes:
        type: the response model.
        text: JSON that is valid for it.
        final: what pydantic makes of the text.
        rewrites, whole: as in `Row`.
    """

    type: Any
    text: str
    final: Any = dataclasses.field(repr=False)
    rewrites: bool
    whole: bool

    def builder(self, **options: Any) -> SnapshotBuilder:
        return SnapshotBuilder(compile_plan(self.type), **options)

    def stream(self, pieces: Iterable[str] | None = None) -> Iterator[tuple[Any, SnapshotBuilder]]:
        """The snapshot after each piece (by default, each character), and the builder then."""
        builder = self.builder()
        for piece in self.text if pieces is None else pieces:
            builder.feed(piece)
            yield builder.snapshot(), builder


@st.composite
def cases(draw: st.DrawFn, rows: list[Row] = TYPES) -> Case:
    row = draw(_types(rows))
    value = draw(row.values)
    text = draw(texts(value))
    return case_of(row, text)


def case_of(row: Row, text: str) -> Case:
    return Case(row.type, text, TypeAdapter(row.type).validate_json(text), row.rewrites, row.whole)


def _types(rows: list[Row]) -> st.SearchStrategy[Row]:
    row = st.sampled_from(rows)
    around = row | row.flatmap(_around)
    return row | _models(around) | _models(around | _models(row))


def _around(row: Row) -> st.SearchStrategy[Row]:
    """A container of that type."""
    values = row.values
    described: Any = Annotated[row.type, "nothing that pydantic knows"]
    return st.sampled_from(
        [
            (list[row.type], st.lists(values, max_size=3)),  # type: ignore[name-defined]
            (dict[str, row.type], st.dictionaries(key, values, max_size=2)),  # type: ignore[name-defined]
            (tuple[row.type, ...], st.lists(values, max_size=2)),  # type: ignore[name-defined]
            (row.type | None if row.type is not None else described, values),
            (described, values),
        ]
    ).map(lambda pair: dataclasses.replace(row, type=pair[0], values=pair[1]))


@st.composite
def _models(draw: st.DrawFn, rows: st.SearchStrategy[Row]) -> Row:
    """A model with fields of those types, some of them optional."""
    inner = draw(st.lists(rows, min_size=1, max_size=3))
    declared: dict[str, Any] = {}
    required, optional = {}, {}
    for index, row in enumerate(inner):
        name = f"f{index}"
        if draw(st.booleans()):
            declared[name], required[name] = (row.type, ...), row.values
        else:
            declared[name], optional[name] = (row.type | None, None), row.values
    model = create_model("Made", **declared)
    values = fields(optional, **required)
    flags = any(row.rewrites for row in inner), any(row.whole for row in inner)
    return Row("", "a made model", model, values, frozenset(), *flags)
