"""From `from_provider` to the value: every recorded stream through the whole of partwise.

A stream that carries a structured answer ends in it; what carries none, or half of one, ends in
the error that says so.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel, create_model

import partwise
import partwise_openai
from partwise import (
    AsyncClient,
    AsyncPartialStream,
    BadRequestError,
    Client,
    Mode,
    OutputError,
    PartialStream,
    RateLimitError,
    RefusalError,
)
from partwise_conformance import Hold, ReplayServer, Reply, cut, sse
from partwise_openai._provider import OpenAIProvider

from ..timing import PROMPTLY

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recordings"
WIRES = ("openai-chat", "openai-responses", "mistral-chat")
CASES = sorted(path.parent for wire in WIRES for path in FOLDER.glob(f"{wire}/*/meta.json"))
NAMES = ("openai", "deepseek", "groq", "mistral", "ollama", "openrouter", "perplexity", "xai")
QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def rows() -> Iterator[None]:
    """Every name is this plugin's row, whatever other plugin is installed under that name."""
    partwise.register(partwise_openai)
    yield
    partwise.unregister(partwise_openai)


@pytest.fixture(scope="module")
def clients(server: ReplayServer) -> Iterator[dict[str, Client]]:
    """A client for each provider, all with the replay server for their address."""
    with ExitStack() as stack:
        made = [
            partwise.from_provider(f"{name}/gpt-4.1", api_key="no key", base_url=server.url)
            for name in NAMES
        ]
        clients = [stack.enter_context(client) for client in made]
        yield dict(zip(NAMES, clients, strict=True))


@pytest.fixture(scope="module")
async def aclients(server: ReplayServer) -> AsyncIterator[dict[str, AsyncClient]]:
    """The same, for asyncio."""
    async with AsyncExitStack() as stack:
        made = [
            partwise.from_provider(
                f"{name}/gpt-4.1", async_client=True, api_key="no key", base_url=server.url
            )
            for name in NAMES
        ]
        clients = [await stack.enter_async_context(client) for client in made]
        yield dict(zip(NAMES, clients, strict=True))


