"""OpenAI's dialect of JSON Schema, and which requests are put into it.

Strict mode takes what "Supported schemas" of OpenAI's guide to structured outputs lists: closed
objects with all properties required, no defaults, nothing beside `$ref`, recursion allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from partwise.provider import Request, SchemaProfile, is_simple_pattern, transform

if TYPE_CHECKING:
    from ._servers import Server


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

ANY = SchemaProfile(name="any JSON schema", strict=False)


def dialect(request: Request, server: Server) -> tuple[dict[str, Any], dict[str, bool]]:
    """The schema to send, and the `strict` flag to send beside it, if any."""
    if request.mode not in server.strict:
        return transform(request.schema, ANY).schema, {}
    transformed = transform(request.schema, STRICT)
    return transformed.schema, {"strict": transformed.strict}
