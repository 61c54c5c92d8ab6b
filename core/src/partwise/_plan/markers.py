"""Markers: in `Annotated`, on core schemas, and on partial classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

METADATA_KEY = "partwise"
"""The key of the markers in the metadata of a pydantic core schema."""
CHANGED = "changed"
"""The marker of a schema with models in it that are not as their classes have them."""
ORIGINAL = "__partwise_original__"
"""The attribute of a partial class that holds the class that it is a part of."""


@dataclass(frozen=True, slots=True)
class Atomic:
    """The value shows only when it is complete: `Annotated[str, Atomic()]`.

    Example:
        ```python
        class Order(BaseModel):
            code: Annotated[str, Atomic()]

        first = next(partwise.parse(Order, ['{"code": "A', 'B"}']))
        assert first.code is None  # and "AB" once it is complete
        ```
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return marked(handler(source), "atomic")


@dataclass(frozen=True, slots=True)
class NotNull:
    """The object that has the value stays out of sight until the value is there, and not None.

    `Annotated[int, NotNull()]` on a field of a model. In `Partial[M]` the field is required.

    Example:
        ```python
        class Item(BaseModel):
            id: Annotated[int, NotNull()]
            name: str

        first = next(partwise.parse(list[Item], ['[{"name": "A", ', '"id": 7}]']))
        assert first == []  # and the item once its id is there
        ```
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return marked(handler(source), "not-null")


def marked(schema: CoreSchema, marker: str) -> CoreSchema:
    """The core schema with a marker."""
    metadata = schema.get("metadata") or {}
    markers = {*metadata.get(METADATA_KEY, ()), marker}
    marked: Any = {**schema, "metadata": {**metadata, METADATA_KEY: sorted(markers)}}
    return marked  # type: ignore[no-any-return]


def markers_of(schema: Any) -> tuple[str, ...]:
    """The markers on a core schema."""
    return tuple((schema.get("metadata") or {}).get(METADATA_KEY, ()))


def original_of(partial: type) -> Any:
    """M, of `Partial[M]`; any other class itself."""
    return vars(partial).get(ORIGINAL, partial)


class PartialLiteralMixin:
    """Deprecated: a no-op, so that code written for Instructor runs. Literals need nothing."""
