"""The decoder, event by event: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_mistral._decoder import MistralDecoder


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
        ("new", "other"),
    ],
)
def test_finish_reasons(raw: str, reason: Any) -> None:
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": raw}]}

    assert MistralDecoder("mistral").feed(event) == [Finish(reason, raw)]


def test_usage_without_choices() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}

    assert MistralDecoder("mistral").feed({"usage": usage}) == [Usage(3, 4)]


def test_a_finish_reason_that_is_an_error() -> None:
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}
    with pytest.raises(ServerError) as caught:
        MistralDecoder("mistral").feed(event)
    assert caught.value.retryable


def test_arguments_as_an_object_and_an_id_that_is_none() -> None:
    chunks = feed(call("a", {"x": 1}, id="null"), call("b", None, id="two"))  # type: ignore[arg-type]
    assert chunks == [ToolCallDelta(0, '{"x": 1}', None, "a"), ToolCallDelta(1, "", "two", "b")]


def test_one_id_at_several_indexes_is_one_call() -> None:
    chunks = feed(call("a", "{", id="one", index=0), call(None, "}", id="one", index=1))
    assert [chunk.index for chunk in chunks] == [0, 0]


def test_usage_that_is_half_there() -> None:
    for usage in ({"prompt_tokens": 3}, {"prompt_tokens": 3, "completion_tokens": None}):
        assert MistralDecoder("mistral").feed({"usage": usage}) == [Usage(3, 0)]


def test_a_whole_message() -> None:
    message = {"role": "assistant", "content": "Hi", "tool_calls": None}
    event = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": None}
    assert MistralDecoder("mistral").feed(event) == [TextDelta("Hi"), Finish("stop", "stop")]


@pytest.mark.parametrize(
    "event",
    [
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"index": "x", "delta": None}]},
        {"choices": [{"delta": {"tool_calls": [None]}}]},
        {"choices": {"delta": {"content": [None]}}, "usage": []},
        {"choices": [{"delta": {"content": [{"thinking": None}]}, "finish_reason": 5}]},
    ],
)
def test_shapes_that_say_nothing(event: Any) -> None:
    assert MistralDecoder("mistral").feed(event) == [KeepAlive()]


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": 5}}]}}]},
        {"choices": [{"delta": {"content": [{"text": True}]}}]},
        None,
        [],
        5,
    ],
)
def test_shapes_that_cannot_be_read(event: Any) -> None:
    with pytest.raises(ServerError) as caught:
        MistralDecoder("mistral").feed(event)
    assert caught.value.retryable
