"""Streams that a real vendor sent, played back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from partwise.provider import ProviderError

from ..heard import Heard
from ..recorded import recorded
from ..reply import cut
from ..verdict import expect, readable, require

if TYPE_CHECKING:
    from pathlib import Path

    from ..recorded import Recorded
    from ..stand import Stand, Way

SUFFIXES = frozenset({".sse", ".ndjson", ".jsonl", ".eventstream"})

# A fine cut is slow, and what matters of it stands in the first events.
_FINE = 2_000


class RecordingChecks:
    """Real streams are read."""

    def test_recording(self, stand: Stand, recording: Path, way: Way) -> None:
        """A recorded stream is read to its end, and its answer is the one written beside it."""
        stream = recorded(stand, recording)
        if stream.fails:
            _expect_fault(stand, stream, way)
            return
        heard = _play(stand, stream, way, [stream.body])
        require(heard.text or heard.calls or heard.refusal, "nothing was read of this recording")
        require(heard.finishes, "no finish reason was read of this recording")
        direct = stream.direct()
        if direct is not None:
            advice = "over the wire, this recording gives other chunks than its events do"
            expect(heard.chunks, direct.chunks, advice)
        expected = _beside(recording).get("structured_text")
        if expected:
            texts = [heard.text, *(arguments for _, arguments in heard.calls)]
            known = [_value(text) for text in texts]
            require(_value(expected) in known, f"the answer in {recording} was not read right")

    def test_recording_in_single_bytes(self, stand: Stand, recording: Path) -> None:
        """A recorded stream gives the same chunks when it comes byte by byte."""
        stream = recorded(stand, recording)
        if stream.fails:
            pytest.skip("this recording ends with a fault")
        whole = _play(stand, stream, "sync", [stream.body])
        pieces = [*cut(stream.body[:_FINE], 1), stream.body[_FINE:]]
        fine = _play(stand, stream, "sync", pieces)
        expect(fine.chunks, whole.chunks, "cut into bytes, this recording gives other chunks")


def _play(stand: Stand, stream: Recorded, way: Way, pieces: list[bytes]) -> Heard:
    stand.answer_with(stream.reply(*pieces))
    heard = Heard()
    with readable("reading this recording"):
        stand.read(stream.request, way, heard.note)
    return heard


def _expect_fault(stand: Stand, stream: Recorded, way: Way) -> None:
    stand.answer_with(stream.reply(stream.body))
    try:
        stand.read(stream.request, way, Heard().note)
    except ProviderError:
        return
    pytest.fail("this recording ends with a fault, and nothing was raised", pytrace=False)


def _beside(recording: Path) -> dict[str, Any]:
    """What is written of a recording in `meta.json` beside it."""
    meta = recording.with_name("meta.json")
    known: dict[str, Any] = json.loads(meta.read_text()) if meta.is_file() else {}
    return known


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
