"""What a type's core schema says about showing it, compiled once per type.

The plan is made from pydantic's own core schema, so it knows what pydantic knows: aliases,
constraints, validators, discriminators, recursion. Each kind of schema that can be shown partly
has a method below; any other shows when it is complete, validated by pydantic as it is.

Nothing here is fast or needs to be. Validators are built when the first value asks for one.
"""

from __future__ import annotations

import functools
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticKnownError, SchemaValidator, core_schema

from ._instances import (
    dataclass_maker,
    finished_dataclass_maker,
    finished_model_maker,
    finished_root_maker,
    model_maker,
    root_maker,
    typed_dict_maker,
)
from ._markers import markers_of
from ._missing import MISSING
from ._shapes import (
    ANY,
    IGNORED,
    DictShape,
    Field,
    ListShape,
    ModelShape,
    ModelValidator,
    RootShape,
    Slot,
    TaggedShape,
    Way,
    default_maker,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic_core import CoreConfig, CoreSchema

    from ._extract import Opener
    from ._shapes import Check

WRAPPED: Final = "value"
"""The key under which a vendor that wants an object at the root is asked for another type."""

_LAYERS: Final = {"default", "nullable", "function-after", "function-before", "function-wrap"}
_MENDING: Final = {"function-before", "function-wrap"}
_FUNCTIONS: Final = {"function-after", "function-before", "function-wrap"}
_MODELS: Final = {"model", "dataclass", "typed-dict"}
_STRING_CONFIG: Final = {
    "str_strip_whitespace", "str_to_lower", "str_to_upper", "str_max_length", "str_min_length",
    "coerce_numbers_to_str",
}  # fmt: skip
_OBJECTS: Final = {"model", "dataclass", "typed-dict", "dict"}
_ARRAYS: Final = {"list", "set", "frozenset", "tuple", "deque"}
_NEVER_EXACTLY_A_STRING: Final = {"int", "float", "bool", "none", "decimal"}
"""Types that take a JSON string at most by conversion, so a plain `str` beside them wins."""


class Plan:
    """What a type's snapshots look like.

    Attributes:
        slot: the root's place.
        wrapped: whether the answer is an object with the root under the key `WRAPPED`.
        validate_json: the authoritative validation of the whole text.
        name: the type's name, as it is written in Python.
        description: the type's docstring, or None.
    """

    def __init__(self, response_type: Any, *, wrap: bool) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(response_type)
        self.name: str = getattr(response_type, "__name__", None) or str(response_type)
        is_model = isinstance(response_type, type) and issubclass(response_type, BaseModel)
        self.description = (response_type.__doc__ or None) if is_model else None
        self.wrapped = wrap and not self._is_object()
        schema = self._adapter.core_schema
        self.slot = _Compiler(schema).root()
        self.validate_json: Callable[..., Any] = self._adapter.validator.validate_json

    def _is_object(self) -> bool:
        schema = self._adapter.json_schema()
        while "$ref" in schema:
            schema = schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return schema.get("type") == "object"

    @functools.cached_property
    def json_schema(self) -> dict[str, Any]:
        """The JSON schema to ask the vendor with: its root is an object where `wrap` was asked."""
        schema = self._adapter.json_schema()
        if not self.wrapped:
            return schema
        definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
        return {
            "type": "object",
            "properties": {WRAPPED: schema},
            "required": [WRAPPED],
            "additionalProperties": False,
            **definitions,
        }

    @functools.cached_property
    def validate_envelope(self) -> Callable[..., Any]:
        """The authoritative validation of the whole text where the root is wrapped."""
        schema = self._adapter.core_schema
        definitions = []
        if schema["type"] == "definitions":
            schema, definitions = schema["schema"], schema["definitions"]
        envelope: Any = core_schema.typed_dict_schema({WRAPPED: core_schema.typed_dict_field(schema)})
        if definitions:
            envelope = core_schema.definitions_schema(envelope, definitions)
        validate = SchemaValidator(envelope).validate_json
        return lambda raw, **keywords: validate(raw, **keywords)[WRAPPED]

    @property
    def opener(self) -> Opener | None:
        """The bracket with which the answer opens; None where it can be either."""
        if self.wrapped or (self.slot.object and not self.slot.array):
            return "{"
        return "[" if self.slot.array and not self.slot.object else None

    @functools.cached_property
    def root_keys(self) -> frozenset[str] | None:
        """The keys with which the answer's object can begin; None where any can."""
        if self.wrapped:
            return frozenset({WRAPPED})
        way = self.slot.object
        if way is None or not isinstance(way.shape, ModelShape) or way.raw:
            return None
        return frozenset(way.shape.fields) or None


def compile_plan(response_type: Any, *, wrap: bool = False) -> Plan:
    """The plan of that type; made once, for as long as it is among those used last.

    Raises:
        pydantic.PydanticUserError: the type is not one that pydantic can validate.
    """
    try:
        return _compile_cached(response_type, wrap)
    except TypeError:  # not hashable, as an Annotated with a dict in it
        return Plan(response_type, wrap=wrap)


@functools.lru_cache(maxsize=128)
def _compile_cached(response_type: Any, wrap: bool) -> Plan:  # noqa: FBT001  lru_cache
    # A plan holds its type, so no weak mapping would ever let go of it: the bound does.
    return Plan(response_type, wrap=wrap)


class _Peeled:
    """A schema without its layers.

    Attributes:
        layers: the schemas around the core, outermost first.
        core: what is inside.
        marks: partwise's markers on any of them.
    """

    def __init__(self, schema: CoreSchema, definitions: Mapping[str, CoreSchema]) -> None:
        self.layers: list[Any] = []
        self.marks: set[str] = set()
        current: Any = schema
        while True:
            self.marks.update(markers_of(current))
            if current["type"] == "definition-ref":
                current = definitions[current["schema_ref"]]
            elif current["type"] in _LAYERS:
                self.layers.append(current)
                current = current["schema"]
            else:
                break
        self.core: Any = current

    @property
    def mended(self) -> bool:
        """Whether a layer may make something else of what is inside."""
        return any(_is_mending(layer) for layer in self.layers)

    @property
    def has_functions(self) -> bool:
        return any(layer["type"] in _FUNCTIONS for layer in self.layers)

    @property
    def asks_for_siblings(self) -> bool:
        return any(_asks_for_siblings(layer) for layer in self.layers)

    def around(self, core: CoreSchema) -> CoreSchema:
        """The layers around another core."""
        for layer in reversed(self.layers):
            core = {**layer, "schema": core}
        return core


def _is_mending(layer: Any) -> bool:
    return layer["type"] in _MENDING or layer.get("on_error", "raise") != "raise"


def _asks_for_siblings(schema: Any) -> bool:
    function = schema.get("function")
    return isinstance(function, dict) and function["type"] == "with-info"


class _Compiler:
    """Compiles one core schema into slots."""

    def __init__(self, schema: CoreSchema) -> None:
        self._definitions: dict[str, CoreSchema] = {}
        if schema["type"] == "definitions":
            self._definitions = {d["ref"]: d for d in schema["definitions"]}  # type: ignore[typeddict-item]
            schema = schema["schema"]
        self._schema = schema
        self._shapes: dict[tuple[int, bool], Any] = {}
        self._any: Slot | None = None

    def root(self) -> Slot:
        return self._slot(self._schema, None, tentative=False)

    # Slots

    def _slot(
        self,
        schema: CoreSchema,
        config: CoreConfig | None,
        *,
        tentative: bool,
        in_field: bool = False,
    ) -> Slot:
        """The place that this schema describes.

        Args:
            config: of the enclosing model.
            tentative: whether an enclosing container is raw.
            in_field: whether the model runs the layers' validators, since they ask for siblings.
        """
        peeled = _Peeled(schema, self._definitions)
        slot = Slot(self._reader(schema, config, tentative=tentative), tentative=tentative)
        if "atomic" in peeled.marks:
            return slot
        mended = peeled.mended or (in_field and self._asks_inside(peeled.core))
        if peeled.asks_for_siblings and not in_field and peeled.core["type"] not in _MODELS:
            mended = True
        self._open(slot, peeled, config, raw=mended and not tentative)
        if tentative or mended or in_field or not peeled.has_functions:
            return slot
        # The layers' validators run on the finished container.
        outer = self._validator(peeled.around(ANY), config).validate_python
        for name in ("object", "array"):
            if (way := getattr(slot, name)) is not None:
                way = Way(way.shape, (*way.outers, outer), raw=way.raw, roots=way.roots)
                setattr(slot, name, way)
        return slot

    def _open(
        self, slot: Slot, peeled: _Peeled, config: CoreConfig | None, *, raw: bool
    ) -> None:
        """Say in the slot what shows while it is open."""
        core = peeled.core
        kind = core["type"]
        tentative = slot.tentative or raw
        if kind == "json-or-python":
            inner = _Peeled(core["json_schema"], self._definitions)
            if inner.core["type"] == "any" or (inner.core["type"] == "list" and not inner.layers):
                core, kind = inner.core, inner.core["type"]
        if kind == "str":
            slot.text = True
            slot.plain = not peeled.has_functions and _is_plain(core, config)
        elif kind == "any":
            slot.text = True
            slot.plain = not peeled.has_functions
            slot.object = Way(self._any_shapes()[0], raw=raw)
            slot.array = Way(self._any_shapes()[1], raw=raw)
        elif kind in ("list", "set", "frozenset", "tuple", "deque"):
            slot.array = self._list_way(core, config, tentative=tentative, raw=raw)
        elif kind == "dict":
            slot.object = Way(self._dict_shape(core, config, tentative=tentative), raw=raw)
        elif kind in _MODELS:
            self._open_model(slot, core, raw=raw)
        elif kind == "union":
            self._open_union(slot, core, config, tentative=tentative, raw=raw)
        elif kind == "tagged-union":
            slot.object = self._tagged_way(core, config, tentative=tentative, raw=raw)

    def _reader(
        self, schema: CoreSchema, config: CoreConfig | None, *, tentative: bool
    ) -> Callable[[], SchemaValidator] | None:
        if not tentative:
            return functools.partial(self._validator, schema, config)
        # What is not final shows as its type says, and the user's functions wait for what is.
        bare = _without_functions(schema)
        return None if bare is None else functools.partial(self._validator, bare, config)

    def _validator(self, schema: CoreSchema, config: CoreConfig | None) -> SchemaValidator:
        needed = list(self._referred(schema))
        if needed:
            schema = core_schema.definitions_schema(schema, needed)
        return SchemaValidator(schema, config)

    def _referred(self, schema: CoreSchema) -> Iterator[CoreSchema]:
        """The definitions that the schema needs, each once."""
        seen: set[str] = set()
        waiting = deque([schema])
        while waiting:
            for ref in _refs(waiting.popleft()):
                if ref not in seen:
                    seen.add(ref)
                    waiting.append(self._definitions[ref])
                    yield self._definitions[ref]

    def _asks_inside(self, schema: Any) -> bool:
        """Whether a validator below, and not of a model of its own, asks for siblings."""
        if isinstance(schema, dict):
            if schema.get("type") in _MODELS:
                return False
            if schema.get("type") == "definition-ref":
                return self._asks_inside(self._definitions[schema["schema_ref"]])
            return _asks_for_siblings(schema) or any(
                self._asks_inside(value) for key, value in schema.items() if key != "metadata"
            )
        return isinstance(schema, list | tuple) and any(map(self._asks_inside, schema))

    # Containers

    def _any_shapes(self) -> tuple[DictShape, ListShape]:
        if self._any is None:
            self._any = Slot(functools.partial(SchemaValidator, ANY), text=True, plain=True)
            self._any.object = Way(DictShape(self._any))
            self._any.array = Way(ListShape(self._any))
        return self._any.object.shape, self._any.array.shape  # type: ignore[union-attr, return-value]

    def _list_way(
        self, core: Any, config: CoreConfig | None, *, tentative: bool, raw: bool
    ) -> Way | None:
        kind = core["type"]
        items = core.get("items_schema", ANY)
        if kind == "tuple":
            if core.get("variadic_item_index") != 0 or len(items) != 1:
                return None  # of fixed parts: half a tuple is not of its type
            items = items[0]
        item = self._slot(items, config, tentative=tentative)
        shape = ListShape(item)
        if not tentative and (kind != "list" or _is_constrained(core)):
            bare = {k: v for k, v in core.items() if k not in ("strict", "fail_fast")}
            bare["items_schema"] = [ANY] if kind == "tuple" else ANY
            shape.shell = self._validator(bare, _lax(config)).validate_python  # type: ignore[arg-type]
        if kind != "list":
            shape.show = {"tuple": tuple, "deque": deque}.get(kind) or _set_maker(kind)
            shape.shows_open = kind in ("tuple", "deque")
        return Way(shape, raw=raw)

    def _dict_shape(self, core: Any, config: CoreConfig | None, *, tentative: bool) -> DictShape:
        shape = DictShape(
            self._slot(core.get("values_schema", ANY), config, tentative=tentative),
            key=self._key_maker(core.get("keys_schema", ANY), config),
        )
        if not tentative and _is_constrained(core):
            bare = {k: v for k, v in core.items() if k != "strict"}
            bare |= {"keys_schema": ANY, "values_schema": ANY}
            shape.shell = self._validator(bare, _lax(config)).validate_python  # type: ignore[arg-type]
        return shape

    def _key_maker(
        self, schema: CoreSchema, config: CoreConfig | None
    ) -> Callable[[str], Any] | None:
        if schema["type"] == "any" or (schema["type"] == "str" and _is_plain(schema, config)):
            return None
        # A key is validated as pydantic does: as the key of an object in JSON.
        read = self._validator(core_schema.dict_schema(schema, ANY), config).validate_json
        return lambda quoted: next(iter(read(f"{{{quoted}:null}}")))

    # Unions

    def _open_union(
        self, slot: Slot, core: Any, config: CoreConfig | None, *, tentative: bool, raw: bool
    ) -> None:
        choices = [c[0] if isinstance(c, tuple) else c for c in core["choices"]]
        peeled = [_Peeled(choice, self._definitions) for choice in choices]
        kinds = [p.core["type"] for p in peeled]
        if any(p.mended for p in peeled) or not all(map(_is_predictable, kinds)):
            return
        texts = [p for p in peeled if p.core["type"] == "str"]
        others = [k for k in kinds if k not in _OBJECTS | _ARRAYS | _NEVER_EXACTLY_A_STRING]
        if others == ["str"] and not texts[0].has_functions and _is_plain(texts[0].core, config):
            slot.text = slot.plain = True
        for name, those in (("object", _OBJECTS), ("array", _ARRAYS)):
            able = [c for c, kind in zip(choices, kinds, strict=True) if kind in those]
            way: Way | None = None
            if len(able) == 1:
                way = getattr(self._slot(able[0], config, tentative=tentative), name)
            elif name == "object" and able:
                way = self._implied_way(able, config, tentative=tentative)
            if way is not None:
                way = Way(way.shape, way.outers, raw=way.raw or raw, roots=way.roots)
            setattr(slot, name, way)

    def _tagged_way(
        self, core: Any, config: CoreConfig | None, *, tentative: bool, raw: bool
    ) -> Way | None:
        tags = _single_keys(core["discriminator"])
        if tags is None:
            return None  # the user's function wants the whole object
        choices = {
            str(tag.value if hasattr(tag, "value") else tag): self._slot(
                choice, config, tentative=tentative
            )
            for tag, choice in core["choices"].items()
            if not isinstance(choice, str)
        }
        for tag, other in core["choices"].items():
            if isinstance(other, str):
                choices[str(tag)] = choices[other]
        return Way(TaggedShape(frozenset(tags), choices), raw=raw)

    def _implied_way(
        self, choices: list[Any], config: CoreConfig | None, *, tentative: bool
    ) -> Way | None:
        """Models that a literal field tells apart, though the union has no discriminator."""
        literals = [self._literal_keys(choice) for choice in choices]
        for key in set.intersection(*(set(found) for found in literals)):
            values = [value for found in literals for value in found[key]]
            if len(values) == len(set(values)):
                slots = [self._slot(choice, config, tentative=tentative) for choice in choices]
                by_value = {
                    value: slot
                    for found, slot in zip(literals, slots, strict=True)
                    for value in found[key]
                }
                return Way(TaggedShape(frozenset({key}), by_value))
        return None

    def _literal_keys(self, choice: CoreSchema) -> dict[str, tuple[str, ...]]:
        core = _Peeled(choice, self._definitions).core
        fields = core["schema"].get("fields") if core["type"] == "model" else None
        if not isinstance(fields, dict):
            return {}
        found = {}
        for name, field in fields.items():
            literal = _Peeled(field["schema"], self._definitions)
            expected = literal.core.get("expected", ())
            strings = literal.core["type"] == "literal" and all(type(e) is str for e in expected)
            if strings and not literal.has_functions and isinstance(field.get("validation_alias", ""), str):
                found[field.get("validation_alias", name)] = tuple(expected)
        return found

    # Models

    def _open_model(self, slot: Slot, core: Any, *, raw: bool) -> None:
        if core["type"] == "model" and core["root_model"]:
            self._open_root_model(slot, core, raw=raw)
            return
        raw = not slot.tentative and (raw or self._is_opaque(core))
        shape = self._model_shape(core, tentative=slot.tentative or raw)
        slot.object = None if shape is None else Way(shape, raw=raw)

    def _open_root_model(self, slot: Slot, core: Any, *, raw: bool) -> None:
        config = core.get("config")
        raw = not slot.tentative and (raw or core["custom_init"])
        tentative = slot.tentative or raw
        inside = self._slot(core["schema"], config, tentative=tentative)
        finish = None if tentative else (finished_root_maker(core["cls"]), _post_init(core))
        root = RootShape(root_maker(core["cls"]), finish)
        for name in ("object", "array"):
            if (way := getattr(inside, name)) is not None:
                way = Way(way.shape, way.outers, raw=way.raw or raw, roots=(*way.roots, root))
                setattr(slot, name, way)

    def _is_opaque(self, core: Any) -> bool:
        """Whether only the model itself can make its instance of the whole text."""
        fields = core["schema"]
        return (
            fields["type"] not in ("model-fields", "dataclass-args", "typed-dict")
            and core["type"] != "typed-dict"
        ) or bool(core.get("custom_init") or any(map(_is_deep, _fields_of(core).values())))

    def _model_shape(self, core: Any, *, tentative: bool) -> ModelShape | None:
        known = self._shapes.get((id(core), tentative))
        if known is not None:
            return known  # type: ignore[no-any-return]
        level = core if core["type"] == "typed-dict" else core["schema"]
        while level["type"] in _LAYERS:
            level = level["schema"]
        if level["type"] not in ("model-fields", "dataclass-args", "typed-dict"):
            return None
        return _ModelCompiler(self, core, level, tentative=tentative).shape


class _ModelCompiler:
    """Compiles one model, dataclass or TypedDict."""

    def __init__(self, compiler: _Compiler, core: Any, level: Any, *, tentative: bool) -> None:
        self._compiler = compiler
        self._core = core
        self._tentative = tentative
        self._config = core.get("config") or level.get("config")
        self._fields = _fields_of({"type": core["type"], "schema": level, "fields": level["fields"]})
        self.shape = self._new_shape(level)
        # Known before its fields are, since they may lead back here.
        compiler._shapes[id(core), tentative] = self.shape  # noqa: SLF001
        self._fill(level)

    def _new_shape(self, level: Any) -> ModelShape:
        validator = ModelValidator(
            functools.partial(_shell, self._core, level),
            _finished_maker(self._core),
            _post_init(self._core),
            {name: field["schema"] for name, field in self._fields.items()},
            {},
            self._compiler._validator,  # noqa: SLF001
            self._config,
        )
        kind = self._core["type"]
        maker = {"model": model_maker, "dataclass": dataclass_maker}.get(kind)
        instance = maker(self._core["cls"]) if maker else typed_dict_maker
        return ModelShape({}, self._extra(level), {}, {}, frozenset(), instance, validator)

    def _extra(self, level: Any) -> Field:
        config = self._config or {}
        behaviour = config.get("extra_fields_behavior") or level.get("extra_behavior") or "ignore"
        if behaviour == "allow":
            schema = level.get("extras_schema", ANY)
            return Field("", self._slot(schema), is_extra=True)
        if behaviour == "forbid" and not self._tentative:
            return Field("", Slot(_forbidding_validator), is_extra=True)
        slot = Slot(None, plain=True)
        slot.object = slot.array = IGNORED
        return Field("", slot, is_extra=True, ignored=True)

    def _slot(self, schema: CoreSchema, *, in_field: bool = False) -> Slot:
        return self._compiler._slot(  # noqa: SLF001
            schema, self._config, tentative=self._tentative, in_field=in_field
        )

    def _fill(self, level: Any) -> None:
        earlier: list[str] = []
        required, validated = set(), set()
        config = self._config or {}
        by_name = config.get("validate_by_name") or config.get("populate_by_name")
        for name, declared in self._fields.items():
            schema = declared["schema"]
            field = self._field(name, schema, frozenset(earlier))
            for key in _keys(name, declared, by_name=bool(by_name)):
                self.shape.fields.setdefault(key, field)
            peeled = _Peeled(schema, self._compiler._definitions)  # noqa: SLF001
            self.shape.validator.around[name] = peeled.around
            if "not-null" in peeled.marks:
                required.add(name)
            if schema.get("validate_default") or (
                config.get("validate_default") and schema["type"] == "default"
            ):
                validated.add(name)
            self._show_default(name, schema, self._placeholder(peeled, field.slot))
            earlier.append(name)
        self.shape.required = frozenset(required)
        self.shape.validates_defaults = frozenset(validated)

    def _field(self, name: str, schema: CoreSchema, earlier: frozenset[str]) -> Field:
        peeled = _Peeled(schema, self._compiler._definitions)  # noqa: SLF001
        asks = not self._tentative and (
            peeled.asks_for_siblings or self._compiler._asks_inside(peeled.core)  # noqa: SLF001
        )
        return Field(name, self._slot(schema, in_field=asks), earlier if asks else None)

    def _show_default(self, name: str, schema: CoreSchema, placeholder: Any) -> None:
        if self._core["type"] == "typed-dict":
            return  # a key that is not there does not show
        make = default_maker(schema)
        if make is None:
            self.shape.template[name] = placeholder
        elif "default_factory" in schema or make() is not make():
            self.shape.template[name] = None
            self.shape.factories[name] = make
        else:
            self.shape.template[name] = make()

    def _placeholder(self, peeled: _Peeled, slot: Slot) -> Any:
        """What a required field shows before it comes: an empty model where it must be one."""
        if any(layer["type"] == "nullable" for layer in peeled.layers) or slot.object is None:
            return None
        shape = slot.object.shape
        if peeled.core["type"] not in ("model", "dataclass") or not isinstance(shape, ModelShape):
            return None  # a root model or a union has no empty form
        empty = MISSING if shape is self.shape or slot.object.roots else shape.empty()
        return None if empty is MISSING else empty


def _fields_of(core: Any) -> dict[str, Any]:
    """The fields of a model's, dataclass's or TypedDict's level, by name."""
    level = core if core["type"] == "typed-dict" else core["schema"]
    while level["type"] in _LAYERS:
        level = level["schema"]
    fields = level.get("fields", {})
    if isinstance(fields, dict):
        return fields
    return {field["name"]: field for field in fields}


def _shell(core: Any, level: Any, schemas: Mapping[str, CoreSchema]) -> CoreSchema:
    """A model's own level around these field schemas, to be validated by the fields' names."""
    fields = _fields_of(core)
    bare = {
        name: {
            **{k: v for k, v in fields[name].items() if k != "validation_alias"},
            "schema": schema,
        }
        for name, schema in schemas.items()
    }
    inner: Any = {k: v for k, v in level.items() if k != "strict"}
    inner["fields"] = bare if isinstance(level["fields"], dict) else [*bare.values()]
    if "extras_schema" in inner:
        inner["extras_schema"] = ANY
    if core["type"] != "typed-dict":
        extra = (core.get("config") or {}).get("extra_fields_behavior")
        if extra and "extra_behavior" not in inner:
            inner["extra_behavior"] = extra
    if "config" in inner:
        inner["config"] = _lax(inner["config"])
    return inner  # type: ignore[no-any-return]


def _finished_maker(core: Any) -> Callable[[Any], Any]:
    if core["type"] == "typed-dict":
        return lambda values: values
    maker = {"model": finished_model_maker, "dataclass": finished_dataclass_maker}[core["type"]]
    return maker(core["cls"])


def _post_init(core: Any) -> Check | None:
    """Runs what the class runs on a new instance, its errors made pydantic's."""
    method = core.get("post_init")
    if not method:
        return None

    def run(instance: Any, info: core_schema.ValidationInfo) -> Any:
        arguments = (info.context,) if core["type"] == "model" else ()
        getattr(instance, "__post_init__" if method is True else method)(*arguments)
        return instance

    return SchemaValidator(core_schema.with_info_after_validator_function(run, ANY)).validate_python


def _forbidding_validator() -> SchemaValidator:
    def forbid(_: Any) -> Any:
        raise PydanticKnownError("extra_forbidden")

    return SchemaValidator(core_schema.no_info_plain_validator_function(forbid))


def _lax(config: Any) -> Any:
    """The config without strictness: what a shell is given is validated already."""
    return {k: v for k, v in config.items() if k != "strict"} if config else config


def _is_plain(core: Any, config: Any) -> bool:
    """Whether a `str` schema takes any string as it is."""
    own = set(core) - {"type", "metadata", "ref", "serialization", "strict"}
    return not own and not any((config or {}).get(key) for key in _STRING_CONFIG)


def _is_constrained(core: Any) -> bool:
    own = set(core) - {
        "type", "metadata", "ref", "serialization", "strict", "items_schema", "keys_schema",
        "values_schema", "fail_fast",
    }  # fmt: skip
    return bool(own)


def _is_predictable(kind: str) -> bool:
    """Whether it is known which JSON types this kind of schema can take at all."""
    return kind in _OBJECTS | _ARRAYS | _NEVER_EXACTLY_A_STRING | {
        "str", "literal", "enum", "date", "time", "datetime", "timedelta", "uuid", "bytes", "url",
    }  # fmt: skip


def _is_deep(declared: Any) -> bool:
    """Whether a field is found at a path, not at a key; or is not to be given at all."""
    alias = declared.get("validation_alias")
    if declared.get("init") is False or declared.get("init_only"):
        return True
    return isinstance(alias, list) and _single_keys(alias) is None


def _keys(name: str, declared: Any, *, by_name: bool) -> Iterable[str]:
    alias = declared.get("validation_alias")
    if alias is None:
        return [name]
    return [*(_single_keys(alias, partly=True) or ()), *([name] if by_name else ())]


def _single_keys(alias: Any, *, partly: bool = False) -> list[str] | None:
    """The keys among an alias's or a discriminator's choices; None if one is a longer path."""
    if isinstance(alias, str):
        return [alias]
    if not isinstance(alias, list):
        return None
    paths = [alias] if alias and isinstance(alias[0], str) else alias
    if not partly and any(len(path) != 1 for path in paths):
        return None
    return [path[0] for path in paths if len(path) == 1]


def _set_maker(kind: str) -> Callable[[list[Any]], Any]:
    make = {"set": set, "frozenset": frozenset}[kind]

    def show(items: list[Any]) -> Any:
        try:
            return make(items)
        except TypeError:  # what is tentative need not be hashable
            return MISSING

    return show


def _refs(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("type") == "definition-ref":
            yield schema["schema_ref"]
        for key, value in schema.items():
            if key not in ("metadata", "serialization"):
                yield from _refs(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from _refs(value)


def _without_functions(schema: Any) -> Any:
    """The schema without the user's functions; None where nothing is left without them."""
    if isinstance(schema, list | tuple):
        parts = [_without_functions(part) for part in schema]
        return None if any(part is None for part in parts) else type(schema)(parts)
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind in _FUNCTIONS:
        return _without_functions(schema["schema"])
    if kind in {"function-plain", "chain", "call"}:
        return None
    bare = {}
    for key, value in schema.items():
        if key in ("metadata", "serialization", "function", "expected", "config", "cls", "default"):
            bare[key] = value
            continue
        bare[key] = _without_functions(value)
        if bare[key] is None and value is not None:
            return None
    return bare
