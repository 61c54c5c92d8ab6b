"""The decoder, event by event: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import Finish, KeepAlive, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from partwise_mistral._answer import MistralDecoder


def feed(*deltas: dict[str, Any]) -> list[Any]:
    decoder = MistralDecoder("mistral")
    return [
        chunk
        for delta in deltas
        for chunk in decoder.feed({"choices": [{"index": 0, "delta": delta}]})
    ]


def call(name: str | None, arguments: str = "", **rest: Any) -> dict[str, Any]:
    return {"tool_calls": [{"function": {"name": name, "arguments": arguments}, **rest}]}


def test_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    chunks = feed(call("a", "{}", id="one"), call("b", "[", id="two"), call(None, "]", id="two"))

    assert chunks == [
        ToolCallDelta(0, "{}", "one", "a"),
        ToolCallDelta(1, "[", "two", "b"),
        ToolCallDelta(1, "]", "two"),
    ]


def test_calls_that_share_an_index_are_told_apart_by_their_ids() -> None:
    chunks = feed(call("a", "{}", id="one", index=0), call("b", "{}", id="two", index=0))

    assert [chunk.index for chunk in chunks] == [0, 1]


def test_fragments_of_two_calls_alternate() -> None:
    first, second = {"index": 0}, {"index": 1}
    chunks = feed(
        call("a", "", id="one", **first),
        call("b", "", id="two", **second),
        call("", "1", **first),
        call("", "2", **second),
    )

    assert chunks[2:] == [ToolCallDelta(0, "1"), ToolCallDelta(1, "2")]


def test_thoughts_and_text_come_as_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    chunks = feed({"content": [thinking, {"type": "text", "text": "So: "}, {"type": "reference"}]})

    assert chunks == [ReasoningDelta("Hm."), TextDelta("So: ")]


@pytest.mark.parametrize("delta", [{}, {"content": None}, {"content": ""}, {"content": []}])
def test_what_says_nothing_is_a_sign_of_life(delta: dict[str, Any]) -> None:
    assert feed(delta) == [KeepAlive()]


def test_another_choice_is_left_out() -> None:
    event = {"choices": [{"index": 1, "delta": {"content": "x"}, "finish_reason": "stop"}]}

    assert MistralDecoder("mistral").feed(event) == [KeepAlive()]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", "stop"),
        ("tool_calls", "tool_calls"),
        ("length", "length"),
        ("model_length", "length"),
        ("error", "other"),
        ("new", "other"),
    ],
)
def test_finish_reasons(raw: str, reason: Any) -> None:
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": raw}]}

    assert MistralDecoder("mistral").feed(event) == [Finish(reason, raw)]


def test_usage_without_choices() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}

    assert MistralDecoder("mistral").feed({"usage": usage}) == [Usage(3, 4)]
