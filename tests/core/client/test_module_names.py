"""Public names are from the module that users import them from."""

from __future__ import annotations

import pickle
import traceback
from types import FunctionType

import pytest
from pydantic import TypeAdapter

import partwise
import partwise.provider


@pytest.mark.parametrize("module", [partwise, partwise.provider])
def test_every_public_class_and_function_is_from_a_public_module(module: object) -> None:
    names = {name: getattr(module, name) for name in module.__all__}  # type: ignore[attr-defined]
    for name, value in names.items():
        if isinstance(value, type | FunctionType):
            assert value.__module__ in {"partwise", "partwise.provider"}, name


def test_a_traceback_names_the_public_error() -> None:
    with pytest.raises(partwise.MissingKeyError) as caught:
        raise partwise.MissingKeyError("no key")
    assert traceback.format_exception_only(caught.value) == ["partwise.MissingKeyError: no key\n"]


def test_values_are_pickled_and_validated_by_their_public_names() -> None:
    event = partwise.Opened(("a", 1), "x")
    data = pickle.dumps(event)
    assert b"partwise._" not in data
    assert pickle.loads(data) == event  # noqa: S301 - it was written above
    usage = TypeAdapter(partwise.Usage).validate_python({"input_tokens": 1})
    assert usage == partwise.Usage(1)
