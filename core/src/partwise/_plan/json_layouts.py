"""How a model's fields are written as JSON: which of them are written as they are built.

A model without serializers of its own has a simple JSON form: a key for each field. Then a change
inside a field changes the JSON at that place alone. This module finds the exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from .core_schema import ANY, split_definitions, walk
from .markers import original_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

_OWN_SCHEMA: Final = frozenset({"model", "dataclass"})
"""Schemas of classes, which have a layout of their own."""
_REWRITING: Final = ("strip_whitespace", "to_lower", "to_upper")
"""Options of a complete string; with `str_` before them, those of a configuration."""


@dataclass(frozen=True, slots=True)
class JsonLayout:
    """The JSON form of one model.

    Attributes:
        whole: a change of one field may change all of it, so it is written as a whole.
        special: fields that are written otherwise than they are built.
        rewritten: fields with texts that change when they are complete.
        computed: the names of the computed fields.
    """

    whole: bool = False
    special: frozenset[str] = frozenset()
    rewritten: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()
    _aliases: Mapping[str, str] = field(default_factory=dict)
    _by_alias: bool = False

    def key(self, name: str, *, by_alias: bool | None) -> str:
        """The JSON key of a field, as `model_dump(by_alias=…)` writes it."""
        uses_alias = self._by_alias if by_alias is None else by_alias
        return self._aliases.get(name, name) if uses_alias else name


_layouts: WeakKeyDictionary[type[Any], JsonLayout] = WeakKeyDictionary()


def layout_of(cls: type[BaseModel]) -> JsonLayout:
    """The JSON layout of a model; of a `Partial[M]` it is M's."""
    if cls not in _layouts:
        _layouts[cls] = _make(original_of(cls))
    return _layouts[cls]


def _make(model: type[BaseModel]) -> JsonLayout:
    whole_schema: Any = model.__pydantic_core_schema__
    # It is a mock while the class is not complete.
    is_complete = isinstance(whole_schema, dict)
    schema, definitions = split_definitions(whole_schema if is_complete else ANY)
    fields = _fields(schema, definitions) if is_complete else None
    rewrites = _rewrites_texts(model.model_config)
    of_fields = {name: info.serialization_alias for name, info in model.model_fields.items()}
    of_computed = {name: each.alias for name, each in model.model_computed_fields.items()}
    return JsonLayout(
        whole=fields is None,
        special=frozenset(name for name, each in fields or () if _is_special(each, definitions)),
        rewritten=frozenset(
            name
            for name, each in fields or ()
            if _is_rewritten(each, definitions, by_default=rewrites)
        ),
        computed=frozenset(of_computed),
        _aliases={name: alias for name, alias in {**of_fields, **of_computed}.items() if alias},
        _by_alias=bool(model.model_config.get("serialize_by_alias")),
    )


def _fields(schema: Any, definitions: Mapping[str, Any]) -> list[tuple[str, Any]] | None:
    """The fields of a model's schema by name; None if the model has a serializer of its own."""
    while schema["type"] != "model-fields":
        if _has_own_serializer(schema):
            return None
        if schema["type"] == "definition-ref":
            schema = definitions[schema["schema_ref"]]
        elif schema.get("root_model"):
            return [("root", schema["schema"])]
        else:
            schema = schema["schema"]
    # Typed extras may be written otherwise than they are, too.
    return None if schema.get("extras_schema") else list(schema["fields"].items())


def _is_special(schema: Any, definitions: Mapping[str, Any]) -> bool:
    """Whether a value of that field may be written otherwise than it is built."""
    return any(
        _has_own_serializer(node)
        or node.get("serialization_exclude")
        or node.get("serialization_exclude_if") is not None
        or (node["type"] == "typed-dict-field" and "serialization_alias" in node)
        for node in _nodes(schema, definitions)
    )


def _is_rewritten(schema: Any, definitions: Mapping[str, Any], *, by_default: bool) -> bool:
    """Whether a text in that field may change when it is complete."""
    return any(
        (node["type"] == "str" and (by_default or any(map(node.get, _REWRITING))))
        or (node["type"] not in _OWN_SCHEMA and _rewrites_texts(node.get("config") or {}))
        for node in _nodes(schema, definitions)
    )


def _rewrites_texts(config: Mapping[str, Any]) -> bool:
    return any(config.get(f"str_{option}") for option in _REWRITING)


def _nodes(schema: Any, definitions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema's nodes, down to the classes in it."""
    return walk(schema, lambda node: node["type"] not in _OWN_SCHEMA, definitions)


def _has_own_serializer(schema: Mapping[str, Any]) -> bool:
    """Whether the user wrote a serializer here, and not pydantic for one of its own types.

    Source: `pydantic/_internal/_generate_schema.py`, whose schemas of `Path`, `IPv4Address` or
    `Decimal` carry functions of pydantic's modules, or the kind `to-string`.
    """
    serialization = schema.get("serialization")
    if not serialization:
        return False
    function = serialization.get("function")
    module = getattr(function, "__module__", None) or ""
    return function is not None and not module.startswith("pydantic")
