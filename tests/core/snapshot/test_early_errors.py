"""What is refused early is refused at the end too, whatever still comes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaError

from partwise._errors import InvalidOutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .early_errors import completions, judges, values_for
from .values import same


@st.composite
def judged(draw: st.DrawFn) -> tuple[type[BaseModel], str]:
    model = draw(judges)
    schema = model.model_json_schema()
    text = json.dumps(draw(values_for(schema, schema)))
    with contextlib.suppress(ValidationError):
        try:
            model.model_validate_json(text)
        except SchemaError:  # where pydantic finds no default to use
            reject()
    return model, text


def fed(
    model: type[BaseModel], text: str
) -> tuple[SnapshotBuilder, str, InvalidOutputError | None]:
    """The builder, how much of the text it took, and why no more."""
    builder = SnapshotBuilder(compile_plan(model))
    for index, character in enumerate(text, 1):
        try:
            builder.feed(character)
        except InvalidOutputError as error:
            return builder, text[:index], error
        builder.snapshot()
    return builder, text, None


def brief(details: list[Any]) -> list[Any]:
    return [(detail["loc"], detail["type"], detail["msg"]) for detail in details]


@settings(max_examples=4 * settings.default.max_examples)  # type: ignore[union-attr]
@given(judged(), st.data())
def test_no_completion_of_what_is_refused_early_is_valid(
    given_: tuple[type[BaseModel], str], data: st.DataObject
) -> None:
    model, text = given_
    _, taken, error = fed(model, text)
    if error is None:
        return
    assert error.early
    assert error.errors()
    with pytest.raises(ValidationError):
        model.model_validate_json(text)
    for _ in range(5):
        completion = data.draw(completions(taken))
        json.loads(completion)
        # The latter where pydantic finds no default to use: that is no valid answer, either.
        with pytest.raises((ValidationError, SchemaError)):
            model.model_validate_json(completion)


@settings(max_examples=4 * settings.default.max_examples)  # type: ignore[union-attr]
@given(judged())
def test_what_is_valid_is_never_refused(given_: tuple[type[BaseModel], str]) -> None:
    model, text = given_
    try:
        final: Any = model.model_validate_json(text)
    except ValidationError as invalid:
        final = invalid
    builder, _, error = fed(model, text)
    if not isinstance(final, ValidationError):
        assert error is None
        assert same(builder.close(), final)
        return
    if error is None:
        with pytest.raises(InvalidOutputError) as raised:
            builder.close()
        assert not raised.value.early
        assert brief(raised.value.errors()) == brief(final.errors())
    else:
        places = [each["loc"] for each in final.errors()]
        assert all(any(is_told(e["loc"], p) for p in places) for e in error.errors())


def is_told(early: Any, final: Any) -> bool:
    """Whether pydantic tells of that place, too.

    It names branches of unions, which are no part of a path, and of a list that is too long, it
    tells of nothing but that.
    """
    steps = iter(final)
    return bool(early[: len(final)] == final or all(step in steps for step in early))


@given(judged())
def test_what_closes_valid_inside_is_what_the_end_has(given_: tuple[type[BaseModel], str]) -> None:
    model, text = given_
    try:
        final = model.model_validate_json(text)
    except ValidationError:
        assume(False)
        return
    builder = SnapshotBuilder(compile_plan(model))
    for character in text:
        builder.feed(character)
        for name in model.model_fields:
            if builder.state(name) == "complete" and not hasattr(model, "_before"):
                assert same(getattr(builder.snapshot(), name), getattr(final, name))
