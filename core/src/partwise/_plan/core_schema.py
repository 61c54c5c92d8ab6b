"""The only reader of pydantic's core schemas. Pure: schemas in, answers out."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .markers import markers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic_core import CoreSchema

Check: TypeAlias = "Callable[..., Any]"
"""`SchemaValidator.validate_python`: takes a value and keywords, gives the validated value."""

ANY: CoreSchema = {"type": "any"}
REWRITING: Final = {"function-before", "function-wrap"}
FUNCTIONS: Final = {"function-after", *REWRITING}
WRAPPERS: Final = {"default", "nullable", *FUNCTIONS}
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
_SCALARS: Final = {
    "int", "float", "bool", "decimal", "str", "literal", "enum", "date", "time", "datetime",
    "timedelta", "uuid", "bytes", "url",
}  # fmt: skip
PREDICTABLE: Final = OBJECTS | ARRAYS | _SCALARS | {"none"}
"""Schemas of which it is known which JSON types they can take at all."""
_NO_SCHEMAS: Final = {
    "metadata", "serialization", "function", "expected", "config", "cls", "default", "members",
    "computed_fields", "custom_error_context",
}  # fmt: skip
"""Keys of a schema under which there is no other schema."""
_PURE: Final = (
    PREDICTABLE | LEVELS
    | {"default", "nullable", "union", "tagged-union", "definition-ref", "model-field",
       "dataclass-field", "typed-dict-field"}
)  # fmt: skip
_NO_CONFIG: Final[dict[str, Any]] = {}
_NO_CONSTRAINTS: Final = {"type", "metadata", "ref", "serialization", "strict"}
BUILTIN_FACTORIES: Final = (list, dict, set, tuple, frozenset, str, int, float, bool)


def walk(
    schemas: Any,
    into: Callable[[Any], bool] = lambda _: True,
    definitions: Mapping[str, Any] | None = None,
) -> Iterator[Any]:
    """The schema and those inside of it, outermost first.

    Args:
        schemas: a schema, or a collection of some.
        into: whether to go on inside of a schema.
        definitions: the schemas of the references that are followed, each once; else none is.
    """
    pending, followed = [schemas], set()
    while pending:
        part = pending.pop()
        if isinstance(part, list | tuple):
            pending.extend(reversed(part))
        if not isinstance(part, dict):
            continue
        is_schema = isinstance(part.get("type"), str)  # else of fields, one of which may be "type"
        if is_schema:
            yield part
        if definitions and (ref := part.get("schema_ref")) and ref not in followed:
            followed.add(ref)
            pending.append(definitions.get(ref))
        if not is_schema or into(part):
            skipped = _NO_SCHEMAS if is_schema else ()
            pending.extend(part[key] for key in reversed(part) if key not in skipped)


def map_schema(part: Any, change: Callable[[Any], Any]) -> Any:
    """The schema with each one inside of it changed, innermost first."""
    if isinstance(part, list | tuple):
        return type(part)([map_schema(each, change) for each in part])
    if not isinstance(part, dict):
        return part
    is_schema = isinstance(part.get("type"), str)
    mapped = {
        key: value if is_schema and key in _NO_SCHEMAS else map_schema(value, change)
        for key, value in part.items()
    }
    return change(mapped) if is_schema else mapped


def split_definitions(schema: Any) -> tuple[Any, dict[str, Any]]:
    """The schema without its definitions, and these by the reference to each."""
    if schema["type"] != "definitions":
        return schema, {}
    return schema["schema"], {each["ref"]: each for each in schema["definitions"]}


class UnwrappedSchema:
    """A schema without its wrappers.

    Attributes:
        wrappers: the schemas around it, outermost first.
        inner: the schema inside.
        marks: partwise's markers on any of them.
    """

    def __init__(self, schema: CoreSchema, definitions: Mapping[str, CoreSchema]) -> None:
        self.wrappers: list[Any] = []
        self.marks: set[str] = set()
        current: Any = schema
        while True:
            self.marks.update(markers_of(current))
            if current["type"] == "definition-ref":
                current = definitions[current["schema_ref"]]
            elif current["type"] in WRAPPERS:
                self.wrappers.append(current)
                current = current["schema"]
            else:
                break
        self.inner: Any = current

    @property
    def may_rewrite(self) -> bool:
        """Whether a wrapper may make another value of the one inside."""
        return any(
            wrapper["type"] in REWRITING or wrapper.get("on_error", "raise") != "raise"
            for wrapper in self.wrappers
        )

    @property
    def has_functions(self) -> bool:
        return any(wrapper["type"] in FUNCTIONS for wrapper in self.wrappers)

    @property
    def reads_field_data(self) -> bool:
        return any(reads_field_data(wrapper) for wrapper in self.wrappers)

    def around(self, inner: CoreSchema) -> CoreSchema:
        """The wrappers around another schema."""
        schema: Any = inner
        for wrapper in reversed(self.wrappers):
            schema = {**wrapper, "schema": schema}
        return schema  # type: ignore[no-any-return]


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
    branches = walk(inside, into=lambda part: part["type"] in WRAPPERS | {"union", "tagged-union"})
    return any(part.get("on_error") == "omit" for part in branches)


def is_root(core: Any) -> bool:
    """Whether it is the schema of a root model."""
    return core["type"] == "model" and bool(core.get("root_model"))


def _inside_of(core: Any) -> Any:
    return core if core["type"] == "typed-dict" else core["schema"]


def level_of(core: Any) -> Any:
    """The part of a model's, dataclass's or TypedDict's schema that has its fields."""
    level = _inside_of(core)
    for wrapper in inner_wrappers(core):
        level = wrapper["schema"]
    return level


