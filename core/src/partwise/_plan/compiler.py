"""Compiles a core schema into the slots, ways and shapes of a plan.

The plan is made from pydantic's own core schema, so it knows what pydantic knows: aliases,
constraints, validators, discriminators, recursion. Each kind of schema that can be shown partly
has a method here or in `_model_compiler`; any other shows when it is complete, validated by
pydantic as it is.

Nothing here is fast or needs to be. Validators are built when the first value asks for one.
"""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError, core_schema, to_json

from .._sentinels import MISSING
from .core_schema import (
    ARRAYS,
    LEVELS,
    MODELS,
    NEVER_EXACTLY_A_STRING,
    OBJECTS,
    UnwrappedSchema,
    fields_of,
    inner_layers,
    is_constrained,
    is_deep,
    is_hashable,
    is_plain,
    is_predictable,
    is_root,
    keys_of,
    lax,
    level_of,
    omits_inside,
    reads_field_data,
    refs_in,
    single_keys,
    without_functions,
)
from .defensive_copies import on_copies
from .instances import finished_root_maker, root_maker
from .models import ModelCompiler, post_init_of
from .nodes import (
    ANY,
    ContainerNode,
    DictLayout,
    ListLayout,
    ModelLayout,
    RootLayout,
    TaggedLayout,
    ValueNode,
    json_check,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic_core import CoreConfig, CoreSchema

    from .nodes import Check


class Compiler:
    """Compiles one core schema into slots."""

    def __init__(self, schema: CoreSchema) -> None:
        self.definitions: dict[str, CoreSchema] = {}
        if schema["type"] == "definitions":
            definitions: list[Any] = schema["definitions"]
            self.definitions = {each["ref"]: each for each in definitions}
            schema = schema["schema"]
        self._schema = schema
        self.shapes: dict[tuple[int, bool], Any] = {}
        self.unfinished: set[int] = set()  # ids of the shapes that are being filled
        self._slots: dict[tuple[Any, ...], ValueNode] = {}  # of the places given by reference
        self._any: ValueNode | None = None

    def root(self) -> ValueNode:
        return self.slot(self._schema, None, tentative=False)

    # Slots

    def slot(
        self,
        schema: CoreSchema,
        config: CoreConfig | None,
        *,
        tentative: bool,
        in_field: bool = False,
    ) -> ValueNode:
        """The place that this schema describes.

        Args:
            schema: of the place, layers and all.
            config: of the enclosing model.
            tentative: whether an enclosing container is raw.
            in_field: whether the model runs the layers' validators, since they ask for siblings.
        """
        reference = (schema.get("schema_ref"), id(config), tentative, in_field)
        if reference in self._slots:
            return self._slots[reference]
        peeled = UnwrappedSchema(schema, self.definitions)
        slot = ValueNode(self._reader(schema, config, tentative=tentative), tentative=tentative)
        if "schema_ref" in schema:  # known before it is filled, since it may lead back here
            self._slots[reference] = slot
        if "atomic" in peeled.marks:
            return slot
        mended = peeled.mended or (in_field and self.asks_inside(peeled.core))
        if peeled.reads_field_data and not in_field and peeled.core["type"] not in MODELS:
            mended = True
        mended = mended or omits_inside(peeled.core)
        self._open(slot, peeled, config, raw=mended and not tentative)
        if tentative or mended or in_field or not peeled.has_functions:
            return slot
        # The layers' validators run on the finished container.
        outer = on_copies(self._outer(peeled, config))
        for name in ("object", "array"):
            if (way := getattr(slot, name)) is not None:
                setattr(slot, name, way.within(outer))
        return slot

    def _open(
        self, slot: ValueNode, peeled: UnwrappedSchema, config: CoreConfig | None, *, raw: bool
    ) -> None:
        """Say in the slot what shows while it is open."""
        core = peeled.core
        kind = core["type"]
        tentative = slot.tentative or raw
        if kind == "json-or-python":
            inner = UnwrappedSchema(core["json_schema"], self.definitions)
            if inner.core["type"] == "any" or (inner.core["type"] == "list" and not inner.layers):
                core, kind = inner.core, inner.core["type"]
        if kind == "str":
            slot.text = True
            slot.plain = not peeled.has_functions and is_plain(core, config)
        elif kind == "any":
            slot.text = True
            slot.plain = not peeled.has_functions
            slot.object = ContainerNode(self._any_shapes()[0], raw=raw)
            slot.array = ContainerNode(self._any_shapes()[1], raw=raw)
        elif kind in ("list", "set", "frozenset", "tuple", "deque"):
            slot.array = self._list_way(core, config, tentative=tentative, raw=raw)
        elif kind == "dict":
            slot.object = ContainerNode(
                self._dict_shape(core, config, tentative=tentative), raw=raw
            )
        elif kind in MODELS:
            self._open_model(slot, core, raw=raw)
        elif kind == "union":
            self._open_union(slot, core, config, tentative=tentative, raw=raw)
            # What a function makes of a text need not be one.
            slot.text = slot.plain = slot.plain and not peeled.has_functions
        elif kind == "tagged-union":
            slot.object = self._tagged_way(core, config, tentative=tentative, raw=raw)

    def _outer(self, peeled: UnwrappedSchema, config: CoreConfig | None) -> Check:
        """The validators of the layers, for what is validated but for them."""
        if peeled.reads_field_data:  # of which it may be told that there are none, and the mode
            return json_check(lambda core: self.validator(peeled.around(core), config))
        return self.validator(peeled.around(ANY), config).validate_python

    def _reader(
        self, schema: CoreSchema, config: CoreConfig | None, *, tentative: bool
    ) -> Callable[[], SchemaValidator] | None:
        if not tentative:
            return functools.partial(self.validator, schema, config)
        # What is not final shows as its type says, and the user's functions wait for what is.
        bare = without_functions(schema)
        return None if bare is None else functools.partial(self.validator, bare, config)

    def validator(self, schema: CoreSchema, config: CoreConfig | None) -> SchemaValidator:
        needed = list(self._referred(schema))
        if needed:
            schema = core_schema.definitions_schema(schema, needed)
        return SchemaValidator(schema, config)

    def _referred(self, schema: CoreSchema) -> Iterator[CoreSchema]:
        """The definitions that the schema needs, each once."""
        seen: set[str] = set()
        waiting = deque([schema])
        while waiting:
            for ref in refs_in(waiting.popleft()):
                if ref not in seen:
                    seen.add(ref)
                    waiting.append(self.definitions[ref])
                    yield self.definitions[ref]

    def asks_inside(self, schema: Any) -> bool:
        """Whether a validator below, and not of a model of its own, asks for siblings."""
        return any(reads_field_data(part) for part in self._parts(schema, set()))

    def _parts(self, schema: Any, seen: set[str]) -> Iterator[Any]:
        """The schema and those below it, but for models' fields and what is below them."""
        if isinstance(schema, list | tuple):
            for part in schema:
                yield from self._parts(part, seen)
        elif isinstance(schema, dict) and schema.get("type") in MODELS and not is_root(schema):
            yield from inner_layers(schema)
        elif isinstance(schema, dict):
            yield schema
            for key, part in schema.items():
                if key != "metadata":
                    yield from self._parts(part, seen)
            if (ref := schema.get("schema_ref")) and ref not in seen:
                seen.add(ref)
                yield from self._parts(self.definitions[ref], seen)

    # Containers

    def _any_shapes(self) -> tuple[DictLayout, ListLayout]:
        if self._any is None:
            self._any = ValueNode(functools.partial(SchemaValidator, ANY), text=True, plain=True)
            self._any.object = ContainerNode(DictLayout(self._any))
            self._any.array = ContainerNode(ListLayout(self._any))
        return self._any.object.shape, self._any.array.shape  # type: ignore[union-attr, return-value]

    def _list_way(
        self, core: Any, config: CoreConfig | None, *, tentative: bool, raw: bool
    ) -> ContainerNode | None:
        kind = core["type"]
        items = core.get("items_schema", ANY)
        if kind == "tuple":
            if core.get("variadic_item_index") != 0 or len(items) != 1:
                return None  # of fixed parts: half a tuple is not of its type
            items = items[0]
        item = self.slot(items, config, tentative=tentative)
        shape = ListLayout(item, of_objects=self._is_object(items, item))
        if not tentative and (kind != "list" or is_constrained(core)):
            bare: Any = {k: v for k, v in core.items() if k not in ("strict", "fail_fast")}
            bare["items_schema"] = [ANY] if kind == "tuple" else ANY
            shape.shell = self.validator(bare, lax(config)).validate_python
        if kind != "list":
            shape.show = {"tuple": tuple, "deque": deque}.get(kind) or _set_maker(kind)
            shape.shows_open = kind in ("tuple", "deque")
        return ContainerNode(shape, raw=raw)

    def _is_object(self, schema: CoreSchema, slot: ValueNode) -> bool:
        """Whether nothing but an object can stand in that slot."""
        peeled = UnwrappedSchema(schema, self.definitions)
        may_be_null = any(layer["type"] == "nullable" for layer in peeled.layers)
        is_object = peeled.core["type"] in OBJECTS | {"tagged-union"} and not is_root(peeled.core)
        return is_object and not may_be_null and slot.object is not None and not slot.object.raw

    def _dict_shape(self, core: Any, config: CoreConfig | None, *, tentative: bool) -> DictLayout:
        shape = DictLayout(
            self.slot(core.get("values_schema", ANY), config, tentative=tentative),
            key=self._key_maker(core.get("keys_schema", ANY), config, tentative=tentative),
        )
        if not tentative and is_constrained(core):
            bare: Any = {k: v for k, v in core.items() if k != "strict"}
            bare |= {"keys_schema": ANY, "values_schema": ANY}
            shape.shell = self.validator(bare, lax(config)).validate_python
        return shape

    def _key_maker(
        self, schema: CoreSchema, config: CoreConfig | None, *, tentative: bool
    ) -> Callable[[str], Any] | None:
        if schema["type"] == "any" or (schema["type"] == "str" and is_plain(schema, config)):
            return None
        bare = without_functions(schema) if tentative else schema
        if bare is None:
            return lambda _: MISSING
        # A key is validated as pydantic does: as the key of an object in JSON.
        read = self.validator(core_schema.dict_schema(bare, ANY), config).validate_json

        def make(quoted: str) -> Any:
            return next(iter(read(f"{{{quoted}:null}}")), MISSING)

        def try_to_make(quoted: str) -> Any:
            try:
                return make(quoted)
            except ValidationError:
                return MISSING

        return try_to_make if tentative else make

    # Unions

    def _open_union(
        self, slot: ValueNode, core: Any, config: CoreConfig | None, *, tentative: bool, raw: bool
    ) -> None:
        choices = [c[0] if isinstance(c, tuple) else c for c in core["choices"]]
        peeled = [UnwrappedSchema(choice, self.definitions) for choice in choices]
        kinds = [p.core["type"] for p in peeled]
        if any(p.mended for p in peeled) or not all(map(is_predictable, kinds)):
            return
        texts = [p for p in peeled if p.core["type"] == "str"]
        others = [k for k in kinds if k not in OBJECTS | ARRAYS | NEVER_EXACTLY_A_STRING]
        if core.get("mode") == "left_to_right" and kinds[0] != "str":
            others = []  # what comes before may take a text by conversion, and is asked first
        if others == ["str"] and not texts[0].has_functions and is_plain(texts[0].core, config):
            slot.text = slot.plain = True
        for name, those in (("object", OBJECTS), ("array", ARRAYS)):
            able = [c for c, kind in zip(choices, kinds, strict=True) if kind in those]
            way: ContainerNode | None = None
            if len(able) == 1:
                way = getattr(self.slot(able[0], config, tentative=tentative), name)
            elif name == "object" and able:
                way = self._implied_way(able, config, tentative=tentative)
            if way is not None:
                way = ContainerNode(way.shape, way.outers, raw=way.raw or raw, roots=way.roots)
            setattr(slot, name, way)

    def _tagged_way(
        self, core: Any, config: CoreConfig | None, *, tentative: bool, raw: bool
    ) -> ContainerNode | None:
        tags = single_keys(core["discriminator"])
        if tags is None:
            return None  # the user's function wants the whole object
        choices = {
            text: self.slot(core["choices"][tag], config, tentative=tentative)
            for text, tag in _tags_in_json(core, tags[0]).items()
        }
        return ContainerNode(TaggedLayout(frozenset(tags), choices), raw=raw)

    def _implied_way(
        self, choices: list[Any], config: CoreConfig | None, *, tentative: bool
    ) -> ContainerNode | None:
        """Models that a literal field tells apart, though the union has no discriminator."""
        literals = [self._literal_keys(choice) for choice in choices]
        for key in set.intersection(*(set(found) for found in literals)):
            values = [value for found in literals for value in found[key]]
            if len(values) == len(set(values)):
                slots = [self.slot(choice, config, tentative=tentative) for choice in choices]
                by_value = {
                    to_json(value).decode(): slot
                    for found, slot in zip(literals, slots, strict=True)
                    for value in found[key]
                }
                return ContainerNode(TaggedLayout(frozenset({key}), by_value))
        return None

    def _literal_keys(self, choice: CoreSchema) -> dict[str, tuple[str, ...]]:
        core = UnwrappedSchema(choice, self.definitions).core
        fields = core["schema"].get("fields") if core["type"] == "model" else None
        if not isinstance(fields, dict):
            return {}
        found = {}
        for name, field in fields.items():
            literal = UnwrappedSchema(field["schema"], self.definitions)
            expected = literal.core.get("expected", ())
            strings = literal.core["type"] == "literal" and all(type(e) is str for e in expected)
            keys = keys_of(name, field, core.get("config") or {})
            if (
                strings
                and not literal.has_functions
                and keys
                and isinstance(field.get("validation_alias", ""), str)
            ):
                found[keys[0]] = tuple(expected)
        return found

    # Models

    def _open_model(self, slot: ValueNode, core: Any, *, raw: bool) -> None:
        if is_root(core):
            self._open_root_model(slot, core, raw=raw)
            return
        raw = not slot.tentative and (raw or self._is_opaque(core))
        shape = self._model_shape(core, tentative=slot.tentative or raw)
        slot.object = None if shape is None else ContainerNode(shape, raw=raw)

    def _open_root_model(self, slot: ValueNode, core: Any, *, raw: bool) -> None:
        config = core.get("config")
        raw = not slot.tentative and bool(raw or core.get("custom_init"))
        tentative = slot.tentative or raw
        inside = self.slot(core["schema"], config, tentative=tentative)
        post_init = post_init_of(core)
        finish = None
        if not tentative:
            finish = finished_root_maker(core["cls"]), post_init and on_copies(post_init)
        root = RootLayout(root_maker(core["cls"]), finish)
        for name in ("object", "array"):
            if (way := getattr(inside, name)) is not None:
                way = ContainerNode(
                    way.shape, way.outers, raw=way.raw or raw, roots=(*way.roots, root)
                )
                setattr(slot, name, way)

    def _is_opaque(self, core: Any) -> bool:
        """Whether only the model itself can make its instance of the whole text."""
        wrapped = core["type"] != "typed-dict" and core["schema"]["type"] not in LEVELS
        deep = any(map(is_deep, fields_of(core).values()))
        extras = level_of(core).get("extras_schema", ANY)
        return bool(wrapped or deep or core.get("custom_init") or self.asks_inside(extras))

    def _model_shape(self, core: Any, *, tentative: bool) -> ModelLayout | None:
        known = self.shapes.get((id(core), tentative))
        if known is not None:
            return known  # type: ignore[no-any-return]
        level = level_of(core)
        if level["type"] not in LEVELS:
            return None
        return ModelCompiler(self, core, level, tentative=tentative).shape


def _set_maker(kind: str) -> Callable[[list[Any]], Any]:
    make = {"set": set, "frozenset": frozenset}[kind]

    def show(items: list[Any]) -> Any:
        try:
            return make(items)
        except TypeError:  # what is tentative need not be hashable
            return make(filter(is_hashable, items))

    return show


def _tags_in_json(core: Any, key: str) -> dict[str, Any]:
    """The tags of a tagged union by the JSON text that says them, as far as a text does.

    pydantic is asked: to it `1` and `"1"` differ, and an enum's member need not be its value.
    """
    tags = {str(number): tag for number, tag in enumerate(core["choices"])}
    ask = SchemaValidator(
        core_schema.tagged_union_schema(
            {
                tag: core_schema.no_info_plain_validator_function(functools.partial(_name, name))
                for name, tag in tags.items()
            },
            core["discriminator"],
        )
    ).validate_json
    found = {}
    for tag in tags.values():
        text = to_json(tag.value if isinstance(tag, Enum) else tag).decode()
        with contextlib.suppress(ValidationError):
            found[text] = tags[ask(f"{{{to_json(key).decode()}: {text}}}")]
    return found


def _name(name: str, _: Any) -> str:
    return name
