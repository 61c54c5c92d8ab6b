"""Makes instances of validated or partial values, without validation.

A pydantic instance is four slots; setting them directly costs a sixth of `model_construct`. The
sets and dicts handed in are not copied: the caller passes containers that nobody will change.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from .core_schema import BUILTIN_FACTORIES
from .partial import partial_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic.fields import ModelPrivateAttr

_new = object.__new__
set_values = BaseModel.__dict__["__dict__"].__set__
set_names = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private = BaseModel.__dict__["__pydantic_private__"].__set__


def model_maker(
    model: type[BaseModel],
) -> Callable[[dict[str, Any], set[str], dict[str, Any]], Any]:
    """Makes instances of `Partial[model]` of field values, names that came, and extras."""
    partial = partial_of(model)
    allows_extra = model.model_config.get("extra") == "allow"
    private = {
        name: make_default
        for name, attribute in model.__private_attributes__.items()
        if (make_default := _private_maker(attribute)) is not None
    }

    def make_plain(values: dict[str, Any], names: set[str], _: dict[str, Any]) -> Any:
        instance = _new(partial)
        set_values(instance, values)
        set_names(instance, names)
        _set_extra(instance, None)
        _set_private(instance, None)
        return instance

    def make(values: dict[str, Any], names: set[str], extra: dict[str, Any]) -> Any:
        instance = make_plain(values, names, extra)
        if allows_extra:
            _set_extra(instance, extra)
        if model.__private_attributes__:
            _set_private(instance, {name: make_default() for name, make_default in private.items()})
        return instance

    return make_plain if is_plain(model) else make


def _private_maker(attribute: ModelPrivateAttr) -> Callable[[], Any] | None:
    """Makes the attribute's default; None if it has none that a partial instance can show.

    A factory of the user's runs once, for the complete instance.
    """
    if attribute.default_factory is not None:
        is_builtin = attribute.default_factory in BUILTIN_FACTORIES
        return attribute.default_factory if is_builtin else None  # type: ignore[return-value]
    default = attribute.default
    if default is PydanticUndefined:
        return None
    return (lambda: copy.deepcopy(default)) if type(default).__hash__ is None else lambda: default


def is_plain(model: type[BaseModel]) -> bool:
    """Whether field values and names are all that an instance has to it."""
    return not model.__private_attributes__ and model.model_config.get("extra") != "allow"


def dataclass_maker(cls: type) -> Callable[[dict[str, Any], set[str], dict[str, Any]], Any]:
    """Makes instances of `Partial[cls]`."""
    partial: Any = partial_of(cls)
    has_slots = not hasattr(_new(cls), "__dict__")
    # A field that is not given but made by the class itself has no place in a plan.
    absent = {
        f.name: None if f.default is dataclasses.MISSING else f.default
        for f in dataclasses.fields(cls)
    }

    def make(values: dict[str, Any], _: set[str], extra: dict[str, Any]) -> Any:  # noqa: ARG001
        instance: Any = _new(partial)
        if not has_slots:
            for name, default in absent.items():  # a difference of keys would look at all of them
                values.setdefault(name, default)
            instance.__dict__ = values
            return instance
        for name, default in absent.items():
            object.__setattr__(instance, name, values.get(name, default))
        return instance

    return make


def typed_dict_maker(values: dict[str, Any], _: set[str], extra: dict[str, Any]) -> Any:  # noqa: ARG001
    """A TypedDict is shown as a dict of the entries that came."""
    return values


def root_maker(model: type[BaseModel]) -> Callable[[Any], Any]:
    """Makes instances of `Partial[model]`, a root model's, of the inner value."""
    make = model_maker(model)
    return lambda root: make({"root": root}, {"root"}, {})


def held_by(instance: BaseModel) -> dict[str, Any]:
    """The instance's values by name. To ask for a deprecated field itself would warn."""
    return vars(instance) | (instance.__pydantic_extra__ or {})


def copied_model(instance: BaseModel) -> BaseModel:
    """Another instance that holds the same, whatever its class means by a copy."""
    copied = _new(type(instance))
    extra, private = instance.__pydantic_extra__, instance.__pydantic_private__
    set_values(copied, vars(instance).copy())
    set_names(copied, instance.model_fields_set.copy())
    _set_extra(copied, None if extra is None else extra.copy())
    _set_private(copied, None if private is None else private.copy())
    return copied


def _allocator(cls: Any) -> Callable[[], Any]:
    """Makes an empty instance as pydantic-core does: by the class's own `__new__`, if any."""
    if cls.__new__ is object.__new__:
        return functools.partial(_new, cls)
    return lambda: cls.__new__(cls)


def finished_model_maker(model: type[BaseModel]) -> Callable[[Any, dict[str, Any]], Any]:
    """Makes M itself of the result of a `model-fields` schema, and of extras.

    A long answer has many of them, so they are made small: their dicts share their keys, as those
    of other classes do. Python sees to that if an instance's own dict is filled one by one.
    """
    allows_extra = model.model_config.get("extra") == "allow"
    new = _allocator(model)

    def make(validated: tuple[dict[str, Any], Any, Any], extra: dict[str, Any]) -> Any:
        values, _, names = validated
        instance: Any = new()
        own = instance.__dict__
        for name, value in values.items():
            own[name] = value
        set_names(instance, {*names, *extra})
        _set_extra(instance, extra if allows_extra else None)
        _set_private(instance, None)
        return instance

    return make


def whole_model_maker(model: type[BaseModel]) -> Callable[[dict[str, Any]], Any]:
    """Makes M itself of the values of all its fields, which are valid."""
    new, names = _allocator(model), tuple(model.model_fields)

    def make(values: dict[str, Any]) -> Any:
        instance: Any = new()
        own = instance.__dict__
        for name in names:
            own[name] = values[name]
        set_names(instance, {*names})
        _set_extra(instance, None)
        _set_private(instance, None)
        return instance

    return make


def finished_root_maker(model: type[BaseModel]) -> Callable[[Any], Any]:
    """Makes the root model M itself of the inner value."""
    make = finished_model_maker(model)
    return lambda root: make(({"root": root}, None, {"root"}), {})


def finished_dataclass_maker(cls: type) -> Callable[[Any, dict[str, Any]], Any]:
    """Makes the dataclass itself of the result of a `dataclass-args` schema."""
    new = _allocator(cls)

    def make(validated: tuple[dict[str, Any], Any], extra: dict[str, Any]) -> Any:
        values, _ = validated
        instance: Any = new()
        if hasattr(instance, "__dict__"):
            instance.__dict__.update(values, **extra)
        else:
            for name, value in values.items():
                object.__setattr__(instance, name, value)
        return instance

    return make
