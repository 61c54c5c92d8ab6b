"""The dialects of JSON Schema on OpenAI's wire, and which requests are put into which.

Strict mode takes the list under "Supported schemas" in OpenAI's guide to structured outputs: closed
objects with all properties required, no defaults, nothing beside `$ref`, recursion allowed.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json, to_json

from partwise.provider import Request, SchemaProfile, is_simple_pattern, transform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._profiles import Profile


_FORMATS: Final = frozenset({
    "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid",
})  # fmt: skip

ENFORCED: Final = SchemaProfile(
    name="openai strict",
    keywords=frozenset({
        "const", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maximum",
        "minItems", "minimum", "multipleOf", "pattern",
    }),
    accepts={"format": _FORMATS.__contains__, "pattern": is_simple_pattern},
    closed=True,
    typed=True,
    all_required=True,
    ref_siblings=False,
)  # fmt: skip

BARE: Final = SchemaProfile(
    name="strict without constraints",
    keywords=frozenset(),
    closed=True,
    typed=True,
    all_required=True,
    ref_siblings=False,
)
"""For the strict modes of other servers. Cerebras refuses `pattern`, `format`, lengths and numbers
of items, xAI and Groq list fewer keywords than OpenAI; no server refuses a description."""

ANY: Final = SchemaProfile(name="any JSON schema", strict=False)

PLAIN: Final = SchemaProfile(
    name="plain JSON schema", strict=False, keywords=frozenset({"default"}), fallback=ANY
)
"""After a schema was refused: types, properties and alternatives; all else is in descriptions."""


_KEPT: Final = 128
"""Schemas whose form in a dialect is kept."""

_forms: Final[OrderedDict[tuple[int, bytes], tuple[bytes, bool]]] = OrderedDict()
"""By the identity of the dialect, which is a constant, and the schema as JSON."""


def dialect(request: Request, profile: Profile) -> tuple[dict[str, Any], dict[str, bool]]:
    """The schema to send, and the `strict` flag to send beside it, if any."""
    if not request.strict:
        return _transformed(request.schema, PLAIN)[0], {}
    if request.mode not in profile.strict or "strict" in request.omitted:
        return _transformed(request.schema, ANY)[0], {}
    schema, is_strict = _transformed(request.schema, profile.dialect)
    return schema, {"strict": is_strict}


def _transformed(schema: Mapping[str, Any], dialect: SchemaProfile) -> tuple[dict[str, Any], bool]:
    """The schema in the dialect, and whether it can be enforced. Each result is the caller's own.

    A job of many calls has one schema, which would take a twentieth of a call's time each time.
    """
    place = (id(dialect), to_json(schema))
    if (known := _forms.get(place)) is None:
        made = transform(schema, dialect)
        known = _forms[place] = (to_json(made.schema), made.strict)
        while len(_forms) > _KEPT:
            _forms.popitem(last=False)
    form, is_strict = known
    return from_json(form), is_strict
