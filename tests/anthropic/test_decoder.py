"""The decoder on hand-written events: each of the vendor's ways once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from partwise.provider import (
    Chunk,
    Decoder,
    Finish,
    KeepAlive,
    ProviderError,
    ReasoningDelta,
    RefusalDelta,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_anthropic._decoder import AnthropicDecoder, ToolInputAsText

Event = dict[str, Any]


def decode(events: Iterable[Event], decoder: Decoder | None = None) -> list[Chunk]:
    decoder = decoder or AnthropicDecoder("anthropic")
    chunks = [chunk for event in events for chunk in decoder.feed(event)]
    return [*chunks, *decoder.close()]


def start(block: Event, index: int = 0) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def tool(index: int = 0, name: str = "answer", **more: Any) -> Event:
    block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}, **more}
    return start(block, index)


def delta(kind: str, index: int = 0, **more: Any) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def json_delta(text: str, index: int = 0) -> Event:
    return delta("input_json_delta", index, partial_json=text)


def stop(index: int = 0) -> Event:
    return {"type": "content_block_stop", "index": index}


def message_start(content: Iterable[Event] = (), **more: Any) -> Event:
    message = {"id": "msg_1", "role": "assistant", "content": [*content], **more}
    return {"type": "message_start", "message": message}


def message_delta(reason: str | None = None, usage: Event | None = None, **more: Any) -> Event:
    return {"type": "message_delta", "delta": {"stop_reason": reason, **more}, "usage": usage}


OPENED = ToolCallDelta(0, "", id="toolu_0", name="answer")


def test_text_arrives_as_it_is() -> None:
    events = [start({"type": "text", "text": ""}), delta("text_delta", text="a\x85\tb"), stop()]
    assert decode(events) == [TextDelta("a\x85\tb")]


def test_text_that_a_block_begins_with_is_kept() -> None:
    assert decode([start({"type": "text", "text": "Hi"})]) == [TextDelta("Hi")]


def test_empty_deltas_give_nothing() -> None:
    assert decode([delta("text_delta", text=""), delta("thinking_delta", thinking="")]) == []
    assert decode([tool(), json_delta("")]) == [OPENED]


def test_a_tool_call_is_keyed_by_its_block() -> None:
    events = [tool(1, "first"), json_delta('{"a"', 1), tool(2, "second"), json_delta("{}", 2)]
    assert decode(events) == [
        ToolCallDelta(1, "", id="toolu_1", name="first"),
        ToolCallDelta(1, '{"a"'),
        ToolCallDelta(2, "", id="toolu_2", name="second"),
        ToolCallDelta(2, "{}"),
    ]


def test_the_padding_before_the_closing_brace_is_kept() -> None:
    events = [tool(), json_delta('{"a": 1'), json_delta("   "), json_delta("}"), stop()]
    arguments = [chunk.arguments for chunk in decode(events) if isinstance(chunk, ToolCallDelta)]
    assert "".join(arguments) == '{"a": 1   }'


def test_an_empty_input_is_an_empty_object() -> None:
    assert decode([tool(), json_delta(""), stop()]) == [OPENED, ToolCallDelta(0, "{}")]


def test_an_input_that_is_missing_is_an_empty_object() -> None:
    assert decode([tool(input=None), stop()]) == [OPENED, ToolCallDelta(0, "{}")]


def test_a_whole_input_in_the_blocks_start_is_told_at_its_end() -> None:
    events = [tool(input={"name": "Zoë"}), stop()]
    assert decode(events) == [OPENED, ToolCallDelta(0, '{"name": "Zoë"}')]


def test_deltas_replace_the_input_in_the_blocks_start() -> None:
    events = [tool(input={"a": 1}), json_delta('{"a": 2}'), stop()]
    assert decode(events) == [OPENED, ToolCallDelta(0, '{"a": 2}')]


def test_a_tool_block_that_was_cut_off_stays_open() -> None:
    events = [tool(), json_delta('{"a": [1,'), message_delta("max_tokens")]
    assert decode(events) == [OPENED, ToolCallDelta(0, '{"a": [1,'), Finish("length", "max_tokens")]
    assert decode([tool(input={})]) == [OPENED]


def test_whole_blocks_in_the_messages_start_are_told() -> None:
    blocks: list[Event] = [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": "Here:"},
        {"type": "tool_use", "id": "toolu_2", "name": "answer", "input": {"a": 1}},
    ]
    usage = {"input_tokens": 3, "output_tokens": 2}
    assert decode([message_start(blocks, usage=usage, stop_reason="tool_use")]) == [
        Usage(input_tokens=3, output_tokens=2),
        ReasoningDelta("Hm."),
        TextDelta("Here:", 1),
        ToolCallDelta(2, "", id="toolu_2", name="answer"),
        ToolCallDelta(2, '{"a": 1}'),
        Finish("tool_calls", "tool_use"),
    ]


def test_thinking_is_reasoning_and_its_signature_nothing() -> None:
    events = [
        start({"type": "thinking", "thinking": "So", "signature": ""}),
        delta("thinking_delta", thinking=" be it"),
        delta("signature_delta", signature="abc"),
        stop(),
        start({"type": "redacted_thinking", "data": "xyz"}, 1),
        stop(1),
    ]
    assert decode(events) == [ReasoningDelta("So"), ReasoningDelta(" be it")]


def test_citations_give_nothing() -> None:
    assert decode([delta("citations_delta", citation={"cited_text": "x"})]) == []


@pytest.mark.parametrize("kind", ["server_tool_use", "mcp_tool_use"])
def test_a_call_that_the_vendor_runs_itself_is_no_call_of_ours(kind: str) -> None:
    events = [
        start({"type": kind, "id": "srvtoolu_1", "name": "answer", "input": {}}),
        json_delta('{"query": 1}'),
        stop(),
        start({"type": "web_search_tool_result", "content": []}, 1),
        stop(1),
        tool(2),
        json_delta("{}", 2),
    ]
    assert decode(events) == [
        ToolCallDelta(2, "", id="toolu_2", name="answer"),
        ToolCallDelta(2, "{}"),
    ]


def test_pings_are_signs_of_life() -> None:
    assert decode([{"type": "ping"}]) == [KeepAlive()]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_stop"},
        {"type": "brand_new_event", "data": 1},
        {},
        start({"type": "fallback", "from": {}, "to": {}}),
        delta("brand_new_delta", value=1),
    ],
)
def test_what_is_not_known_gives_nothing(event: Event) -> None:
    assert decode([event]) == []


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
        ("brand_new_reason", "other"),
    ],
)
def test_each_stop_reason(raw: str, reason: Any) -> None:
    assert decode([message_delta(raw)]) == [Finish(reason, raw)]


def test_a_refusal_is_explained_before_its_finish() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "No."}
    chunks = decode([message_delta("refusal", stop_details=details)])
    assert chunks == [RefusalDelta("No."), Finish("refusal", "refusal")]
    assert decode([message_delta("refusal", stop_details=None)]) == [Finish("refusal", "refusal")]


def test_usage_is_cumulative_and_the_latest_of_each_number_counts() -> None:
    first = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 5,
        "cache_read_input_tokens": 7,
        "output_tokens": 1,
    }
    second = {"output_tokens": 20, "output_tokens_details": {"thinking_tokens": 4}}
    third = {"input_tokens": 12, "cache_read_input_tokens": None, "output_tokens": 21}
    events = [message_start(usage=first), message_delta(usage=second), message_delta(usage=third)]
    assert decode(events) == [
        Usage(input_tokens=22, output_tokens=1, cached_input_tokens=7),
        Usage(input_tokens=22, output_tokens=20, cached_input_tokens=7, reasoning_tokens=4),
        Usage(input_tokens=24, output_tokens=21, cached_input_tokens=7, reasoning_tokens=4),
    ]


def test_a_message_without_usage_says_nothing_of_it() -> None:
    assert decode([message_start(), message_delta("end_turn")]) == [Finish("stop", "end_turn")]


def test_an_error_event_is_raised() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    with pytest.raises(ServerError, match="overloaded_error: Overloaded") as caught:
        decode([{"type": "error", "error": error}])
    assert caught.value.retryable
    assert caught.value.provider == "anthropic"


@pytest.mark.parametrize("begun", [tool(), delta("text_delta", text="Hi")])
def test_a_second_message_in_the_midst_of_an_answer_is_an_error(begun: Event) -> None:
    with pytest.raises(ProviderError, match="second message") as caught:
        decode([message_start(), begun, message_start()])
    assert caught.value.retryable


def test_a_second_message_before_the_answer_is_taken_for_the_first() -> None:
    events = [message_start(), delta("thinking_delta", thinking="Hm"), message_start(), tool()]
    assert decode(events) == [ReasoningDelta("Hm"), OPENED]


def as_text(events: Iterable[Event]) -> list[Chunk]:
    return decode(events, ToolInputAsText(AnthropicDecoder("anthropic"), "answer"))


def test_a_tools_input_told_as_text() -> None:
    events = [
        start({"type": "text", "text": "I call."}),
        tool(1),
        json_delta('{"a"', 1),
        json_delta(": 1}", 1),
        stop(1),
        message_delta("tool_use", {"output_tokens": 5}),
    ]
    assert as_text(events) == [
        TextDelta('{"a"', 1),
        TextDelta(": 1}", 1),
        Usage(output_tokens=5),
        Finish("stop", "tool_use"),
    ]


def test_only_the_first_call_of_the_answers_tool_is_told_as_text() -> None:
    other = [tool(0, "search"), json_delta('{"q": 1}', 0)]
    again = [tool(2), json_delta('{"b": 2}', 2)]
    chunks = as_text([*other, tool(1), json_delta('{"a": 1}', 1), *again])
    assert [chunk for chunk in chunks if isinstance(chunk, TextDelta)] == [TextDelta('{"a": 1}', 1)]
    assert {chunk.index for chunk in chunks if isinstance(chunk, ToolCallDelta)} == {0, 2}


def test_text_is_the_answer_where_the_tool_was_not_called() -> None:
    said = [delta("text_delta", text="Which "), delta("text_delta", text="one?")]
    assert as_text([*said, message_delta("end_turn")]) == [
        TextDelta("Which "),
        TextDelta("one?"),
        Finish("stop", "end_turn"),
    ]


def test_a_cut_off_tool_input_told_as_text_says_so() -> None:
    assert as_text([tool(), json_delta("{"), message_delta("max_tokens")]) == [
        TextDelta("{"),
        Finish("length", "max_tokens"),
    ]


def test_text_is_the_answer_where_the_stream_just_ends() -> None:
    assert as_text([delta("text_delta", text="Which")]) == [TextDelta("Which")]
    assert as_text([delta("text_delta", text="I call."), tool(1)]) == []
    assert as_text([message_delta("end_turn")]) == [Finish("stop", "end_turn")]


@pytest.mark.parametrize(
    ("event", "chunks"),
    [
        ({"type": "content_block_delta", "delta": None}, []),
        ({"type": "content_block_delta", "delta": [], "index": None}, []),
        ({"type": "content_block_start", "content_block": None, "index": "x"}, []),
        ({"type": "message_start", "message": None}, []),
        ({"type": "message_start", "message": {"content": {"type": "text", "text": "a"}}}, ["a"]),
        ({"type": "message_start", "message": {"content": [None]}}, []),
        ({"type": "message_delta", "delta": {"stop_details": "x", "stop_reason": 5}}, []),
        ({"type": "message_delta", "usage": {"output_tokens": None, "x": []}}, [Usage()]),
        ({"type": "message_delta", "usage": []}, []),
        ({"type": ["message_delta"]}, None),
        ({"type": "content_block_delta", "delta": {"type": "text_delta", "text": 5}}, None),
        ("x", None),
        (None, None),
        ([], None),
    ],
)
def test_shapes_that_vary(event: Any, chunks: list[Any] | None) -> None:
    decoder = AnthropicDecoder("anthropic")
    if chunks is None:
        with pytest.raises(ServerError, match="can't be read") as caught:
            list(decoder.feed(event))
        assert caught.value.retryable
    else:
        read = list(decoder.feed(event))
        assert [each.text if isinstance(each, TextDelta) else each for each in read] == chunks


def test_arguments_as_an_object_and_blocks_without_an_index() -> None:
    whole = {"type": "input_json_delta", "partial_json": {"a": 1}}
    tool_block = {"type": "tool_use", "id": "t", "name": "answer", "input": {}}
    events: list[Event] = [
        {"type": "content_block_start", "content_block": {"type": "text", "text": "Hm."}},
        {"type": "content_block_start", "content_block": tool_block},
        {"type": "content_block_delta", "delta": whole},
        {"type": "content_block_stop"},
    ]
    assert decode(events) == [
        TextDelta("Hm.", 1),
        ToolCallDelta(2, "", id="t", name="answer"),
        ToolCallDelta(2, '{"a": 1}'),
    ]
