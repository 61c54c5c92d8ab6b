"""The rules that put a schema into a vendor's dialect, each a small pure function.

A rule gets a node and the profile, and gives the node back as it is if the profile takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .descriptions import add_words, phrase, rank, summary
from .nodes import (
    COMMON,
    Node,
    distinct,
    find_cycles,
    is_json,
    json_type,
    json_types,
    map_children,
    ref_target,
    ref_targets,
    to_json,
    walk,
    without,
)

if TYPE_CHECKING:
    from .profile import SchemaProfile

# Keywords with a rule or a refusal of their own, which are therefore never put into words.
_STRUCTURAL = COMMON | {"oneOf", "allOf", "prefixItems", "patternProperties"}

# Keywords that say nothing about the value, and are dropped where they are not taken.
_IDLE = frozenset({
    "title", "discriminator", "readOnly", "writeOnly", "$schema", "$id", "$anchor", "$comment",
})  # fmt: skip

_ANNOTATIONS = frozenset({"title", "description", "default"})


def rewrite(schema: Node, profile: SchemaProfile) -> Node:
    """The whole schema in the profile's dialect, as far as the rules can bring it."""
    if not profile.takes("discriminator"):
        schema = _require_tags(schema)
    schema = _rewrite_node(schema, profile)
    return _relax_cycles(schema) if profile.recursion == "optional" else schema


def _rewrite_node(node: Node, profile: SchemaProfile) -> Node:
    for rule in _RULES:
        node = rule(node, profile)
    return map_children(node, lambda child: _rewrite_node(child, profile))


def _merge_single_all_of(node: Node, profile: SchemaProfile) -> Node:
    members = node.get("allOf", ())
    if len(members) != 1 or profile.takes("allOf"):
        return node
    return _merge_single_all_of({**members[0], **without(node, "allOf")}, profile)


def _one_of_to_any_of(node: Node, profile: SchemaProfile) -> Node:
    if "oneOf" not in node or "anyOf" in node or profile.takes("oneOf"):
        return node
    return {**without(node, "oneOf", "discriminator"), "anyOf": node["oneOf"]}


def _const_to_enum(node: Node, profile: SchemaProfile) -> Node:
    if "const" not in node or (profile.takes("const") and _listable(node["const"], profile)):
        return node
    return {**without(node, "const"), "enum": [node["const"]]}


def _split_enum(node: Node, profile: SchemaProfile) -> Node:
    """Keep in `enum` only values of the types taken there, and the others as plain types."""
    values = node.get("enum", [])
    kept = [value for value in values if _listable(value, profile)]
    others = [value for value in values if not _listable(value, profile)]
    if not others:
        return node
    branches: list[Node] = [{"type": _type_of(kept), "enum": kept}] if kept else []
    branches += [_plain_type(name, others) for name in json_types(others)]
    rest = without(node, "enum", "type")
    if len(branches) > 1:
        return {**rest, "anyOf": branches}
    return add_words({**rest, "type": branches[0]["type"]}, branches[0].get("description", ""))


def _listable(value: Any, profile: SchemaProfile) -> bool:
    return profile.enum_types is None or json_type(value) in profile.enum_types


def _plain_type(name: str, values: list[Any]) -> Node:
    """The type alone, with its values in words unless they are all there are."""
    own = [value for value in values if json_type(value) == name]
    if name == "null" or (name == "boolean" and len(own) > 1):
        return {"type": name}
    return add_words({"type": name}, f"one of: {to_json(own)}")


def _type_enum(node: Node, profile: SchemaProfile) -> Node:
    if not profile.typed or "type" in node or not node.get("enum"):
        return node
    return {"type": _type_of(node["enum"]), **node}


def _type_of(values: list[Any]) -> str | list[str]:
    """The types of these values, in the form that `type` takes."""
    names = json_types(values)
    return names[0] if len(names) == 1 else names


def _tuple_to_list(node: Node, profile: SchemaProfile) -> Node:
    """Let each item be of any of their types; the description then has the order."""
    if "prefixItems" not in node or profile.takes("prefixItems"):
        return node
    members = node["prefixItems"]
    items = _any_of(members, node.get("items"))
    node = {**without(node, "prefixItems"), "items": items}
    if "anyOf" not in items:
        return node
    return add_words(node, f"items in order: {', '.join(map(summary, members))}")


