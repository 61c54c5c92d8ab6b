"""The targets hold on the corpus, and on some drawn bytes beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .targets import CORPUS, TARGETS

_SEEDS = {
    name: [path.read_bytes() for path in sorted((CORPUS / name).iterdir())] for name in TARGETS
}
_MARKS = [
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\n", b"```json\n", b"```", b"<think>",
    b"</think>", b'{"title": "a"', b'"subtasks": [', b"true", b"1", b" ", b"x", b"\n-\n", b"\xf0",
]  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus(name: str) -> None:
    assert _SEEDS[name]
    for data in _SEEDS[name]:
        TARGETS[name](data)
        for first in range(16):
            TARGETS[name](bytes([first]) + data)


@pytest.mark.parametrize("name", TARGETS)
@given(st.data())
def test_drawn_bytes(name: str, data: st.DataObject) -> None:
    parts = st.sampled_from([*_MARKS, *_SEEDS[name]]) | st.binary(max_size=8)
    TARGETS[name](b"".join(data.draw(st.lists(parts, max_size=12))))
