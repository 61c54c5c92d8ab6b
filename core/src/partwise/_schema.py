"""One JSON schema in, the schema that a vendor takes out.

A vendor that constrains its model to a schema takes a subset of JSON Schema, and each takes
another one. A `SchemaProfile` describes such a subset as data; `transform` rewrites any schema
that pydantic writes into it. The rules, in order of importance:

1. Never wider than said. What the vendor's schema allows is valid for the original, but for
   what the vendor can't enforce on one value (bounds, formats, the order in a tuple); that
   stands in the description, in words for the model.
2. Nothing is lost in silence. What can be neither kept nor said in words (a map with free keys,
   `Any`, recursion where there is none) makes the whole schema go to the profile's fallback:
   the vendor is told the schema but does not enforce it. That is logged, with each place.
3. The input is never changed, and transforming a result again changes nothing.

How it works. Each rule is a small pure function from a node to a node, and does nothing where
the profile takes the node as it is. `_RULES` run from the root to the leaves, so that a rule
which makes new children has them rewritten too. What then still can't be sent is found by a
second walk, `_refusals`, which knows nothing of the rules.

Optional properties, where a vendor requires all: the property is required, with no null added,
since the model's validator would not take one. A default other than null moves into the
description, so that the vendor's model may choose it knowingly.

Siblings of `$ref`, where a vendor takes none: the reference becomes the only member of an
`anyOf` and the siblings stay beside that. Unlike inlining, this works for recursive definitions
and copies nothing. Only a `$ref` at the root is inlined, because roots must be plain objects.
"""

from __future__ import annotations

import copy
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

_log = logging.getLogger("partwise")

Node: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProfile:
    """What one vendor, at one strictness, takes of JSON Schema.

    Every vendor takes `type`, `properties`, `required`, `items`, `additionalProperties: false`,
    `enum`, `anyOf`, `$ref`, `$defs` and `description`. The defaults describe a vendor that takes
    any schema.

    Attributes:
        name: for the log, such as `"openai strict"`.
        strict: whether the vendor enforces a schema of this profile.
        keywords: the further keywords that it takes; None if it takes all.
        accepts: for some of those, which of the keyword's values it takes; all, if not listed.
        enum_types: the JSON types whose values it takes in `enum`; None if it takes all.
        closed: it wants `additionalProperties: false` in every object, so it takes no maps.
        typed: every node must say what it is, so it takes no `Any`.
        all_required: every property must be required.
        ref_siblings: whether other keywords may stand beside `$ref`.
        recursion: whether a definition may lead to itself: always, only through a property that
            is not required, or never.
        fallback: the profile for a schema that this one can't take; None takes it as it is.
    """

    name: str
    strict: bool = True
    keywords: frozenset[str] | None = None
    accepts: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict, hash=False)
    enum_types: frozenset[str] | None = None
    closed: bool = False
    typed: bool = False
    all_required: bool = False
    ref_siblings: bool = True
    recursion: Literal["always", "optional", "never"] = "always"
    fallback: SchemaProfile | None = None

    def takes(self, keyword: str, value: Any = None) -> bool:
        """Whether the vendor takes this keyword, with this value where that matters."""
        if keyword in _COMMON:
            return True
        if self.keywords is not None and keyword not in self.keywords:
            return False
        return keyword not in self.accepts or self.accepts[keyword](value)


_ANYTHING = SchemaProfile(name="anything", strict=False)


@dataclass(frozen=True, slots=True)
class TransformedSchema:
    """A schema in a vendor's dialect; `strict` says whether the vendor can enforce it."""

    schema: dict[str, Any]
    strict: bool


def transform(schema: Mapping[str, Any], profile: SchemaProfile) -> TransformedSchema:
    """Put a schema into the profile's dialect, or into its fallback's where that can't be done.

    Falling back is logged to the logger `partwise` as a warning that names each place.

    Raises:
        ValueError: the schema's root is not an object.
    """
    plain = _plain_root(_spell_out(copy.deepcopy(dict(schema))))
    dialect = _rewrite(plain, profile)
    refusals = list(_refusals(dialect, profile))
    if not refusals:
        return TransformedSchema(dialect, profile.strict)
    places = "; ".join(f"{reason} at {place}" for place, reason in refusals)
    _log.warning("%s can't enforce this schema, it is only told it: %s", profile.name, places)
    return TransformedSchema(_rewrite(plain, profile.fallback or _ANYTHING), strict=False)


