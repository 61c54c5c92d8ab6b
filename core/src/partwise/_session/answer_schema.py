"""The JSON schema that a vendor is asked with, and the object around an answer that needs one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .._plan.plan import Plan

ENVELOPE_KEY: Final = "value"
"""The key under which a vendor is asked for a type that it does not take at the root."""

# Anthropic answers with a 400 if a tool's input has other keys at its root, and looks no deeper:
# "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'".
_PLAIN_KEY: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}")


def envelope_of(plan: Plan) -> str | None:
    """The key of the object that goes around the answer; None if every vendor takes its root."""
    return None if _suits_a_root(plan.json_schema) else ENVELOPE_KEY


def answer_schema(plan: Plan) -> dict[str, Any]:
    """The JSON schema to ask the vendor with: its root is an object."""
    schema = plan.json_schema
    key = envelope_of(plan)
    if key is None:
        return schema
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {
        "type": "object",
        "properties": {key: {k: v for k, v in schema.items() if k != "$defs"}},
        "required": [key],
        "additionalProperties": False,
        **definitions,
    }


def _suits_a_root(schema: dict[str, Any]) -> bool:
    """Whether every vendor takes it as the root: an object with plain keys."""
    definitions = schema.get("$defs", {})
    while "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    properties = schema.get("properties", ())
    return schema.get("type") == "object" and all(map(_PLAIN_KEY.fullmatch, properties))
