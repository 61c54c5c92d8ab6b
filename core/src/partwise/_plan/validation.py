"""Validates one level of a closed value, when its parts are validated already."""

from __future__ import annotations

import copy
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic_core import PydanticKnownError, SchemaValidator, core_schema, to_json

from .core_schema import ANY
from .defensive_copies import DefensiveCopies

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pydantic_core import CoreConfig, CoreSchema

    from .core_schema import Check

HELD: Final = "<held>"
"""An error's input if the value was at hand and no text was read."""
_HELD_JSON: Final = f'"{HELD}"'
_held: Final[ContextVar[tuple[Any, dict[str, Any]]]] = ContextVar("held")
"""The values of the fields that are validated already, and the defaults that show."""


@dataclass(frozen=True, slots=True)
class Keywords:
    """The arguments of every validator.

    Attributes:
        json_keywords: of `validate_json`.
        python_keywords: of `validate_python`.
    """

    json_keywords: Mapping[str, Any]
    python_keywords: Mapping[str, Any]


Waiting: TypeAlias = Literal["raw", "value", "default"]
"""The part of a field that is still to be validated: its JSON text, the container that was made of
it, or the default in its place."""


@dataclass(slots=True, eq=False)
class ModelValidator:
    """Validates one level of a model: a field that reads the others, and the whole.

    A `model-fields` schema runs a field's validators as pydantic does while it validates the whole:
    with `info.data`, `info.field_name` and `info.mode == "json"`. The field's value is given as
    JSON text. A value that is validated already is given by way of `_held`: the text is then only
    an occasion, and the inside of the schema takes the value that is held.

    pydantic-core takes any `model` schema for the class's own validator, fields and all; so it is
    the `model-fields` part alone that checks the whole, and `make` makes the instance of it.

    Attributes:
        rebuild: the schema of the whole level, of its fields' schemas.
        make: makes the object of the result of that schema, and of the extras.
        make_whole: makes it of all its fields, if nothing is left to be checked of those; else
            None.
        post_init: runs the class's hooks on a new instance; None if it has none.
        fields: each field's own core schema.
        around: each field's schema with another one inside its wrappers.
        factories: fields whose default is made for each object, and shown before it comes.
        asks_defaults: whether a default is made of the fields before.
    """

    rebuild: Callable[[dict[str, CoreSchema]], CoreSchema]
    make: Callable[[Any, dict[str, Any]], Any]
    post_init: Check | None
    fields: dict[str, CoreSchema]
    around: dict[str, Callable[[CoreSchema], CoreSchema]]
    compile: Callable[[CoreSchema, CoreConfig | None], SchemaValidator]
    config: CoreConfig | None
    factories: set[str] = field(default_factory=set)
    asks_defaults: bool = False
    make_whole: Callable[[dict[str, Any]], Any] | None = None
    _level: Check | None = None
    _levels: dict[tuple[Any, ...], Check] = field(default_factory=dict)
    _assigns: dict[tuple[str, str], Check] = field(default_factory=dict)

    def assign(
        self, name: str, value: Any, waiting: Waiting, preceding: dict[str, Any], context: Keywords
    ) -> dict[str, Any]:
        """The field's validated value, among those before it, which a validator can change too.

        Raises:
            ValidationError: with the field's name at the head of each `loc`.
        """
        validate = self._assigns.get((name, waiting))
        if validate is None:
            names = [*preceding, name]
            schemas = {each: self._part(each, None, names) for each in preceding}
            schemas[name] = self._part(name, waiting, names)
            fields = {each: core_schema.model_field(schema) for each, schema in schemas.items()}
            schema = core_schema.model_fields_schema(fields)
            validate = self._assigns[name, waiting] = self.compile(
                schema, self.config
            ).validate_json
        copies = DefensiveCopies()
        given = copies.copy({**preceding, name: value})
        text = _text(given, {name: waiting})
        validated = _holding(given, {}, validate, text, context.json_keywords)
        return copies.restore(validated)[0]  # type: ignore[no-any-return]

    def finish(
        self,
        values: dict[str, Any],
        extra: dict[str, Any],
        waiting: Mapping[str, Waiting],
        defaults: dict[str, Any],
        context: Keywords,
    ) -> Any:
        """The validated object.

        Args:
            values: the fields that came, validated but for those that wait.
            extra: the validated values of keys that it does not know.
            waiting: the fields that are still to be validated.
            defaults: the values that the fields of `factories` show that did not come.
            context: of all validators.
        """
        if self.make_whole and len(values) == len(self.fields) and not waiting:
            return self.make_whole(values)
        if not waiting and self.post_init is None and not self.asks_defaults:
            if self._level is None:
                schemas = {name: self._shallow(name) for name in self.fields}
                self._level = self.compile(self.rebuild(schemas), self.config).validate_python
            keywords = context.python_keywords
            return self.make(_holding({}, defaults, self._level, values, keywords), extra)
        copies = DefensiveCopies()
        made = copies.copy({name: defaults[name] for name in self.factories})
        given = copies.copy(values)
        level = self._json_level(given.keys(), waiting)
        text = _text(given, waiting)
        validated = _holding(given, made, level, text, context.json_keywords)
        instance = self.make(validated, copies.copy(extra))
        if self.post_init:
            instance = self.post_init(instance, **context.python_keywords)
        return copies.restore(instance)

    def _json_level(self, given: Collection[str], waiting: Mapping[str, Waiting]) -> Check:
        """Validates the level from JSON, as pydantic does: functions and defaults see that mode."""
        key = (frozenset(given), *sorted(waiting.items()))
        level = self._levels.get(key)
        if level is None:
            schemas = {name: self._part(name, waiting.get(name), given) for name in self.fields}
            level = self.compile(self.rebuild(schemas), self.config).validate_json
            self._levels[key] = level
        return level

    def _part(self, name: str, waiting: Waiting | None, given: Collection[str]) -> CoreSchema:
        schema: Any = self.fields[name]
        if waiting == "value":
            return self.around[name](_held_schema(name))
        if waiting == "default" and name in self.factories and "default_factory" in schema:
            schema = {**schema, **_held_default(name), "schema": schema["schema"]}
        if waiting is not None:
            return schema  # type: ignore[no-any-return]
        return _held_schema(name) if name in given else self._shallow(name)

    def _shallow(self, name: str) -> CoreSchema:
        """The field's schema for a value that is validated: its default, and nothing else."""
        schema: Any = self.fields[name]
        if schema["type"] != "default":
            return ANY
        bare: Any = {k: v for k, v in schema.items() if k not in ("validate_default", "on_error")}
        if name in self.factories:
            bare.pop("default", None)
            bare |= _held_default(name)
        return {**bare, "schema": ANY}