def is_simple_pattern(pattern: str) -> bool:
    """Whether a regular expression does without lookaround, backreferences and word boundaries.

    No vendor's grammar knows those. Made for `SchemaProfile.accepts`.
    """
    return _NOT_REGULAR.search(pattern) is None


_NOT_REGULAR = re.compile(r"\(\?(?:[=!]|<[=!]|P=|P?<)|(?<!\\)(?:\\\\)*\\[1-9bB]")

_COMMON = frozenset({
    "type", "properties", "required", "items", "additionalProperties", "enum", "anyOf", "$ref",
    "$defs", "description",
})  # fmt: skip

# Keywords with a rule or a refusal of their own, which are therefore never put into words.
_STRUCTURAL = _COMMON | {"oneOf", "allOf", "prefixItems", "patternProperties"}

# Keywords that say nothing about the value, and are dropped where they are not taken.
_IDLE = frozenset({
    "title", "discriminator", "readOnly", "writeOnly", "$schema", "$id", "$anchor", "$comment",
})  # fmt: skip

_FLAGS = frozenset({"uniqueItems", "deprecated"})

_ANNOTATIONS = frozenset({"title", "description", "default"})

_PHRASES: Mapping[str, str] = {
    "const": "always",
    "contentEncoding": "encoding",
    "contentMediaType": "media type",
    "exclusiveMaximum": "less than",
    "exclusiveMinimum": "greater than",
    "maxItems": "maximum number of items",
    "maxLength": "maximum length",
    "maxProperties": "maximum number of entries",
    "minItems": "minimum number of items",
    "minLength": "minimum length",
    "minProperties": "minimum number of entries",
    "multipleOf": "multiple of",
    "propertyNames": "schema of the keys",
    "uniqueItems": "no item twice",
}


# Walking ------------------------------------------------------------------------------------

_MAPS = ("properties", "patternProperties", "$defs")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLES = ("items", "additionalProperties")


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    """The schemas directly inside a node, each with its pointer from there."""
    for key in _MAPS:
        for name, child in node.get(key, {}).items():
            yield f"/{key}/{_escape(name)}", child
    for key in _LISTS:
        for index, child in enumerate(node.get(key, ())):
            yield f"/{key}/{index}", child
    for key in _SINGLES:
        if isinstance(child := node.get(key), dict):
            yield f"/{key}", child


def _walk(node: Node, place: str = "#") -> Iterator[tuple[str, Node]]:
    """A node and all schemas inside it, each with its JSON pointer."""
    yield place, node
    for step, child in _children(node):
        yield from _walk(child, place + step)


def _map_children(node: Node, change: Callable[[Node], Node]) -> Node:
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


def _spell_out(node: Node) -> Node:
    """The schema with `true` and `false` for whole schemas inside it written as objects."""
    return _map_children(node, _spell_out)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _unescape(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")


# The root, and the order of things ----------------------------------------------------------


def _plain_root(schema: Node) -> Node:
    """The schema with a root that is not a `$ref`: pydantic writes one for a recursive model."""
    while (name := _target(schema)) is not None:
        siblings = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**schema["$defs"][name], **siblings}
    if schema.get("type") != "object":
        message = f"the root of the schema must be an object, not {schema.get('type')!r}"
        raise ValueError(message)
    return schema


def _rewrite(schema: Node, profile: SchemaProfile) -> Node:
    schema = _rewrite_node(schema, profile)
    return _relax_cycles(schema) if profile.recursion == "optional" else schema


def _rewrite_node(node: Node, profile: SchemaProfile) -> Node:
    for rule in _RULES:
        node = rule(node, profile)
    return _map_children(node, lambda child: _rewrite_node(child, profile))


# Rules --------------------------------------------------------------------------------------


def _merge_single_all_of(node: Node, profile: SchemaProfile) -> Node:
    members = node.get("allOf", ())
    if len(members) != 1 or profile.takes("allOf"):
        return node
    return {**members[0], **_without(node, "allOf")}


def _one_of_to_any_of(node: Node, profile: SchemaProfile) -> Node:
    if "oneOf" not in node or "anyOf" in node or profile.takes("oneOf"):
        return node
    return {**_without(node, "oneOf", "discriminator"), "anyOf": node["oneOf"]}


def _const_to_enum(node: Node, profile: SchemaProfile) -> Node:
    if "const" not in node or profile.takes("const"):
        return node
    return {**_without(node, "const"), "enum": [node["const"]]}


