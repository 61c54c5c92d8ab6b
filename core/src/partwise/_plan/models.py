"""Compiles models, dataclasses and TypedDicts: objects with known fields."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from pydantic_core import (
    PydanticKnownError,
    SchemaError,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from .core_schema import UnwrappedSchema, fields_of, keys_of, lax, without_functions
from .instances import (
    dataclass_maker,
    finished_dataclass_maker,
    finished_model_maker,
    is_plain,
    model_maker,
    typed_dict_maker,
    whole_model_maker,
)
from .nodes import ANY, IGNORED, Field, ModelLayout, ModelValidator, ValueNode, default_maker
from .partial import has_plain_metaclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import CoreSchema

    from .compiler import Compiler
    from .nodes import Check, InstanceMaker


class ModelCompiler:
    """Compiles one model, dataclass or TypedDict."""

    def __init__(self, compiler: Compiler, core: Any, level: Any, *, tentative: bool) -> None:
        self._compiler = compiler
        self._core = core
        self._tentative = tentative
        self._config = core.get("config") or level.get("config")
        self._fields = fields_of({"type": core["type"], "schema": level, "fields": level["fields"]})
        self.shape = self._new_shape(level)
        # Known before its fields are, since they may lead back here.
        compiler.shapes[id(core), tentative] = self.shape
        compiler.unfinished.add(id(self.shape))
        self._fill()
        compiler.unfinished.remove(id(self.shape))

    def _new_shape(self, level: Any) -> ModelLayout:
        validator = ModelValidator(
            functools.partial(_shell, self._core, level),
            _finished_maker(self._core),
            post_init_of(self._core),
            {name: field["schema"] for name, field in self._fields.items()},
            {},
            self._compiler.validator,
            self._config,
        )
        if self._needs_no_shell(level) and validator.post_init is None:
            validator.make_whole = whole_model_maker(self._core["cls"])
        kind = self._core["type"]
        maker = {"model": model_maker, "dataclass": dataclass_maker}.get(kind)
        shape = ModelLayout(
            {}, self._extra(level), {}, {}, frozenset(), typed_dict_maker, validator
        )
        if maker is not None:
            cls = self._core["cls"]
            shape.instance = (
                _made_later(shape, maker, cls) if has_plain_metaclass(cls) else maker(cls)
            )
        shape.shows_unknown = self._extra_behaviour(level) == "allow"
        shape.reuses = kind == "model" and is_plain(self._core["cls"])
        return shape

    def _needs_no_shell(self, level: Any) -> bool:
        """Whether valid fields, if they are all there, are all that a model needs."""
        allows = (self._config or {}).get("extra_fields_behavior") == "allow"
        return self._core["type"] == "model" and self._core["schema"] is level and not allows

    def _extra_behaviour(self, level: Any) -> str:
        config: Any = self._config or {}
        return config.get("extra_fields_behavior") or level.get("extra_behavior") or "ignore"

    def _extra(self, level: Any) -> Field:
        behaviour = self._extra_behaviour(level)
        if behaviour == "allow":
            schema = level.get("extras_schema", ANY)
            return Field("", self._slot(schema), is_extra=True)
        if behaviour == "forbid" and not self._tentative:
            return Field("", ValueNode(forbidding_validator), is_extra=True)
        return Field("", _ignored_slot(), is_extra=True, ignored=True)

    def _slot(self, schema: CoreSchema, *, in_field: bool = False) -> ValueNode:
        return self._compiler.slot(
            schema, self._config, tentative=self._tentative, in_field=in_field
        )

    def _fill(self) -> None:
        earlier: list[str] = []
        required = set()
        config = self._config or {}
        self.shape.validates_defaults = frozenset(
            name for name, declared in self._fields.items() if _validates_default(declared, config)
        )
        for name, declared in self._fields.items():
            schema = declared["schema"]
            peeled = UnwrappedSchema(schema, self._compiler.definitions)
            field = self._field(name, schema, peeled, frozenset(earlier))
            is_kept = not declared.get("init_only")
            if not is_kept:  # it is given to the class
                field = Field(name, _ignored_slot(), ignored=True)
            keys = keys_of(name, declared, config)
            for key in keys:
                self.shape.fields.setdefault(key, dataclasses.replace(field, key=key))
            if keys and config.get("loc_by_alias", True):
                self.shape.keys[name] = keys[0]
            self.shape.validator.around[name] = peeled.around
            if "not-null" in peeled.marks:
                required.add(name)
            if is_kept:
                self._show_default(name, schema, self._placeholder(peeled, field.slot))
            earlier.append(name)
        self.shape.required = frozenset(required)
        self.shape.may_be_empty = not any(map(_is_required, self._fields.values()))

    def _field(
        self, name: str, schema: CoreSchema, peeled: UnwrappedSchema, earlier: frozenset[str]
    ) -> Field:
        asks = not self._tentative and (
            peeled.reads_field_data or self._compiler.asks_inside(peeled.core)
        )
        return Field(name, self._slot(schema, in_field=asks), earlier if asks else None)

    def _show_default(
        self, name: str, schema: CoreSchema, placeholder: Callable[[], Any] | None
    ) -> None:
        if self._core["type"] == "typed-dict":
            return  # a key that is not there does not show
        make = self._default_maker(name, schema) or placeholder or (lambda: None)
        if make is placeholder or "default_factory" in schema or make() is not make():
            self.shape.template[name] = None
            self.shape.factories[name] = make
            self._note_factory(name, schema)
        else:
            self.shape.template[name] = make()

    def _default_maker(self, name: str, schema: Any) -> Callable[[], Any] | None:
        """Makes the default; of the field's type, where pydantic sees to that too."""
        make = default_maker(schema)
        if make is None or name not in self.shape.validates_defaults:
            return make
        bare = without_functions(schema["schema"])
        if bare is None:
            return make
        validate = self._compiler.validator(bare, self._config).validate_python

        def typed() -> Any:
            default = make()
            try:
                return validate(default)
            except (SchemaError, ValidationError):
                return default

        return typed

    def _note_factory(self, name: str, schema: Any) -> None:
        validator = self.shape.validator
        if schema.get("default_factory_takes_data"):
            validator.asks_defaults = True
        elif schema["type"] == "default":
            validator.factories.add(name)

    def _placeholder(self, peeled: UnwrappedSchema, slot: ValueNode) -> Callable[[], Any] | None:
        """Makes what a required field shows before it comes: an empty model if it must be one."""
        if any(layer["type"] == "nullable" for layer in peeled.layers) or slot.object is None:
            return None
        shape = slot.object.shape
        if peeled.core["type"] not in ("model", "dataclass") or not isinstance(shape, ModelLayout):
            return None  # a root model or a union has no empty form
        recurs = id(shape) in self._compiler.unfinished
        return None if recurs or slot.object.roots or shape.required else shape.empty


