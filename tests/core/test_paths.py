"""Paths as people write them."""

from __future__ import annotations

import datetime as dt
import enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwise._paths import find_key, format_path, key_text, matches, parse_path
from partwise._sentinels import MISSING


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("name", ("name",)),
        ("users[0].name", ("users", 0, "name")),
        ("[2][-1]", (2, -1)),
        ("[2].name", (2, "name")),
        ("users[*].name", ("users", "*", "name")),
        ('by["a.b"].c', ("by", "a.b", "c")),
        (r'["a\"]\\"]', ('a"]\\',)),
    ],
)
def test_parse(text: str, path: tuple[str | int, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", [".a", "a..b", "a.", "a[", "a[b]", "a]", '["a]', "[0"])
def test_not_a_path(text: str) -> None:
    with pytest.raises(ValueError, match="invalid path"):
        parse_path(text)


@given(st.lists(st.text(min_size=1) | st.integers()))
def test_format_is_the_inverse_of_parse(steps: list[str | int]) -> None:
    assert parse_path(format_path(steps)) == tuple(steps)


def test_an_empty_key_has_a_path() -> None:
    assert parse_path(format_path(["", "a", ""])) == ("", "a", "")


def test_keys_of_other_types() -> None:
    day = dt.date(2024, 1, 2)
    assert format_path(["by", day, Colour.RED, Level.LOW]) == "by.2024-01-02.red.1"
    assert key_text(day) == "2024-01-02"
    assert parse_path(format_path(["by", True, "n"])) == ("by", "True", "n")
    assert find_key({day: 1}, "2024-01-02") is day
    assert find_key({1: "a"}, "1") == 1
    assert find_key({"a": 1}, "a") == "a"
    assert find_key({"a": 1}, "b") is MISSING


def test_matches() -> None:
    assert matches(parse_path("a[*].b"), ("a", 3, "b"))
    assert not matches(parse_path("a[*]"), ("a", 3, "b"))
    assert not matches(parse_path("a[1]"), ("a", 3))