def inner_wrappers(core: Any) -> Iterator[Any]:
    """The wrappers that a model has around its fields: its before-validators."""
    level = _inside_of(core)
    while level["type"] in WRAPPERS:
        yield level
        level = level["schema"]


def is_made_of_fields(core: Any) -> bool:
    """Whether a model takes objects alone: no validator of its own comes before its fields."""
    return _inside_of(core)["type"] in LEVELS and not core.get("custom_init")


def fields_of(core: Any) -> dict[str, Any]:
    """The fields of a model's, dataclass's or TypedDict's schema, by name."""
    return fields_of_level(level_of(core))


def fields_of_level(level: Any) -> dict[str, Any]:
    """The fields of the part of such a schema that has them."""
    fields = level.get("fields", {})
    return fields if isinstance(fields, dict) else {field["name"]: field for field in fields}


def choices_of(union: Any) -> list[Any]:
    """The schemas of a union's branches, with a discriminator or without."""
    choices = union["choices"]
    found = choices.values() if isinstance(choices, dict) else choices
    return [choice[0] if isinstance(choice, tuple) else choice for choice in found]


def lax(config: Any) -> Any:
    """The config without strictness: its input is validated already."""
    return {k: v for k, v in config.items() if k != "strict"} if config else config


def is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def is_plain(core: Any, config: Any) -> bool:
    """Whether a `str` schema takes any string as it is."""
    return not set(core) - _NO_CONSTRAINTS and not any(
        (config or {}).get(key) for key in STRING_CONFIG
    )


def is_constrained(core: Any) -> bool:
    inside = {"items_schema", "keys_schema", "values_schema", "fail_fast"}
    return bool(set(core) - _NO_CONSTRAINTS - inside)


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


def config_of(core: Any) -> Any:
    """The configuration of a model, dataclass or TypedDict."""
    return core.get("config") or level_of(core).get("config") or _NO_CONFIG


def extra_behaviour(core: Any) -> str:
    """The treatment of unknown keys: `allow`, `forbid` or `ignore`."""
    own: str | None = level_of(core).get("extra_behavior")
    return config_of(core).get("extra_fields_behavior") or own or "ignore"


def keys_of_fields(core: Any) -> list[list[str]]:
    """The keys of each field of a model."""
    config = config_of(core)
    return [keys_of(name, declared, config) for name, declared in fields_of(core).items()]


def without_functions(schema: Any) -> Any:
    """The schema without the user's functions; None if nothing is left without them."""
    if any(part["type"] in {"function-plain", "chain", "call"} for part in walk(schema)):
        return None
    return map_schema(schema, lambda part: part["schema"] if part["type"] in FUNCTIONS else part)


def as_lists(schema: CoreSchema) -> CoreSchema:
    """The schema with a list for each iterator that is validated as it is read."""
    if not any(part["type"] == "generator" for part in walk(schema)):
        return schema
    return map_schema(  # type: ignore[no-any-return]
        schema, lambda part: {**part, "type": "list"} if part["type"] == "generator" else part
    )


def is_pure(schema: Any, definitions: Mapping[str, Any], inside: frozenset[str]) -> bool:
    """Whether no code of the user's runs in it and no answer to it can freeze the snapshots.

    Args:
        schema: the one to judge.
        definitions: the schemas that it refers to.
        inside: the references that it is inside of. One that recurs is as deep as an answer is,
            and the depth of a value read at once is not counted.
    """
    for part in walk(schema):
        if not _is_pure_part(part):
            return False
        if part["type"] == "definition-ref":
            ref = part["schema_ref"]
            if ref in inside or not is_pure(definitions[ref], definitions, inside | {ref}):
                return False
    return True


def _is_pure_part(part: Any) -> bool:
    kind = part["type"]
    if kind not in _PURE or "function" in part or part.get("post_init") or part.get("custom_init"):
        return False
    judge = _PURE_IF.get(kind)
    return judge is None or judge(part)


def _has_one_key_a_field(part: Any) -> bool:
    if is_root(part):
        return True
    is_closed = is_made_of_fields(part) and extra_behaviour(part) != "allow"
    return is_closed and all(len(keys) == 1 for keys in keys_of_fields(part))


def takes_listed_members_only(enum: Any) -> bool:
    """Whether an enum has no `_missing_` of its own, which pydantic asks about any other value."""
    return enum["cls"]._missing_.__func__ is Enum._missing_.__func__  # type: ignore[attr-defined]


_PURE_IF: Final[dict[str, Callable[[Any], bool]]] = {
    "default": lambda part: part.get("default_factory", list) in BUILTIN_FACTORIES,
    "enum": takes_listed_members_only,
    "dict": lambda part: (
        (keys := part.get("keys_schema", ANY))["type"] == "str" and is_plain(keys, None)
    ),
    "tagged-union": lambda part: not callable(part["discriminator"]),
    **dict.fromkeys(MODELS, _has_one_key_a_field),
}