def _split_enum(node: Node, profile: SchemaProfile) -> Node:
    """Keep in `enum` only values of the types taken there, and the others as plain types."""
    allowed = profile.enum_types
    values = node.get("enum", [])
    if allowed is None or all(_json_type(value) in allowed for value in values):
        return node
    kept = [value for value in values if _json_type(value) in allowed]
    others = [value for value in values if _json_type(value) not in allowed]
    branches: list[Node] = [{"type": _types(kept), "enum": kept}] if kept else []
    branches += [_plain_type(name, others) for name in _as_list(_types(others))]
    rest = _without(node, "enum", "type")
    if len(branches) > 1:
        return {**rest, "anyOf": branches}
    return _add_words({**rest, "type": branches[0]["type"]}, branches[0].get("description", ""))


def _plain_type(name: str, values: list[Any]) -> Node:
    """The type alone, with its values in words unless they are all there are."""
    own = [value for value in values if _json_type(value) == name]
    if name == "null" or (name == "boolean" and len(own) > 1):
        return {"type": name}
    return _add_words({"type": name}, f"one of: {_json(own)}")


def _type_enum(node: Node, profile: SchemaProfile) -> Node:
    if not profile.typed or "type" in node or not node.get("enum"):
        return node
    return {"type": _types(node["enum"]), **node}


def _tuple_to_list(node: Node, profile: SchemaProfile) -> Node:
    """Let each item be what any of them may be; the order is then said in words."""
    if "prefixItems" not in node or profile.takes("prefixItems"):
        return node
    members = node["prefixItems"]
    extra = [node["items"]] if isinstance(node.get("items"), dict) else []
    kinds = _distinct([*members, *extra])
    items = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    node = {**_without(node, "prefixItems"), "items": items}
    if len(kinds) == 1:
        return node
    return _add_words(node, f"items in order: {', '.join(map(_brief, members))}")


def _patterns_to_map(node: Node, profile: SchemaProfile) -> Node:
    """A map whose keys follow patterns becomes a map of any keys; the patterns go into words."""
    if "patternProperties" not in node or profile.takes("patternProperties"):
        return node
    patterns = node["patternProperties"]
    kinds = _distinct([*patterns.values()])
    value = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    node = {**_without(node, "patternProperties"), "additionalProperties": value}
    return _add_words(node, f"keys match: {' or '.join(patterns)}")


def _close(node: Node, profile: SchemaProfile) -> Node:
    if not profile.closed or "properties" not in node or "additionalProperties" in node:
        return node
    return {**node, "additionalProperties": False}


def _require_all(node: Node, profile: SchemaProfile) -> Node:
    if not profile.all_required or "properties" not in node:
        return node
    required = node.get("required", ())
    properties = {
        name: child if name in required or "default" in child else _add_words(child, "optional")
        for name, child in node["properties"].items()
    }
    return {**node, "properties": properties, "required": list(properties)}


def _drop_null_default(node: Node, profile: SchemaProfile) -> Node:
    """Say nothing of a default of null: a nullable property says it already."""
    if profile.takes("default") or node.get("default", ...) is not None:
        return node
    return _without(node, "default")


def _put_in_words(node: Node, profile: SchemaProfile) -> Node:
    """Move each keyword that is not taken into the description."""
    lost = [key for key, value in node.items() if not _stays(key, value, node, profile)]
    words = [_say(key, node[key]) for key in lost if key not in _IDLE]
    return _add_words(_without(node, *lost), "; ".join(filter(None, words)))


def _stays(key: str, value: Any, node: Node, profile: SchemaProfile) -> bool:
    if key in _STRUCTURAL:
        return True
    if "$ref" in node and not profile.ref_siblings and key not in _ANNOTATIONS:
        return False
    return profile.takes(key, value) and _is_json(value)


def _wrap_ref(node: Node, profile: SchemaProfile) -> Node:
    if "$ref" not in node or profile.ref_siblings or len(node) == 1:
        return node
    return {"anyOf": [{"$ref": node["$ref"]}], **_without(node, "$ref")}


_RULES: tuple[Callable[[Node, SchemaProfile], Node], ...] = (
    _merge_single_all_of,
    _one_of_to_any_of,
    _const_to_enum,
    _split_enum,
    _type_enum,
    _tuple_to_list,
    _patterns_to_map,
    _close,
    _require_all,
    _drop_null_default,
    _put_in_words,
    _wrap_ref,
)


