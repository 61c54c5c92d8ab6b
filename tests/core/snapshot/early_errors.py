"""Random models full of validators that refuse, mend and look around, and texts to judge."""

from __future__ import annotations

import json
from dataclasses import make_dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    OnErrorOmit,
    PlainValidator,
    RootModel,
    ValidationError,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticOmit, PydanticUseDefault

if TYPE_CHECKING:
    from pydantic import ValidationInfo


T = TypeVar("T")


def refuse(value: Any) -> Any:
    """Refuses about a third of all values."""
    if len(repr(value)) % 3 == 0:
        raise ValueError("refused")
    return value


def refuse_beside(value: Any, info: ValidationInfo) -> Any:
    """Refuses by what came before."""
    if info.data and len(info.data) % 2:
        raise ValueError("refused beside others")
    return value


def mend(value: Any) -> Any:
    """Makes something valid of what no number is."""
    return 1 if value in ("bad", None, -1) else value


def mend_beside(value: Any, info: ValidationInfo) -> Any:
    return 1 if info.data and value == "bad" else value


def try_it(value: Any, handler: Any) -> Any:
    try:
        return handler(value)
    except ValidationError:
        return None


def try_beside(value: Any, handler: Any, info: ValidationInfo) -> Any:
    return handler(value) if info.data else try_it(value, handler)


def use_default(value: Any) -> Any:
    if value == 2:
        raise PydanticUseDefault
    return value


def omit(value: Any) -> Any:
    if value == 1:
        raise PydanticOmit
    return value


class Hidden:
    """A validator whose code does not tell what it raises."""

    def __init__(self, validator: Any) -> None:
        self.table = {"validator": validator}

    def __call__(self, value: Any) -> Any:
        return self.table["validator"](value)


def as_it_is(value: Any) -> Any:
    return refuse(value)


VALIDATORS = [
    AfterValidator(refuse), AfterValidator(refuse_beside), BeforeValidator(mend),
    BeforeValidator(mend_beside), BeforeValidator(refuse), WrapValidator(try_it),
    WrapValidator(try_beside), PlainValidator(as_it_is), AfterValidator(omit),
    BeforeValidator(omit), WrapValidator(lambda v, handler: omit(handler(v))),
    AfterValidator(Hidden(omit)),
]  # fmt: skip

USES_DEFAULT = [AfterValidator(use_default), BeforeValidator(use_default)]
"""For fields with a default."""

_SCALARS: list[Any] = [
    int, Annotated[int, Field(ge=0)], str, Annotated[str, Field(max_length=2)], bool, float,
    Annotated[int, Field(strict=True)],
]  # fmt: skip


def _drop_bad(data: Any) -> Any:
    return {k: v for k, v in data.items() if v != "bad"} if isinstance(data, dict) else data


class _Mixin(BaseModel):
    pass


class MendsBefore(_Mixin):
    @model_validator(mode="before")
    @classmethod
    def _before(cls, data: Any) -> Any:
        return _drop_bad(data)


class LooksBefore(_Mixin):
    @model_validator(mode="before")
    @classmethod
    def _before(cls, data: Any, info: ValidationInfo) -> Any:
        return refuse_beside(data, info)


class TriesAround(_Mixin):
    @model_validator(mode="wrap")
    @classmethod
    def _around(cls, data: Any, handler: Any) -> Any:
        try:
            return handler(data)
        except ValidationError:
            return handler({})


class RefusesAfter(_Mixin):
    @model_validator(mode="after")
    def _after(self) -> Any:
        refuse(self)
        return self


class PlainRoot(RootModel[T]):
    pass


class RefusesRoot(RootModel[T]):
    @model_validator(mode="after")
    def _after(self) -> Any:
        refuse(self.root)
        return self


class RefusesField(_Mixin):
    @field_validator("f0", check_fields=False)
    @classmethod
    def _after(cls, value: Any) -> Any:
        return refuse(value)


class MendsField(_Mixin):
    @field_validator("f0", mode="wrap", check_fields=False)
    @classmethod
    def _around(cls, value: Any, handler: Any, info: ValidationInfo) -> Any:
        return try_it(value, handler)


class SeesSiblings(_Mixin):
    @field_validator("f1", "f0", check_fields=False)
    @classmethod
    def _after(cls, value: Any, info: ValidationInfo) -> Any:
        return refuse_beside(value, info)


class Forbids(_Mixin):
    model_config = ConfigDict(extra="forbid")


class Allows(_Mixin):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[int, AfterValidator(refuse)]]


class AllowsBeside(_Mixin):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[int, AfterValidator(refuse_beside)]]


class TakesNames(_Mixin):
    model_config = ConfigDict(alias_generator=lambda name: f"the_{name}", validate_by_name=True)


class ValidatesDefaults(_Mixin):
    model_config = ConfigDict(validate_default=True)


