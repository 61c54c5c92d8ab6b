"""The dialects of JSON Schema on OpenAI's wire, and which requests are put into which.

Strict mode takes the list under "Supported schemas" in OpenAI's guide to structured outputs: closed
objects with all properties required, no defaults, nothing beside `$ref`, recursion allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from partwise.provider import Request, SchemaProfile, is_simple_pattern, transform

if TYPE_CHECKING:
    from ._profile import Profile


_FORMATS = frozenset({
    "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid",
})  # fmt: skip

STRICT = SchemaProfile(
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

BARE = SchemaProfile(
    name="strict without constraints",
    keywords=frozenset(),
    closed=True,
    typed=True,
    all_required=True,
    ref_siblings=False,
)
"""For the strict modes of other servers. Cerebras refuses `pattern`, `format`, lengths and numbers
of items, xAI and Groq list fewer keywords than OpenAI; no server refuses a description."""

ANY = SchemaProfile(name="any JSON schema", strict=False)

PLAIN = SchemaProfile(
    name="plain JSON schema", strict=False, keywords=frozenset({"default"}), fallback=ANY
)
"""After a schema was refused: types, properties and alternatives; all else is in descriptions."""


def dialect(request: Request, profile: Profile) -> tuple[dict[str, Any], dict[str, bool]]:
    """The schema to send, and the `strict` flag to send beside it, if any."""
    if not request.strict:
        return transform(request.schema, PLAIN).schema, {}
    if request.mode not in profile.strict or "strict" in request.omitted:
        return transform(request.schema, ANY).schema, {}
    transformed = transform(request.schema, profile.dialect)
    return transformed.schema, {"strict": transformed.strict}
