"""Every row's models asked with no mode given, by a vendor that refuses what Bedrock refuses.

Its rules are written from AWS's pages and from reports of refused requests, and not from the
plugin's table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from pydantic import BaseModel

import partwise
from partwise.provider import Finish, TextDelta, ToolCallDelta
from partwise_bedrock._profiles import PROFILES, model_rows, profile_of
from partwise_conformance import ReplayServer, Reply

from .wire import BedrockWire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise_conformance import RecordedRequest

MODELS = [
    "global.anthropic.claude-fable-5-1",
    "anthropic.claude-mythos-preview",
    "us.anthropic.claude-opus-5-5-20260801-v1:0",
    "anthropic.claude-sonnet-5-v1:0",
    "us.anthropic.claude-opus-4-7-v1",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.anthropic.claude-sonnet-4-6",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-v2:1",
    "us.deepseek.r1-v1:0",
    "deepseek.v3-v1:0",
    "us.deepseek.v3.2",
    "us.meta.llama4-scout-17b-instruct-v1:0",
    "amazon.titan-text-express-v1",
    "amazon.nova-lite-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "mistral.mistral-large-2407-v1:0",
    "cohere.command-r-v1:0",
    "openai.gpt-oss-120b-1:0",
    "qwen.qwen3-32b-v1:0",
    "writer.palmyra-x5-v1:0",
    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc",
]
UNLISTED = {"qwen.qwen3-32b-v1:0", "writer.palmyra-x5-v1:0"}
QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "Who?"}]
TEXT = '{"name": "Ada"}'
WIRE = BedrockWire()
OPTIONS: dict[str, Any] = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "no-key-at-all",
    "aws_secret_access_key": "no-secret-at-all",
}


class Person(BaseModel):
    name: str


def refusal(model: str, body: dict[str, Any]) -> str | None:  # noqa: PLR0911 - one for each rule
    """The words with which the API refuses this request, if it does."""
    config = body.get("toolConfig", {})
    choice = next(iter(config.get("toolChoice", {})), None)
    if config and re.search(r"deepseek.r1|titan|claude-v2|mistral-7b|palmyra", model):
        return "This model doesn't support tool use."
    if config and "llama" in model:
        return "This model doesn't support tool use in streaming mode."
    if choice and re.search(r"fable|mythos|-5-5", model):
        return (
            "The model returned the following errors: tool_choice: "
            'type "tool" and "any" are not supported for this model.'
        )
    unnamed = re.search(r"mistral|cohere|qwen", model)
    if (choice == "tool" and unnamed) or (choice == "any" and re.search("cohere|qwen", model)):
        return (
            f"This model doesn't support the toolConfig.toolChoice.{choice} field. "
            f"Remove toolConfig.toolChoice.{choice} and try again."
        )
    unsampled = re.search(r"fable|mythos|-5-5|sonnet-5|opus-4-7", model)
    if "temperature" in body.get("inferenceConfig", {}) and unsampled:
        return (
            "The model returned the following errors: `temperature` is deprecated for this model."
        )
    if "outputConfig" in body and not re.search(r"-4-[56]|gpt-oss|qwen", model):
        return "This model doesn't support the outputConfig.textFormat field."
    return None


def answer(request: RecordedRequest) -> Reply:
    body, model = request.json(), unquote(request.path.split("/")[2])
    if words := refusal(model, body):
        headers = {"x-amzn-errortype": "ValidationException"}
        return Reply.of_json({"message": words}, status=400, headers=headers)
    config = body.get("toolConfig")
    # These take the choice of one tool, and write text all the same.
    calls = config and not ("v3" in model and "tool" in config.get("toolChoice", {}))
    name = config["tools"][0]["toolSpec"]["name"] if calls else ""
    text = "Here." if config else TEXT
    part = ToolCallDelta(0, TEXT, "tool_1", name) if calls else TextDelta(text)
    nothing: Any = None
    events = WIRE.events(iter([part, Finish("tool_calls" if calls else "stop")]), nothing)
    headers = {"content-type": WIRE.framing.content_type}
    return Reply(body=[WIRE.framing.frame(event) for event in events], headers=headers)


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: ReplayServer) -> Iterator[partwise.Client]:
    with partwise.from_provider("bedrock/x", base_url=server.url, **OPTIONS) as client:
        yield client


@pytest.mark.parametrize("model", MODELS)
def test_every_model_answers(client: partwise.Client, server: ReplayServer, model: str) -> None:
    counts = []
    given: list[dict[str, Any]] = [{}, {}, {"temperature": 0.5, "max_tokens": 9}]
    for options in given:
        server.reset()
        value = client.create(Person, QUESTION, model=model, max_retries=0, **options)
        assert value == Person(name="Ada")
        counts.append(len(server.requests))
    assert counts[1:] == [1, 1]
    assert counts[0] == 1 or model in UNLISTED


async def test_every_model_answers_in_asyncio(server: ReplayServer) -> None:
    async with partwise.from_provider(
        "bedrock/x", base_url=server.url, async_client=True, **OPTIONS
    ) as client:
        for model in MODELS:
            value = await client.create(Person, QUESTION, model=model, max_retries=0)
            assert value == Person(name="Ada")


def test_every_row_has_a_model_here() -> None:
    assert {profile_of(model).label for model in MODELS} == {row.label for row in PROFILES}
    assert [row.model for row in model_rows()] == [row.label for row in PROFILES]
