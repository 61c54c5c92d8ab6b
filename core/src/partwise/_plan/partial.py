"""`Partial[M]`: M while it is being written, as a pydantic class of its own.

It is a subclass of M with every field optional and nested models of both kinds, partial and
finished. It keeps names, aliases, descriptions and defaults, and drops the constraints and
validators that a half-written value can't satisfy. Values that the user computes or serialises from
fields may fail while some are None: each shows as None then, or as the plain value, never raising.

The schema is built at the first use of it (`defer_build`): making snapshots needs only the class.
Nested partial classes are looked up when that happens, which also unties recursive models. Before
2.14, pydantic can't write an instance of such a class at a place for any value, so there
the schema is built at once.
"""

from __future__ import annotations

import dataclasses
import sys
import threading
import types
import typing
import warnings
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    Optional,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import (
    VERSION,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    SerializeAsAny,
    model_validator,
)
from pydantic_core import PydanticUndefined, core_schema
from typing_extensions import TypeAliasType, is_typeddict

from .core_schema import walk
from .markers import ORIGINAL, NotNull, original_of
from .notebook_view import mimebundle
from .partial_serialization import (
    guarded_getter,
    guarded_members,
    guarded_methods,
    guarded_serializer,
    with_fallback,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import GetCoreSchemaHandler
    from pydantic.fields import FieldInfo
    from pydantic_core import CoreSchema

T = TypeVar("T")


class _SkipSubclassHooks:
    """Keeps a partial class from the hook that M has for its subclasses: it is none of theirs."""

    __slots__ = ()

    def __init_subclass__(cls, **_: Any) -> None:
        pass

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        pass


_SCHEMA = "__partwise_schema__"
"""The attribute that holds the core schema of that class when the partial one was made."""

_TAKES_COMPLETE = "_partwise_takes_complete"
"""The validator of a partial class by which it takes complete instances, too."""

_FIELD_KEYWORDS = (
    "alias", "alias_priority", "validation_alias", "serialization_alias", "title",
    "field_title_generator", "description", "examples", "exclude", "exclude_if", "deprecated",
    "json_schema_extra", "frozen", "repr", "init",
)  # fmt: skip

_JUST_OPTIONAL = {"repr": True, "default": None}
"""Of these keywords pydantic makes the same field as of the default alone, which costs it less."""

_BUILDS_AT_ONCE = tuple(map(int, VERSION.split(".")[:2])) < (2, 14)

_lock = threading.Lock()


class _Indexable(type):
    """Makes `Partial[M]` an expression that type checkers know, too."""

    def __getitem__(cls, model: type[T]) -> type[T]:
        return partial_of(model)


class Partial(metaclass=_Indexable):
    """`Partial[M]` is M while it is being written. The same class each time for the same M.

    M is a pydantic model or a dataclass. `Partial[M].model_json_schema()` describes the snapshots
    of M. No instance of `Partial` itself can be made.

    Raises:
        TypeError: M is anything else, or `Partial` is called.

    Example:
        ```python
        draft = partwise.Partial[Team].model_validate({})
        assert draft.name is None
        assert isinstance(draft, Team)
        ```
    """

    def __new__(cls) -> typing.Self:
        raise TypeError("Partial is used as Partial[Model]")


def partial_of(model: type[T]) -> type[T]:
    """`Partial[model]`. It lives as long as somebody holds it; nothing here keeps the model."""
    make: Any
    if _is_class(model, BaseModel):
        make = _partial_model
    elif _is_class(model) and dataclasses.is_dataclass(model):
        make = _partial_dataclass
    else:
        raise TypeError(f"Partial takes a pydantic model or a dataclass, not {model!r}")
    if ORIGINAL in vars(model):
        return model
    schema = vars(model).get("__pydantic_core_schema__")
    with _lock:
        for subclass in type.__subclasses__(model):
            if vars(subclass).get(ORIGINAL) is model and _is_up_to_date(subclass, schema):
                return subclass
        partial: Any = make(model)
        # Not before it is whole: a class whose making failed is not to be found.
        type.__setattr__(partial, ORIGINAL, model)
        type.__setattr__(partial, _SCHEMA, schema)
    if _BUILDS_AT_ONCE and make is _partial_model:
        partial.model_rebuild(raise_errors=False)
    return partial  # type: ignore[no-any-return]


def _is_up_to_date(partial: type, schema: Any) -> bool:
    """Whether the class was made of that schema: a model that was rebuilt has another one."""
    made_of = vars(partial).get(_SCHEMA)
    return made_of is schema or not isinstance(made_of, dict)


def _is_class(candidate: Any, base: type = object) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, base)


