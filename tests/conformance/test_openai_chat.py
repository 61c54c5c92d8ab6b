"""The written streams are those that the openai SDK reads, sync and async."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

from partwise_conformance import ReplayServer, chat_answer, cut_like_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai.types.chat import ChatCompletionChunk

TEXT = '{"name":"Ada Lovelace","age":36}'
TOOL: dict[str, Any] = {
    "tools": [{"type": "function", "function": {"name": "person", "parameters": {}}}],
    "tool_choice": {"type": "function", "function": {"name": "person"}},
}


@pytest.fixture
def client() -> Iterator[OpenAI]:
    with (
        ReplayServer(chat_answer(TEXT)) as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="not a key") as client,
    ):
        yield client


def ask(client: OpenAI, **options: Any) -> list[ChatCompletionChunk]:
    messages: list[Any] = [{"role": "user", "content": "Who?"}]
    return list(
        client.chat.completions.create(model="m", messages=messages, stream=True, **options)
    )


def test_a_message(client: OpenAI) -> None:
    chunks = ask(client)

    assert [c.choices[0].delta.content for c in chunks[1:-1]] == list(cut_like_tokens(TEXT))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks[-2:]] == [None, "stop"]


@pytest.mark.parametrize("choice", [TOOL["tool_choice"], "required"], ids=["named", "any"])
def test_a_call_of_the_tool_that_was_asked_for(client: OpenAI, choice: Any) -> None:
    asked = TOOL | {"tool_choice": choice}
    calls = [c.choices[0].delta.tool_calls for c in ask(client, **asked)]

    functions = [call[0].function for call in calls[:-1] if call]
    assert "".join(f.arguments or "" for f in functions if f) == TEXT
    assert [f.name for f in functions if f and f.name] == ["person"]


def test_usage_comes_last_and_only_when_asked_for(client: OpenAI) -> None:
    last = ask(client, stream_options={"include_usage": True})[-1]

    assert last.choices == []
    assert last.usage
    assert last.usage.completion_tokens == len(list(cut_like_tokens(TEXT)))
    assert ask(client)[-1].usage is None
