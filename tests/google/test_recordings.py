"""Every recorded stream, through the real SDK over loopback, ends as its description says.

Each is replayed synchronously and asynchronously, its body cut into single bytes, into sevens and
not at all. Single bytes are slow, so of a long body only both ends are cut so, where the events
are that come once; the environment variable PARTWISE_EVERY_BYTE cuts all of it. There is no
recording that ends otherwise than described.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from partwise.provider import (
    BadRequestError,
    Chunk,
    Finish,
    FinishReason,
    Mode,
    Provider,
    ProviderConfig,
    ProviderError,
    ReasoningDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_conformance import ReplayServer, Reply, cut
from partwise_google import GoogleProvider

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recordings"
CASES = sorted(path.parent for path in FOLDER.glob("google-generate-content/*/meta.json"))

# How long the ends of a body are that are cut into single bytes.
HEAD, TAIL = 2048, 512

# Only Vertex AI streams arguments; the SDK reads either's events with code of its own.
ONLY_VERTEX = b'"partialArgs"'

REQUEST = Request(
    model="gemini-2.5-flash",
    mode=Mode.MD_JSON,
    messages=[{"role": "user", "content": "Hello"}],
    schema={},
    name="answer",
)


@dataclass
class Answer:
    """What the decoder made of a stream."""

    text: str = ""
    reasoning: str = ""
    calls: dict[int, str] = field(default_factory=lambda: defaultdict(str))
    names: dict[int, str | None] = field(default_factory=dict)
    usage: Usage | None = None
    finishes: list[Finish] = field(default_factory=list)
    error: ProviderError | None = None

    def take(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text):
                self.text += text
            case ReasoningDelta(text):
                self.reasoning += text
            case ToolCallDelta(index, arguments, _, name):
                self.calls[index] += arguments
                self.names.setdefault(index, name)
            case Usage():
                self.usage = chunk
            case Finish():
                self.finishes.append(chunk)


def in_bytes(body: bytes) -> list[bytes]:
    if os.environ.get("PARTWISE_EVERY_BYTE") or len(body) <= HEAD + TAIL:
        return cut(body, 1)
    head, middle, tail = body[:HEAD], body[HEAD:-TAIL], body[-TAIL:]
    return [*cut(head, 1), *cut(middle, 7), *cut(tail, 1)]


def in_sevens(body: bytes) -> list[bytes]:
    return cut(body, 7)


def whole(body: bytes) -> list[bytes]:
    return [body]


Cut = Callable[[bytes], list[bytes]]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


Providers = dict[str, GoogleProvider]


def provide(server: ReplayServer) -> Providers:
    return {
        name: GoogleProvider(
            ProviderConfig(
                name=name, api_key="no key", base_url=server.url, options={"max_retries": 0}
            )
        )
        for name in ("google", "vertex")
    }


@pytest.fixture(scope="module")
def providers(server: ReplayServer) -> Iterator[Providers]:
    made = provide(server)
    yield made
    for provider in made.values():
        provider.close()


# While this lives, all tests of the module share one event loop, and so their connections.
@pytest.fixture(scope="module")
async def aproviders(server: ReplayServer) -> AsyncIterator[Providers]:
    made = provide(server)
    yield made
    for provider in made.values():
        await provider.aclose()


def replay(provider: Provider) -> Answer:
    answer, decoder = Answer(), provider.decoder(REQUEST)
    try:
        with provider.open(provider.build_request(REQUEST)) as events:
            for event in events:
                for chunk in decoder.feed(event):
                    answer.take(chunk)
        for chunk in decoder.close():
            answer.take(chunk)
    except Exception as error:
        answer.error = provider.map_error(error)
        if answer.error is None:
            raise
    return answer


async def areplay(provider: Provider) -> Answer:
    answer, decoder = Answer(), provider.decoder(REQUEST)
    try:
        async with provider.aopen(provider.build_request(REQUEST)) as events:
            async for event in events:
                for chunk in decoder.feed(event):
                    answer.take(chunk)
        for chunk in decoder.close():
            answer.take(chunk)
    except Exception as error:
        answer.error = provider.map_error(error)
        if answer.error is None:
            raise
    return answer


def check(answer: Answer, meta: dict[str, Any]) -> None:
    """Compare with what was found in the recording by other means."""
    check_end(answer, meta)
    assert answer.text == (meta["text"] or "")
    assert len(answer.reasoning) == meta["reasoning_chars"]
    own = [payload for payload in meta["payloads"] if payload["kind"] == "function"]
    calls = [(answer.names[index], json.loads(text)) for index, text in answer.calls.items()]
    assert calls == [(payload["name"], json.loads(payload["text"])) for payload in own]
    if meta["structured_form"]:
        check_structured(answer, meta)
    if meta["usage"]:
        check_usage(answer.usage, meta["usage"])


def check_structured(answer: Answer, meta: dict[str, Any]) -> None:
    if meta["tool_name"]:
        assert json.loads(answer.calls[meta["tool_index"]]) == json.loads(meta["structured_text"])
    else:
        assert answer.text == meta["structured_text"]


def check_usage(usage: Usage | None, counted: dict[str, Any]) -> None:
    assert usage
    assert usage.total_tokens == counted["totalTokenCount"]
    assert usage.reasoning_tokens == counted.get("thoughtsTokenCount", 0)
    assert usage.cached_input_tokens == counted.get("cachedContentTokenCount", 0)


def check_end(answer: Answer, meta: dict[str, Any]) -> None:
    if meta["error"]:
        assert type(answer.error) is BadRequestError
        assert answer.error.status_code == meta["error"]["code"]
        assert str(answer.error) == meta["error"]["message"]
        return
    assert answer.error is None
    good: FinishReason = "tool_calls" if answer.calls else "stop"
    reasons: dict[str, FinishReason] = {"STOP": good, "MAX_TOKENS": "length"}
    raw = meta["finish_reason"]
    assert answer.finishes == [Finish(reasons[raw], raw)]


every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_cut = pytest.mark.parametrize("cut_up", [in_bytes, in_sevens, whole])


def test_no_recording_is_left_out(recordings: Path) -> None:
    assert sorted((recordings / "google-generate-content").iterdir()) == CASES


def reply_of(case: Path, cut_up: Cut) -> tuple[dict[str, Any], str, Reply]:
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    body = (case / meta["body_file"]).read_bytes()
    name = "vertex" if ONLY_VERTEX in body else "google"
    return meta, name, Reply(body=cut_up(body), status=meta["http_status"] or 200)


@pytest.mark.sampled
@every_cut
@every_case
def test_sync(case: Path, cut_up: Cut, server: ReplayServer, providers: Providers) -> None:
    meta, name, reply = reply_of(case, cut_up)
    server.enqueue(reply)

    check(replay(providers[name]), meta)


@pytest.mark.sampled
@every_cut
@every_case
async def test_async(case: Path, cut_up: Cut, server: ReplayServer, aproviders: Providers) -> None:
    meta, name, reply = reply_of(case, cut_up)
    server.enqueue(reply)

    check(await areplay(aproviders[name]), meta)
