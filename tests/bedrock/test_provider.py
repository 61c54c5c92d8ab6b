"""What is sent, how it is signed, and when the connection is let go."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import boto3
import pytest

import partwise
from partwise.provider import ConfigurationError, Granularity, Mode, ProviderConfig, Request
from partwise_bedrock import BedrockProvider
from partwise_conformance import Hold, ReplayServer, Reply

from ..timing import PROMPTLY
from .wire import BedrockWire

MakeProvider = Callable[..., BedrockProvider]
MakeRequest = Callable[..., Request]

"""Seconds within which a connection is let go."""

QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "How old?"}]

WIRE = BedrockWire()
TYPE = {"content-type": WIRE.framing.content_type}
DELTA = WIRE.framing.frame({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "x"}}})
STOP = WIRE.framing.frame({"messageStop": {"stopReason": "end_turn"}})
ANSWER = Reply(body=[DELTA, STOP], headers=TYPE)


def sent(provider: BedrockProvider, server: ReplayServer, request: Request) -> dict[str, Any]:
    """The body of the request, as boto3 wrote it."""
    server.enqueue(ANSWER)
    with provider.open(provider.build_request(request)) as events:
        assert len(list(events)) == 2
    body: dict[str, Any] = server.requests[-1].json()
    return body


# The model ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        "amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
    ],
    ids=["id", "ARN"],
)
def test_a_model_is_an_id_or_an_arn(model: str, server: ReplayServer) -> None:
    server.enqueue(ANSWER)
    with (
        partwise.from_provider(
            f"bedrock/{model}", base_url=server.url, api_key="k", region_name="eu-west-1"
        ) as client,
        pytest.raises(partwise.IncompleteOutputError),
    ):
        client.create(response_model=int, messages=QUESTION, mode="md_json", max_retries=0)

    assert server.requests[-1].path == f"/model/{quote(model, safe='')}/converse-stream"


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Mode.TOOLS),
        ("amazon.nova-lite-v1:0", Mode.TOOLS),
        ("arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", Mode.TOOLS),
        ("us.meta.llama4-scout-17b-instruct-v1:0", Mode.MD_JSON),
        ("anthropic.claude-v2:1", Mode.MD_JSON),
        ("mistral.mistral-7b-instruct-v0:2", Mode.MD_JSON),
        ("mistral.mixtral-8x7b-instruct-v0:1", Mode.MD_JSON),
        ("us.deepseek.r1-v1:0", Mode.MD_JSON),
        ("deepseek.v3.2", Mode.TOOLS),
        ("global.anthropic.claude-fable-5-1", Mode.TOOLS),
    ],
)
def test_the_default_mode(provider: BedrockProvider, model: str, mode: Mode) -> None:
    capabilities = provider.capabilities(model)

    assert capabilities.default_mode is mode
    assert set(capabilities.modes.values()) == {Granularity.TOKEN}


BY_NAME = {"tool": {"name": "Age"}}
THINKING = {"additionalModelRequestFields": {"thinking": {"type": "enabled"}}}


@pytest.mark.parametrize(
    ("model", "options", "choice"),
    [
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", {}, BY_NAME),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", THINKING, None),
        ("anthropic.claude-opus-5-1-20260801-v1:0", {}, None),
        ("amazon.nova-lite-v1:0", {}, BY_NAME),
        ("mistral.mistral-large-2407-v1:0", {}, {"any": {}}),
        ("deepseek.v3-v1:0", {}, {"any": {}}),
        ("us.deepseek.v3.2", {}, {"any": {}}),
        ("us.deepseek.v3.2", {"additionalModelRequestFields": {"reasoning_effort": "high"}}, None),
        ("global.anthropic.claude-fable-5-1", {}, None),
        ("anthropic.claude-mythos-preview", {}, None),
        ("anthropic.claude-sonnet-5-v1:0", {}, BY_NAME),
        ("openai.gpt-oss-120b-1:0", {}, BY_NAME),
        ("cohere.command-r-v1:0", {}, None),
    ],
)
def test_a_tool_is_forced_where_it_can_be(
    provider: BedrockProvider,
    request_for: MakeRequest,
    model: str,
    options: dict[str, Any],
    choice: dict[str, Any] | None,
) -> None:
    payload = provider.build_request(request_for(model=model, mode=Mode.TOOLS, options=options))

    assert payload["toolConfig"].get("toolChoice") == choice


def test_a_tool_that_was_refused_is_offered(
    provider: BedrockProvider, request_for: MakeRequest
) -> None:
    request = request_for(model="amazon.nova-lite-v1:0", mode=Mode.TOOLS, forced=False)
    assert "toolChoice" not in provider.build_request(request)["toolConfig"]


REFUSALS = {
    "This model doesn't support the toolConfig.toolChoice.tool field. Remove it and try again.": (
        Mode.TOOLS,
        False,
    ),
    "This model doesn't support tool use in streaming mode.": (Mode.JSON_SCHEMA, True),
    "This model doesn't support tool use.": (Mode.JSON_SCHEMA, True),
}


@pytest.mark.parametrize("words", REFUSALS)
def test_the_approach_after_a_refusal(
    provider: BedrockProvider, request_for: MakeRequest, words: str
) -> None:
    request = request_for(model="amazon.nova-lite-v1:0", mode=Mode.TOOLS)
    error = partwise.BadRequestError(words, provider="bedrock", status_code=400)
    fallback = provider.fallback(request, error)

    assert fallback is not None
    assert (fallback.approach.mode, fallback.approach.forced) == REFUSALS[words]


def test_a_schema_that_can_not_be_enforced_is_no_approach(
    provider: BedrockProvider, request_for: MakeRequest
) -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    request = request_for(model="amazon.nova-lite-v1:0", mode=Mode.TOOLS, schema=schema)
    words = "This model doesn't support tool use."
    error = partwise.BadRequestError(words, provider="bedrock", status_code=400)
    fallback = provider.fallback(request, error)

    assert fallback is not None
    assert fallback.approach.mode is Mode.MD_JSON


def test_sampling_is_left_out_if_the_model_does_not_take_it(
    provider: BedrockProvider, request_for: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "stop": "."}
    model = "global.anthropic.claude-fable-5-1"
    payload = provider.build_request(request_for(model=model, options=options))

    assert payload["inferenceConfig"] == {"maxTokens": 7, "stopSequences": ["."]}
    assert "does not take temperature" in caplog.text


# The request ----------------------------------------------------------------------------------


def test_a_tool(provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest) -> None:
    other = {"toolSpec": {"name": "other", "inputSchema": {"json": {"type": "object"}}}}
    request = request_for(
        mode=Mode.TOOLS, description="An age.", options={"toolConfig": {"tools": [other]}}
    )
    mine, others = sent(provider, server, request)["toolConfig"]["tools"]

    assert mine["toolSpec"]["description"] == "An age."
    assert mine["toolSpec"]["inputSchema"]["json"]["required"] == ["age"]
    assert others == other


def test_a_schema(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    body = sent(provider, server, request_for(mode=Mode.JSON_SCHEMA))

    asked = body["outputConfig"]["textFormat"]
    assert asked["type"] == "json_schema"
    schema = json.loads(asked["structure"]["jsonSchema"]["schema"])
    assert schema["additionalProperties"] is False
    assert schema["properties"] == {"age": {"type": "integer"}}


def test_a_schema_that_can_not_be_enforced(
    provider: BedrockProvider, request_for: MakeRequest
) -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    with pytest.raises(ConfigurationError, match="can't enforce Age"):
        provider.build_request(request_for(mode=Mode.JSON_SCHEMA, schema=schema))


def test_options_in_either_spelling(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    options = {
        "max_tokens": 5,
        "stop": ["."],
        "inferenceConfig": {"topP": 0.5},
        "requestMetadata": {"team": "a"},
        "system": [{"text": "First."}],
    }
    messages = [
        {"role": "system", "content": "Then."},
        {"role": "user", "content": "Hi"},
    ]
    body = sent(provider, server, request_for(options=options, messages=messages))

    assert body["inferenceConfig"] == {"maxTokens": 5, "stopSequences": ["."], "topP": 0.5}
    assert body["requestMetadata"] == {"team": "a"}
    assert body["system"] == [{"text": "First."}, {"text": "Then."}]


def test_messages(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    picture = base64.b64encode(b"\x89PNG").decode()
    function = {"name": "find", "arguments": '{"place": "x"}'}
    messages = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Who?"}, {"type": "text", "text": ""}],
        },
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": f"data:image/jpg;base64,{picture}"}},
                {"document": {"name": "a", "format": "txt", "source": {"text": "native"}}},
            ],
        },
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "function": function}]},
        {"role": "tool", "tool_call_id": "c1", "content": "Ada"},
        {"role": "user", "content": "Sure?"},
    ]
    body = sent(provider, server, request_for(messages=messages))

    asked, called, told = body["messages"]
    assert asked["role"] == "user"
    assert asked["content"] == [
        {"text": "Who?"},
        {"image": {"format": "jpeg", "source": {"bytes": picture}}},
        {"document": {"name": "a", "format": "txt", "source": {"text": "native"}}},
    ]
    use = {"toolUseId": "c1", "name": "find", "input": {"place": "x"}}
    assert called == {"role": "assistant", "content": [{"toolUse": use}]}
    result = {"toolResult": {"toolUseId": "c1", "content": [{"text": "Ada"}]}}
    assert told == {"role": "user", "content": [result, {"text": "Sure?"}]}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "file", "file": {"file_id": "file_1"}},
    ],
    ids=["address", "file-of-another-vendor"],
)
def test_what_bedrock_takes_only_in_its_own_form(
    provider: BedrockProvider, request_for: MakeRequest, part: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match="Bedrock's content blocks"):
        provider.build_request(request_for(messages=[{"role": "user", "content": [part]}]))


def test_files_and_sounds(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    data = base64.b64encode(b"%PDF").decode()
    files = [
        {"file_data": f"data:application/pdf;base64,{data}", "filename": "Ada's CV_v1.pdf"},
        {"file_data": f"data:application/msword;base64,{data}", "filename": "a.doc"},
        {"file_data": f"data:text/plain;base64,{data}"},
    ]
    sound = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    content = [*({"type": "file", "file": file} for file in files), sound]
    body = sent(provider, server, request_for(messages=[{"role": "user", "content": content}]))

    *documents, audio = body["messages"][0]["content"]
    named = [(each["document"]["format"], each["document"]["name"]) for each in documents]
    assert named == [("pdf", "Ada s CV v1"), ("doc", "a"), ("txt", "document")]
    assert {each["document"]["source"]["bytes"] for each in documents} == {data}
    assert audio == {"audio": {"format": "wav", "source": {"bytes": data}}}


def test_an_unknown_option_is_not_sent(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    payload = provider.build_request(request_for(options={"noSuchOption": 1}))
    with pytest.raises(Exception, match="noSuchOption") as caught:
        provider.open(payload).__enter__()

    assert isinstance(provider.map_error(caught.value), partwise.BadRequestError)
    assert server.requests == []


# The client -----------------------------------------------------------------------------------


def test_requests_are_signed(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    sent(provider, server, request_for())

    signature = server.requests[-1].headers["authorization"]
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=dummy/")
    assert "/eu-west-1/bedrock/" in signature


def test_a_key_is_borne(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    sent(make_provider(api_key="k"), server, request_for())

    assert server.requests[-1].headers["authorization"] == "Bearer k"


def test_a_client_of_the_user_s_stays_open(server: ReplayServer, request_for: MakeRequest) -> None:
    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url=server.url,
        aws_access_key_id="own",
        aws_secret_access_key="own",
    )
    for _ in range(2):
        provider = BedrockProvider(ProviderConfig(name="bedrock", client=client))
        sent(provider, server, request_for(read_timeout=5.0))
        provider.close()
    assert "Credential=own/" in server.requests[-1].headers["authorization"]
    client.close()


def test_boto3_takes_no_http_client(make_provider: MakeProvider) -> None:
    with pytest.raises(ConfigurationError, match="http_client"):
        make_provider(http_client=object())


@pytest.mark.parametrize("options", [{"no_such_option": 1}, {"region_name": 5}])
def test_an_option_that_boto3_does_not_take(
    make_provider: MakeProvider, request_for: MakeRequest, options: dict[str, Any]
) -> None:
    provider = make_provider(options=options)
    with pytest.raises(ConfigurationError, match="boto3 does not take this"):
        provider.open(provider.build_request(request_for())).__enter__()


@pytest.mark.parametrize("url", ["not a url", "http://127.0.0.1:99999", "ftp://x"])
def test_an_address_that_is_none(make_provider: MakeProvider, url: str) -> None:
    with pytest.raises(ConfigurationError, match="not an address"):
        make_provider(base_url=url)


# Letting go -----------------------------------------------------------------------------------


def stall(server: ReplayServer) -> Any:
    return server.enqueue(Reply(body=[DELTA, Hold()], headers=TYPE))


def test_leaving_lets_go_at_once(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    exchange = stall(server)
    with provider.open(provider.build_request(request_for())) as events:
        next(events)

    exchange.wait_disconnected(PROMPTLY)


async def test_leaving_lets_go_at_once_in_asyncio(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    exchange = stall(server)
    async with provider.aopen(provider.build_request(request_for())) as events:
        await anext(events)

    await exchange.await_disconnected(PROMPTLY)


async def test_cancelling_lets_go_at_once(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    exchange, opened = stall(server), asyncio.get_running_loop().create_future()

    async def read() -> None:
        async with provider.aopen(provider.build_request(request_for())) as events:
            await anext(events)
            opened.set_result(events)
            await anext(events)

    task = asyncio.create_task(read())
    events: Any = await opened
    while not events._reading.running():  # noqa: ASYNC110 - a thread has no event for it
        await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await exchange.await_disconnected(PROMPTLY)


async def test_more_streams_than_asyncio_has_threads(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    count = 40
    exchanges = [
        server.enqueue(Reply(body=[DELTA, Hold(), STOP], headers=TYPE)) for _ in range(count)
    ]

    async def read() -> int:
        async with provider.aopen(provider.build_request(request_for())) as events:
            return len([each async for each in events])

    tasks = [asyncio.create_task(read()) for _ in range(count)]
    for exchange in exchanges:
        await exchange.await_request()
    for exchange in reversed(exchanges):
        exchange.release()
    assert await asyncio.gather(*tasks) == [2] * count


async def test_no_thread_is_left(
    provider: BedrockProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    before = {*threading.enumerate()}
    server.enqueue(ANSWER)
    async with provider.aopen(provider.build_request(request_for())) as events:
        assert len([each async for each in events]) == 2
        mine = {each for each in threading.enumerate() if each.name.startswith("partwise")} - before
    assert len(mine) == 1
    for thread in mine:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()