def _holding(
    values: Any, defaults: dict[str, Any], validate: Check, given: Any, keywords: Mapping[str, Any]
) -> Any:
    """The result of the validator, which takes these values and defaults where it is to."""
    token = _held.set((values, defaults))
    try:
        return validate(given, **keywords)
    finally:  # a validator of the user's may itself have read an answer
        _held.reset(token)


def _held_default(name: str) -> Any:
    """The default that was made once for the object, and shown."""
    make = core_schema.with_default_schema(ANY, default_factory=lambda: _held.get()[1][name])
    return make | {"default_factory_takes_data": False}


def _held_schema(name: str) -> CoreSchema:
    return core_schema.no_info_plain_validator_function(lambda _: _held.get()[0][name])


def _text(given: Mapping[str, Any], waiting: Mapping[str, Waiting]) -> str:
    """JSON of the fields: the text of one that waits for that, and an occasion for others."""
    texts = {
        name: value if waiting.get(name) == "raw" else _HELD_JSON for name, value in given.items()
    }
    return f"{{{','.join(f'{to_json(name).decode()}:{text}' for name, text in texts.items())}}}"


def json_check(compile_around: Callable[[CoreSchema], SchemaValidator]) -> Check:
    """Validates a value that is at hand as one that is read from JSON: `info.mode` says so.

    Args:
        compile_around: the validators, around a schema that gives the value.
    """
    inner = core_schema.no_info_plain_validator_function(lambda _: _held.get()[0])
    validate = compile_around(inner).validate_json
    return lambda value, **keywords: _holding(value, {}, validate, _HELD_JSON, keywords)


def default_maker(schema: Any) -> Callable[[], Any] | None:
    """Makes the default that a `default` schema gives; None if it is required.

    A factory that asks for the validated data has no default to show before there is any.
    """
    if schema["type"] != "default":
        return None
    if "default_factory" in schema:
        if schema.get("default_factory_takes_data"):
            return lambda: None
        return schema["default_factory"]  # type: ignore[no-any-return]
    if "default" not in schema:  # it is there to omit invalid values
        return None
    default = schema["default"]
    if type(default).__hash__ is None:
        return lambda: copy.deepcopy(default)
    return lambda: default


def post_init_of(core: Any) -> Check | None:
    """Runs the class's hooks on a new instance, with their errors made pydantic's."""
    method = core.get("post_init")
    if not method:
        return None

    def run(instance: Any, info: core_schema.ValidationInfo) -> Any:
        arguments = (info.context,) if core["type"] == "model" else ()
        getattr(instance, "__post_init__" if method is True else method)(*arguments)
        return instance

    return SchemaValidator(core_schema.with_info_after_validator_function(run, ANY)).validate_python


def refusing_validator(error_type: Any) -> SchemaValidator:
    """Refuses any value, with pydantic's error of that type."""

    def refuse(_: Any) -> Any:
        raise PydanticKnownError(error_type)

    return SchemaValidator(core_schema.no_info_plain_validator_function(refuse))