def has_plain_metaclass(model: type) -> bool:
    """Whether no code of the user's runs, and might fail, as `Partial[model]` is made."""
    return type(model).__module__.partition(".")[0] in sys.stdlib_module_names | {"pydantic"}


def _notebook_members(model: type) -> dict[str, Any]:
    """The method by which notebooks show an instance, unless M says by itself how to."""
    if any(name.startswith("_repr_") and name.endswith("_") for name in dir(model)):
        return {}
    return {"_repr_mimebundle_": lambda self, **_: mimebundle(self)}


def _partial_dataclass(model: type[T]) -> type[T]:
    namespace: dict[str, Any] = {
        "__module__": model.__module__,
        "__doc__": model.__doc__,
        "__reduce__": _reduce,
        **_notebook_members(model),
    }
    if "__slots__" in vars(model):
        namespace["__slots__"] = ()
    decorators: Any = vars(model).get("__pydantic_decorators__")
    if decorators is not None:
        for name, computed in decorators.computed_fields.items():
            namespace[name] = property(guarded_getter(computed.info))
        namespace["__pydantic_complete__"] = False  # else M's own serialiser is taken for its
    make: Any = type(model)  # the metaclass
    partial: Any = make(f"Partial{model.__name__}", (_SkipSubclassHooks, model), namespace)
    if vars(model).get("__pydantic_complete__"):
        partial.__pydantic_serializer__ = guarded_serializer(model, partial)
    return partial  # type: ignore[no-any-return]


def _reduce(self: Any) -> tuple[Any, ...]:
    return _new_partial, (original_of(type(self)),), self.__getstate__()


def _new_partial(model: type[T]) -> T:
    return object.__new__(partial_of(model))


def _partial_model(model: type[BaseModel]) -> type[BaseModel]:
    takes_complete: Any = classmethod(_fields_of_complete)
    namespace: dict[str, Any] = {
        "__module__": model.__module__,
        "__qualname__": f"Partial{model.__qualname__}",
        "__doc__": model.__doc__,
        "__annotations__": {},
        "__reduce__": _reduce,
        "__hash__": model.__hash__,
        _TAKES_COMPLETE: model_validator(mode="before")(takes_complete),
        "model_config": _config(model),
        **_notebook_members(model),
    }
    models = _models_by_reference(model) if model.__pydantic_generic_metadata__["args"] else {}
    for name, info in model.model_fields.items():
        annotation, field = _partial_field(info, models)
        namespace["__annotations__"][name] = annotation
        namespace[name] = field
    namespace.update(guarded_methods(model))
    namespace.update(guarded_members(model))
    make: Any = type(model)  # the metaclass
    with warnings.catch_warnings():
        # Its fields are M's, which may be called `copy` or `json`: it was said of M already.
        warnings.filterwarnings("ignore", "Field name .* shadows an attribute", UserWarning)
        partial: type[BaseModel] = make(
            f"Partial{model.__name__}", (_SkipSubclassHooks, model), namespace
        )
    decorators = partial.__pydantic_decorators__
    for validators in (
        decorators.validators,
        decorators.field_validators,
        decorators.root_validators,
        decorators.model_validators,
    ):
        for name in [*validators.keys() - {_TAKES_COMPLETE}]:
            del validators[name]
    return partial


def _fields_of_complete(cls: type[BaseModel], value: Any) -> Any:
    """The fields of a complete instance, of which a partial one is made; any other value itself."""
    model: Any = original_of(cls)
    if not isinstance(value, model):
        return value
    made = {name for name, info in model.model_fields.items() if info.default_factory}
    held = vars(value)
    return {name: held[name] for name in held if name in value.model_fields_set | made}


