"""Compiles a core schema into the nodes, ways and layouts of a plan.

The plan is made from pydantic's own core schema, so it has all that pydantic has: aliases,
constraints, validators, discriminators, recursion. Each kind of schema that can be shown partly
has a method here, in `models` or in `unions`; any other shows when it is complete, validated by
pydantic as it is.

Nothing here is fast or needs to be. Validators are built when the first value asks for one.
"""

from __future__ import annotations

import functools
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import SchemaValidator, core_schema

from .._sentinels import MISSING
from .compiling import NodeCompiler
from .core_schema import (
    ANY,
    LEVELS,
    MODELS,
    OBJECTS,
    UnwrappedSchema,
    as_lists,
    fields_of,
    is_constrained,
    is_deep,
    is_made_of_fields,
    is_plain,
    is_pure,
    is_root,
    keys_of_fields,
    lax,
    level_of,
    omits_inside,
    split_definitions,
    without_functions,
)
from .defensive_copies import on_copies
from .instances import finished_root_maker, root_maker
from .markers import CHANGED, markers_of
from .models import ModelCompiler
from .nodes import ContainerNode, DictLayout, ListLayout, ModelLayout, RootLayout, ValueNode
from .refusals import refused_openers, text_bound
from .unions import open_tagged_union, open_union
from .validation import json_check, post_init_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import CoreConfig, CoreSchema

    from .core_schema import Check

_MAKERS: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "tuple": tuple,
    "deque": deque,
    "set": set,
    "frozenset": frozenset,
}


