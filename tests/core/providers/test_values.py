"""Values of vendors' JSON read as what they should be."""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import (
    ServerError,
    as_count,
    as_json,
    as_map,
    as_maps,
    as_text,
    as_word,
    unreadable_event,
)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (3, 3), (0, 0), ("7", 7), (2.0, 2), (None, None), (True, None), (-1, None), (2.5, None),
        ("x", None), ("²", None), ([], None), (float("nan"), None), (float("inf"), None),
    ],
)  # fmt: skip
def test_counts(value: Any, count: int | None) -> None:
    assert as_count(value) == count


def test_a_count_of_a_million_digits_is_read_in_no_time() -> None:
    assert isinstance(as_count("9" * 1_000_000), int)


def test_objects() -> None:
    assert as_map({"a": 1}) == as_map([None, {"a": 1}]) == {"a": 1}
    assert as_map(None) == as_map("x") == as_map([]) == {}
    assert as_maps([None, {"a": 1}, "x"]) == as_maps({"a": 1}) == [{"a": 1}]
    assert as_maps(None) == []


def test_text() -> None:
    assert (as_text("x"), as_text(None), as_json('{"a"'), as_json({"a": "é"}), as_json(None)) == (
        "x",
        "",
        '{"a"',
        '{"a": "é"}',
        "",
    )
    assert (as_word("x"), as_word(""), as_word(None), as_word(5)) == ("x", None, None, None)


@pytest.mark.parametrize("value", [5, True, 1.5, {"a": 1}])
def test_text_that_is_none_is_an_error(value: Any) -> None:
    with pytest.raises(TypeError, match="text was due"):
        as_text(value)


def test_an_event_that_cannot_be_read() -> None:
    error = unreadable_event({"x": 1}, KeyError("y"), provider="acme")
    assert isinstance(error, ServerError)
    assert error.retryable
    assert "KeyError: 'y'" in str(error)