# Refusals -----------------------------------------------------------------------------------


def _refusals(schema: Node, profile: SchemaProfile) -> Iterator[tuple[str, str]]:
    """What the profile can't take though every rule has run: the place, and why."""
    cyclic = _cycles(schema) if profile.recursion == "never" else {}
    for place, node in _walk(schema):
        reasons = (
            _untaken(node, profile),
            _untyped(node) if profile.typed else None,
            _open(node) if profile.closed else None,
            "recursion" if cyclic.get(_target(node) or "") else None,
        )
        yield from ((place, reason) for reason in reasons if reason)


def _untaken(node: Node, profile: SchemaProfile) -> str | None:
    if "$ref" in node and _target(node) is None:
        return f"a reference to {node['$ref']}"
    return ", ".join(key for key in node if not profile.takes(key, node[key])) or None


def _untyped(node: Node) -> str | None:
    if not node.keys() & {"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"}:
        return "a value of any type"
    items = node.get("items", node.get("prefixItems", True))
    if node.get("type") == "array" and isinstance(items, bool):
        return "an array of anything"
    return None


def _open(node: Node) -> str | None:
    if node.get("type") == "object" and node.get("additionalProperties") is not False:
        return "an object with free keys"
    return None


# Recursion ----------------------------------------------------------------------------------


def _target(node: Node) -> str | None:
    """The name of the definition that a node refers to, if it refers to one."""
    start, _, name = node.get("$ref", "").rpartition("/")
    return _unescape(name) if start == "#/$defs" else None


def _targets(node: Node) -> set[str]:
    return {name for _, child in _walk(node) if (name := _target(child)) is not None}


def _cycles(schema: Node) -> dict[str, set[str]]:
    """For each definition those from which it can be reached and which it can reach."""
    steps = {name: _targets(child) for name, child in schema.get("$defs", {}).items()}
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


def _relax_cycles(schema: Node) -> Node:
    """Take every property that closes a cycle out of `required`, and say so in words."""
    cycles = _cycles(schema)
    definitions = {
        name: _relax(child, cycles[name]) for name, child in schema.get("$defs", {}).items()
    }
    return {**schema, "$defs": definitions} if definitions else schema


def _relax(node: Node, cycle: set[str]) -> Node:
    required = node.get("required", ())
    relaxed = [name for name in required if _targets(node["properties"][name]) & cycle]
    if relaxed:
        node = {**node, "required": [name for name in required if name not in relaxed]}
        spoken = {name: _add_words(node["properties"][name], "required") for name in relaxed}
        node["properties"] = {**node["properties"], **spoken}
    return _map_children(node, lambda child: _relax(child, cycle))


# Words --------------------------------------------------------------------------------------


def _add_words(node: Node, words: str) -> Node:
    """The node with words for the model at the end of its description."""
    if not words:
        return node
    sentence = words[0].upper() + words[1:]
    said = node.get("description")
    return {**node, "description": f"{said}\n{sentence}" if said else sentence}


def _say(keyword: str, value: Any) -> str:
    phrase = _PHRASES.get(keyword, keyword)
    if keyword in _FLAGS:
        return phrase if value else ""
    return f"{phrase}: {value if isinstance(value, str) else _json(value)}"


def _brief(node: Node) -> str:
    """A node in a word or two, for a list of items in order."""
    return _target(node) or str(node.get("type", "")) or _json(node)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# Values -------------------------------------------------------------------------------------

_JSON_TYPES: tuple[tuple[type, str], ...] = (
    (type(None), "null"),
    (bool, "boolean"),  # before int, whose subclass it is
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def _json_type(value: Any) -> str:
    return next(name for kind, name in _JSON_TYPES if isinstance(value, kind))


def _is_json(value: Any) -> bool:
    """Whether the value can be sent: a default of infinity, say, can't."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _types(values: list[Any]) -> str | list[str]:
    """The types of these values, in the form that `type` takes."""
    names = list(dict.fromkeys(map(_json_type, values)))
    return names[0] if len(names) == 1 else names


def _as_list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _distinct(nodes: list[Node]) -> list[Node]:
    """The nodes without repetitions, where titles do not count."""
    return list({_json(_without(node, "title")): node for node in reversed(nodes)}.values())[::-1]


def _without(node: Node, *keys: str) -> Node:
    return {key: value for key, value in node.items() if key not in keys}
