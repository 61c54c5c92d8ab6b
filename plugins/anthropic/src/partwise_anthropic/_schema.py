"""The dialects of JSON schema that Anthropic takes: the enforced one, and a tool's.

`output_config` is sent only keywords that both the vendor's documentation and its SDK's
`transform_schema` have; if the documentation has more (`default`, `pattern`), it is put in words as
the SDK does, which can't fail. Unlike the SDK, nothing is lost: a map or a recursive model is not
enforced, and goes to a tool, whose schema the model sees but need not keep to.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from partwise.provider import SchemaProfile, transform

_log: Final = logging.getLogger("partwise")

_FORMATS: Final = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
})  # fmt: skip

TOOL: Final = SchemaProfile(name="an Anthropic tool", strict=False)

ENFORCED: Final = SchemaProfile(
    name="Anthropic's output_config",
    keywords=frozenset({"title", "const", "format", "minItems"}),
    accepts={"format": _FORMATS.__contains__, "minItems": (0, 1).__contains__},
    enum_types=frozenset({"string", "integer", "number", "boolean", "null"}),
    closed=True,
    typed=True,
    ref_siblings=False,
    recursion="never",
    fallback=TOOL,
)

# The vendor's own limits on one request's enforced schemas; beyond them it answers with a 400.
MAX_OPTIONAL: Final = 24
MAX_UNIONS: Final = 16


def enforced(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema for `output_config`, or None if Anthropic can't enforce it."""
    return _enforced(json.dumps(schema))


def for_tool(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema for a tool's input."""
    return transform(schema, TOOL).schema


# Needed twice a request, by the payload and by the decoder; logged once.
@functools.lru_cache(maxsize=256)
def _enforced(schema: str) -> dict[str, Any] | None:
    transformed = transform(json.loads(schema), ENFORCED)
    if not transformed.strict:
        return None
    optional, unions = _count(transformed.schema)
    if optional <= MAX_OPTIONAL and unions <= MAX_UNIONS:
        return transformed.schema
    _log.warning(
        "%s takes at most %d optional properties and %d unions, and this schema has %d and %d: "
        "it is not enforced, and the model only sees it",
        *(ENFORCED.name, MAX_OPTIONAL, MAX_UNIONS, optional, unions),
    )
    return None


def _count(schema: Mapping[str, Any]) -> tuple[int, int]:
    """The properties that are not required, and the unions."""
    nodes = list(_nodes(schema))
    objects = [node for node in nodes if node.get("type") == "object"]
    optional = sum(
        len(node.get("properties", {}).keys() - set(node.get("required", ()))) for node in objects
    )
    unions = sum(isinstance(node.get("anyOf", node.get("type")), list) for node in nodes)
    return optional, unions


def _nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    """All objects in a JSON value, from the outside in: the schemas among them, and more."""
    children: Iterable[Any] = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
        children = value.values()
    for child in children:
        yield from _nodes(child)
