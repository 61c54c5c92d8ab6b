"""Streams that a real vendor sent, played back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..reply import cut
from ..verdict import expect, readable, require

if TYPE_CHECKING:
    from pathlib import Path

    from ..heard import Heard
    from ..stand import Stand, Way

SUFFIXES = frozenset({".sse", ".ndjson", ".jsonl", ".eventstream"})

# A fine cut is slow, and what matters of it stands in the first events.
_FINE = 2_000


class RecordingChecks:
    """Real streams are read."""

    def test_recording(self, stand: Stand, recording: Path, way: Way) -> None:
        """A recorded stream is read to its end, and its answer is the one written beside it."""
        heard = _play(stand, recording, way, [recording.read_bytes()])
        require(heard.text or heard.calls or heard.refusal, "nothing was read of this recording")
        require(heard.finishes, "no finish reason was read of this recording")
        expected = _beside(recording).get("structured_text")
        if expected:
            texts = [heard.text, *(arguments for _, arguments in heard.calls)]
            known = [_value(text) for text in texts]
            require(_value(expected) in known, f"the answer in {recording} was not read right")

    def test_recording_in_single_bytes(self, stand: Stand, recording: Path) -> None:
        """A recorded stream gives the same chunks when it comes byte by byte."""
        body = recording.read_bytes()
        whole = _play(stand, recording, "sync", [body])
        pieces = [*cut(body[:_FINE], 1), body[_FINE:]]
        fine = _play(stand, recording, "sync", pieces)
        expect(fine.chunks, whole.chunks, "cut into bytes, this recording gives other chunks")


def _play(stand: Stand, recording: Path, way: Way, pieces: list[bytes]) -> Heard:
    stand.answer_with(stand.reply(*pieces))
    with readable(f"reading {recording}"):
        return stand.listen(stand.suite.recording_mode(recording), way)


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
