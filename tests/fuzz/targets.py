"""The targets of `make fuzz`: each takes any bytes, and raises if a promise is broken.

parser      a text's outcome is the same however it is cut
lenient     likewise the answer in a text with prose, in every mode; only OutputErrors are raised
splicer     likewise the joining of a continuation; only IncompleteOutputErrors are raised
retry_after the seconds are a number from 0, or None
recording   a recording is read, or a RecordingError says why not
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pydantic import BaseModel

from partwise._errors import IncompleteOutputError
from partwise._json.splice import Splicer
from partwise.provider import retry_after
from partwise_replay._recording import Recording, RecordingError

from ..core.json.test_conformance import outcome
from ..core.session.reading import MODES, read

CORPUS: Final = Path(__file__).parent / "corpus"


class Task(BaseModel):
    title: str
    done: bool = False
    subtasks: list[Task] = []


def as_text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def cut(text: str, size: int) -> list[str]:
    return [text[start:end] for start, end in pairwise([*range(0, len(text), size), len(text)])]


def parser(data: bytes) -> None:
    if data:
        text = as_text(data[1:])
        assert outcome(cut(text, 1 + data[0] % 16)) == outcome([text])


def lenient(data: bytes) -> None:
    if data:
        text, mode = as_text(data[1:]), MODES[data[0] % len(MODES)]
        whole = read(Task, [text], mode)
        pieces = read(Task, cut(text, 1 + data[0] % 16), mode)
        assert pieces.outcome == whole.outcome, (mode, text)


def splicer(data: bytes) -> None:
    kept, _, reply = as_text(data[1:]).partition("\n-\n")
    in_string = bool(data[:1]) and data[0] % 2 == 1
    size = 1 + (data[0] if data else 0) % 16
    whole = _spliced(kept, [reply], in_string=in_string)
    assert _spliced(kept, cut(reply, size), in_string=in_string) == whole, (kept, reply)
    assert whole is None or reply.endswith(whole)


def _spliced(kept: str, pieces: list[str], *, in_string: bool) -> str | None:
    made = Splicer(kept, in_string=in_string)
    try:
        return "".join(map(made.feed, pieces)) + made.close()
    except IncompleteOutputError:
        return None


def retry_after_seconds(data: bytes) -> None:
    first, _, second = as_text(data).partition("\n")
    seconds = retry_after({"retry-after": first, "retry-after-ms": second})
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0), seconds


def recording(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.ndjson")
        path.write_bytes(data)
        with suppress(RecordingError):
            Recording.load(path)


TARGETS: Final[dict[str, Callable[[bytes], Any]]] = {
    "parser": parser,
    "lenient": lenient,
    "splicer": splicer,
    "retry_after": retry_after_seconds,
    "recording": recording,
}
