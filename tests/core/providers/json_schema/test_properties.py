"""What holds for every model: the dialect is kept, nothing is widened, twice is once."""

from __future__ import annotations

import copy
import json
import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partwise.provider import transform

from . import strategies
from .checker import nodes, violations
from .profiles import ANY
from .vendors import GEMINI, OPENAI, VENDORS

if TYPE_CHECKING:
    from pydantic import BaseModel

    from partwise.provider import SchemaProfile

PROFILES = pytest.mark.parametrize("profile", VENDORS.values(), ids=VENDORS)
# The words for what a vendor can't enforce, of all that the models without bounds have.
NOT_ENFORCED = ("Required", "number of items", "One of", "Format: uuid")

slow = settings(max_examples=4 * settings.default.max_examples)  # type: ignore[union-attr]


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of models fall back; that is logged, and tested elsewhere."""
    monkeypatch.setattr(logging.getLogger("partwise"), "disabled", True)


@PROFILES
@slow
@given(model=strategies.anything)
def test_a_strict_result_keeps_to_the_profile(
    profile: SchemaProfile, model: type[BaseModel]
) -> None:
    schema = model.model_json_schema()
    before = copy.deepcopy(schema)
    result = transform(schema, profile)
    assert schema == before
    json.dumps(result.schema, allow_nan=False)
    if result.strict:
        assert violations(result.schema, profile) == []
        assert transform(result.schema, profile) == result
    else:
        assert result.schema == transform(schema, ANY).schema


@slow
@given(model=strategies.bounded)
def test_only_maps_and_any_make_a_schema_loose(model: type[BaseModel]) -> None:
    assert transform(model.model_json_schema(), OPENAI).strict
    assert transform(model.model_json_schema(), GEMINI).strict


@PROFILES
@slow
@given(model=strategies.exact, data=st.data())
def test_what_the_dialect_allows_the_model_takes(
    profile: SchemaProfile, model: type[BaseModel], data: st.DataObject
) -> None:
    result = transform(model.model_json_schema(), profile)
    said = "\n".join(node.get("description", "") for node in nodes(result.schema))
    if result.strict and not any(words in said for words in NOT_ENFORCED):
        value = data.draw(strategies.values(result.schema, result.schema))
        model.model_validate_json(json.dumps(value))
