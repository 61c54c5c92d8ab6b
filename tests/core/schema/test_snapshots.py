"""A nasty model for each vendor, in that vendor's dialect: read the files in `snapshots/`.

After a change that is meant, write them anew by `UPDATE_SNAPSHOTS=1` in the environment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from partwise.provider import transform

from .checker import violations
from .models import Catalogue, Genealogy, Invoice, Itinerary, Tree
from .profiles import CLOSED, FLAT, OPEN

if TYPE_CHECKING:
    from pydantic import BaseModel

    from partwise.provider import SchemaProfile

SNAPSHOTS = Path(__file__).parent / "snapshots"

CASES = [
    (CLOSED, Invoice),
    (CLOSED, Tree),
    (FLAT, Itinerary),
    (OPEN, Genealogy),
    (OPEN, Tree),
]


@pytest.mark.parametrize(("profile", "model"), CASES)
def test_the_dialect_is_as_written_down(profile: SchemaProfile, model: type[BaseModel]) -> None:
    result = transform(model.model_json_schema(), profile)
    assert result.strict
    assert violations(result.schema, profile) == []
    text = json.dumps(result.schema, indent=2, ensure_ascii=False) + "\n"
    path = SNAPSHOTS / f"{profile.name.replace(' ', '_')}_{model.__name__.lower()}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


OPEN_PLACES = [
    "an object with free keys at #/properties/prices",
    "a value of any type at #/properties/note",
]
CYCLES = [
    "recursion at #/$defs/Line/properties/parts/items",
    "recursion at #/$defs/Line/properties/part_of/anyOf/0",
    "recursion at #/properties/lines/items",
]


@pytest.mark.parametrize(
    ("profile", "places"), [(CLOSED, OPEN_PLACES), (FLAT, OPEN_PLACES + CYCLES)]
)
def test_what_no_strict_mode_takes_is_sent_whole_and_logged(
    profile: SchemaProfile, places: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    schema = Catalogue.model_json_schema()
    result = transform(schema, profile)
    assert not result.strict
    assert result.schema == schema
    (record,) = caplog.records
    said = record.getMessage().partition(" told it: ")[2]
    assert sorted(said.split("; ")) == sorted(places)
