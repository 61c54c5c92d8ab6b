"""How partial objects are serialised and shown: the user's code may meet None where none can be.

A computed field, a serialiser, a `__repr__` of the user's that fails on a half-written object shows
as None, as the plain value, or as pydantic would show it; it never raises.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, RootModel, computed_field, field_serializer
from pydantic import model_serializer as pydantic_model_serializer
from pydantic_core import SchemaSerializer, core_schema

from .core_schema import map_schema, walk

if TYPE_CHECKING:
    from collections.abc import Iterator


def guarded_members(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """The model's computed fields and serialisers, which may meet None where none can be."""
    decorators = model.__pydantic_decorators__
    for name, computed in decorators.computed_fields.items():
        yield name, _guarded_property(computed.info)
    for name, field in decorators.field_serializers.items():
        function = getattr(field.func, "__func__", field.func)
        guarded = with_fallback(function, _USUAL_FIELD[field.info.mode])
        make: Any = field_serializer  # whose overloads know one mode each
        decorate = make(
            *field.info.fields,
            mode=field.info.mode,
            when_used=field.info.when_used,
            check_fields=False,
        )
        yield name, decorate(guarded)
    for name, whole in decorators.model_serializers.items():
        make = pydantic_model_serializer
        decorate = make(mode=whole.info.mode, when_used=whole.info.when_used)
        member = inspect.getattr_static(model, name)
        function = getattr(member, "wrapped", member)
        yield name, decorate(with_fallback(function, _USUAL_MODEL[whole.info.mode]))


_USUAL_FIELD: Final[dict[str, Callable[..., Any]]] = {
    "wrap": lambda _self, value, handler, *_: handler(value),
    "plain": lambda _self, value, *_: value,
}
"""The part of a field's serialiser, by its mode, if that fails."""
_USUAL_MODEL: Final[dict[str, Callable[..., Any]]] = {
    "wrap": lambda self, handler, *_: handler(self),
    "plain": lambda self, *_: dict(self.__dict__),
}
_OVERRIDDEN = ("__repr__", "__str__", "__repr_args__", "__eq__", "model_dump", "model_dump_json")


def guarded_methods(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """The model's own serialization, and pydantic's for values that it can't serialize yet."""
    base = RootModel if issubclass(model, RootModel) else BaseModel
    for name in _OVERRIDDEN:
        method, usual = getattr(model, name), getattr(base, name)
        if method is not usual:
            yield name, with_fallback(_listing(method), usual)


def with_fallback(function: Callable[..., Any], usual: Callable[..., Any]) -> Callable[..., Any]:
    """The function, and the usual one if the user's code meets a value that is not there yet."""

    @functools.wraps(function)
    def guarded(*arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except Exception:  # noqa: BLE001  the user's code
            return usual(*arguments, **keywords)

    # No return annotation: half a value need not be of the type that the whole one has.
    guarded.__annotations__ = {}
    return guarded


def _listing(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, with a list for a generator, which would fail only as it is read."""

    @functools.wraps(method)
    def listing(*arguments: Any, **keywords: Any) -> Any:
        result = method(*arguments, **keywords)
        return [*result] if inspect.isgenerator(result) else result

    return listing


def guarded_getter(info: Any) -> Callable[[Any], Any]:
    # The getter of M itself: a property, or a cached one, which is no cache here.
    wrapped = info.wrapped_property
    get: Any = wrapped.fget if isinstance(wrapped, property) else wrapped.func
    return with_fallback(get, lambda _: None)


def _guarded_property(info: Any) -> Any:
    keywords = {
        k: v
        for k in ("alias", "title", "description", "deprecated", "examples", "json_schema_extra")
        if (v := getattr(info, k, None)) is not None
    }
    guarded = property(guarded_getter(info))
    return computed_field(return_type=Any, repr=info.repr, **keywords)(guarded)


def guarded_serializer(model: Any, partial: type) -> SchemaSerializer:
    """The serialiser of a pydantic dataclass, whose schema has the user's functions in it."""
    parts = walk(dict(model.__pydantic_core_schema__))
    schema: Any = next(part for part in parts if part.get("cls") is model)
    inside = map_schema(schema["schema"], _guarded_schema)
    own: Any = {k: v for k, v in schema.items() if k != "ref"} | {"schema": inside, "cls": partial}
    return SchemaSerializer(_with_guards(own))


def _guarded_schema(schema: Any) -> Any:
    if schema["type"] in ("model", "dataclass", "definition-ref"):
        return core_schema.any_schema()  # which is written by its own class's serialiser
    return _with_guards(schema)


def _with_guards(schema: Any) -> Any:
    if computed := schema.get("computed_fields"):
        schema = {**schema, "computed_fields": map_schema(computed, _guarded_schema)}
    if "function" not in schema.get("serialization", ()):
        return schema
    return {**schema, "serialization": _guarded_serialization(schema["serialization"])}


def _guarded_serialization(serialization: Any) -> Any:
    function = serialization["function"]
    wraps = serialization["type"] == "function-wrap"
    place = int(serialization.get("is_field_serializer", False))  # of the value among arguments

    def usual(*arguments: Any) -> Any:
        value = arguments[place]
        if wraps:
            return arguments[place + 1](value)
        if not dataclasses.is_dataclass(value):
            return value
        # To write the dataclass itself would come back here.
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}

    bare = {k: v for k, v in serialization.items() if k != "return_schema"}
    return {**bare, "function": with_fallback(function, usual)}
