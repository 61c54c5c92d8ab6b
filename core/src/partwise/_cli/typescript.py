"""TypeScript types of a JSON schema, for the page that shows the answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .._providers.json_schema.nodes import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][\w$]*")
_NAMED: Final = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
}


def typescript(schema: Mapping[str, Any], name: str) -> str:
    """An exported type for the schema and for each of its definitions."""
    definitions = {**schema.get("$defs", {})}
    root = {key: value for key, value in schema.items() if key != "$defs"}
    if "$ref" not in root:
        definitions[name] = root
    parts = [_declaration(_identifier(each), node) for each, node in definitions.items()]
    if "$ref" in root and _identifier(_target(root)) != _identifier(name):
        parts.append(f"export type {_identifier(name)} = {_type(root)};\n")
    return "\n".join(parts)


def _declaration(name: str, node: Mapping[str, Any]) -> str:
    if _is_object(node):
        return f"{_comment(node)}export interface {name} {_object(node)}\n"
    return f"{_comment(node)}export type {name} = {_type(node)};\n"


def _type(node: Any) -> str:
    if not isinstance(node, dict):
        return "unknown"
    if "$ref" in node:
        return _identifier(_target(node))
    if "const" in node or "enum" in node:
        return " | ".join(map(to_json, node.get("enum", [node.get("const")])))
    for word, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if word in node:
            return sign.join(dict.fromkeys(map(_type, node[word])))
    if isinstance(node.get("type"), list):
        return " | ".join(_type({**node, "type": each}) for each in node["type"])
    return _plain_type(node)


def _plain_type(node: Mapping[str, Any]) -> str:
    kind = node.get("type", "")
    if kind == "array" and "prefixItems" in node:
        return f"[{', '.join(map(_type, node['prefixItems']))}]"
    if kind == "array":
        return f"Array<{_type(node.get('items'))}>"
    if kind == "object":
        values = _type(node.get("additionalProperties"))
        return _object(node) if _is_object(node) else f"Record<string, {values}>"
    return _NAMED.get(kind, "unknown")


def _object(node: Mapping[str, Any]) -> str:
    return "{\n" + "".join(_members(node)) + "}"


def _members(node: Mapping[str, Any]) -> Iterator[str]:
    required = node.get("required", ())
    for key, inside in node["properties"].items():
        name = key if _IDENTIFIER.fullmatch(key) else to_json(key)
        # A field with a default is always written.
        is_there = key in required or (isinstance(inside, dict) and "default" in inside)
        text = f"{_comment(inside)}{name}{'' if is_there else '?'}: {_type(inside)};"
        yield "".join(f"  {line}\n" for line in text.split("\n"))


def _is_object(node: Mapping[str, Any]) -> bool:
    return node.get("type") == "object" and "properties" in node


def _comment(node: Any) -> str:
    description = node.get("description") if isinstance(node, dict) else None
    return f"/** {' '.join(description.split()).replace('*/', '* /')} */\n" if description else ""


def _target(node: Mapping[str, Any]) -> str:
    return str(node["$ref"]).rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _identifier(name: str) -> str:
    text = re.sub(r"[^\w$]+", "_", name).strip("_") or "Answer"
    return f"_{text}" if text[0].isdigit() else text
