"""JSON schemas as trees of plain dicts: walking them, following references, telling types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from ..._paths import format_pointer

Node: TypeAlias = dict[str, Any]

# Keywords that every vendor takes.
COMMON = frozenset({
    "type", "properties", "required", "items", "additionalProperties", "enum", "anyOf", "$ref",
    "$defs", "description",
})  # fmt: skip

_MAPS = ("properties", "patternProperties", "$defs")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLES = ("items", "additionalProperties")


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    """The schemas directly inside a node, each with its pointer from there."""
    for key in _MAPS:
        for name, child in node.get(key, {}).items():
            yield format_pointer((key, name)), child
    for key in _LISTS:
        for index, child in enumerate(node.get(key, ())):
            yield f"/{key}/{index}", child
    for key in _SINGLES:
        if isinstance(child := node.get(key), dict):
            yield f"/{key}", child


def walk(node: Node, place: str = "#") -> Iterator[tuple[str, Node]]:
    """A node and all schemas inside it, each with its JSON pointer."""
    yield place, node
    for step, child in _children(node):
        yield from walk(child, place + step)


def map_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each schema directly inside it changed."""
    maps = {
        key: {name: change(_as_node(child)) for name, child in node[key].items()}
        for key in _MAPS
        if key in node
    }
    lists = {key: [change(_as_node(child)) for child in node[key]] for key in _LISTS if key in node}
    singles = {key: change(node[key]) for key in _SINGLES if isinstance(node.get(key), dict)}
    return {**node, **maps, **lists, **singles}


def _as_node(schema: Node | bool) -> Node:  # noqa: FBT001 - JSON Schema's own `true` and `false`
    if schema is True:
        return {}
    return {"not": {}} if schema is False else schema


def expand_booleans(node: Node) -> Node:
    """The schema with `true` and `false` for whole schemas inside it written as objects."""
    return map_children(node, expand_booleans)


def plain_root(schema: Node) -> Node:
    """The schema with a root that is not a `$ref`: pydantic writes one for a recursive model.

    Raises:
        ValueError: the root is not an object.
    """
    while (name := ref_target(schema)) is not None:
        schema = {**schema["$defs"][name], **without(schema, "$ref")}
    if schema.get("type") != "object":
        raise ValueError(f"the root of the schema must be an object, not {schema.get('type')!r}")
    return schema


def ref_target(node: Node) -> str | None:
    """The name of the definition that a node refers to, if it refers to one."""
    start, _, name = node.get("$ref", "").rpartition("/")
    return name.replace("~1", "/").replace("~0", "~") if start == "#/$defs" else None


def ref_targets(node: Node) -> set[str]:
    """The names of all definitions that a node and the schemas inside it refer to."""
    return {name for _, child in walk(node) if (name := ref_target(child)) is not None}


def find_cycles(schema: Node) -> dict[str, set[str]]:
    """For each definition, those on a cycle with it; none if it is on no cycle."""
    steps = {name: ref_targets(child) for name, child in schema.get("$defs", {}).items()}
    reach = {name: _closure(name, steps) for name in steps}
    return {name: {other for other in reach[name] if name in reach[other]} for name in steps}


def _closure(start: str, steps: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    pending = set(steps[start])
    while pending:
        name = pending.pop()
        seen.add(name)
        pending |= steps.get(name, set()) - seen
    return seen


_JSON_TYPES: tuple[tuple[type, str], ...] = (
    (type(None), "null"),
    (bool, "boolean"),  # before int, whose subclass it is
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def json_type(value: Any) -> str:
    """The name of the value's type in JSON Schema; an integer's is never `number`."""
    return next(name for kind, name in _JSON_TYPES if isinstance(value, kind))


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def is_json(value: Any) -> bool:
    """Whether the value can be sent: a default of infinity, say, can't."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def json_types(values: Iterable[Any]) -> list[str]:
    """The types of these values, each once."""
    return list(dict.fromkeys(map(json_type, values)))


def distinct(nodes: list[Node]) -> list[Node]:
    """The nodes without repetitions, where titles do not count."""
    return list({to_json(without(node, "title")): node for node in reversed(nodes)}.values())[::-1]


def without(node: Node, *keys: str) -> Node:
    """The node without these keywords."""
    return {key: value for key, value in node.items() if key not in keys}
