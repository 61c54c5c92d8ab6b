"""JSON schemas, as far as one has to know them to make a value: references, merging, heights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from partwise.provider import ConfigurationError

Node: TypeAlias = Mapping[str, Any]

_UNIONS: Final = ("anyOf", "oneOf")


class UnsatisfiableError(ConfigurationError):
    """No value can be made that fits the schema. The message names the place."""


class Schema:
    """A schema whose references can be followed, and whose nodes know how deep they have to go.

    The height of a node is the least depth of a value that fits it. Whoever takes the lowest
    branch of every union, and leaves out optional values, comes to an end, recursive or not.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self._definitions: Mapping[str, Node] = root.get("$defs", {})
        self._heights = self._settled_heights()

    def resolved(self, node: Node | bool) -> Node:  # noqa: FBT001 - JSON Schema's own `true`
        """The node with its references and its `allOf` put into it."""
        if isinstance(node, bool):
            if not node:
                raise UnsatisfiableError("the schema has a part that no value fits")
            return {}
        if "$ref" in node:
            target = self._definitions[_definition(node["$ref"])]
            return self.resolved(merged(target, without(node, "$ref")))
        if "allOf" in node:
            parts = [self.resolved(part) for part in node["allOf"]]
            return self.resolved(merged(without(node, "allOf"), *parts))
        return node

    def branches(self, node: Node) -> list[Node]:
        """The branches of a union, the lowest first; none if it is no union."""
        rest = without(node, *_UNIONS, "discriminator")
        found = [merged(rest, branch) for key in _UNIONS for branch in node.get(key, ())]
        return sorted(found, key=self.height)

    def height(self, node: Node | bool) -> float:  # noqa: FBT001 - JSON Schema's own `true`
        """The least depth of a value that fits; infinite if none ends."""
        if isinstance(node, bool):
            return 0 if node else math.inf
        if "$ref" in node:
            return self._heights.get(_definition(node["$ref"]), math.inf)
        own = max((self.height(part) for part in node.get("allOf", ())), default=0)
        for key in _UNIONS:
            if key in node:
                own = max(own, min(map(self.height, node[key]), default=math.inf))
        return max(own, max((1 + self.height(each) for each in _needed(node)), default=0))

    def _settled_heights(self) -> dict[str, float]:
        self._heights = dict.fromkeys(self._definitions, math.inf)
        while True:
            known = {name: self.height(node) for name, node in self._definitions.items()}
            if known == self._heights:
                return known
            self._heights = known


def _needed(node: Node) -> Iterator[Node | bool]:
    """The parts that every fitting value has."""
    properties = node.get("properties", {})
    yield from (properties[name] for name in node.get("required", ()) if name in properties)
    if node.get("minItems", 0):
        yield from node.get("prefixItems", ())
        if node.get("minItems", 0) > len(node.get("prefixItems", ())):
            yield node.get("items", {})
    if node.get("minProperties", 0) and isinstance(node.get("additionalProperties"), Mapping):
        yield node["additionalProperties"]


def merged(first: Node, *others: Node) -> Node:
    """A node that asks for all that these ask for, as far as keywords can be joined."""
    result = dict(first)
    for other in others:
        for key, value in other.items():
            result[key] = _joined(key, result[key], value) if key in result else value
    return result


def _joined(key: str, one: Any, other: Any) -> Any:
    match key:
        case "properties":
            return {**one, **other}
        case "required":
            return list(dict.fromkeys([*one, *other]))
        case "enum":
            return [value for value in one if value in other]
        case "minimum" | "exclusiveMinimum" | "minLength" | "minItems":
            return max(one, other)
        case "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems":
            return min(one, other)
    return other


def without(node: Node, *keys: str) -> Node:
    """The node without these keywords."""
    return {key: value for key, value in node.items() if key not in keys}


def _definition(reference: str) -> str:
    name = reference.removeprefix("#/$defs/")
    return name.replace("~1", "/").replace("~0", "~")
