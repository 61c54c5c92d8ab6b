"""`nearest`: the phrase that an error ends with if a known name is near."""

from __future__ import annotations

import pytest

from partwise._nearest import nearest, nearest_name
from partwise.provider import Mode

_KEYWORDS = ("max_retries", "timeout", "idle_timeout", "context", "strict")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("max_retry", "max_retries"),
        ("maxretries", "max_retries"),
        ("Max-Retries", "max_retries"),
        ("time_out", "timeout"),
        ("idletimeout", "idle_timeout"),
        ("Strict", "strict"),
    ],
)
def test_a_typo_is_near_to_its_name(name: str, found: str) -> None:
    assert nearest(name, _KEYWORDS) == f"; did you mean {found!r}?"


@pytest.mark.parametrize("name", ["temperature", "", "x", None, 3, ["strict"]])
def test_what_is_near_to_none_adds_nothing(name: object) -> None:
    assert nearest(name, _KEYWORDS) == ""


def test_the_answer_does_not_depend_on_the_order_of_the_names() -> None:
    assert nearest_name("ab", ["ac", "ad"]) == nearest_name("ab", ["ad", "ac"])


def test_members_of_an_enum_are_shown_as_text() -> None:
    assert nearest("tool", Mode) == "; did you mean 'tools'?"
