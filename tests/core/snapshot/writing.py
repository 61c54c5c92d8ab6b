"""JSON texts as a vendor may write them: with white space, with escapes, in any order."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

_SPACES = st.sampled_from(["", "", "", " ", "\n  ", "\t", "\r\n"])


@st.composite
def texts(draw: st.DrawFn, value: Any) -> str:
    """A JSON text of the value."""
    return _Writer(draw).write(value)


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """The text, cut anywhere; empty pieces too."""
    places = draw(st.lists(st.integers(0, len(text)), max_size=12))
    edges = [0, *sorted(places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


class _Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._space = "" if draw(st.booleans()) else draw(_SPACES)
        self._ascii = draw(st.booleans())
        self._escapes_all = draw(st.integers(0, 9)) == 9
        self._shuffles = draw(st.integers(0, 3)) == 3

    def write(self, value: Any) -> str:
        if isinstance(value, dict):
            members = [self._member(k, v) for k, v in value.items()]
            if self._shuffles:
                members = self._draw(st.permutations(members))
            return self._between("{", "}", members)
        if isinstance(value, list):
            return self._between("[", "]", [self.write(item) for item in value])
        return self._string(value) if isinstance(value, str) else json.dumps(value)

    def _member(self, key: str, value: Any) -> str:
        return f"{self._string(key)}{self._space}:{self._space}{self.write(value)}"

    def _between(self, opener: str, closer: str, parts: list[str]) -> str:
        space = self._space
        return opener + space + f"{space},{space}".join(parts) + space + closer

    def _string(self, text: str) -> str:
        if self._escapes_all:
            units = text.encode("utf-16-be", "surrogatepass")
            codes = (units[i : i + 2].hex() for i in range(0, len(units), 2))
            return '"' + "".join(f"\\u{code}" for code in codes) + '"'
        return json.dumps(text, ensure_ascii=self._ascii)
