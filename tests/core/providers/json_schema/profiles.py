"""Profiles like the plugins' own, for tests that need nothing but the core."""

from partwise.provider import SchemaProfile, is_simple_pattern

_FORMATS = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
})  # fmt: skip

CLOSED = SchemaProfile(
    name="closed",
    keywords=frozenset({
        "title", "format", "pattern", "multipleOf", "minimum", "maximum", "exclusiveMinimum",
        "exclusiveMaximum", "minItems", "maxItems",
    }),
    accepts={"format": _FORMATS.__contains__, "pattern": is_simple_pattern},
    enum_types=frozenset({"string", "integer", "number", "boolean", "null"}),
    closed=True,
    typed=True,
    all_required=True,
    ref_siblings=False,
)  # fmt: skip
"""As OpenAI's strict mode: everything closed and required, recursion allowed."""

FLAT = SchemaProfile(
    name="flat",
    keywords=frozenset({"title", "const", "default", "format", "minItems"}),
    accepts={"format": (_FORMATS | {"uri"}).__contains__, "minItems": (0, 1).__contains__},
    enum_types=frozenset({"string", "integer", "number", "boolean", "null"}),
    closed=True,
    typed=True,
    ref_siblings=False,
    recursion="never",
)
"""As Anthropic's strict mode: closed, optional properties allowed, hardly a bound, no recursion."""

OPEN = SchemaProfile(
    name="open",
    keywords=frozenset({
        "title", "format", "prefixItems", "minItems", "maxItems", "minimum", "maximum",
    }),
    enum_types=frozenset({"string", "integer", "number"}),
    ref_siblings=False,
    recursion="optional",
)  # fmt: skip
"""As Google's: maps and `Any` allowed, recursion only through optional properties."""

ANY = SchemaProfile(name="any", strict=False)
"""Takes every schema as it is."""
