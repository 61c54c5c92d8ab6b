"""Random texts, most of them nearly JSON: Python's own reader says which are."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .test_conformance import outcome

_TEXT = st.text(st.sampled_from('ab"\\/{}[],:\n\t\x00é😀\u2028\ud83d\ude00'), max_size=6)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from([0, -0.0, 1e300]), _TEXT
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)
_ALPHABET = '{}[]:,"\\/ \n\t0123456789-+.eEadunltrfsNIy\x00\x7f\x85é😀'


@st.composite
def near_json(draw: st.DrawFn) -> str:
    """A JSON text, or one with a few characters put in, taken out or changed."""
    indent = draw(st.sampled_from([None, 0, 1]))
    value = draw(_VALUES)
    ascii_only = draw(st.booleans()) or not _is_text(_all_text(value))
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 2)))
        text = text[:start] + draw(st.text(st.sampled_from(_ALPHABET), max_size=2)) + text[end:]
    return text


@st.composite
def pieces_of(draw: st.DrawFn, text: str) -> list[str]:
    """The text cut at random places, some of the pieces empty."""
    places = draw(st.lists(st.integers(0, len(text)), max_size=8))
    bounds = [0, *sorted(places), len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


def reference(text: str) -> str | None:
    """The repr of the text's value, or None where it is not JSON by our decisions."""
    try:
        value = json.loads(text, strict=False, object_pairs_hook=_no_key_twice)
    except ValueError:
        return None
    return repr(value) if _is_text(_all_text(value)) else None


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _is_text(text: str) -> bool:
    """Whether there is no lone surrogate in it."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _all_text(value: Any) -> str:
    """All strings in a value."""
    if isinstance(value, dict):
        return "".join(key + _all_text(item) for key, item in value.items())
    if isinstance(value, list):
        return "".join(map(_all_text, value))
    return value if isinstance(value, str) else ""


@settings(max_examples=16 * settings.default.max_examples)  # type: ignore[union-attr]
@given(text=near_json(), data=st.data())
def test_what_python_reads_is_read_however_it_is_cut(text: str, data: Any) -> None:
    told = outcome([text])
    assert outcome(text) == told
    assert outcome(data.draw(pieces_of(text))) == told
    expected = reference(text)
    if expected is None:
        assert told[0] in ("malformed", "cut")
        assert told[1] is None or 0 <= told[1] <= len(text)
    else:
        assert told == ("value", expected)
