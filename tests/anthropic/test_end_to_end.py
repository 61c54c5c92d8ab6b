"""From `from_provider` to the value: every recorded stream through the whole of partwise.

A stream that carries a structured answer ends in it; what carries none, or half of one, ends in
the error that says so. Where the answer came by a tool, that tool is called `answer` here.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from pydantic import BaseModel, create_model

import partwise
from partwise import (
    AsyncClient,
    AsyncPartialStream,
    Client,
    IncompleteOutputError,
    Mode,
    OutputError,
    PartialStream,
    RefusalError,
    ServerError,
)
from partwise_conformance import Hold, ReplayServer, Reply, cut, sse

from ..timing import PROMPTLY

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "anthropic-messages"
CASES = sorted(path.parent for path in FOLDER.glob("*/meta.json"))
SPLICED = "vercel-anthropic-spliced-message-start"

MODEL = "anthropic/claude-haiku-4-5"
"""Seconds in which a connection that is let go must be closed."""

QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(server: ReplayServer) -> Iterator[Client]:
    with partwise.from_provider(MODEL, api_key="no key", base_url=server.url) as client:
        yield client


@pytest.fixture
async def aclient(server: ReplayServer) -> AsyncIterator[AsyncClient]:
    async with partwise.from_provider(
        MODEL, api_key="no key", base_url=server.url, async_client=True
    ) as client:
        yield client


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def meta(case: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((case / "meta.json").read_text(encoding="utf-8"))
    return meta


@pytest.fixture
def call(case: Path, meta: dict[str, Any], server: ReplayServer) -> dict[str, Any]:
    """The call whose answer is this recording, which the server now has ready."""
    body = (case / "response.sse").read_bytes()
    if meta["tool_name"] is not None:
        body = body.replace(json.dumps(meta["tool_name"]).encode(), b'"answer"')
    server.enqueue(Reply(body=cut(body, 7)))
    return {
        "response_model": model_of(meta),
        "messages": QUESTION,
        "mode": mode_of(meta),
        "max_retries": 0,
    }


def mode_of(meta: dict[str, Any]) -> Mode:
    if "fenced" in meta["kind"]:
        return Mode.MD_JSON
    return Mode.JSON_SCHEMA if meta["kind"] == "json" else Mode.TOOLS


def model_of(meta: dict[str, Any]) -> type[BaseModel]:
    """A model that this answer fits, as narrow as can be told from it."""
    text = unfenced(meta["structured_text"] or "")
    try:
        value = json.loads(text)
    except ValueError:
        value = {}
    model: type[BaseModel] = type_of(value, "answer")
    return model


def unfenced(text: str) -> str:
    return text[text.find("{") : text.rfind("}") + 1]


def type_of(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        fields: dict[str, Any] = {key: (type_of(each, key), ...) for key, each in value.items()}
        return create_model(name, **fields)
    if isinstance(value, list):
        return list[type_of(value[0], name) if value else str]  # type: ignore[misc]
    return type(value)


def expected_error(case: Path, meta: dict[str, Any]) -> type[Exception] | None:
    if case.name == SPLICED:
        return ServerError
    if meta["finish_reason"] == "refusal":
        return RefusalError
    if meta["structured_text"] is None:
        return OutputError
    return IncompleteOutputError if meta["finish_reason"] == "max_tokens" else None


def check(
    stream: PartialStream[Any] | AsyncPartialStream[Any],
    snapshots: list[Any],
    meta: dict[str, Any],
) -> None:
    value = snapshots[-1]
    assert value.model_dump(mode="json") == json.loads(unfenced(meta["structured_text"]))
    assert all(isinstance(snapshot, type(value)) for snapshot in snapshots)
    assert stream.usage is not None
    assert stream.usage.output_tokens == meta["usage"]["output_tokens"]
    # Thoughts that a model writes into its text, between tags, are reasoning too.
    if not meta["source"].startswith("jackmpcollins/magentic"):
        assert len(stream.reasoning) == meta["reasoning_chars"]


@pytest.mark.sampled(4)
def test_a_recording(
    case: Path, meta: dict[str, Any], client: Client, call: dict[str, Any]
) -> None:
    stream = client.create_partial(**call)
    error = expected_error(case, meta)
    if error is None:
        check(stream, list(stream), meta)
        return
    with pytest.raises(error):
        list(stream)


@pytest.mark.sampled(4)
async def test_a_recording_asynchronously(
    case: Path, meta: dict[str, Any], aclient: AsyncClient, call: dict[str, Any]
) -> None:
    stream = aclient.create_partial(**call)
    error = expected_error(case, meta)
    if error is None:
        check(stream, [snapshot async for snapshot in stream], meta)
        return
    with pytest.raises(error):
        await stream.result()


# Letting go ----------------------------------------------------------------------------------


class Age(BaseModel):
    name: str
    years: int


def half_an_answer() -> Reply:
    deltas = [{"type": "text_delta", "text": text} for text in ('{"name": "A', "da", '", "years"')]
    events = [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
    return Reply(body=[*(sse(event, "content_block_delta") for event in events), Hold()])


def test_leaving_a_stream_releases_its_connection_at_once(
    server: ReplayServer, client: Client
) -> None:
    for leave in (_break, _close, _raise):
        exchange = server.enqueue(half_an_answer())
        leave(client.create_partial(response_model=Age, messages=QUESTION))
        left = time.monotonic()
        assert exchange.wait_disconnected() - left < PROMPTLY


def _break(stream: PartialStream[Age]) -> None:
    for _ in stream:
        break


def _close(stream: PartialStream[Age]) -> None:
    next(stream)
    stream.close()


def _raise(stream: PartialStream[Age]) -> None:
    with pytest.raises(KeyError), stream:
        raise KeyError(next(stream).name)


async def test_leaving_an_asynchronous_stream_releases_its_connection_at_once(
    server: ReplayServer, aclient: AsyncClient
) -> None:
    for leave in (_abreak, _aclose, _acancel):
        exchange = server.enqueue(half_an_answer())
        await leave(aclient.create_partial(response_model=Age, messages=QUESTION))
        left = time.monotonic()
        assert await exchange.await_disconnected() - left < PROMPTLY


async def _abreak(stream: AsyncPartialStream[Age]) -> None:
    async for _ in stream:
        break


async def _aclose(stream: AsyncPartialStream[Age]) -> None:
    await anext(stream)
    await stream.aclose()


async def _acancel(stream: AsyncPartialStream[Age]) -> None:
    await anext(stream)
    task = asyncio.create_task(stream.result())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# Through a tool, and around the user's own client --------------------------------------------


def test_a_model_that_can_not_be_enforced_comes_by_a_tool(
    server: ReplayServer, client: Client
) -> None:
    tool = {"type": "tool_use", "id": "toolu_1", "name": "Ages", "input": {}}
    delta = {"type": "input_json_delta", "partial_json": '{"ages": {"Ada": 36}}'}
    events: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": tool},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    ]
    server.enqueue(Reply(body=[sse(event, event["type"]) for event in events]))
    model = create_model("Ages", ages=(dict[str, int], ...))
    ages = client.create(response_model=model, messages=QUESTION)
    assert ages.model_dump() == {"ages": {"Ada": 36}}
    assert server.requests[-1].json()["tools"][0]["name"] == "Ages"


def test_around_the_users_own_client(server: ReplayServer) -> None:
    delta = {"type": "text_delta", "text": '{"name": "Ada", "years": 36}'}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    server.enqueue(Reply(body=[sse(event, "content_block_delta")]))
    with anthropic.Anthropic(api_key="no key", base_url=server.url) as own:
        client = partwise.from_anthropic(own)
        age = client.create(model="claude-haiku-4-5", response_model=Age, messages=QUESTION)
    assert age == Age(name="Ada", years=36)
