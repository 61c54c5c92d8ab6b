"""The types of the values that an answer may have at a path, read off pydantic's core schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._errors import PathError
from .core_schema import LEVELS, choices_of, fields_of_level, split_definitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import CoreSchema

    from .._paths import Path

UNKNOWN: Final = "any"

_INNER: Final = frozenset({"default", "function-after", "model", "dataclass"})
_VALUES: Final = frozenset({
    "none", "bool", "int", "float", "decimal", "bytes", "date", "time", "datetime", "timedelta",
    "url", "multi-host-url", "uuid", "complex",
})  # fmt: skip
_CONTAINERS: Final = frozenset({
    "list", "tuple", "set", "frozenset", "generator", "dict",
    "model-fields", "dataclass-args", "typed-dict", "named-tuple",
})  # fmt: skip

NO_TEXT: Final = _VALUES | _CONTAINERS
"""Types whose values are no `str`."""

NO_ELEMENTS: Final = _VALUES | {"str", "literal", "enum", "model-fields", "dataclass-args"}
"""Types whose values have no elements."""

HOLDING_NONE: Final = {"text": NO_TEXT, "elements": NO_ELEMENTS}


class WrongTypeError(PathError, TypeError):
    """There is such a place, and its values are of another type."""


def type_name(core_type: str) -> str:
    """The core schema's type in a user's terms."""
    return {"model-fields": "a model", "dataclass-args": "a dataclass"}.get(core_type, core_type)


def types_at(schema: CoreSchema, path: Path) -> frozenset[str]:
    """The core schema types of the values at the path, with `UNKNOWN` if there may be others."""
    root, definitions = split_definitions(schema)
    found = list(_branches(root, definitions))
    for step in path:
        found = [inside for around in found for inside in _below(around, step, definitions)]
    return frozenset(inside["type"] for inside in found) or frozenset({UNKNOWN})


def _branches(schema: Any, definitions: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas inside of all layers and unions; an unknown one if a function decides."""
    kind = schema["type"]
    if kind == "definition-ref":
        yield from _branches(definitions[schema["schema_ref"]], definitions)
    elif kind in _INNER:
        yield from _branches(schema["schema"], definitions)
    elif kind == "nullable":
        yield {"type": "none"}
        yield from _branches(schema["schema"], definitions)
    elif kind in {"union", "tagged-union"}:
        for choice in choices_of(schema):
            yield from _branches(choice, definitions)
    elif kind in NO_TEXT or kind in NO_ELEMENTS:
        yield schema
    else:
        yield _ANYTHING


_ANYTHING: Final[Mapping[str, Any]] = {"type": UNKNOWN}


def _below(schema: Any, step: str | int, definitions: Mapping[str, Any]) -> list[Any]:
    kind = schema["type"]
    if kind in LEVELS:
        fields: dict[Any, Any] = fields_of_level(schema)
        inside = fields.get(step, {}).get("schema")
    elif kind == "dict":
        inside = schema.get("values_schema")
    elif kind in {"list", "set", "frozenset"}:
        inside = schema.get("items_schema")
    elif kind in NO_ELEMENTS:
        return []
    else:
        inside = None
    return [_ANYTHING] if inside is None else list(_branches(inside, definitions))