BASES: list[type[BaseModel]] = [
    _Mixin, _Mixin, _Mixin, MendsBefore, TriesAround, RefusesAfter, RefusesField, MendsField,
    SeesSiblings, Forbids, Allows, ValidatesDefaults, LooksBefore, AllowsBeside, TakesNames,
]  # fmt: skip


def _wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda t: list[t]),  # type: ignore[valid-type]
        inner.map(lambda t: Annotated[list[t], Field(max_length=1)]),  # type: ignore[valid-type]
        inner.map(lambda t: dict[str, t]),  # type: ignore[valid-type]
        inner.map(lambda t: tuple[t, ...]),  # type: ignore[valid-type]
        inner.map(lambda t: t | None),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(PlainRoot.__class_getitem__),
        inner.map(lambda t: list[OnErrorOmit[t]]),  # type: ignore[valid-type]
        inner.map(RefusesRoot.__class_getitem__),
        _validated(inner),
        models(inner),
        models(inner).map(as_dataclass),
    )


def as_dataclass(model: type[BaseModel]) -> Any:
    """A dataclass with the model's fields."""
    fields = [(name, field.annotation, field) for name, field in model.model_fields.items()]
    return dataclass(make_dataclass("Judge", fields, kw_only=True))


def _validated(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(inner, st.sampled_from(VALIDATORS)).map(lambda pair: Annotated[pair])


@st.composite
def models(draw: st.DrawFn, types: st.SearchStrategy[Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for index in range(draw(st.integers(1, 3))):
        default: Any = draw(st.sampled_from([..., ..., 7, "bad"]))
        info: Any = Field(default, validate_default=draw(st.sampled_from([None, True])))
        kind = draw(types)
        if default is not ...:
            kind = draw(st.sampled_from([kind, *(Annotated[kind, used] for used in USES_DEFAULT)]))
        fields[f"f{index}"] = (kind, info)
    return create_model("Judge", __base__=draw(st.sampled_from(BASES)), **fields)


judges: st.SearchStrategy[type[BaseModel]] = models(
    st.recursive(
        st.sampled_from(_SCALARS) | _validated(st.sampled_from(_SCALARS)), _wider, max_leaves=4
    )
)

_names = st.sampled_from(["f0", "f1", "f2", "x"])
_leaves = st.sampled_from([0, 1, 2, -1, "bad", "a", "abc", True, None, 1.5, "7"])
values: st.SearchStrategy[Any] = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def values_for(draw: st.DrawFn, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """A value that mostly fits the schema, and now and then not at all."""
    if draw(st.integers(0, 7)) == 7:
        return draw(values)
    if "$ref" in schema:
        return draw(values_for(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root))
    if "anyOf" in schema:
        return draw(values_for(draw(st.sampled_from(schema["anyOf"])), root))
    kind = schema.get("type")
    if kind == "array":
        return draw(st.lists(values_for(schema["items"], root), max_size=2))
    if kind == "object":
        known = schema.get("properties") or {"a": schema.get("additionalProperties")}
        names = draw(st.permutations([*known]))
        chosen = [n for n in names if draw(st.integers(0, 5))]
        return {n: draw(values_for(known[n] or {}, root)) for n in chosen if known[n] is not True}
    fitting: dict[str, list[Any]] = {
        "integer": [0, 1, 2, 3, -1, 12],
        "string": ["a", "ab", "abc"],
        "number": [1.5, 2],
    }
    return draw(st.sampled_from(fitting.get(str(kind), [True, None, 0])))


@st.composite
def completions(draw: st.DrawFn, prefix: str) -> str:
    """A JSON text that begins with that prefix, which ends where a value has closed."""
    stack, in_string = _open(prefix)
    text = used = f'{prefix}"' if in_string else prefix
    while stack:
        closer = stack.pop()
        needs = text.rstrip().endswith((",", "[", "{"))
        count = draw(st.integers(int(text.rstrip().endswith(",")), 2))
        for _ in range(count):
            comma = "" if needs else ","
            value = json.dumps(draw(values))
            if closer == "}":
                unused = [n for n in ("f0", "f1", "f2", "x", "y", "z") if f'"{n}"' not in used]
                name = draw(st.sampled_from(unused)) if unused else f"u{len(text)}"
                used += f'"{name}"'
                value = f'"{name}":{value}'
            text, needs = f"{text}{comma}{value}", False
        text += closer
    return text


def _open(prefix: str) -> tuple[list[str], bool]:
    """The closers of what is open at the end, outermost first; and whether a string is open."""
    stack, in_string, skip = [], False, False
    for character in prefix:
        if skip:
            skip = False
        elif in_string:
            skip = character == "\\"
            in_string = character != '"'
        elif character == '"':
            in_string = True
        elif character in "{[":
            stack.append("}" if character == "{" else "]")
        elif character in "}]":
            stack.pop()
    return stack, in_string
