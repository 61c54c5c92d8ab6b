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
from .vendors import VENDORS

if TYPE_CHECKING:
    from pydantic import BaseModel

SNAPSHOTS = Path(__file__).parent / "snapshots"

CASES = [
    ("openai", Invoice),
    ("openai", Tree),
    ("anthropic", Itinerary),
    ("google", Genealogy),
    ("google", Tree),
]


@pytest.mark.parametrize(("vendor", "model"), CASES)
def test_the_dialect_is_as_written_down(vendor: str, model: type[BaseModel]) -> None:
    profile = VENDORS[vendor]
    result = transform(model.model_json_schema(), profile)
    assert result.strict
    assert violations(result.schema, profile) == []
    text = json.dumps(result.schema, indent=2, ensure_ascii=False) + "\n"
    path = SNAPSHOTS / f"{vendor}_{model.__name__.lower()}.json"
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
    ("vendor", "places"), [("openai", OPEN_PLACES), ("anthropic", OPEN_PLACES + CYCLES)]
)
def test_what_no_strict_mode_takes_is_sent_whole_and_logged(
    vendor: str, places: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    schema = Catalogue.model_json_schema()
    result = transform(schema, VENDORS[vendor])
    assert not result.strict
    assert result.schema == schema
    (record,) = caplog.records
    said = record.getMessage().partition(" unenforced: ")[2]
    assert sorted(said.split("; ")) == sorted(places)
