"""The dialect of JSON Schema that Gemini takes, for answers as for a function's parameters.

The API documents it at `response_json_schema`. Recursion is unrolled there, so it must be able to
end: only through properties that are not required.
"""

from __future__ import annotations

from typing import Final

from partwise.provider import SchemaProfile

_FORMATS: Final = frozenset({"date", "date-time", "time"})

ENFORCED: Final = SchemaProfile(
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

# A schema that Gemini refused to compile, with its bounds in words: "several array bounds" make
# "too many states" (https://github.com/googleapis/python-genai/issues/660).
TOOL: Final = SchemaProfile(
    name="an unconstrained Gemini function",
    strict=False,
    keywords=frozenset({"title"}),
    enum_types=frozenset({"string", "integer", "number"}),
    ref_siblings=False,
    recursion="optional",
)
