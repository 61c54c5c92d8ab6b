"""Playing the recorded streams of one vendor through its plugin, held against what is known.

What a recording holds was found by other means, and stands in the `meta.json` beside it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from partwise.provider import (
    Chunk,
    Finish,
    Provider,
    ReasoningDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_conformance import cut

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "recordings"


def cases(wire: str) -> list[Path]:
    """The folder of each recording of that wire; none where the recordings are not at hand."""
    return sorted(path.parent for path in FOLDER.glob(f"{wire}/*/meta.json"))


def folder_of(wire: str) -> Path | None:
    """The folder of that wire's recordings, if it is at hand."""
    folder = FOLDER / wire
    return folder if folder.is_dir() else None


def meta_of(case: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((case / "meta.json").read_text("utf-8"))
    return meta


def body_of(case: Path) -> bytes:
    return (case / str(meta_of(case)["body_file"])).read_bytes()


def pieces(body: bytes, size: int | None) -> list[bytes]:
    """The body in pieces of that size; of a long one only its ends, where most kinds of event are.

    None leaves it whole. The environment variable PARTWISE_EVERY_BYTE cuts all of it.
    """
    head, tail = len(body[:2048]), max(len(body) - 512, 0)
    if size is None or tail <= head or os.environ.get("PARTWISE_EVERY_BYTE"):
        return cut(body, size)
    return [*cut(body[:head], size), *cut(body[head:tail], 97), *cut(body[tail:], size)]


@dataclass
class Answer:
    """What the decoder made of a stream."""

    text: str = ""
    reasoning: str = ""
    calls: dict[int, str] = field(default_factory=lambda: defaultdict(str))
    names: dict[int, str | None] = field(default_factory=dict)
    ids: dict[int, str | None] = field(default_factory=dict)
    usage: Usage | None = None
    finishes: list[Finish] = field(default_factory=list)

    def take(self, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            match chunk:
                case TextDelta(text):
                    self.text += text
                case ReasoningDelta(text):
                    self.reasoning += text
                case ToolCallDelta(index, arguments, call_id, name):
                    self.calls[index] += arguments
                    self.names.setdefault(index, name)
                    self.ids.setdefault(index, call_id)
                case Usage():
                    self.usage = chunk
                case Finish():
                    self.finishes.append(chunk)


def replay(provider: Provider, request: Request) -> Answer:
    answer, decoder = Answer(), provider.decoder(request)
    with provider.open(provider.build_request(request)) as events:
        for event in events:
            answer.take(decoder.feed(event))
    answer.take(decoder.close())
    return answer


async def areplay(provider: Provider, request: Request) -> Answer:
    answer, decoder = Answer(), provider.decoder(request)
    async with provider.aopen(provider.build_request(request)) as events:
        async for event in events:
            answer.take(decoder.feed(event))
    answer.take(decoder.close())
    return answer


def check(answer: Answer, meta: dict[str, Any]) -> None:
    """The answer is the one described, character by character; its usage is for the caller."""
    assert answer.text == (meta["text"] or "")
    assert len(answer.reasoning) == meta["reasoning_chars"]
    own = [payload for payload in meta["payloads"] if payload["kind"] == "function"]
    calls = [(answer.names[i], answer.ids[i], text) for i, text in sorted(answer.calls.items())]
    assert calls == [(payload["name"], payload["id"], payload["text"]) for payload in own]
    if meta["structured_text"]:
        assert meta["structured_text"] in (answer.text, *answer.calls.values())
    assert [finish.raw for finish in answer.finishes] == [meta["finish_reason"]]
