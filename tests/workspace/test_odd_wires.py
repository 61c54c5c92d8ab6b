"""Odd wires of all vendors, from the real SDKs' sockets to the value or to an error that says it.

OpenAI's are in `tests/openai/test_odd_wires.py`. Each wire here is one that a proxy, or a server
that imitates the vendor, is known to send.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

import partwise
from partwise import IncompleteOutputError, PartwiseError, RateLimitError, ServerError
from partwise_conformance import ReplayServer, Reply, sse


class Note(BaseModel):
    text: str
    stars: int


NOTE = Note(text="Hä?", stars=5)
TEXT = '{"text": "Hä?", "stars": 5}'
SSE, JSON, PAGE = "text/event-stream", "application/json", "text/html"


@dataclass(frozen=True)
class Wire:
    """A body of a provider's, and its end: the value, or an error with these words."""

    model: str
    body: Sequence[bytes]
    kind: str = SSE
    error: type[PartwiseError] | None = None
    words: str = ""
    status: int = 200


def named(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\n".encode() + sse(event)


def delta(text: str) -> dict[str, Any]:
    return {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": text},
    }


def candidate(text: str, finish: str | None = None) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [{"content": content, "finishReason": finish}]}


def choice(content: Any, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]}


def dumped(value: object, indent: int | None = None) -> list[bytes]:
    return [json.dumps(value, indent=indent).encode()]


A, G = "anthropic/claude-sonnet-4-6", "google/gemini-3-pro"
M, B, CHAT = "mistral/mistral-large-latest", "bedrock/x", "openai/gpt-5.5"

MESSAGE: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    delta(TEXT[:9]),
    delta(TEXT[9:]),
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
]
HALVES = [candidate(TEXT[:9]), candidate(TEXT[9:], "STOP")]
CHOICES = [*map(sse, [choice(TEXT[:9]), choice(TEXT[9:]), choice("", "stop")]), sse("[DONE]")]
FAILURE = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}}

WIRES = {
    "events-without-names": Wire(A, [*map(sse, MESSAGE)]),
    "data-null": Wire(A, [sse(None), *map(named, MESSAGE)]),
    "an-event-called-done": Wire(A, [*map(named, MESSAGE), b"event: done\ndata: [DONE]\n\n"]),
    "done": Wire(A, [*map(named, MESSAGE), sse("[DONE]")]),
    "a-failure-without-a-name": Wire(
        A, [*map(sse, MESSAGE[:3]), sse(FAILURE)], error=RateLimitError, words="Slow down"
    ),
    "a-page-called-events": Wire(
        A, [b"<html>Sign in</html>"], error=IncompleteOutputError, words="check base_url="
    ),
    "gemini-array": Wire(G, dumped(HALVES), JSON, ServerError, "alt=sse"),
    "gemini-array-in-lines": Wire(G, dumped(HALVES, 2), JSON, ServerError, "alt=sse"),
    "gemini-array-of-an-error": Wire(G, dumped([FAILURE]), JSON, ServerError, "alt=sse"),
    "gemini-done": Wire(G, [*map(sse, HALVES), sse("[DONE]")]),
    "gemini-pings": Wire(G, [sse({}), *map(sse, HALVES), sse({})]),
    "gemini-document": Wire(G, dumped(candidate(TEXT, "STOP")), JSON),
    "mistral-empty-data": Wire(M, [b"data:\n\n", *CHOICES]),
    "mistral-list-of-an-error": Wire(
        M, dumped([{"object": "error", "message": "No room"}]), JSON, ServerError, "No room"
    ),
    "mistral-object": Wire(M, [sse(choice({"text": "Hä?", "stars": 5})), *CHOICES[2:]]),
    "mistral-no-content": Wire(M, [], SSE, ServerError, "has no answer", 204),
    "bedrock-document": Wire(B, dumped({"message": "No"}), JSON, ServerError, "base URL right"),
    "bedrock-page": Wire(B, [b"<html>Sign in</html>"], PAGE, ServerError, "check base_url="),
    "openai-null": Wire(CHAT, [sse(None), *CHOICES]),
    "openai-text": Wire(CHAT, [b"upstream error"], "text/plain", ServerError, "upstream error"),
    "openai-detail": Wire(
        CHAT, dumped({"detail": "no such field"}), JSON, PartwiseError, "no such field", 422
    ),
}  # fmt: skip


@pytest.fixture
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    wire = WIRES[request.getfixturevalue("name")]
    with ReplayServer(
        lambda _: Reply(body=wire.body, status=wire.status, headers={"content-type": wire.kind})
    ) as it:
        yield it


def judge(wire: Wire, found: Note | PartwiseError) -> None:
    if wire.error is None:
        assert found == NOTE
    else:
        assert isinstance(found, wire.error)
        assert wire.words in str(found)


@pytest.mark.parametrize("name", WIRES)
def test_in_a_thread(server: ReplayServer, name: str) -> None:
    wire = WIRES[name]
    with partwise.from_provider(wire.model, api_key="k", base_url=server.url) as client:
        try:
            found: Any = client.create(Note, "Which?", max_retries=0)
        except PartwiseError as error:
            found = error
    judge(wire, found)


@pytest.mark.parametrize("name", WIRES)
async def test_in_asyncio(server: ReplayServer, name: str) -> None:
    wire = WIRES[name]
    async with partwise.from_provider(
        wire.model, api_key="k", base_url=server.url, async_client=True
    ) as client:
        try:
            found: Any = await client.create(Note, "Which?", max_retries=0)
        except PartwiseError as error:
            found = error
    judge(wire, found)
