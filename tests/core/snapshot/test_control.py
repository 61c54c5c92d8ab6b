"""Validators that raise pydantic's control exceptions: to omit, to take the default."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    TypeAdapter,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_core import (
    PydanticCustomError,
    PydanticKnownError,
    PydanticOmit,
    PydanticUseDefault,
    SchemaError,
)

from partwise._errors import InvalidOutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .early_errors import Hidden
from .values import same


def omit(value: Any) -> Any:
    if value in (2, "2"):
        raise PydanticOmit
    return value


def use_default(value: Any) -> Any:
    if value in (2, "2"):
        raise PydanticUseDefault
    return value


def helped(value: Any) -> Any:
    return use_default(value)


VALIDATORS = {
    "omit": omit,
    "use the default": use_default,
    "by a helper": helped,
    "hidden, omit": Hidden(omit),
    "hidden, use the default": Hidden(use_default),
}


def typed(validator: Any, *, has_default: bool) -> dict[str, tuple[Any, str]]:
    """Types with the validator in each position, and a text of each where it raises."""
    number: Any = Annotated[int, AfterValidator(validator)]
    key: Any = Annotated[str, AfterValidator(validator)]

    class Inner(BaseModel):
        n: number

    class InnerKept(BaseModel):
        n: number = 7

    types: dict[str, tuple[Any, str]] = {
        "field": (number, "2"),
        "text": (Annotated[str, BeforeValidator(validator)], '"2"'),
        "element": (list[number], "[1,2,3]"),
        "element of a set": (set[number], "[1,2,3]"),
        "element of a tuple": (tuple[number, ...], "[1,2,3]"),
        "dict value": (dict[str, number], '{"a":1,"b":2,"c":3}'),
        "dict key": (dict[key, int], '{"1":1,"2":2,"3":3}'),
        "union branch": (number | str, "2"),
        "element that is a union": (list[number | str], "[1,2,3]"),
        "field of an element": (list[Inner], '[{"n":1},{"n":2},{"n":3}]'),
        "field with a default, of an element": (list[InnerKept], '[{"n":1},{"n":2},{"n":3}]'),
        "the list itself": (Annotated[list[int], AfterValidator(lambda v: validator(len(v)) and v)],
                            "[1,3]"),
    }  # fmt: skip
    default: Any = None if has_default else ...
    return {
        name: (create_model("Holder", value=(kind, default), after=(int, 5)), text)
        for name, (kind, text) in types.items()
    }


def outcome(validate: Any) -> Any:
    try:
        return validate()
    except (InvalidOutputError, ValueError) as error:
        details: Any = error
        return next((each["loc"][:1], each["type"]) for each in details.errors())[0]


@pytest.mark.parametrize("around", [False, True], ids=["", "in a list"])
@pytest.mark.parametrize("has_default", [False, True], ids=["required", "default"])
@pytest.mark.parametrize("validator", VALIDATORS.values(), ids=VALIDATORS)
def test_the_answer_is_pydantics_wherever_they_are_raised(
    validator: Any, has_default: bool, around: bool
) -> None:
    for name, (holder, inside) in typed(validator, has_default=has_default).items():
        text = f'{{"value":{inside},"after":1}}'
        kind: Any = list[holder] if around else holder  # type: ignore[valid-type]
        text = f"[{text}]" if around else text
        try:
            expected = outcome(lambda k=kind, t=text: TypeAdapter(k).validate_json(t))
        except SchemaError:
            continue  # pydantic's oldest has no answer where the default asked for is none
        for pieces in (text, [text]):
            assert same(outcome(lambda k=kind, p=pieces: read(k, p)), expected), name


def read(kind: Any, pieces: Any) -> Any:
    builder = SnapshotBuilder(compile_plan(kind))
    for piece in pieces:
        builder.feed(piece)
        assert builder.state("nowhere") == "missing"
        assert repr(builder.snapshot())
    return builder.close()


class Hides(BaseModel):
    first: list[int]
    second: list[Annotated[int, AfterValidator(Hidden(use_default))]] = [9]
    third: str = ""


TEXT = '{"first":[1],"second":[1,2,3],"third":"abc"}'


@pytest.mark.parametrize("step", [1, 3, 100])
def test_what_can_not_be_judged_stops_the_display_and_nothing_else(step: int) -> None:
    builder = SnapshotBuilder(compile_plan(Hides), record=True)
    for start in range(0, len(TEXT), step):
        builder.feed(TEXT[start : start + step])
    shown: Any = builder.snapshot()
    assert (shown.first, shown.second, shown.third) == ([1], [1], "")
    assert builder.state("first") == "complete"
    assert builder.state("third") == "missing"
    assert builder.text == TEXT
    assert builder.complete
    events = builder.drain()
    assert builder.close() == Hides(first=[1], third="abc")
    assert builder.snapshot().second == [9]
    assert events[-1].path == ("second", 0)  # type: ignore[union-attr]


def known(value: Any) -> Any:
    raise PydanticKnownError("int_parsing")


def custom(value: Any) -> Any:
    raise PydanticCustomError("odd", "it is odd")


def test_a_default_that_is_used_is_no_text_to_be_read() -> None:
    class Ranked(BaseModel, validate_default=True):
        name: str
        rank: int = 7

        @field_validator("rank")
        @classmethod
        def check(cls, value: int, info: ValidationInfo) -> int:
            assert "name" in info.data
            return int(use_default(value))

    text = '{"name": "Ada", "rank": 2}'
    builder = SnapshotBuilder(compile_plan(Ranked))
    for character in text:
        builder.feed(character)
        builder.snapshot()
    assert builder.close() == Ranked.model_validate_json(text) == Ranked(name="Ada", rank=7)


@pytest.mark.parametrize(("validator", "type_"), [(known, "int_parsing"), (custom, "odd")])
def test_pydantics_own_errors_are_refusals(validator: Any, type_: str) -> None:
    for name, (holder, inside) in typed(validator, has_default=True).items():
        if name in ("union branch", "element that is a union"):
            continue  # the other branch takes it, or tells of both
        builder = SnapshotBuilder(compile_plan(holder))
        with pytest.raises(InvalidOutputError) as raised:
            builder.feed(f'{{"value":{inside},"after":1}}')
        assert raised.value.errors()[0]["type"] in (type_, "int_parsing")
        assert raised.value.early
