"""What a type's core schema says about showing it, compiled once per type."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaValidator, core_schema

from .._paths import format_path, parse_path
from .compiler import Compiler
from .core_schema import is_hashable
from .nodes import DictLayout, ListLayout, ModelLayout

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._json.extract import Opener
    from .nodes import Layout, ValueNode

WRAPPED: Final = "value"
"""The key under which a vendor is asked for what it does not take at the root."""

# Anthropic answers with a 400 where a tool's input has other keys at its root, and looks no deeper:
# "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'".
_is_plain_key: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}").fullmatch


class Plan:
    """What a type's snapshots look like.

    Attributes:
        slot: the root's place.
        validate_json: the authoritative validation of the whole text.
        name: the type's name, as it is written in Python.
        description: the type's docstring, or None.
    """

    def __init__(self, response_type: Any, *, wrap: bool) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(response_type)
        self.name = _name_of(response_type)
        is_model = isinstance(response_type, type) and issubclass(response_type, BaseModel)
        self.description = (response_type.__doc__ or None) if is_model else None
        self._wrap = wrap
        schema = self._adapter.core_schema
        self.slot = Compiler(schema).root()
        self.validate_json: Callable[..., Any] = self._adapter.validator.validate_json

    @functools.cached_property
    def wrapped(self) -> bool:
        """Whether the answer is an object with the root under the key `WRAPPED`."""
        return self._wrap and not _suits_a_root(self._own_json_schema)

    @functools.cached_property
    def _own_json_schema(self) -> dict[str, Any]:
        return self._adapter.json_schema()

    @functools.cached_property
    def json_schema(self) -> dict[str, Any]:
        """The JSON schema to ask the vendor with: its root is an object where `wrap` was asked."""
        schema = self._own_json_schema
        if not self.wrapped:
            return schema
        definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
        return {
            "type": "object",
            "properties": {WRAPPED: {k: v for k, v in schema.items() if k != "$defs"}},
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
        envelope: Any = core_schema.typed_dict_schema(
            {WRAPPED: core_schema.typed_dict_field(schema)}
        )
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

    @property
    def of_objects(self) -> bool:
        """Whether the answer, where it is an array, is one of objects."""
        way = self.slot.array
        return way is not None and isinstance(way.shape, ListLayout) and way.shape.of_objects

    @property
    def may_be_empty(self) -> bool:
        """Whether the answer's object may have no key at all."""
        if self.wrapped:
            return False
        way = self.slot.object
        if way is None or not isinstance(way.shape, ModelLayout) or way.raw:
            return True
        return way.shape.may_be_empty

    def check_path(self, text: str) -> None:
        """See that an answer may have something at the path.

        Raises:
            ValueError: none can, or that is not a path.
        """
        path = parse_path(text)
        slot: ValueNode | None = self.slot
        for depth, step in enumerate(path):
            inside = None if slot is None else _inside(slot)
            if isinstance(inside, ListLayout) and not (isinstance(step, int) or step == "*"):
                has = "elements: [0] is the first, [*] are all"
            elif isinstance(inside, ModelLayout) and step not in ("*", *inside.names):
                has = f"the fields {', '.join(inside.names)}"
            else:
                slot = _below(inside, step)
                continue
            place = format_path(path[:depth]) or self.name
            raise ValueError(f"no answer has anything at {text}: {place} has {has}")

    @functools.cached_property
    def root_keys(self) -> frozenset[str] | None:
        """The keys with which the answer's object can begin; None where any can."""
        if self.wrapped:
            return frozenset({WRAPPED})
        way = self.slot.object
        if way is None or not isinstance(way.shape, ModelLayout) or way.raw:
            return None
        return frozenset(way.shape.fields) or None


def _inside(slot: ValueNode) -> Layout | None:
    """What opens there, if that alone says what is inside; None if it may be anything."""
    ways = [way for way in (slot.object, slot.array) if way is not None]
    if len(ways) != 1 or ways[0].raw or ways[0].outers:
        return None
    shape = ways[0].shape
    return None if isinstance(shape, ModelLayout) and shape.shows_unknown else shape


def _below(shape: Layout | None, step: str | int) -> ValueNode | None:
    match shape:
        case ListLayout():
            return shape.item
        case DictLayout():
            return shape.value
        case ModelLayout():
            return next((each.slot for each in shape.fields.values() if each.name == step), None)
    return None


def compile_plan(response_type: Any, *, wrap: bool = False) -> Plan:
    """The plan of that type; made once, for as long as it is among those used last.

    Raises:
        pydantic.PydanticUserError: the type is not one that pydantic can validate.
    """
    if is_hashable(response_type):  # an Annotated with a dict in it is not
        return _compile_cached(response_type, repr(response_type), wrap)
    return Plan(response_type, wrap=wrap)


@functools.lru_cache(maxsize=128)
def _compile_cached(response_type: Any, _: str, wrap: bool) -> Plan:  # noqa: FBT001  lru_cache
    # To Python, `int | str` and `str | int` are equal, but the first choice may be asked first;
    # as they are written they differ.
    # A plan holds its type, so no weak mapping would ever let go of it: the bound does.
    return Plan(response_type, wrap=wrap)


def _suits_a_root(schema: dict[str, Any]) -> bool:
    """Whether every vendor takes it as the root: an object, with plain keys."""
    definitions = schema.get("$defs", {})
    while "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    return schema.get("type") == "object" and all(map(_is_plain_key, schema.get("properties", ())))


def _name_of(response_type: Any) -> str:
    """The type as it is written in Python, without its modules: `list[User]`."""
    if isinstance(response_type, type) and not get_args(response_type):
        return response_type.__name__
    return re.sub(r"[\w<>]+\.", "", str(response_type))