def _config(model: type[BaseModel]) -> ConfigDict:
    config = ConfigDict(
        defer_build=True,
        validate_default=False,
        validate_assignment=False,
        populate_by_name=True,  # as the fields of a complete instance are given
    )
    if model.model_config.get("title"):
        config["title"] = f"Partial{model.model_config['title']}"
    return config


def _models_by_reference(model: type[BaseModel]) -> dict[str, Any]:
    """The models of the model's schema.

    The fields of a generic one name it so where they lead back to it: there was no class yet.
    """
    if _has_references(model):
        return {}
    parts = walk(dict(model.__pydantic_core_schema__))
    return {part["ref"]: part["cls"] for part in parts if part["type"] == "model" and "ref" in part}


def _has_references(model: type[BaseModel]) -> bool:
    """Whether such a reference is an argument of it: pydantic has no schema of its own for that."""
    return any(hasattr(each, "type_ref") for each in model.__pydantic_generic_metadata__["args"])


def _partial_field(info: FieldInfo, models: Mapping[str, Any]) -> tuple[Any, Any]:
    """The annotation and the value that declare the field in the partial class."""
    keywords = {k: v for k in _FIELD_KEYWORDS if (v := getattr(info, k, None)) is not None}
    if info.default_factory is not None:
        keywords["default_factory"] = info.default_factory
    elif info.default is not PydanticUndefined:
        keywords["default"] = info.default
    annotation = partial_annotation(info.annotation, models)
    if any(isinstance(marker, NotNull) for marker in info.metadata):
        return annotation, Field(**keywords)
    if info.is_required():
        keywords["default"] = None
    default = None if keywords == _JUST_OPTIONAL else Field(**keywords)
    return Optional[annotation], default  # noqa: UP045  a value, not an annotation


def _serialized_with_fallback(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    schema: Any = handler(source)
    write = with_fallback(lambda value, handler: handler(value), lambda value, _: value)
    written = core_schema.wrap_serializer_function_ser_schema(write, schema=schema)
    return {**schema, "serialization": written}


_ACCEPT_PARTIAL: Final = GetPydanticSchema(
    # An instance of each stays unchanged.
    lambda source, handler: core_schema.union_schema(
        [handler.generate_schema(partial_of(source)), handler(source)]
    )
)
"""In `Annotated[M, …]`: takes an M and a `Partial[M]`, and serialises each as its own type."""


_SERIALIZE_WITH_FALLBACK: Final = GetPydanticSchema(_serialized_with_fallback)
"""In `Annotated[X, …]`: serialises as X does, and if it can't yet, whatever is there."""


def partial_annotation(annotation: Any, models: Mapping[str, Any]) -> Any:
    """The annotation with models of both kinds in it, and without constraints.

    Args:
        annotation: of a field.
        models: those that pydantic has a reference for in the place of the class.
    """
    if hasattr(annotation, "type_ref"):
        annotation = models.get(annotation.type_ref, Any)
    if isinstance(annotation, TypeAliasType | getattr(typing, "TypeAliasType", TypeAliasType)):
        return Annotated[annotation, _SERIALIZE_WITH_FALLBACK]
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return _partial_class(annotation)
    origin: Any = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return partial_annotation(arguments[0], models)
    if origin is Literal or not arguments:
        return annotation
    partial = tuple(
        argument if argument is Ellipsis else partial_annotation(argument, models)
        for argument in arguments
    )
    if origin in (Union, types.UnionType):
        return Union[partial]  # noqa: UP007  of any number
    return origin[partial]


def _partial_class(annotation: type) -> Any:
    if issubclass(annotation, BaseModel):
        return Any if _has_references(annotation) else Annotated[annotation, _ACCEPT_PARTIAL]
    if dataclasses.is_dataclass(annotation) or is_typeddict(annotation):
        # Whatever is there, without a warning.
        return SerializeAsAny[annotation]  # type: ignore[misc, valid-type]
    if "__get_pydantic_core_schema__" in vars(annotation):
        return Annotated[annotation, _SERIALIZE_WITH_FALLBACK]
    return annotation
