"""A random value that fits a JSON schema."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Any, Final

from ._nodes import Node, Schema, UnsatisfiableError
from ._numbers import integer, number
from ._texts import text, words

_DEEP: Final = 4
"""From this depth on, optional values are left out, and unions take their lowest branch."""
_DEEPEST: Final = 60
_LIKELY: Final = 0.8
"""The probability that an optional value is there."""
_SELDOM: Final = 0.15
"""Share of nulls among nullable values."""
_MORE: Final = 3
"""How many elements a container may have beyond the fewest."""
_TRIES: Final = 100
_NUMERIC: Final = frozenset({"number", "integer"})


def value_for(schema: Node, random: Random) -> Any:
    """A value that fits the schema: the same one for the same state of `random`.

    Raises:
        UnsatisfiableError: none can be made.
    """
    known = Schema(schema)
    if math.isinf(known.height(schema)):
        raise UnsatisfiableError("the type has no end: each of its values needs another inside")
    return _Maker(known, random).make(schema, "", 0)


class _Maker:
    def __init__(self, schema: Schema, random: Random) -> None:
        self._schema = schema
        self._random = random
        self._kinds: Mapping[str, Callable[[Node, str, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": lambda node, name, _depth: text(node, name, random),
            "integer": lambda node, _name, _depth: integer(node, random),
            "number": lambda node, _name, _depth: number(node, random),
            "boolean": lambda _node, _name, _depth: random.random() < 1 / 2,
            "null": lambda _node, _name, _depth: None,
        }

    def make(self, node: Node | bool, name: str, depth: int) -> Any:  # noqa: FBT001
        """A value for that node, under that name, at that depth of the answer."""
        if depth > _DEEPEST:
            # The lowest branch of some union can't be made, so that no way leads out.
            raise UnsatisfiableError(f"no value for {name!r} comes to an end")
        plain = self._schema.resolved(node)
        if "const" in plain:
            return plain["const"]
        if "enum" in plain:
            return self._random.choice(plain["enum"])
        branches = self._schema.branches(plain)
        if branches:
            return self._any_of(branches, name, depth)
        kind = plain.get("type") or _implied(plain)
        if isinstance(kind, list):
            return self._any_of([{**plain, "type": each} for each in kind], name, depth)
        if kind is None:
            return words(2, self._random)
        return self._kinds[kind](plain, name, depth)

    def _any_of(self, branches: list[Node], name: str, depth: int) -> Any:
        """A value of one branch; of another, if that one has none."""
        kinds = {branch.get("type") for branch in branches}
        if depth < _DEEP:
            branches = self._random.sample(branches, len(branches))
            branches.sort(key=self._is_put_off)
        if kinds & _NUMERIC:
            # A text beside a number is a number in another spelling, so no more is drawn for it.
            branches.sort(key=lambda branch: branch.get("type") == "string")
        failure = UnsatisfiableError(f"nothing fits {name!r}")
        for branch in branches:
            try:
                return self.make(branch, name, depth)
            except UnsatisfiableError as error:
                failure = error
        raise failure

    def _is_put_off(self, branch: Node) -> bool:
        return branch.get("type") == "null" and self._random.random() > _SELDOM

    # Containers ---------------------------------------------------------------------------------

    def _object(self, node: Node, _name: str, depth: int) -> Any:
        properties: Mapping[str, Node] = node.get("properties", {})
        required = set(node.get("required", ()))
        made = {}
        for name, child in properties.items():
            if name in required:
                made[name] = self.make(child, name, depth + 1)
            elif self._wants(child, depth):
                with suppress(UnsatisfiableError):
                    made[name] = self.make(child, name, depth + 1)
        if "patternProperties" in node or isinstance(node.get("additionalProperties"), Mapping):
            self._add_free_keys(made, node, depth)
        return made

    def _wants(self, child: Node, depth: int) -> bool:
        if "const" in child:
            return True  # a default, by which a union may tell its members apart
        if depth >= _DEEP or self._schema.height(child) > _DEEP:
            return False
        return self._random.random() < _LIKELY

    def _add_free_keys(self, made: dict[str, Any], node: Node, depth: int) -> None:
        fewest = node.get("minProperties", 0)
        extra = 0 if depth >= _DEEP else self._random.randint(1, _MORE)
        most = node.get("maxProperties", fewest + extra)
        wanted = min(max(fewest, extra), most)
        patterns = node.get("patternProperties") or {None: node["additionalProperties"]}
        pattern, child = next(iter(patterns.items()))
        names: dict[str, Any] = dict(node.get("propertyNames", {"minLength": 1}))
        if pattern is not None:
            names["pattern"] = pattern
        for _ in range(_TRIES):
            if len(made) >= wanted:
                return
            key = str(self.make({"type": "string", **names}, "", depth + 1))
            made.setdefault(key, self.make(child, "", depth + 1))
        if len(made) < fewest:
            raise UnsatisfiableError(f"no {fewest} different keys can be made")

    def _array(self, node: Node, name: str, depth: int) -> Any:
        prefix = node.get("prefixItems", ())
        items = node.get("items", not prefix)
        fewest = node.get("minItems", 0)
        extra = 0 if depth >= _DEEP or items is False else self._random.randint(1, _MORE)
        count = min(max(fewest, len(prefix) + extra), node.get("maxItems", fewest + _MORE))
        singular = name.removesuffix("s")
        made: list[Any] = []
        seen: set[str] = set()
        for _ in range(_TRIES + count):
            if len(made) >= count:
                break
            child = prefix[len(made)] if len(made) < len(prefix) else items
            value = self.make(child, singular, depth + 1)
            key = json.dumps(value, sort_keys=True)
            if not (node.get("uniqueItems") and key in seen):
                made.append(value)
                seen.add(key)
        if len(made) < fewest:
            raise UnsatisfiableError(f"no {fewest} different elements can be made for {name!r}")
        return made


def _implied(node: Node) -> str | None:
    """The type that the keywords imply, if none is named."""
    return next((kind for kind, keys in _SPEAKING.items() if not keys.isdisjoint(node)), None)


_SPEAKING: Final = {
    "object": frozenset({"properties", "additionalProperties", "required", "patternProperties"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems"}),
    "string": frozenset({"pattern", "format", "minLength", "maxLength"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
}