def _patterns_to_map(node: Node, profile: SchemaProfile) -> Node:
    """A map whose keys follow patterns becomes a map of any keys; the patterns go into words."""
    if "patternProperties" not in node or profile.takes("patternProperties"):
        return node
    patterns = node["patternProperties"]
    value = _any_of(patterns.values(), node.get("additionalProperties"))
    node = {**without(node, "patternProperties"), "additionalProperties": value}
    return add_words(node, f"keys match: {' or '.join(patterns)}")


def _any_of(nodes: Iterable[Node], rest: object) -> Node:
    """One of these schemas, or the one for the rest if there is one."""
    kinds = distinct([*nodes, rest] if isinstance(rest, dict) else [*nodes])
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _close(node: Node, profile: SchemaProfile) -> Node:
    if not profile.closed or "properties" not in node or "additionalProperties" in node:
        return node
    return {**node, "additionalProperties": False}


def _require_all(node: Node, profile: SchemaProfile) -> Node:
    if not profile.all_required or "properties" not in node:
        return node
    required = node.get("required", ())
    properties = {
        name: child if name in required or "default" in child else add_words(child, "optional")
        for name, child in node["properties"].items()
    }
    return {**node, "properties": properties, "required": list(properties)}


def _drop_plain_default(node: Node, profile: SchemaProfile) -> Node:
    """Say nothing of a default that goes without saying: null, or the only value there is."""
    if profile.takes("default") or "default" not in node:
        return node
    only = node.get("enum", [node["const"]] if "const" in node else [])
    plain = node["default"] is None or only == [node["default"]]
    return without(node, "default") if plain else node


def _put_in_words(node: Node, profile: SchemaProfile) -> Node:
    """Move each keyword that is not taken into the description."""
    lost = [key for key, value in node.items() if not _stays(key, value, node, profile)]
    words = [phrase(key, node[key]) for key in sorted(lost, key=rank) if key not in _IDLE]
    return add_words(without(node, *lost), "; ".join(filter(None, words)))


def _stays(key: str, value: Any, node: Node, profile: SchemaProfile) -> bool:
    if key in _STRUCTURAL:
        return True
    if "$ref" in node and not profile.ref_siblings and key not in _ANNOTATIONS:
        return False
    return profile.takes(key, value) and is_json(value)


def _wrap_ref(node: Node, profile: SchemaProfile) -> Node:
    if "$ref" not in node or profile.ref_siblings or len(node) == 1:
        return node
    return {"anyOf": [{"$ref": node["$ref"]}], **without(node, "$ref")}


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
    _drop_plain_default,
    _put_in_words,
    _wrap_ref,
)


def _require_tags(schema: Node) -> Node:
    """Make the tag of a tagged union required in each member, even one that has a default.

    Pydantic's validator wants it there, and the keyword that says so is lost in most dialects.
    """
    if "$defs" not in schema:
        return schema
    tags: dict[str, list[str]] = {name: [] for name in schema["$defs"]}
    for _, node in walk(schema):
        for name in _tagged_definitions(node) if "discriminator" in node else ():
            tags[name].append(node["discriminator"]["propertyName"])
    definitions = {name: _require(child, tags[name]) for name, child in schema["$defs"].items()}
    return {**schema, "$defs": definitions}


def _tagged_definitions(node: Node) -> Iterator[str]:
    """The names of a union's definitions, with those of the unions in it."""
    for member in node.get("oneOf", ()):
        name = ref_target(member)
        yield from _tagged_definitions(member) if name is None else (name,)


def _require(node: Node, names: list[str]) -> Node:
    if not names:
        return node
    return {**node, "required": list(dict.fromkeys([*node.get("required", ()), *names]))}


def _relax_cycles(schema: Node) -> Node:
    """Take every property that closes a cycle out of `required`, and say so in words."""
    cycles = find_cycles(schema)
    definitions = {
        name: _relax(child, cycles[name]) for name, child in schema.get("$defs", {}).items()
    }
    return {**schema, "$defs": definitions} if definitions else schema


def _relax(node: Node, cycle: set[str]) -> Node:
    required, properties = node.get("required", []), node.get("properties", {})
    relaxed = [name for name in required if ref_targets(properties.get(name, {})) & cycle]
    if relaxed:
        kept = [name for name in required if name not in relaxed]
        spoken = {name: add_words(properties[name], "required") for name in relaxed}
        node = {**node, "required": kept, "properties": {**properties, **spoken}}
    return map_children(node, lambda child: _relax(child, cycle))
