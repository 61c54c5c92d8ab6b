"""The decoder, event by event: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import KeepAlive, ServerError, TextDelta, ToolCallDelta, Usage
from partwise_bedrock._decoder import BedrockDecoder


def feed(*events: Any) -> list[Any]:
    decoder = BedrockDecoder("bedrock")
    return [chunk for event in events for chunk in decoder.feed(event)]


def delta(fields: Any, **more: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": 0, "delta": fields, **more}}


def test_blocks_of_text_are_items() -> None:
    chunks = feed(delta({"text": "Well:"}), delta({"text": "{}"}, contentBlockIndex=1))
    assert chunks == [TextDelta("Well:", 0), TextDelta("{}", 1)]


def test_arguments_as_an_object() -> None:
    assert feed(delta({"toolUse": {"input": {"a": 1}}})) == [ToolCallDelta(0, '{"a": 1}')]


@pytest.mark.parametrize(
    ("event", "chunk"),
    [
        (delta(None), KeepAlive()),
        (delta({"reasoningContent": None}, contentBlockIndex=None), KeepAlive()),
        ({"contentBlockStart": {"start": None}}, KeepAlive()),
        ({"metadata": {"usage": None}}, Usage()),
        ({"metadata": {"usage": {"inputTokens": "3", "outputTokens": None}}}, Usage(3)),
    ],
)
def test_shapes_that_vary(event: Any, chunk: Any) -> None:
    assert feed(event) == [chunk]


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "x",
        {"contentBlockDelta": None},
        delta({"text": 5}),
        delta({"toolUse": {"input": 5}}),
        {"messageStop": {"stopReason": 5}},
        {"messageStop": []},
    ],
)
def test_shapes_that_cannot_be_read(event: Any) -> None:
    with pytest.raises(ServerError) as caught:
        feed(event)
    assert caught.value.retryable
