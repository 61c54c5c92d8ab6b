"""Compiles unions: by a tag, by the JSON type, or by the keys that an object has."""

from __future__ import annotations

import contextlib
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError, core_schema, to_json

from .core_schema import (
    ARRAYS,
    NEVER_EXACTLY_A_STRING,
    OBJECTS,
    PREDICTABLE,
    UnwrappedSchema,
    choices_of,
    is_plain,
    single_keys,
)
from .nodes import ContainerNode, TaggedLayout, UnionLayout

if TYPE_CHECKING:
    from pydantic_core import CoreConfig, CoreSchema

    from .compiling import NodeCompiler
    from .nodes import ValueNode


def open_union(
    compiler: NodeCompiler, node: ValueNode, core: Any, config: CoreConfig | None, *, whole: bool
) -> None:
    """Say in the node how a union shows while it is open."""
    choices = choices_of(core)
    unwrapped = [UnwrappedSchema(choice, compiler.definitions) for choice in choices]
    kinds = [each.inner["type"] for each in unwrapped]
    if any(each.may_rewrite for each in unwrapped) or not PREDICTABLE.issuperset(kinds):
        return
    texts = [each for each in unwrapped if each.inner["type"] == "str"]
    others = [k for k in kinds if k not in OBJECTS | ARRAYS | NEVER_EXACTLY_A_STRING]
    if core.get("mode") == "left_to_right" and kinds[0] != "str":
        others = []  # the branches before may take a text by conversion, and are asked first
    if others == ["str"] and not texts[0].has_functions and is_plain(texts[0].inner, config):
        node.text = node.plain = True
    for name, of_kind in (("object", OBJECTS), ("array", ARRAYS)):
        able = [
            compiler.node(choice, config, provisional=node.provisional or whole)
            for choice, kind in zip(choices, kinds, strict=True)
            if kind in of_kind
        ]
        if len(able) == 1 and (container := getattr(able[0], name)) is not None:
            setattr(node, name, container.deferred(validates_whole=whole))
        elif name == "object" and len(able) > 1:
            node.object = ContainerNode(UnionLayout(able), validates_whole=whole)


def open_tagged_union(
    compiler: NodeCompiler, node: ValueNode, core: Any, config: CoreConfig | None, *, whole: bool
) -> None:
    """Say in the node how a union with a discriminator shows while it is open."""
    tags = single_keys(core["discriminator"])
    if tags is None:
        return  # the user's function wants the whole object
    choices = {
        text: compiler.node(core["choices"][tag], config, provisional=node.provisional or whole)
        for text, tag in _tags_in_json(core, tags[0]).items()
    }
    node.object = ContainerNode(TaggedLayout(frozenset(tags), choices), validates_whole=whole)


def _tags_in_json(core: Any, key: str) -> dict[str, Any]:
    """The tags of a tagged union by the JSON text that says them, as far as a text does.

    pydantic is asked: to it `1` and `"1"` differ, and an enum's member need not be its value.
    """

    def giving(tag: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(lambda _: tag)

    choices = {tag: giving(tag) for tag in core["choices"]}
    schema = core_schema.tagged_union_schema(choices, core["discriminator"])
    ask = SchemaValidator(schema).validate_json
    found = {}
    for tag in choices:
        text = to_json(tag.value if isinstance(tag, Enum) else tag).decode()
        with contextlib.suppress(ValidationError):
            found[text] = ask(f"{{{to_json(key).decode()}: {text}}}")
    return found
