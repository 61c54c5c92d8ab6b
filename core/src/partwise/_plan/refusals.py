"""Which values can never be valid at a place, so that they are refused as soon as they open."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from .core_schema import (
    ARRAYS,
    MODELS,
    UnwrappedSchema,
    choices_of,
    is_made_of_fields,
    is_root,
    takes_listed_members_only,
)
from .nodes import TextBound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import CoreConfig, CoreSchema

_OPENERS: Final = frozenset('{["')
_OBJECT: Final = frozenset("{")
_ARRAY: Final = frozenset("[")
_STRING: Final = frozenset('"')
_NOTHING: Final[frozenset[str]] = frozenset()
_OPENERS_OF: Final = {
    "none": _NOTHING,
    **dict.fromkeys(ARRAYS, _ARRAY),
    # They take a string, if only by conversion, and no object or array.
    **dict.fromkeys(
        ("str", "int", "float", "bool", "decimal", "enum", "date", "time", "datetime", "timedelta",
         "uuid", "bytes", "url", "multi-host-url", "json"),
        _STRING,
    ),
}  # fmt: skip
_CHANGES_LENGTH: Final = (
    ("strip_whitespace", "str_strip_whitespace"),
    ("to_lower", "str_to_lower"),
    ("to_upper", "str_to_upper"),
)
"""Options of a string by which it can become shorter than it is written."""


def refused_openers(schema: CoreSchema, definitions: Mapping[str, Any]) -> frozenset[str]:
    """Those of `{`, `[` and `"` with which nothing begins that the schema takes."""
    taken = _openers(schema, definitions, frozenset())
    return _NOTHING if taken is None else _OPENERS - taken


def _openers(
    schema: Any, definitions: Mapping[str, Any], inside: frozenset[int]
) -> frozenset[str] | None:
    """Those with which a value can begin; None if that is not known."""
    unwrapped = UnwrappedSchema(schema, definitions)
    inner = unwrapped.inner
    if unwrapped.may_rewrite or id(inner) in inside:
        return None
    inside |= {id(inner)}
    if is_root(inner):
        branches = [] if inner.get("custom_init") else [inner["schema"]]
    elif inner["type"] == "json-or-python":
        branches = [inner["json_schema"]]
    elif inner["type"] == "union":
        branches = choices_of(inner)
    else:
        return _openers_of_kind(inner)
    found = [_openers(branch, definitions, inside) for branch in branches]
    known = [openers for openers in found if openers is not None]
    return _NOTHING.union(*known) if found and len(known) == len(found) else None


def _openers_of_kind(inner: Any) -> frozenset[str] | None:
    kind = inner["type"]
    if kind == "dict" or (kind == "tagged-union" and not callable(inner["discriminator"])):
        return _OBJECT
    if kind in MODELS:
        return _OBJECT if is_made_of_fields(inner) else None
    if kind == "literal":
        return _STRING if any(map(_is_written_as_string, inner["expected"])) else _NOTHING
    if kind == "enum" and not takes_listed_members_only(inner):
        return None
    return _OPENERS_OF.get(kind)


def _is_written_as_string(expected: Any) -> bool:
    return isinstance(expected, Enum) or not isinstance(expected, int | None)


def text_bound(unwrapped: UnwrappedSchema, config: CoreConfig | None) -> TextBound | None:
    """The bound of the strings that a place takes; None if none is known."""
    inner = unwrapped.inner
    if unwrapped.may_rewrite:
        return None
    if inner["type"] == "str":
        return _length_bound(inner, config or {})
    if inner["type"] == "literal":
        return TextBound(choices=_texts(inner["expected"]))
    is_text = inner["type"] == "enum" and inner.get("sub_type") == "str"
    if is_text and takes_listed_members_only(inner):
        return TextBound(choices=_texts(inner["members"]))
    return None


def _length_bound(inner: Any, config: Any) -> TextBound | None:
    longest = inner.get("max_length", config.get("str_max_length"))
    if longest is None or any(
        inner.get(own, config.get(common)) for own, common in _CHANGES_LENGTH
    ):
        return None
    return TextBound(max_chars=longest)


def _texts(expected: Any) -> tuple[str, ...]:
    values = [each.value if isinstance(each, Enum) else each for each in expected]
    return tuple(each for each in values if isinstance(each, str))
