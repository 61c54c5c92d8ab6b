"""Compiles models, dataclasses and TypedDicts: objects with known fields."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaError, ValidationError

from .core_schema import (
    ANY,
    UnwrappedSchema,
    config_of,
    extra_behaviour,
    fields_of,
    fields_of_level,
    inner_wrappers,
    is_made_of_fields,
    keys_of,
    lax,
    level_of,
    without_functions,
)
from .instances import (
    dataclass_maker,
    finished_dataclass_maker,
    finished_model_maker,
    is_plain,
    model_maker,
    typed_dict_maker,
    whole_model_maker,
)
from .nodes import Field, ModelLayout, ValueNode, ignored_node
from .partial import has_plain_metaclass
from .validation import ModelValidator, default_maker, post_init_of, refusing_validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import CoreSchema

    from .compiling import NodeCompiler
    from .nodes import InstanceMaker


class ModelCompiler:
    """Compiles one model, dataclass or TypedDict."""

    def __init__(self, compiler: NodeCompiler, core: Any, *, provisional: bool) -> None:
        self._compiler = compiler
        self._core = core
        self._provisional = provisional
        self._config = config_of(core)
        self._fields = fields_of(core)
        self.layout = self._new_layout()
        # Known before its fields are, since they may lead back here.
        compiler.layouts[id(core), provisional] = self.layout
        compiler.unfinished.add(id(self.layout))
        self._fill()
        compiler.unfinished.remove(id(self.layout))

    def _new_layout(self) -> ModelLayout:
        core, cls = self._core, self._core.get("cls")
        is_model, unknown = core["type"] == "model", extra_behaviour(core)
        validator = ModelValidator(
            functools.partial(_level_schema, level_of(core)),
            _finished_maker(core),
            post_init_of(core),
            {name: field["schema"] for name, field in self._fields.items()},
            {},
            self._compiler.validator,
            self._config,
        )
        is_bare = is_made_of_fields(core) and validator.post_init is None
        if is_model and is_bare and unknown != "allow":  # valid fields are all that it needs
            validator.make_whole = whole_model_maker(cls)
        layout = ModelLayout(
            {}, self._extra(unknown), {}, {}, frozenset(), typed_dict_maker, validator
        )
        layout.shows_unknown = unknown == "allow"
        layout.forbids_unknown = unknown == "forbid"
        layout.may_rewrite = any(inner_wrappers(core))
        layout.is_model = is_model
        layout.reuses = is_model and is_plain(cls)
        if cls is not None and core["type"] != "typed-dict":
            maker = model_maker if is_model else dataclass_maker
            layout.instance = (
                _made_later(layout, maker, cls) if has_plain_metaclass(cls) else maker(cls)
            )
        return layout

    def _extra(self, behaviour: str) -> Field:
        if behaviour == "allow":
            schema = level_of(self._core).get("extras_schema", ANY)
            return Field("", self._node(schema), is_extra=True)
        if behaviour == "forbid" and not self._provisional:
            refusing = functools.partial(refusing_validator, "extra_forbidden")
            return Field("", ValueNode(refusing), is_extra=True)
        return Field("", ignored_node(), is_extra=True, ignored=True)

    def _node(self, schema: CoreSchema, *, in_field: bool = False) -> ValueNode:
        return self._compiler.node(
            schema, self._config, provisional=self._provisional, in_field=in_field
        )

    def _fill(self) -> None:
        preceding_fields: list[str] = []
        required = set()
        config = self._config
        self.layout.field_names = frozenset(self._fields)
        self.layout.validates_defaults = frozenset(
            name for name, declared in self._fields.items() if _validates_default(declared, config)
        )
        for name, declared in self._fields.items():
            schema = declared["schema"]
            unwrapped = UnwrappedSchema(schema, self._compiler.definitions)
            field = self._field(name, schema, unwrapped, frozenset(preceding_fields))
            is_kept = not declared.get("init_only")
            if not is_kept:  # it is given to the class
                field = Field(name, ignored_node(), ignored=True)
            keys = keys_of(name, declared, config)
            for rank, key in enumerate(keys):
                other = self.layout.fields.get(key)
                if other is None or other.rank > rank:
                    known = dataclasses.replace(field, key=key, rank=rank)
                    self.layout.fields[key] = known
            if keys and config.get("loc_by_alias", True):
                self.layout.keys[name] = keys[0]
            self.layout.validator.around[name] = unwrapped.around
            if "not-null" in unwrapped.marks:
                required.add(name)
            if is_kept:
                self._show_default(name, schema, self._placeholder(unwrapped, field.node))
            preceding_fields.append(name)
        self.layout.required = frozenset(required)
        self.layout.may_be_empty = not any(map(_is_required, self._fields.values()))

    def _field(
        self,
        name: str,
        schema: CoreSchema,
        unwrapped: UnwrappedSchema,
        preceding_fields: frozenset[str],
    ) -> Field:
        asks = not self._provisional and (
            unwrapped.reads_field_data or self._compiler.asks_inside(unwrapped.inner)
        )
        return Field(name, self._node(schema, in_field=asks), preceding_fields if asks else None)

    def _show_default(self, name: str, schema: Any, placeholder: Callable[[], Any] | None) -> None:
        if self._core["type"] == "typed-dict":
            return  # a key that is not there does not show
        make = self._default_maker(name, schema) or placeholder or (lambda: None)
        if make is placeholder:
            self.layout.placeholders |= {name}
        if make is placeholder or "default_factory" in schema or make() is not make():
            self.layout.template[name] = None
            self.layout.factories[name] = make
            if schema.get("default_factory_takes_data"):
                self.layout.validator.asks_defaults = True
            elif schema["type"] == "default":
                self.layout.validator.factories.add(name)
        else:
            self.layout.template[name] = make()

    def _default_maker(self, name: str, schema: Any) -> Callable[[], Any] | None:
        """Makes the default; of the field's type, if pydantic validates it."""
        make = default_maker(schema)
        if make is None or name not in self.layout.validates_defaults:
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

    def _placeholder(self, unwrapped: UnwrappedSchema, node: ValueNode) -> Callable[[], Any] | None:
        """Makes the value of a required field before it comes: an empty model if it must be one."""
        if any(layer["type"] == "nullable" for layer in unwrapped.wrappers) or node.object is None:
            return None
        layout = node.object.layout
        if unwrapped.inner["type"] not in ("model", "dataclass") or not isinstance(
            layout, ModelLayout
        ):
            return None  # a root model or a union has no empty form
        recurs = id(layout) in self._compiler.unfinished
        return None if recurs or node.object.roots or layout.required else layout.empty


