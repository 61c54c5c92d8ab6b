"""The decoder on hand-written events: each of the vendor's ways once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from google.genai.types import GenerateContentResponse

from partwise.provider import (
    Chunk,
    Finish,
    KeepAlive,
    ReasoningDelta,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_google._decoder import GoogleDecoder

Event = dict[str, Any]


def decode(*events: Event) -> list[Chunk]:
    decoder = GoogleDecoder("google")
    chunks: list[Chunk] = []
    for event in events:
        chunks += decoder.feed(GenerateContentResponse.model_validate(event))
    return [*chunks, *decoder.close()]


def parts(*parts: Event, finish: str | None = None, **more: Any) -> Event:
    candidate = {"content": {"role": "model", "parts": [*parts]}, "finishReason": finish}
    return {"candidates": [candidate], **more}


def call(**fields: Any) -> Event:
    return {"functionCall": fields}


def leaf(path: str, text: str, *, more: bool = False) -> Event:
    return {"jsonPath": path, "stringValue": text, "willContinue": more or None}


def finish(reason: str, **more: Any) -> Event:
    return {"candidates": [{"finishReason": reason, **more}]}


# Text ---------------------------------------------------------------------------------------


def test_text() -> None:
    assert decode(parts({"text": '{"a":'}), parts({"text": "1}"}, finish="STOP")) == [
        TextDelta('{"a":'),
        TextDelta("1}"),
        Finish("stop", "STOP"),
    ]


def test_several_parts_in_one_event() -> None:
    event = parts({"text": "Let me think.", "thought": True}, {"text": "{"}, {"text": "}"})

    assert decode(event) == [ReasoningDelta("Let me think."), TextDelta("{"), TextDelta("}")]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"candidates": None}, id="candidates-none"),
        pytest.param({"candidates": []}, id="no-candidates"),
        pytest.param({"candidates": [{}]}, id="no-content"),
        pytest.param({"candidates": [{"content": {"role": "model"}}]}, id="no-parts"),
        pytest.param(parts({"text": "", "thoughtSignature": "AAAA"}), id="signature"),
        pytest.param(parts({"executableCode": {"code": "1", "language": "PYTHON"}}), id="code"),
        pytest.param({"usageMetadata": {"trafficType": "ON_DEMAND"}}, id="usage-unknown-yet"),
        pytest.param(finish("FINISH_REASON_UNSPECIFIED"), id="finish-unspecified"),
    ],
)
def test_events_without_content_are_signs_of_life(event: Event) -> None:
    assert decode(event) == [KeepAlive()]


def test_only_the_first_candidate_counts() -> None:
    second = {"index": 1, "content": {"parts": [{"text": "other"}]}, "finishReason": "MAX_TOKENS"}
    first = {"index": 0, "content": {"parts": [{"text": "mine"}]}}

    assert decode({"candidates": [second, first]}) == [TextDelta("mine")]


# The end ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("LANGUAGE", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "other"),
        ("UNEXPECTED_TOOL_CALL", "other"),
        ("OTHER", "other"),
    ],
)
def test_finish_reasons(raw: str, reason: str) -> None:
    assert decode(finish(raw, finishMessage="so")) == [Finish(reason, raw, "so")]  # type: ignore[arg-type]


def test_a_reason_that_the_sdk_does_not_know_yet() -> None:
    with pytest.warns(UserWarning, match="BRAND_NEW is not a valid"):
        assert decode(finish("BRAND_NEW")) == [Finish("other", "BRAND_NEW")]


def test_a_blocked_prompt() -> None:
    usage = {"promptTokenCount": 7, "totalTokenCount": 7}

    assert decode(
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage}
    ) == [Usage(input_tokens=7), Finish("content_filter", "PROHIBITED_CONTENT")]
    feedback = {"blockReason": "SAFETY", "blockReasonMessage": "No."}
    assert decode({"promptFeedback": feedback}) == [Finish("content_filter", "SAFETY", "No.")]


def test_text_after_another_kind_of_part_is_another_item() -> None:
    code = {"executableCode": {"code": "1", "language": "PYTHON"}}
    events = [parts({"text": "I"}), parts({"text": " compute:"}, code), parts({"text": "{}"})]

    assert decode(*events) == [TextDelta("I"), TextDelta(" compute:"), TextDelta("{}", 1)]


@pytest.mark.parametrize("event", [None, "x", 5, [], {}])
def test_events_of_no_known_type(event: Any) -> None:
    with pytest.raises(ServerError) as caught:
        list(GoogleDecoder("google").feed(event))
    assert caught.value.retryable


# Usage --------------------------------------------------------------------------------------


def test_usage_is_cumulative_and_told_when_it_changes() -> None:
    early = {"promptTokenCount": 9, "totalTokenCount": 9}
    late = {
        "promptTokenCount": 9,
        "toolUsePromptTokenCount": 3,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 100,
        "totalTokenCount": 132,
    }

    assert decode(
        parts({"text": "a"}, usageMetadata=early),
        parts({"text": "b"}, usageMetadata=early),
        parts({"text": "c"}, usageMetadata=late),
    ) == [
        TextDelta("a"),
        Usage(input_tokens=9),
        TextDelta("b"),
        TextDelta("c"),
        Usage(input_tokens=12, output_tokens=120, cached_input_tokens=4, reasoning_tokens=100),
    ]


# Calls --------------------------------------------------------------------------------------


def test_whole_calls_are_told_apart() -> None:
    event = parts(
        call(name="answer", args={"a": [1, 2.5, None]}, id="x"),
        call(name="answer", args={"b": "é"}),
        call(name="ping"),
        finish="STOP",
    )

    assert decode(event) == [
        ToolCallDelta(0, '{"a": [1, 2.5, null]}', "x", "answer"),
        ToolCallDelta(1, '{"b": "\\u00e9"}', None, "answer"),
        ToolCallDelta(2, "{}", None, "ping"),
        Finish("tool_calls", "STOP"),
    ]


def test_calls_in_several_events() -> None:
    assert decode(parts(call(name="a", args={"x": 1})), parts(call(name="b", args={"y": 2}))) == [
        ToolCallDelta(0, '{"x": 1}', None, "a"),
        ToolCallDelta(1, '{"y": 2}', None, "b"),
    ]


def test_a_malformed_call_comes_without_content() -> None:
    assert decode(finish("MALFORMED_FUNCTION_CALL", finishMessage="call:{x")) == [
        Finish("other", "MALFORMED_FUNCTION_CALL", "call:{x")
    ]


def test_streamed_arguments() -> None:
    assert decode(
        parts(call(name="answer", willContinue=True)),
        parts(call(partialArgs=[leaf("$.city", "Bos", more=True)], willContinue=True)),
        parts(call(partialArgs=[leaf("$.city", "ton")], willContinue=True)),
        parts(
            call(
                partialArgs=[
                    {"jsonPath": "$.days[0]", "numberValue": 3},
                    {"jsonPath": "$.sunny", "boolValue": False},
                ],
                willContinue=True,
            )
        ),
        parts(call()),
        finish("STOP"),
    ) == [
        ToolCallDelta(0, "", None, "answer"),
        ToolCallDelta(0, '{"city":"Bos'),
        ToolCallDelta(0, 'ton"'),
        ToolCallDelta(0, ',"days":[3],"sunny":false'),
        ToolCallDelta(0, "}"),
        Finish("tool_calls", "STOP"),
    ]


def test_a_streamed_call_that_the_next_one_ends() -> None:
    assert arguments(
        decode(
            parts(call(name="a", willContinue=True)),
            parts(call(partialArgs=[leaf("$.x", "1", more=True)], willContinue=True)),
            parts(call(name="b", willContinue=True)),
            parts(call(partialArgs=[leaf("$.y", "2")])),
        )
    ) == ['{"x":"1"}', '{"y":"2"}']


def test_the_good_end_ends_a_streamed_call() -> None:
    chunks = decode(
        parts(call(name="a", willContinue=True)),
        parts(call(partialArgs=[leaf("$.x[0].y", "1")], willContinue=True)),
        parts({"text": ""}, finish="STOP"),
    )

    assert arguments(chunks) == ['{"x":[{"y":"1"}]}']
    assert chunks[-1] == Finish("tool_calls", "STOP")


@pytest.mark.parametrize("end", [[], [finish("MAX_TOKENS")], [finish("SAFETY")]])
def test_what_was_cut_off_does_not_look_finished(end: list[Event]) -> None:
    chunks = decode(
        parts(call(name="a", willContinue=True)),
        parts(call(partialArgs=[leaf("$.x", "half", more=True)], willContinue=True)),
        *end,
    )

    assert arguments(chunks) == ['{"x":"half']


def test_a_streamed_call_without_arguments() -> None:
    assert arguments(decode(parts(call(name="a", willContinue=True)), parts(call()))) == ["{}"]


def test_an_end_mark_alone_says_nothing() -> None:
    assert decode(parts(call())) == [KeepAlive()]


@pytest.mark.parametrize("path", ["$.x", "$.x.y", "$.a", "a", "$", "$[0]", "$.b[*]"])
def test_arguments_that_contradict_themselves(path: str) -> None:
    start = [leaf("$.a", "1"), leaf("$.x", "2")]

    with pytest.raises(ServerError, match="function call") as caught:
        decode(parts(call(name="f", partialArgs=[*start, leaf(path, "3")], willContinue=True)))
    assert caught.value.provider == "google"


def arguments(chunks: Iterable[Chunk]) -> list[str]:
    texts: dict[int, str] = {}
    for chunk in chunks:
        if isinstance(chunk, ToolCallDelta):
            texts[chunk.index] = texts.get(chunk.index, "") + chunk.arguments
    return list(texts.values())
