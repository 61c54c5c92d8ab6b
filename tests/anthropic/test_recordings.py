"""Every recorded stream, through the real SDK over loopback, ends as its description says.

Each is replayed synchronously and asynchronously, its body in writes of one byte, of seven, and
whole. What the decoder makes of it is compared with what was extracted from it independently: the
text, each call of a tool that is not the vendor's own, the reasoning, the usage and the end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from partwise.provider import (
    Chunk,
    Decoder,
    Finish,
    Mode,
    ProviderConfig,
    ProviderError,
    ReasoningDelta,
    RefusalDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_anthropic import AnthropicProvider
from partwise_conformance import ReplayServer, Reply

from ..recorded import pieces

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "anthropic-messages"
CASES = sorted(path.parent for path in FOLDER.glob("*/meta.json"))

# Recordings that end otherwise than their description says, and why.
ENDS_OTHERWISE = {
    "vercel-anthropic-spliced-message-start": (
        "a gateway began a second message after half of the first one's call, which a stream "
        "can't take back: it is an error that may be retried"
    ),
}

# Their explanation of a refusal, which the descriptions leave out.
EXPLAINED = {"anthropicsdk-refusal_response": "This request was refused due to policy."}

FINISH = {"end_turn": "stop", "tool_use": "tool_calls", "max_tokens": "length"}

REQUEST = Request(
    model="m",
    mode=Mode.TOOLS,
    messages=[{"role": "user", "content": "Hello"}],
    schema={"type": "object", "properties": {}},
    name="answer",
)


@dataclass
class Answer:
    """What the decoder made of a stream."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: dict[int, str] = field(default_factory=lambda: defaultdict(str))
    names: dict[int, str | None] = field(default_factory=dict)
    usage: Usage | None = None
    finish: Finish | None = None

    def take(self, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            match chunk:
                case TextDelta(text):
                    self.text += text
                case ReasoningDelta(text):
                    self.reasoning += text
                case RefusalDelta(text):
                    self.refusal += text
                case ToolCallDelta(index, arguments, _, name):
                    self.calls[index] += arguments
                    self.names.setdefault(index, name)
                case Usage():
                    self.usage = chunk
                case Finish():
                    self.finish = chunk


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module")
def provider(server: ReplayServer) -> Iterator[AnthropicProvider]:
    config = ProviderConfig(name="anthropic", api_key="no key", base_url=server.url)
    provider = AnthropicProvider(config)
    yield provider
    provider.close()


@pytest.fixture(scope="module")
async def aprovider(provider: AnthropicProvider) -> AsyncIterator[AnthropicProvider]:
    """The same, closed in the event loop in which all asynchronous tests here run."""
    yield provider
    await provider.aclose()


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(params=[1, 7, None], ids=["bytes", "sevens", "whole"])
def reply(request: pytest.FixtureRequest, case: Path) -> Reply:
    return Reply(body=pieces((case / "response.sse").read_bytes(), request.param))


def described(case: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((case / "meta.json").read_text(encoding="utf-8"))
    return meta


def test_no_recording_is_left_out(recordings: Path) -> None:
    assert sorted((recordings / FOLDER.name).iterdir()) == CASES


@pytest.mark.sampled
def test_a_recording(
    case: Path, reply: Reply, server: ReplayServer, provider: AnthropicProvider
) -> None:
    server.enqueue(reply)
    decoder = provider.decoder(REQUEST)
    with provider.open(provider.build_request(REQUEST)) as events:
        check(case, decode(decoder, list(events)))


@pytest.mark.sampled
async def test_a_recording_asynchronously(
    case: Path, reply: Reply, server: ReplayServer, aprovider: AnthropicProvider
) -> None:
    server.enqueue(reply)
    decoder = aprovider.decoder(REQUEST)
    async with aprovider.aopen(aprovider.build_request(REQUEST)) as events:
        check(case, decode(decoder, [event async for event in events]))


def decode(decoder: Decoder, events: list[Any]) -> Answer | ProviderError:
    answer = Answer()
    try:
        for event in events:
            answer.take(decoder.feed(event))
    except ProviderError as error:
        return error
    answer.take(decoder.close())
    return answer


def check(case: Path, answer: Answer | ProviderError) -> None:
    if case.name in ENDS_OTHERWISE:
        assert isinstance(answer, ProviderError), ENDS_OTHERWISE[case.name]
        assert answer.retryable
        return
    assert isinstance(answer, Answer)
    meta = described(case)
    assert answer.text == (meta["text"] or "")
    assert len(answer.reasoning) == meta["reasoning_chars"]
    assert answer.refusal == EXPLAINED.get(case.name, "")
    check_calls(answer, meta)
    check_end(answer, meta)


def check_calls(answer: Answer, meta: dict[str, Any]) -> None:
    assert meta["structured_form"] in (None, "concatenated-deltas")
    calls = [each for each in meta["payloads"] if each["kind"] == "function"]
    assert answer.calls == {each["index"]: each["text"] for each in calls}
    assert answer.names == {each["index"]: each["name"] for each in calls}
    if meta["structured_text"] is not None:
        index = meta["tool_index"]
        said = answer.text if index is None else answer.calls[index]
        assert said == meta["structured_text"]


def check_end(answer: Answer, meta: dict[str, Any]) -> None:
    raw = meta["finish_reason"]
    assert answer.finish == Finish(FINISH.get(raw, raw), raw)
    usage = defaultdict(int, {key: value for key, value in meta["usage"].items() if value})
    details = usage["output_tokens_details"] or {"thinking_tokens": 0}
    cached = usage["cache_read_input_tokens"]
    assert answer.usage == Usage(
        input_tokens=usage["input_tokens"] + usage["cache_creation_input_tokens"] + cached,
        output_tokens=usage["output_tokens"],
        cached_input_tokens=cached,
        reasoning_tokens=details["thinking_tokens"],
    )
