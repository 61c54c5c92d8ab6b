"""Checks with recorded streams of the real vendor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from partwise.provider import ProviderError

from ..assertions import expect, raises_nothing, require
from ..recorded import recorded
from ..reply import cut
from ..transcript import Transcript

if TYPE_CHECKING:
    from pathlib import Path

    from ..harness import Harness, Style
    from ..recorded import Recorded

SUFFIXES = frozenset({".sse", ".ndjson", ".jsonl", ".eventstream"})

# A fine cut is slow, and the first events suffice.
_FINE = 2_000


class RecordingChecks:
    """Real streams are read."""

    def test_recording(self, harness: Harness, recording: Path, style: Style) -> None:
        """A recorded stream is read to its end, and its answer is the one written beside it.

        Source: `docs/recordings.md`.
        """
        stream = recorded(harness, recording)
        if stream.fails:
            _expect_fault(harness, stream, style)
            return
        transcript = _play(harness, stream, style, [stream.body])
        require(
            transcript.text or transcript.calls or transcript.refusal,
            "nothing was read of this recording",
        )
        require(transcript.finishes, "no finish reason was read of this recording")
        direct = stream.direct()
        if direct is not None:
            advice = "over the wire, this recording gives other chunks than its events do"
            expect(transcript.chunks, direct.chunks, advice)
        expected = _beside(recording).get("structured_text")
        if expected:
            texts = [transcript.text, *(arguments for _, arguments in transcript.calls)]
            known = [_value(text) for text in texts]
            require(_value(expected) in known, f"the answer in {recording} was read wrongly")

    def test_recording_in_single_bytes(self, harness: Harness, recording: Path) -> None:
        """A recorded stream gives the same chunks when it comes byte by byte.

        Source: WHATWG HTML, 9.2, by which events may be cut anywhere, and unknown ones are ignored.
        """
        stream = recorded(harness, recording)
        if stream.fails:
            pytest.skip("this recording ends with a fault")
        whole = _play(harness, stream, "sync", [stream.body])
        pieces = [*cut(stream.body[:_FINE], 1), stream.body[_FINE:]]
        fine = _play(harness, stream, "sync", pieces)
        expect(fine.chunks, whole.chunks, "cut into bytes, this recording gives other chunks")


def _play(harness: Harness, stream: Recorded, style: Style, pieces: list[bytes]) -> Transcript:
    harness.answer_with(stream.reply(*pieces))
    transcript = Transcript()
    with raises_nothing("reading this recording"):
        harness.read(stream.request, style, transcript.note)
    return transcript


def _expect_fault(harness: Harness, stream: Recorded, style: Style) -> None:
    harness.answer_with(stream.reply(stream.body))
    try:
        harness.read(stream.request, style, Transcript().note)
    except ProviderError:
        return
    pytest.fail("this recording ends with a fault, and nothing was raised", pytrace=False)


def _beside(recording: Path) -> dict[str, Any]:
    """The entry of a recording in `meta.json` beside it."""
    meta = recording.with_name("meta.json")
    known: dict[str, Any] = json.loads(meta.read_text()) if meta.is_file() else {}
    return known


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
