"""Every row's models asked with no mode given, by a vendor that refuses what Google refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import partwise
from partwise.provider import Finish, TextDelta, ToolCallDelta
from partwise_conformance import ReplayServer, Reply
from partwise_google._profiles import PROFILES, profile_of

from .wire import GoogleWire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise_conformance import RecordedRequest

MODELS = [
    "gemini-2.0-flash",
    "gemini-2.5-flash",
    "gemini-3-pro-preview",
    "gemini-9-ultra",
    "gemma-3-27b-it",
    "gemini-2.5-flash-image",
    "unknown-model",
]
QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "Who?"}]
TEXT = '{"name": "Ada"}'
WIRE = GoogleWire()


class Person(BaseModel):
    name: str


def refusal(model: str, body: dict[str, Any]) -> str | None:
    """The words with which the API refuses this request, if it does."""
    generation = body.get("generationConfig", {})
    if "systemInstruction" in body and "gemma" in model:
        return f"Developer instruction is not enabled for models/{model}"
    if "responseMimeType" in generation and re.search("gemma|image|unknown", model):
        return f"JSON mode is not enabled for models/{model}"
    if "tools" in body and re.search("gemma|image|unknown", model):
        return f"Function calling is not enabled for models/{model}"
    if "responseJsonSchema" in generation and "deep" in str(body["contents"]):
        return (
            "A schema in GenerationConfig in the request exceeds the maximum allowed nesting depth."
        )
    if "responseJsonSchema" in generation and "bare" in str(body["contents"]):
        return "Request contains an invalid argument."
    return None


def answer(request: RecordedRequest) -> Reply:
    body = request.json()
    model = request.path.rpartition("models/")[2].partition(":")[0]
    if words := refusal(model, body):
        error = {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}
        return Reply.of_json({"error": error}, status=400)
    tools = body.get("tools")
    name = tools[0]["functionDeclarations"][0]["name"] if tools else ""
    part = ToolCallDelta(0, TEXT, "c", name) if tools else TextDelta(TEXT)
    nothing: Any = None
    events = WIRE.events(iter([part, Finish("tool_calls" if tools else "stop")]), nothing)
    return Reply(body=[WIRE.framing.frame(event) for event in events])


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: ReplayServer) -> Iterator[partwise.Client]:
    with partwise.from_provider("google/x", api_key="no key", base_url=server.url) as client:
        yield client


def ask(
    client: partwise.Client, server: ReplayServer, model: str, content: str, **options: Any
) -> int:
    """The requests that one call took."""
    server.reset()
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
    value = client.create(Person, messages, model=model, max_retries=0, **options)
    assert value == Person(name="Ada")
    return len(server.requests)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_answers(client: partwise.Client, server: ReplayServer, model: str) -> None:
    first = ask(client, server, model, "Who?", temperature=0.5, max_tokens=9)
    assert first == 1 or model == "unknown-model"
    assert ask(client, server, model, "Who?") == 1


async def test_every_model_answers_in_asyncio(server: ReplayServer) -> None:
    async with partwise.from_provider(
        "google/x", api_key="no key", base_url=server.url, async_client=True
    ) as client:
        for model in MODELS:
            value = await client.create(Person, QUESTION, model=model, max_retries=0)
            assert value == Person(name="Ada")


@pytest.mark.parametrize(("model", "content"), [("gemini-a", "deep"), ("gemini-b", "bare")])
def test_a_schema_that_is_refused_is_put_into_the_prompt(
    client: partwise.Client, server: ReplayServer, model: str, content: str
) -> None:
    assert ask(client, server, model, content) == 2
    body = server.requests[-1].json()
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    assert "name" in str(body["systemInstruction"])
    assert ask(client, server, model, content) == 1


def test_every_row_has_a_model_here() -> None:
    assert {profile_of(model).label for model in MODELS} == {row.label for row in PROFILES}


@pytest.mark.parametrize("texts", [["Here you go.", TEXT], ["Here", " you go.\n" + TEXT]])
def test_prose_in_one_part_and_the_answer_in_the_next(
    client: partwise.Client, server: ReplayServer, texts: list[str]
) -> None:
    server.reset()
    nothing: Any = None
    one = {"candidates": [{"content": {"parts": [{"text": text} for text in texts]}}]}
    end = WIRE.events(iter([Finish("stop")]), nothing)
    server.enqueue(Reply(body=[WIRE.framing.frame(event) for event in (one, *end)]))
    value = client.create(Person, QUESTION, model="gemini-2.5-flash", max_retries=0)
    assert value == Person(name="Ada")


# Of the Gemini API's events the SDK leaves the `finishMessage` out; of Vertex AI's it does not.
@pytest.mark.parametrize(
    ("provider", "event", "words"),
    [
        (
            "vertex",
            {"candidates": [{"finishReason": "SAFETY", "finishMessage": "Not so."}]},
            "Not so.",
        ),
        ("google", {"candidates": [{"finishReason": "RECITATION"}]}, "RECITATION"),
        ("google", {"promptFeedback": {"blockReason": "BLOCKLIST"}}, "BLOCKLIST"),
    ],
)
def test_the_filter_is_named(
    server: ReplayServer, provider: str, event: dict[str, Any], words: str
) -> None:
    server.reset()
    thought = {"candidates": [{"content": {"parts": [{"text": "Hm.", "thought": True}]}}]}
    server.enqueue(Reply(body=[WIRE.framing.frame(each) for each in (thought, event)]))
    with (
        partwise.from_provider(
            f"{provider}/gemini-2.5-flash", api_key="no key", base_url=server.url
        ) as client,
        pytest.raises(partwise.ContentFilterError, match=words) as caught,
    ):
        client.create(Person, QUESTION, max_retries=0)
    assert caught.value.raw_finish_reason in ("SAFETY", "RECITATION", "BLOCKLIST")
    assert caught.value.reasoning == "Hm."
