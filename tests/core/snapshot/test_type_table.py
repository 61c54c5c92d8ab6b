"""Each kind of type shows as the page of the documentation says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import VERSION

from .registry import TYPES, WHOLE, Row
from .type_table import PAGE, observed, page
from .writing import texts

each_row = pytest.mark.parametrize("row", TYPES, ids=lambda row: f"{row.group}: {row.name}")


# What pydantic makes by a validator around a list there, and natively since.
BEFORE_2_14 = tuple(map(int, VERSION.split(".")[:2])) < (2, 14)


@pytest.mark.full
@pytest.mark.hypothesis  # it draws inside
@each_row
def test_shows_as_declared(row: Row) -> None:
    if BEFORE_2_14 and row.name == "`deque`":
        pytest.skip("pydantic before 2.14 has a validator around a deque, so it shows whole")
    seen: set[str] = set()

    @settings(max_examples=25 if len(row.shows) < 3 else 100)  # each way has to come up
    @given(st.data())
    def look(data: st.DataObject) -> None:
        seen.update(observed(row, data.draw(row.values.flatmap(texts))))

    look()
    assert seen - {WHOLE} == row.shows - {WHOLE}


def test_the_page_is_what_was_seen() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "make it anew: python -m tests.core.snapshot.type_table"
    )