@pytest.fixture(params=CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def meta(case: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((case / "meta.json").read_text("utf-8"))
    return meta


@pytest.fixture
def call(case: Path, meta: dict[str, Any], server: ReplayServer) -> dict[str, Any]:
    """The call whose answer is this recording, which the server now has ready."""
    body = (case / meta["body_file"]).read_bytes()
    if meta["tool_name"]:
        # The user's types have names of Python's, which these need not be.
        name = rb'"name":\s*"%b"' % re.escape(meta["tool_name"]).encode()
        body = re.sub(name, b'"name":"answer"', body)
    server.enqueue(Reply(body=cut(body, 61)))
    return {
        "response_model": model_of(meta),
        "messages": QUESTION,
        "mode": mode_of(meta),
        "max_retries": 0,
    }


def test_each_client_is_this_plugins(clients: dict[str, Client]) -> None:
    kinds = {type(client._calls.provider) for client in clients.values()}

    assert kinds == {OpenAIProvider}


def name_of(meta: dict[str, Any]) -> str:
    compatible = meta["vendor"] in NAMES and meta["wire"] != "openai-responses"
    return meta["vendor"] if compatible else "openai"


def mode_of(meta: dict[str, Any]) -> Mode:
    if meta["wire"] == "openai-responses":
        return Mode.RESPONSES_TOOLS if meta["tool_name"] else Mode.RESPONSES
    if meta["tool_name"]:
        return Mode.TOOLS
    return Mode.JSON_SCHEMA if meta["vendor"] == "perplexity" else Mode.JSON


def model_of(meta: dict[str, Any]) -> type[BaseModel]:
    """A model that this answer fits, as narrow as can be told from it."""
    try:
        value = json.loads(document_of(meta))
    except ValueError:
        value = {}
    model: type[BaseModel] = type_of(value, "answer")
    return model


def document_of(meta: dict[str, Any]) -> str:
    """The text of the answer: once, where a model wrote it twice."""
    text = meta["structured_text"] or ""
    if "json_document_repeated" not in meta["anomalies"]:
        return text
    return text[: json.JSONDecoder().raw_decode(text)[1]]


def type_of(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        fields: dict[str, Any] = {key: (type_of(each, key), ...) for key, each in value.items()}
        return create_model(name, **fields)
    if isinstance(value, list):
        return list[type_of(value[0], name) if value else str]  # type: ignore[misc]
    return type(value)


def expected_error(meta: dict[str, Any]) -> type[Exception] | None:
    if meta["error"]:
        known = {"tool_use_failed": BadRequestError, "insufficient_quota": RateLimitError}
        return known[meta["error"]["code"]]
    if meta["refusal"]:
        return RefusalError
    is_valid = meta["structured_valid"] or "json_document_repeated" in meta["anomalies"]
    return None if is_valid else OutputError


def check(
    stream: PartialStream[Any] | AsyncPartialStream[Any],
    snapshots: list[Any],
    meta: dict[str, Any],
) -> None:
    text = document_of(meta)
    assert stream.text == text
    assert snapshots[-1].model_dump(mode="json") == json.loads(text)
    assert all(isinstance(snapshot, type(snapshots[-1])) for snapshot in snapshots)
    if meta["reasoning_chars"]:
        assert len(stream.reasoning) == meta["reasoning_chars"]
    else:  # commentary, which is visible, and no part of the answer
        assert stream.reasoning in (meta["text"] or "")
    assert stream.usage_complete is (meta["usage"] is not None)
    if meta["usage"]:
        assert stream.usage
        assert stream.usage.total_tokens == meta["usage"]["total_tokens"]


@pytest.mark.sampled(4)
def test_a_recording(
    meta: dict[str, Any], clients: dict[str, Client], call: dict[str, Any]
) -> None:
    stream = clients[name_of(meta)].create_partial(**call)
    if error := expected_error(meta):
        with pytest.raises(error):
            list(stream)
        return
    check(stream, list(stream), meta)


@pytest.mark.sampled(4)
async def test_a_recording_asynchronously(
    meta: dict[str, Any], aclients: dict[str, AsyncClient], call: dict[str, Any]
) -> None:
    stream = aclients[name_of(meta)].create_partial(**call)
    if error := expected_error(meta):
        with pytest.raises(error):
            await stream.result()
        return
    check(stream, [snapshot async for snapshot in stream], meta)


# From the user's side ------------------------------------------------------------------------


class Person(BaseModel):
    name: str
    age: int


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return sse({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def call_of(arguments: str, name: str | None = None) -> bytes:
    function = {"name": name, "arguments": arguments}
    return chunk({"tool_calls": [{"index": 0, "function": function}]})


ADA = [
    call_of('{"name": "A', "Person"),
    call_of('da", "ag'),
    call_of('e": 36}'),
    chunk({}, "tool_calls"),
    sse("[DONE]"),
]


def test_the_first_snapshot_comes_before_the_second_chunk(
    server: ReplayServer, clients: dict[str, Client]
) -> None:
    exchange = server.enqueue(Reply(body=ADA, gated=True))
    exchange.release()
    with clients["openai"].create_partial(response_model=Person, messages=QUESTION) as stream:
        assert next(stream).name == "A"
        assert exchange.sent == 1
        exchange.release_all()
        assert stream.result() == Person(name="Ada", age=36)


async def test_the_first_snapshot_comes_before_the_second_chunk_asynchronously(
    server: ReplayServer, aclients: dict[str, AsyncClient]
) -> None:
    exchange = server.enqueue(Reply(body=ADA, gated=True))
    exchange.release()
    stream = aclients["openai"].create_partial(response_model=Person, messages=QUESTION)
    async with stream:
        assert (await anext(stream)).name == "A"
        assert exchange.sent == 1
        exchange.release_all()
        assert await stream.result() == Person(name="Ada", age=36)


def test_a_break_releases_the_connection(server: ReplayServer, clients: dict[str, Client]) -> None:
    exchange = server.enqueue(Reply(body=[*ADA[:2], Hold()]))
    for _ in clients["openai"].create_partial(response_model=Person, messages=QUESTION):
        break
    left = time.monotonic()

    assert exchange.wait_disconnected() - left < PROMPTLY


async def test_cancelling_releases_the_connection(
    server: ReplayServer, aclients: dict[str, AsyncClient]
) -> None:
    exchange = server.enqueue(Reply(body=[*ADA[:2], Hold()]))
    stream = aclients["openai"].create_partial(response_model=Person, messages=QUESTION)
    await anext(stream)
    task = asyncio.create_task(stream.result())
    await asyncio.sleep(0)
    left = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await exchange.await_disconnected() - left < PROMPTLY


@pytest.mark.parametrize(
    ("mode", "roles"),
    [
        (Mode.TOOLS, ["user", "assistant", "tool"]),
        (Mode.JSON_SCHEMA, ["user", "assistant", "user"]),
        (Mode.RESPONSES_TOOLS, ["user", "function_call", "function_call_output"]),
        (Mode.RESPONSES, ["user", "assistant", "user"]),
    ],
)
def test_asking_again_in_every_mode(
    mode: Mode, roles: list[str], server: ReplayServer, clients: dict[str, Client]
) -> None:
    for age in ('"old"', "36"):
        server.enqueue(Reply(body=answer(mode, f'{{"name": "Ada", "age": {age}}}')))

    person = clients["openai"].create(
        response_model=Person, messages=QUESTION, mode=mode, max_retries=1
    )

    assert person == Person(name="Ada", age=36)
    asked = server.requests[-1].json()
    said = asked.get("input") or asked["messages"]
    assert [item.get("role") or item["type"] for item in said] == roles


def answer(mode: Mode, text: str) -> list[bytes]:
    function = {"type": "function_call", "call_id": "c", "name": "Person"}
    where = {"output_index": 0}
    end = sse({"type": "response.completed", "response": {}})
    match mode:
        case Mode.TOOLS:
            return [call_of(text, "Person"), chunk({}, "stop"), sse("[DONE]")]
        case Mode.RESPONSES:
            return [sse({"type": "response.output_text.delta", **where, "delta": text}), end]
        case Mode.RESPONSES_TOOLS:
            kind = "response.function_call_arguments.delta"
            added = {"type": "response.output_item.added", **where, "item": function}
            return [sse(added), sse({"type": kind, **where, "delta": text}), end]
    return [chunk({"content": text}, "stop"), sse("[DONE]")]


def test_around_the_user_s_own_client(server: ReplayServer) -> None:
    server.enqueue(Reply(body=ADA))
    with openai.OpenAI(api_key="own", base_url=server.url) as own:
        person = partwise.from_openai(own, "gpt-4.1").create(
            response_model=Person, messages=QUESTION
        )

    assert person == Person(name="Ada", age=36)
    assert server.requests[-1].headers["authorization"] == "Bearer own"


async def test_around_the_user_s_own_async_client(server: ReplayServer) -> None:
    server.enqueue(Reply(body=ADA))
    async with openai.AsyncOpenAI(api_key="own", base_url=server.url) as own:
        client = partwise.from_openai(own, "gpt-4.1")
        person = await client.create(response_model=Person, messages=QUESTION)

    assert person == Person(name="Ada", age=36)


def test_a_compatible_server_by_its_name(server: ReplayServer) -> None:
    server.enqueue(Reply(body=[chunk({"content": '{"name": "Ada", "age": 36}'}, "stop")]))
    with partwise.from_provider("ollama/llama3.2", base_url=server.url) as client:
        assert client.create(response_model=Person, messages=QUESTION).age == 36

    assert server.requests[-1].json()["response_format"]["type"] == "json_schema"


# Options that the SDK does not know --------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.RESPONSES])
def test_parameters_of_other_servers_are_sent(
    mode: Mode, server: ReplayServer, clients: dict[str, Client]
) -> None:
    server.enqueue(Reply(body=answer(mode, '{"name": "Ada", "age": 36}')))
    clients["openai"].create(
        response_model=Person,
        messages=QUESTION,
        mode=mode,
        top_k=3,
        thinking={"type": "disabled"},
        extra_body={"min_p": 0.5},
    )

    sent = server.requests[-1].json()
    assert (sent["top_k"], sent["thinking"], sent["min_p"]) == (3, {"type": "disabled"}, 0.5)


UNSENDABLE = pytest.mark.parametrize(
    "options", [{"seed": object()}, {"temperature": float("nan")}, {"user": "\ud83d"}]
)


@UNSENDABLE
def test_values_that_are_no_json(options: Any, clients: dict[str, Client]) -> None:
    with pytest.raises(partwise.ConfigurationError, match="can't be sent"):
        clients["openai"].create(response_model=Person, messages=QUESTION, **options)


@UNSENDABLE
async def test_values_that_are_no_json_async(
    options: Any, aclients: dict[str, AsyncClient]
) -> None:
    with pytest.raises(partwise.ConfigurationError, match="can't be sent"):
        await aclients["openai"].create(response_model=Person, messages=QUESTION, **options)


async def test_parameters_of_other_servers_are_sent_async(
    server: ReplayServer, aclients: dict[str, AsyncClient]
) -> None:
    server.enqueue(Reply(body=ADA))
    await aclients["openai"].create(response_model=Person, messages=QUESTION, top_k=3)

    assert server.requests[-1].json()["top_k"] == 3
