"""The dialect of JSON Schema that Gemini takes, for answers as for a function's parameters.

It is what the API documents at `response_json_schema`. Recursion is unrolled there, so it must be
able to end: only through properties that are not required.
"""

from __future__ import annotations

from partwise.provider import SchemaProfile

_FORMATS = frozenset({"date", "date-time", "time"})

GEMINI = SchemaProfile(
    name="Gemini",
    keywords=frozenset({
        "$anchor", "$id", "format", "maxItems", "maximum", "minItems", "minimum", "prefixItems",
        "propertyOrdering", "title",
    }),
    accepts={"format": _FORMATS.__contains__},
    enum_types=frozenset({"string", "integer", "number"}),
    ref_siblings=False,
    recursion="optional",
)  # fmt: skip