class Compiler(NodeCompiler):
    """Compiles one core schema into nodes.

    Attributes:
        schema: that schema, without its definitions.
    """

    def __init__(self, schema: CoreSchema) -> None:
        self.schema, definitions = split_definitions(as_lists(schema))
        super().__init__(definitions, is_changed=CHANGED in markers_of(self.schema))
        self._nodes: dict[tuple[Any, ...], ValueNode] = {}  # of the places given by reference

    def root(self) -> ValueNode:
        return self.node(self.schema, None, provisional=False)

    # Places

    def node(
        self,
        schema: CoreSchema,
        config: CoreConfig | None,
        *,
        provisional: bool,
        in_field: bool = False,
    ) -> ValueNode:
        reference = (schema.get("schema_ref"), id(config), provisional, in_field)
        if reference in self._nodes:
            return self._nodes[reference]
        unwrapped = UnwrappedSchema(schema, self.definitions)
        node = ValueNode(
            self._reader(schema, config, provisional=provisional), provisional=provisional
        )
        if "schema_ref" in schema:  # known before it is filled, since it may lead back here
            self._nodes[reference] = node
        if "atomic" in unwrapped.marks:
            return node
        node.refuses = refused_openers(schema, self.definitions)
        node.bound = text_bound(unwrapped, config)
        node.watches_text = not provisional and ('"' in node.refuses or node.bound is not None)
        node.is_pure = not provisional and is_pure(schema, self.definitions, frozenset())
        may_rewrite = self._may_rewrite(unwrapped, in_field=in_field)
        self._open(node, unwrapped, config, whole=may_rewrite and not provisional)
        if provisional or may_rewrite or in_field or not unwrapped.has_functions:
            return node
        # The wrappers' validators run on the finished container.
        outer = on_copies(self._outer(unwrapped, config))
        for name in ("object", "array"):
            if (container := getattr(node, name)) is not None:
                setattr(node, name, container.within(outer))
        return node

    def _may_rewrite(self, unwrapped: UnwrappedSchema, *, in_field: bool) -> bool:
        """Whether something around a container may change what has shown of it."""
        inner = unwrapped.inner
        if in_field:
            asks = self.asks_inside(inner)
        else:
            asks = unwrapped.reads_field_data and inner["type"] not in MODELS
        return unwrapped.may_rewrite or asks or omits_inside(inner)

    def _open(
        self, node: ValueNode, unwrapped: UnwrappedSchema, config: CoreConfig | None, *, whole: bool
    ) -> None:
        """Note in the node how it shows while it is open."""
        core = unwrapped.inner
        kind = core["type"]
        provisional = node.provisional or whole
        if kind == "json-or-python":
            inner = UnwrappedSchema(core["json_schema"], self.definitions)
            if inner.inner["type"] == "any" or (
                inner.inner["type"] == "list" and not inner.wrappers
            ):
                core, kind = inner.inner, inner.inner["type"]
        if kind == "str":
            node.text = True
            node.plain = not unwrapped.has_functions and is_plain(core, config)
        elif kind == "any":
            node.text = True
            node.plain = not unwrapped.has_functions
            anything = self._anything
            node.object = ContainerNode(DictLayout(anything), validates_whole=whole)
            node.array = ContainerNode(ListLayout(anything), validates_whole=whole)
        elif kind in ("list", "set", "frozenset", "tuple", "deque"):
            node.array = self._list_container(core, config, provisional=provisional, whole=whole)
        elif kind == "dict":
            layout = self._dict_layout(core, config, provisional=provisional)
            node.object = ContainerNode(layout, validates_whole=whole)
        elif kind in MODELS:
            self._open_model(node, core, whole=whole)
        elif kind == "union":
            open_union(self, node, core, config, whole=whole)
            # A function's result for a text need not be a text.
            node.text = node.plain = node.plain and not unwrapped.has_functions
        elif kind == "tagged-union":
            open_tagged_union(self, node, core, config, whole=whole)

    def _outer(self, unwrapped: UnwrappedSchema, config: CoreConfig | None) -> Check:
        """The wrappers' validators, for a value that is validated but for them."""
        if unwrapped.reads_field_data:  # it receives `info`: no data, and the mode
            return json_check(lambda core: self.validator(unwrapped.around(core), config))
        return self.validator(unwrapped.around(ANY), config).validate_python

    def _reader(
        self, schema: CoreSchema, config: CoreConfig | None, *, provisional: bool
    ) -> Callable[[], SchemaValidator] | None:
        if not provisional:
            return functools.partial(self.validator, schema, config)
        # What is not final shows as its type says, and the user's functions wait for final values.
        bare = without_functions(schema)
        return None if bare is None else functools.partial(self.validator, bare, config)

    # Containers

    @functools.cached_property
    def _anything(self) -> ValueNode:
        node = ValueNode(functools.partial(SchemaValidator, ANY), text=True, plain=True)
        node.object, node.array = ContainerNode(DictLayout(node)), ContainerNode(ListLayout(node))
        return node

    def _list_container(
        self, core: Any, config: CoreConfig | None, *, provisional: bool, whole: bool
    ) -> ContainerNode | None:
        kind = core["type"]
        items = core.get("items_schema", ANY)
        if kind == "tuple":
            if core.get("variadic_item_index") != 0 or len(items) != 1:
                return None  # of fixed parts: half a tuple is not of its type
            items = items[0]
        item = self.node(items, config, provisional=provisional)
        layout = ListLayout(item, of_objects=self._is_object(items, item))
        if not provisional and (kind != "list" or is_constrained(core)):
            bare: Any = {k: v for k, v in core.items() if k not in ("strict", "fail_fast")}
            bare["items_schema"] = [ANY] if kind == "tuple" else ANY
            layout.level_validator = self.validator(bare, lax(config)).validate_python
        if kind != "list":
            layout.show = _MAKERS[kind]
        if not provisional and kind in ("list", "tuple", "deque"):  # a set may lose elements
            layout.max_items = core.get("max_length")
        return ContainerNode(layout, validates_whole=whole)

    def _is_object(self, schema: CoreSchema, node: ValueNode) -> bool:
        """Whether nothing but an object can be at that place."""
        unwrapped = UnwrappedSchema(schema, self.definitions)
        may_be_null = any(each["type"] == "nullable" for each in unwrapped.wrappers)
        if may_be_null or node.object is None or node.object.validates_whole:
            return False
        inner = unwrapped.inner
        return inner["type"] in OBJECTS | {"tagged-union"} and not is_root(inner)

    def _dict_layout(
        self, core: Any, config: CoreConfig | None, *, provisional: bool
    ) -> DictLayout:
        layout = DictLayout(
            self.node(core.get("values_schema", ANY), config, provisional=provisional),
            key=self._key_maker(core.get("keys_schema", ANY), config, provisional=provisional),
        )
        if not provisional and is_constrained(core):
            bare: Any = {k: v for k, v in core.items() if k != "strict"}
            bare |= {"keys_schema": ANY, "values_schema": ANY}
            layout.level_validator = self.validator(bare, lax(config)).validate_python
            layout.max_items = core.get("max_length")
        return layout

    def _key_maker(
        self, schema: CoreSchema, config: CoreConfig | None, *, provisional: bool
    ) -> Callable[[str], Any] | None:
        if schema["type"] == "any" or (schema["type"] == "str" and is_plain(schema, config)):
            return None
        # A key is validated as pydantic does: as the key of an object in JSON.
        with_key = core_schema.dict_schema(schema, ANY)
        node = ValueNode(
            self._reader(with_key, config, provisional=provisional), provisional=provisional
        )

        def make(quoted: str) -> Any:
            made = node.read(f"{{{quoted}:null}}", {})
            return made if made is MISSING else next(iter(made), MISSING)

        return make

    # Models

    def _open_model(self, node: ValueNode, core: Any, *, whole: bool) -> None:
        if is_root(core):
            self._open_root_model(node, core, whole=whole)
            return
        whole = not node.provisional and (whole or self._is_opaque(core))
        layout = self._model_layout(core, provisional=node.provisional or whole)
        node.object = None if layout is None else ContainerNode(layout, validates_whole=whole)

    def _open_root_model(self, node: ValueNode, core: Any, *, whole: bool) -> None:
        config = core.get("config")
        whole = not node.provisional and bool(whole or core.get("custom_init"))
        provisional = node.provisional or whole
        inside = self.node(core["schema"], config, provisional=provisional)
        finish = None
        if not provisional:
            post_init = post_init_of(core)
            finish = finished_root_maker(core["cls"]), post_init and on_copies(post_init)
        root = RootLayout(root_maker(core["cls"]), finish)
        for name in ("object", "array"):
            if (container := getattr(inside, name)) is not None:
                setattr(node, name, container.deferred(validates_whole=whole, root=root))

    def _is_opaque(self, core: Any) -> bool:
        """Whether only the model itself can make its instance of the whole text."""
        level = level_of(core)
        keys = [*chain.from_iterable(keys_of_fields(core))]
        return (
            not is_made_of_fields(core)
            or any(map(is_deep, fields_of(core).values()))
            or self.asks_inside(level.get("extras_schema", ANY))
            or "extras_keys_schema" in level
            or len({*keys}) < len(keys)  # one feeds two fields
        )

    def _model_layout(self, core: Any, *, provisional: bool) -> ModelLayout | None:
        known = self.layouts.get((id(core), provisional))
        if known is not None:
            return known
        if level_of(core)["type"] not in LEVELS:
            return None
        return ModelCompiler(self, core, provisional=provisional).layout
