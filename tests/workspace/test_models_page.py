"""The page of models is what its script writes, and each of its rows says where it is from."""

from __future__ import annotations

from tests.models_page import PAGE, page, rows


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(rows()), "run: python -m tests.models_page"


def test_every_row_has_a_public_source() -> None:
    assert [row for row in rows() if not row.source.startswith("https://")] == []


def test_no_two_rows_are_for_the_same_models() -> None:
    models = [(row.provider, row.model) for row in rows()]
    assert len(models) == len(set(models))
