"""Every recorded stream, through the real SDK over loopback, ends as its description says.

Each is replayed synchronously and asynchronously, its body cut into single bytes, into sevens and
not at all. Fine cuts are slow, so of a long body only both ends are cut so, where the events are
that come once; with the environment variable PARTWISE_EVERY_BYTE, all of it is.
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

import partwise_openai
from partwise.provider import (
    BadRequestError,
    Chunk,
    Finish,
    Mode,
    Provider,
    ProviderConfig,
    ProviderError,
    ProviderFactory,
    RateLimitError,
    ReasoningDelta,
    RefusalDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_conformance import ReplayServer, Reply, cut

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recordings"
WIRES = ("openai-chat", "openai-responses", "mistral-chat")
CASES = sorted(path.parent for wire in WIRES for path in FOLDER.glob(f"{wire}/*/meta.json"))

# How many fine writes each end of a long body is cut into, and the size of those between.
FINE_WRITES, MIDDLE = 500, 97

# What our finish reason may be, where the recording has the Responses API's status.
FINISH = {
    "completed": {"stop", "tool_calls"},
    "incomplete:max_output_tokens": {"length"},
}
ERRORS = {"tool_use_failed": BadRequestError, "insufficient_quota": RateLimitError}


@dataclass
class Answer:
    """What the decoder made of a stream."""

    text: str = ""
    refusal: str = ""
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
            case RefusalDelta(text):
                self.refusal += text
            case ReasoningDelta(text):
                self.reasoning += text
            case ToolCallDelta(index, arguments, _, name):
                self.calls[index] += arguments
                self.names.setdefault(index, name)
            case Usage():
                self.usage = chunk
            case Finish():
                self.finishes.append(chunk)


def make_factories() -> dict[str, ProviderFactory]:
    factories: dict[str, ProviderFactory] = {}
    partwise_openai.register_providers(factories.__setitem__)
    return factories


FACTORIES = make_factories()


def fine_at_the_ends(body: bytes, size: int) -> list[bytes]:
    ends = FINE_WRITES * size
    if os.environ.get("PARTWISE_EVERY_BYTE") or len(body) <= 2 * ends:
        return cut(body, size)
    head, middle, tail = body[:ends], body[ends:-ends], body[-ends:]
    return [*cut(head, size), *cut(middle, MIDDLE), *cut(tail, size)]


def in_bytes(body: bytes) -> list[bytes]:
    return fine_at_the_ends(body, 1)


def in_sevens(body: bytes) -> list[bytes]:
    return fine_at_the_ends(body, 7)


def whole(body: bytes) -> list[bytes]:
    return [body]


Cut = Callable[[bytes], list[bytes]]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module")
def providers(server: ReplayServer) -> Iterator[dict[str, Provider]]:
    """One provider for each name, all with the replay server for their address."""
    made = {
        name: factory(ProviderConfig(name=name, api_key="no key", base_url=server.url))
        for name, factory in FACTORIES.items()
    }
    yield made
    for provider in made.values():
        provider.close()


@pytest.fixture(scope="module")
async def aproviders(providers: dict[str, Provider]) -> AsyncIterator[dict[str, Provider]]:
    """The same, closed in the event loop in which all asynchronous tests here run."""
    yield providers
    for provider in providers.values():
        await provider.aclose()


def asked(meta: dict[str, Any]) -> tuple[str, Request]:
    name = meta["vendor"] if meta["vendor"] in FACTORIES else "openai"
    mode = Mode.RESPONSES if meta["wire"] == "openai-responses" else Mode.JSON
    messages = [{"role": "user", "content": "Hello"}]
    return name, Request(model="m", mode=mode, messages=messages, schema=SCHEMA, name="answer")


SCHEMA = {"type": "object", "properties": {}}


def replay(provider: Provider, request: Request) -> Answer:
    answer, decoder = Answer(), provider.decoder(request)
    try:
        with provider.open(provider.build_request(request)) as events:
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


async def areplay(provider: Provider, request: Request) -> Answer:
    answer, decoder = Answer(), provider.decoder(request)
    try:
        async with provider.aopen(provider.build_request(request)) as events:
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
    # Commentary is visible, and no part of the answer.
    comment = "" if meta["reasoning_chars"] else answer.reasoning
    if answer.error is None:
        assert comment + answer.text == (meta["text"] or "")
    assert answer.refusal == (meta["refusal"] or "")
    assert len(answer.reasoning) == meta["reasoning_chars"] + len(comment)
    own = [payload for payload in meta["payloads"] if payload["kind"] in ("function", "custom")]
    calls = [(answer.names[index], text) for index, text in sorted(answer.calls.items())]
    assert calls == [(payload["name"], payload["text"]) for payload in own]
    if meta["structured_form"]:
        assert_structured(answer, meta)
    if meta["usage"]:
        assert answer.usage
        assert answer.usage.total_tokens == meta["usage"]["total_tokens"]


def assert_structured(answer: Answer, meta: dict[str, Any]) -> None:
    """The answer's text or arguments are the recording's, character by character."""
    if meta["tool_name"]:
        assert meta["structured_text"] in answer.calls.values()
    elif meta["structured_block"]:
        # A model that wrote its document twice: both come through, for the core to judge.
        assert answer.text == meta["structured_text"] * 2
    else:
        assert answer.text == meta["structured_text"]


def check_end(answer: Answer, meta: dict[str, Any]) -> None:
    if meta["error"]:
        assert type(answer.error) is ERRORS[meta["error"]["code"]]
        assert meta["error"]["message"] in str(answer.error)
        return
    assert answer.error is None
    expected = meta["finish_reason"]
    if expected is None:
        # Such a server says nothing at the end. The core reports it; the decoder makes nothing up.
        assert not answer.finishes
        return
    [finish] = answer.finishes
    assert finish.reason in FINISH.get(expected, {expected})


def reply_of(case: Path, cut_up: Cut) -> tuple[dict[str, Any], Reply]:
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    return meta, Reply(body=cut_up((case / meta["body_file"]).read_bytes()))


every_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}"
)
every_cut = pytest.mark.parametrize("cut_up", [in_bytes, in_sevens, whole])


def test_no_recording_is_left_out(recordings: Path) -> None:
    folders = [folder for wire in WIRES for folder in (recordings / wire).iterdir()]
    assert sorted(folders) == CASES


@pytest.mark.sampled
@every_cut
@every_case
def test_sync(
    case: Path, cut_up: Cut, server: ReplayServer, providers: dict[str, Provider]
) -> None:
    meta, reply = reply_of(case, cut_up)
    name, request = asked(meta)
    server.enqueue(reply)

    check(replay(providers[name], request), meta)


@pytest.mark.sampled
@every_cut
@every_case
async def test_async(
    case: Path, cut_up: Cut, server: ReplayServer, aproviders: dict[str, Provider]
) -> None:
    meta, reply = reply_of(case, cut_up)
    name, request = asked(meta)
    server.enqueue(reply)

    check(await areplay(aproviders[name], request), meta)
