"""Descriptions in words of the keywords that a vendor's schema can't have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .nodes import ref_target, to_json

if TYPE_CHECKING:
    from .nodes import Node

_PHRASES: Mapping[str, str] = {
    "const": "always",
    "default": "default",
    "format": "format",
    "contentEncoding": "encoding",
    "contentMediaType": "media type",
    "pattern": "pattern",
    "minLength": "minimum length",
    "maxLength": "maximum length",
    "minimum": "minimum",
    "exclusiveMinimum": "greater than",
    "maximum": "maximum",
    "exclusiveMaximum": "less than",
    "multipleOf": "multiple of",
    "minItems": "minimum number of items",
    "maxItems": "maximum number of items",
    "uniqueItems": "no item twice",
    "minProperties": "minimum number of entries",
    "maxProperties": "maximum number of entries",
    "propertyNames": "schema of the keys",
}

_ORDER = list(_PHRASES)

_FLAGS = frozenset({"uniqueItems", "deprecated"})


def add_words(node: Node, words: str) -> Node:
    """The node with words for the model at the end of its description."""
    if not words:
        return node
    sentence = words[0].upper() + words[1:]
    description = node.get("description")
    return {**node, "description": f"{description}\n{sentence}" if description else sentence}


def rank(keyword: str) -> int:
    """Where a keyword comes in a sentence."""
    return _ORDER.index(keyword) if keyword in _ORDER else len(_ORDER)


def phrase(keyword: str, value: Any) -> str:
    """A keyword and its value in words; nothing where they ask for nothing."""
    words = _PHRASES.get(keyword, keyword)
    if keyword in _FLAGS:
        return words if value else ""
    return f"{words}: {value if isinstance(value, str) else to_json(value)}"


def summary(node: Node) -> str:
    """A node in a word or two, for a list of items in order."""
    return ref_target(node) or str(node.get("type", "")) or to_json(node)
