"""The cutter makes deltas like those of OpenAI's models."""

from __future__ import annotations

import json
from statistics import median, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partwise_conformance import cut_like_tokens

MEETING = json.dumps(
    {
        "users": [
            {"name": "John Doe", "email": "johndoe@email.com", "twitter": "@TechGuru44"},
            {"name": "Alex Johnson", "email": "alexj@email.com", "twitter": "@CodeMaster2023"},
        ],
        "date": "2024-03-15",
        "location": "Grand Tech Arena located at 4521 Innovation Drive",
        "budget": 50000,
        "notes": "The keynote speaker is a renowned researcher; each participant contributes.",
    },
    separators=(",", ":"),
)


@settings(deadline=None)
@given(st.text(), st.integers())
def test_the_pieces_join_to_the_text(text: str, seed: int) -> None:
    pieces = list(cut_like_tokens(text, seed=seed))

    assert "".join(pieces) == text
    assert all(pieces)


def test_a_seed_always_cuts_in_the_same_way() -> None:
    assert list(cut_like_tokens(MEETING, seed=3)) == list(cut_like_tokens(MEETING, seed=3))
    assert list(cut_like_tokens(MEETING, seed=3)) != list(cut_like_tokens(MEETING, seed=4))


@pytest.mark.parametrize("seed", range(5))
def test_sizes_are_those_of_real_deltas(seed: int) -> None:
    sizes = [len(piece) for piece in cut_like_tokens(MEETING, seed=seed)]

    assert median(sizes) == 3
    assert 7 <= quantiles(sizes, n=20)[-1] <= 9


def test_numbers_names_and_keys_arrive_in_pieces() -> None:
    pieces = list(cut_like_tokens('{"first_name":"Wolfeschlegelstein","budget":50000}', seed=1))

    assert pieces[:5] == ['{"', "first", "_name", '":"', "Wo"]
    assert pieces[-3:] == ["500", "00", "}"]
