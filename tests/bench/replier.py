"""A server in a process of its own, whose CPU time is not the client's.

`python -m tests.bench.replier CHARS` prints its address, and answers the three vendors' requests
until its standard input ends. So many characters of an answer come in deltas of four, as fast as
they are read; a request whose model is named `paced` gets time stamps, at a steady pace.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from time import monotonic_ns
from typing import Any

from partwise_conformance import Pause, RecordedRequest, ReplayServer, Reply, Step, chat_events, sse

from .documents import deltas, reply

CHUNKS_PER_SECOND = 8
PACED = "paced"


def answer(pieces: Sequence[str], request: RecordedRequest) -> Reply:
    """The reply that the request's vendor would give."""
    asked = request.json()
    if "/chat/completions" in request.path:
        if asked["model"].startswith(PACED):
            return Reply(body=_paced(asked, float(asked["model"].removeprefix(PACED))))
        return Reply(body=list(chat_events(pieces, asked)))
    if "/messages" in request.path:
        return Reply(body=list(_anthropic(pieces, calls_tool=bool(asked.get("tools")))))
    return Reply(body=list(_google(pieces)))


def _anthropic(pieces: Sequence[str], *, calls_tool: bool) -> Iterator[bytes]:
    usage = {"input_tokens": 10, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
    }
    message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
    text = {"type": "text", "text": ""}
    tool = {"type": "tool_use", "id": "toolu_1", "name": "Reply", "input": {}}
    yield _event({"type": "message_start", "message": message})
    block = tool if calls_tool else text
    yield _event({"type": "content_block_start", "index": 0, "content_block": block})
    for piece in pieces:
        delta = (
            {"type": "input_json_delta", "partial_json": piece}
            if calls_tool
            else {"type": "text_delta", "text": piece}
        )
        yield _event({"type": "content_block_delta", "index": 0, "delta": delta})
    yield _event({"type": "content_block_stop", "index": 0})
    end = {"stop_reason": "tool_use" if calls_tool else "end_turn", "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": end, "usage": {"output_tokens": 5_000}})
    yield _event({"type": "message_stop"})


def _event(data: dict[str, Any]) -> bytes:
    return sse(data, data["type"])


def _google(pieces: Sequence[str]) -> Iterator[bytes]:
    usage = {"promptTokenCount": 10, "totalTokenCount": 20}
    for number, piece in enumerate(pieces):
        candidate: dict[str, Any] = {
            "content": {"parts": [{"text": piece}], "role": "model"},
            "index": 0,
        }
        if number == len(pieces) - 1:
            candidate["finishReason"] = "STOP"
        yield sse(
            {
                "candidates": [candidate],
                "usageMetadata": usage,
                "modelVersion": "gemini-2.5-flash",
                "responseId": "r",
            }
        )


def _paced(request: dict[str, Any], seconds: float) -> Iterator[Step]:
    """A list of the times at which its elements were sent, in nanoseconds."""
    head, opening, *_ = chat_events(['{"sent": [0'], request)
    _, stamped, *_ = chat_events(["STAMP"], request)
    _, closing, *end = chat_events(["]}"], request)
    before, after = stamped.split(b"STAMP")
    yield head
    yield opening
    for _ in range(int(seconds * CHUNKS_PER_SECOND)):
        yield Pause(1 / CHUNKS_PER_SECOND)
        # The next comma makes the number final.
        yield b"%b,%d,0%b" % (before, monotonic_ns(), after)
    yield closing
    yield from end


def main() -> None:
    """Serve until nobody needs it any more."""
    pieces = deltas(reply(int(sys.argv[1])))
    with ReplayServer(partial(answer, pieces)) as server:
        print(json.dumps(server.url), flush=True)  # noqa: T201  its caller reads it
        sys.stdin.read()


if __name__ == "__main__":
    main()
