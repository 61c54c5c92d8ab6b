from __future__ import annotations

import pytest

from partwise.provider import MASK, Secrets

# Put together here, so that no text of this project looks like a key.
FORMS = [
    "sk-" + "proj-" + "a1B2" * 8,
    "sk-" + "ant-api03-" + "a1B2" * 8,
    "gsk" + "_" + "a1B2" * 8,
    "xai" + "-" + "a1B2" * 8,
    "AIza" + "a1B2" * 9,
    "AKIA" + "A1B2" * 4,
    "eyJ" + "a1B2" * 4 + ".eyJ" + "a1B2" * 4 + ".a1B2",
]


@pytest.mark.parametrize("key", FORMS)
def test_what_looks_like_a_key_is_scrubbed(key: str) -> None:
    scrubbed = Secrets().masked({"error": [f"bad key {key} here"], key: 1, "n": 2})

    assert scrubbed == {"error": [f"bad key {MASK} here"], MASK: 1, "n": 2}


def test_a_bearer_token_is_scrubbed() -> None:
    assert Secrets().masked("authorization: Bearer abcdefgh12") == (f"authorization: Bearer {MASK}")


def test_keys_that_the_process_knows_are_scrubbed_whatever_they_look_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACME_API_KEY", "plain words")
    monkeypatch.setenv("ACME_TOKEN", "plain words and more")
    monkeypatch.setenv("SHORT_KEY", "a")

    secrets = Secrets()
    secrets.add("given to it")
    secrets.add_environment()

    assert secrets.masked("a plain words and more, plain words, given to it") == (
        f"a {MASK}, {MASK}, {MASK}"
    )
    assert secrets.are_in("some plain words")
    assert not secrets.are_in("a")


def test_an_answer_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (
        "task-list",
        "risk-assessment-of-the-year-2026",
        "a sk-8 board",
        '{"sku": "sk-1"}',
    ):
        assert Secrets().masked(text) == text