def _made_later(
    layout: ModelLayout, maker: Callable[[Any], InstanceMaker], cls: type
) -> InstanceMaker:
    """Makes the maker of instances when the first one shows: it needs a class of its own."""

    def make_first(values: dict[str, Any], names: set[str], extra: dict[str, Any]) -> Any:
        layout.instance = maker(cls)
        return layout.instance(values, names, extra)

    return make_first


def _is_required(declared: Any) -> bool:
    return bool(declared.get("required", declared["schema"]["type"] != "default"))


def _validates_default(declared: Any, config: Any) -> bool:
    schema = declared["schema"]
    in_model = config.get("validate_default") and schema["type"] == "default"
    return bool(schema.get("validate_default") or in_model)


def _level_schema(level: Any, schemas: Mapping[str, CoreSchema]) -> CoreSchema:
    """A model's own level around these field schemas: by the fields' names, without extras."""
    fields = fields_of_level(level)
    bare = {
        name: {
            **{k: v for k, v in fields[name].items() if k != "validation_alias"},
            "schema": schema,
        }
        for name, schema in schemas.items()
    }
    left_out = ("strict", "extras_schema", "extras_keys_schema")
    inner: Any = {k: v for k, v in level.items() if k not in left_out}
    inner["extra_behavior"] = "ignore"  # the extras are validated already
    inner["fields"] = bare if isinstance(level["fields"], dict) else [*bare.values()]
    if "config" in inner:
        inner["config"] = lax(inner["config"])
    return inner  # type: ignore[no-any-return]


def _finished_maker(core: Any) -> Callable[[Any, dict[str, Any]], Any]:
    if core["type"] == "typed-dict":
        return lambda values, extra: values | extra
    maker = {"model": finished_model_maker, "dataclass": finished_dataclass_maker}[core["type"]]
    return maker(core["cls"])
