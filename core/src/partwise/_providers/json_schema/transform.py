"""One JSON schema in, the schema that a vendor takes out.

A vendor that constrains its model to a schema takes a subset of JSON Schema, and each takes
another one. A `SchemaProfile` describes such a subset as data; `transform` rewrites any schema
that pydantic writes into it. The rules, in order of importance:

1. Never wider than said. All that the vendor's schema allows is valid for the original, but for
   constraints of one value that the vendor can't enforce (bounds, formats, a tuple's order); these
   are in the description, in words for the model.
2. Nothing is lost in silence. A part that can be neither kept nor said in words (a map with free
   keys, `Any`, recursion if the vendor has none) makes the whole schema go to the profile's
   fallback: the vendor receives the schema but does not enforce it. That is logged, with each
   place.
3. The input is never changed, and transforming a result again changes nothing.

How it works. Each rule is a small pure function from a node to a node, and does nothing where
the profile takes the node as it is. They run from the root to the leaves, so that the children
which a rule makes are rewritten too. What then still can't be sent is found by a second walk,
`_refusals`, which knows nothing of the rules.

Optional properties, if a vendor requires all: the property is required, with no null added,
since the model's validator would not take one. A default other than null moves into the
description, so that the vendor's model may choose it knowingly.

Siblings of `$ref`, if a vendor takes none: the reference becomes the only member of an
`anyOf` and the siblings stay beside that. Unlike inlining, this works for recursive definitions
and copies nothing. Only a `$ref` at the root is inlined, because roots must be plain objects.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .nodes import Node, expand_booleans, find_cycles, plain_root, ref_target, walk
from .profile import ANY_SCHEMA, SchemaProfile
from .rules import rewrite

_log = logging.getLogger("partwise")


@dataclass(frozen=True, slots=True)
class TransformedSchema:
    """A schema in a vendor's dialect; `strict` says whether the vendor can enforce it."""

    schema: dict[str, Any]
    strict: bool


def transform(schema: Mapping[str, Any], profile: SchemaProfile) -> TransformedSchema:
    """Put a schema into the profile's dialect, or into its fallback's where that can't be done.

    Falling back is logged to the logger `partwise` as a warning that names each place, once for
    each schema: a job of a million calls has one line.

    Raises:
        ValueError: the schema's root is not an object.
    """
    plain = plain_root(expand_booleans(copy.deepcopy(dict(schema))))
    dialect = rewrite(plain, profile)
    refusals = list(_refusals(dialect, profile))
    if not refusals:
        return TransformedSchema(dialect, profile.strict)
    places = "; ".join(f"{reason} at {place}" for place, reason in refusals)
    _warn_of_fallback(profile.name, places)
    return TransformedSchema(rewrite(plain, profile.fallback or ANY_SCHEMA), strict=False)


@lru_cache(maxsize=256)
def _warn_of_fallback(vendor: str, places: str) -> None:
    _log.warning("%s can't enforce this schema, so it is sent unenforced: %s", vendor, places)


def _refusals(schema: Node, profile: SchemaProfile) -> Iterator[tuple[str, str]]:
    """Places that the profile can't take though every rule has run, and why."""
    cyclic = find_cycles(schema) if profile.recursion == "never" else {}
    for place, node in walk(schema):
        reasons = (
            _untaken(node, profile),
            _untyped(node) if profile.typed else None,
            _open(node) if profile.closed else None,
            "recursion" if cyclic.get(ref_target(node) or "") else None,
        )
        yield from ((place, reason) for reason in reasons if reason)


def _untaken(node: Node, profile: SchemaProfile) -> str | None:
    if "$ref" in node and ref_target(node) is None:
        return f"a reference to {node['$ref']}"
    return ", ".join(key for key in node if not profile.takes(key, node[key])) or None


def _untyped(node: Node) -> str | None:
    if not node.keys() & {"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"}:
        return "a value of any type"
    items = node.get("items", node.get("prefixItems", True))
    return "an array of anything" if _may_be(node, "array") and isinstance(items, bool) else None


def _open(node: Node) -> str | None:
    closed = node.get("additionalProperties") is False
    return "an object with free keys" if _may_be(node, "object") and not closed else None


def _may_be(node: Node, name: str) -> bool:
    types = node.get("type", ())
    return name in ([types] if isinstance(types, str) else types)
