"""What partwise reads off pydantic's core schemas. Pure: schemas in, answers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .markers import markers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import CoreSchema

LAYERS: Final = {"default", "nullable", "function-after", "function-before", "function-wrap"}
REWRITING: Final = {"function-before", "function-wrap"}
FUNCTIONS: Final = {"function-after", "function-before", "function-wrap"}
MODELS: Final = {"model", "dataclass", "typed-dict"}
LEVELS: Final = {"model-fields", "dataclass-args", "typed-dict"}
"""The part of a model's schema that holds its fields."""
STRING_CONFIG: Final = {
    "str_strip_whitespace", "str_to_lower", "str_to_upper", "str_max_length", "str_min_length",
    "coerce_numbers_to_str",
}  # fmt: skip
OBJECTS: Final = {"model", "dataclass", "typed-dict", "dict"}
ARRAYS: Final = {"list", "set", "frozenset", "tuple", "deque"}
NEVER_EXACTLY_A_STRING: Final = {"int", "float", "bool", "none", "decimal"}
"""Types that take a JSON string at most by conversion, so a plain `str` beside them wins."""


class UnwrappedSchema:
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
            elif current["type"] in LAYERS:
                self.layers.append(current)
                current = current["schema"]
            else:
                break
        self.core: Any = current

    @property
    def mended(self) -> bool:
        """Whether a layer may make something else of what is inside."""
        return any(is_mending(layer) for layer in self.layers)

    @property
    def has_default(self) -> bool:
        return any(layer["type"] == "default" for layer in self.layers)

    @property
    def has_functions(self) -> bool:
        return any(layer["type"] in FUNCTIONS for layer in self.layers)

    @property
    def reads_field_data(self) -> bool:
        return any(reads_field_data(layer) for layer in self.layers)

    def around(self, core: CoreSchema) -> CoreSchema:
        """The layers around another core."""
        schema: Any = core
        for layer in reversed(self.layers):
            schema = {**layer, "schema": schema}
        return schema  # type: ignore[no-any-return]


def is_mending(layer: Any) -> bool:
    return layer["type"] in REWRITING or layer.get("on_error", "raise") != "raise"


def reads_field_data(schema: Any) -> bool:
    """Whether the schema's function takes `info`, and so may read `info.data`."""
    function = schema.get("function")
    if not isinstance(function, dict) or function["type"] != "with-info":
        return False
    called = getattr(function["function"], "__func__", function["function"])
    return str(getattr(called, "__module__", "")).partition(".")[0] != "pydantic"


def omits_inside(core: Any) -> bool:
    """Whether a container of that schema leaves out an element or field that is not valid."""
    if core["type"] in MODELS and not is_root(core):
        inside: Any = [field["schema"] for field in fields_of(core).values()]
    else:
        inside = [core.get("items_schema"), core.get("values_schema")]
    return any(part.get("on_error") == "omit" for part in _parts_of_elements(inside))


def _parts_of_elements(schema: Any) -> Iterator[Any]:
    """The schema's layers and branches, but not the insides of containers."""
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from _parts_of_elements(part)
    elif isinstance(schema, dict):
        yield schema
        choices = schema.get("choices", ())
        yield from _parts_of_elements(
            [*(choices.values() if isinstance(choices, dict) else choices)]
        )
        if schema["type"] in LAYERS:
            yield from _parts_of_elements(schema["schema"])


def is_root(core: Any) -> bool:
    """Whether it is the schema of a root model."""
    return core["type"] == "model" and bool(core.get("root_model"))


def level_of(core: Any) -> Any:
    """The part of a model's, dataclass's or TypedDict's schema that has its fields."""
    level = core if core["type"] == "typed-dict" else core["schema"]
    for layer in inner_layers(core):
        level = layer["schema"]
    return level


def inner_layers(core: Any) -> Iterator[Any]:
    """The layers that a model has around its fields: its before-validators."""
    level = core if core["type"] == "typed-dict" else core["schema"]
    while level["type"] in LAYERS:
        yield level
        level = level["schema"]


def fields_of(core: Any) -> dict[str, Any]:
    """The fields of a model's, dataclass's or TypedDict's schema, by name."""
    fields = level_of(core).get("fields", {})
    return fields if isinstance(fields, dict) else {field["name"]: field for field in fields}


def lax(config: Any) -> Any:
    """The config without strictness: what a shell is given is validated already."""
    return {k: v for k, v in config.items() if k != "strict"} if config else config


def is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def is_plain(core: Any, config: Any) -> bool:
    """Whether a `str` schema takes any string as it is."""
    own = set(core) - {"type", "metadata", "ref", "serialization", "strict"}
    return not own and not any((config or {}).get(key) for key in STRING_CONFIG)


def is_constrained(core: Any) -> bool:
    own = set(core) - {
        "type", "metadata", "ref", "serialization", "strict", "items_schema", "keys_schema",
        "values_schema", "fail_fast",
    }  # fmt: skip
    return bool(own)


def is_predictable(kind: str) -> bool:
    """Whether it is known which JSON types this kind of schema can take at all."""
    return kind in OBJECTS | ARRAYS | NEVER_EXACTLY_A_STRING | {
        "str", "literal", "enum", "date", "time", "datetime", "timedelta", "uuid", "bytes", "url",
    }  # fmt: skip


def is_deep(declared: Any) -> bool:
    """Whether a field is found at a path, not at a key; or is not to be given at all."""
    alias = declared.get("validation_alias")
    if declared.get("init") is False or declared.get("init_only"):
        return True
    return isinstance(alias, list) and single_keys(alias) is None


def keys_of(name: str, declared: Any, config: Any) -> list[str]:
    """The keys that a field answers to, the best first."""
    alias = declared.get("validation_alias")
    if alias is None:
        return [name]
    by_alias = config.get("validate_by_alias", True)
    by_name = config.get("validate_by_name") or config.get("populate_by_name")
    aliases = single_keys(alias, partly=True) or []
    return [*(aliases if by_alias else ()), *([name] if by_name else ())]


def single_keys(alias: Any, *, partly: bool = False) -> list[str] | None:
    """The keys among an alias's or a discriminator's choices; None if one is a longer path."""
    if isinstance(alias, str):
        return [alias]
    if not isinstance(alias, list):
        return None
    paths = [alias] if alias and isinstance(alias[0], str) else alias
    if not partly and any(len(path) != 1 for path in paths):
        return None
    return [path[0] for path in paths if len(path) == 1]


def refs_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("type") == "definition-ref":
            yield schema["schema_ref"]
        for key, value in schema.items():
            if key not in ("metadata", "serialization"):
                yield from refs_in(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from refs_in(value)


def without_functions(schema: Any) -> Any:
    """The schema without the user's functions; None where nothing is left without them."""
    if isinstance(schema, list | tuple):
        parts = [without_functions(part) for part in schema]
        return None if any(part is None for part in parts) else type(schema)(parts)
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind in FUNCTIONS:
        return without_functions(schema["schema"])
    if kind in {"function-plain", "chain", "call"}:
        return None
    bare = {}
    for key, value in schema.items():
        if key in ("metadata", "serialization", "function", "expected", "config", "cls", "default"):
            bare[key] = value
            continue
        bare[key] = without_functions(value)
        if bare[key] is None and value is not None:
            return None
    return bare
