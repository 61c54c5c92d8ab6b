"""Whether a schema keeps to a profile, found without any of the code that rewrites schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise.provider import SchemaProfile

_EVERYWHERE = {
    "type", "properties", "required", "items", "additionalProperties", "enum", "anyOf", "$ref",
    "$defs", "description",
}  # fmt: skip
_PYTHON = {
    "null": type(None), "boolean": bool, "integer": int, "number": float, "string": str,
    "array": list, "object": dict,
}  # fmt: skip


def violations(schema: dict[str, Any], profile: SchemaProfile) -> list[str]:
    """What is wrong with the schema, each with the node that is at fault."""
    faults = [
        f"{fault}: {json.dumps(node)}"
        for node in nodes(schema)
        for fault in _faults(node, schema, profile)
    ]
    if schema.get("type") != "object":
        faults.append("the root is no object")
    if any("$defs" in node for node in nodes(schema) if node is not schema):
        faults.append("definitions below the root")
    return faults


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself first."""
    yield schema
    inner: list[Any] = []
    for key in ("properties", "$defs", "patternProperties"):
        inner += schema.get(key, {}).values()
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        inner += schema.get(key, [])
    inner += [schema.get(key) for key in ("items", "additionalProperties")]
    for child in inner:
        if isinstance(child, dict):
            yield from nodes(child)


def _faults(node: dict[str, Any], root: dict[str, Any], profile: SchemaProfile) -> Iterator[str]:
    for key, value in node.items():
        known = key in _EVERYWHERE or profile.keywords is None or key in profile.keywords
        if not known or not profile.accepts.get(key, lambda _: True)(value):
            yield f"keyword {key}"
    yield from _object_faults(node, profile)
    yield from _value_faults(node, profile)
    yield from _reference_faults(node, root, profile)


def _object_faults(node: dict[str, Any], profile: SchemaProfile) -> Iterator[str]:
    names = list(node.get("properties", {}))
    if not set(node.get("required", [])) <= set(names):
        yield "required and unknown"
    if profile.all_required and "properties" in node and node.get("required") != names:
        yield "not all required"
    if (
        profile.closed
        and node.get("type") == "object"
        and node["additionalProperties"] is not False
    ):
        yield "open"


def _value_faults(node: dict[str, Any], profile: SchemaProfile) -> Iterator[str]:
    if profile.typed and not {"type", "enum", "const", "anyOf", "$ref"} & node.keys():
        yield "untyped"
    if profile.typed and node.get("type") == "array" and "items" not in node:
        yield "untyped items"
    if profile.enum_types is not None:
        kinds = {_PYTHON[name] for name in profile.enum_types}
        if any(type(value) not in kinds for value in node.get("enum", [])):
            yield "enum of other types"
    if "enum" in node and not node["enum"]:
        yield "empty enum"


def _reference_faults(
    node: dict[str, Any], root: dict[str, Any], profile: SchemaProfile
) -> Iterator[str]:
    if "$ref" not in node:
        return
    name = node["$ref"].removeprefix("#/$defs/")
    if name not in root["$defs"]:
        yield "dangling"
    if not profile.ref_siblings and len(node) > 1:
        yield "siblings of $ref"
    if profile.recursion == "never" and _leads_back(name, name, root, set(), optional=True):
        yield "recursion"
    if profile.recursion == "optional" and _leads_back(name, name, root, set(), optional=False):
        yield "recursion through required properties"


def _leads_back(
    start: str, goal: str, root: dict[str, Any], seen: set[str], *, optional: bool
) -> bool:
    """Whether the definition `start` leads to `goal`, by required properties alone or by any."""
    for name in _names(root["$defs"][start], optional=optional):
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            if _leads_back(name, goal, root, seen, optional=optional):
                return True
    return False


def _names(node: dict[str, Any], *, optional: bool) -> Iterator[str]:
    if "$ref" in node:
        yield node["$ref"].removeprefix("#/$defs/")
    for name, child in node.get("properties", {}).items():
        if optional or name in node.get("required", []):
            yield from _names(child, optional=optional)
    lists = (*node.get("anyOf", []), *node.get("prefixItems", []))
    singles = (node.get("items"), node.get("additionalProperties"))
    for child in (*lists, *singles):
        if isinstance(child, dict):
            yield from _names(child, optional=optional)