def _made_later(
    shape: ModelLayout, maker: Callable[[Any], InstanceMaker], cls: type
) -> InstanceMaker:
    """Makes the maker of instances when the first one shows: it needs a class of its own."""

    def make_first(values: dict[str, Any], names: set[str], extra: dict[str, Any]) -> Any:
        shape.instance = maker(cls)
        return shape.instance(values, names, extra)

    return make_first


def _is_required(declared: Any) -> bool:
    return bool(declared.get("required", declared["schema"]["type"] != "default"))


def _validates_default(declared: Any, config: Any) -> bool:
    schema = declared["schema"]
    in_model = config.get("validate_default") and schema["type"] == "default"
    return bool(schema.get("validate_default") or in_model)


def _ignored_slot() -> ValueNode:
    slot = ValueNode(None)
    slot.object = slot.array = IGNORED
    return slot


def _shell(core: Any, level: Any, schemas: Mapping[str, CoreSchema]) -> CoreSchema:
    """A model's own level around these field schemas, to be validated by the fields' names."""
    fields = fields_of(core)
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
        inner["config"] = lax(inner["config"])
    return inner  # type: ignore[no-any-return]


def _finished_maker(core: Any) -> Callable[[Any], Any]:
    if core["type"] == "typed-dict":
        return lambda values: values
    maker = {"model": finished_model_maker, "dataclass": finished_dataclass_maker}[core["type"]]
    return maker(core["cls"])


def post_init_of(core: Any) -> Check | None:
    """Runs what the class runs on a new instance, its errors made pydantic's."""
    method = core.get("post_init")
    if not method:
        return None

    def run(instance: Any, info: core_schema.ValidationInfo) -> Any:
        arguments = (info.context,) if core["type"] == "model" else ()
        getattr(instance, "__post_init__" if method is True else method)(*arguments)
        return instance

    return SchemaValidator(core_schema.with_info_after_validator_function(run, ANY)).validate_python


def forbidding_validator() -> SchemaValidator:
    def forbid(_: Any) -> Any:
        raise PydanticKnownError("extra_forbidden")

    return SchemaValidator(core_schema.no_info_plain_validator_function(forbid))
