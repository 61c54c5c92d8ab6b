"""What servers of the Responses API really send, each oddity once, and what the decoder reads."""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import (
    Chunk,
    Finish,
    KeepAlive,
    RateLimitError,
    ReasoningDelta,
    RefusalDelta,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_openai._responses import ResponsesDecoder


def decode(*events: Any) -> list[Chunk]:
    """The chunks that say something."""
    decoder = ResponsesDecoder("acme")
    chunks = [chunk for event in events for chunk in decoder.feed(event)]
    return [chunk for chunk in [*chunks, *decoder.close()] if chunk != KeepAlive()]


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def text(delta: str, output: int = 0, item: str = "m") -> dict[str, Any]:
    return event(
        "output_text.delta", output_index=output, content_index=0, delta=delta, item_id=item
    )


def ended(**fields: Any) -> dict[str, Any]:
    return event("completed", response={"status": "completed", **fields})


def message(*texts: str) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": each} for each in texts]}


def function(arguments: str = "") -> dict[str, Any]:
    return {"type": "function_call", "call_id": "c", "name": "answer", "arguments": arguments}


DONE = Finish("stop", "completed")
CALLED = Finish("tool_calls", "completed")


def test_text_is_read_once_though_it_comes_four_times() -> None:
    counts = {
        "input_tokens": 9,
        "output_tokens": 5,
        "total_tokens": 14,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens_details": {"reasoning_tokens": 3},
    }

    assert decode(
        event("created", response={}),
        event("in_progress", response={}),
        event("output_item.added", output_index=0, item=message()),
        event("content_part.added", output_index=0, content_index=0, part={}),
        text(""),
        text("[1,"),
        text("2]"),
        event("output_text.done", output_index=0, content_index=0, text="[1,2]"),
        event("content_part.done", output_index=0, content_index=0, part={}),
        event("output_item.done", output_index=0, item=message("[1,2]")),
        ended(output=[message("[1,2]")], usage=counts),
    ) == [
        TextDelta("[1,"),
        TextDelta("2]"),
        Usage(9, 5, cached_input_tokens=4, reasoning_tokens=3),
        DONE,
    ]


def test_arguments_are_read_once_though_they_come_four_times() -> None:
    where = {"output_index": 1}

    assert decode(
        event("output_item.added", **where, item=function()),
        event("function_call_arguments.delta", **where, delta='{"a":'),
        event("function_call_arguments.delta", **where, delta="1}"),
        event("function_call_arguments.done", **where, arguments='{"a":1}'),
        event("output_item.done", **where, item=function('{"a":1}')),
        ended(output=[{"type": "reasoning"}, function('{"a":1}')]),
    ) == [
        ToolCallDelta(1, "", "c", "answer"),
        ToolCallDelta(1, '{"a":'),
        ToolCallDelta(1, "1}"),
        CALLED,
    ]


def test_lmstudio_sends_arguments_only_when_done() -> None:
    assert decode(
        event("output_item.added", output_index=0, item=function()),
        event("function_call_arguments.done", output_index=0, arguments="{}"),
        event("output_item.done", output_index=0, item=function("{}")),
        ended(),
    ) == [ToolCallDelta(0, "", "c", "answer"), ToolCallDelta(0, "{}"), CALLED]


@pytest.mark.parametrize(
    "events",
    [
        [event("output_text.done", output_index=0, content_index=0, text="1")],
        [event("output_item.done", output_index=0, item=message("1"))],
        [],
    ],
)
def test_text_only_when_done(events: list[Any]) -> None:
    assert decode(*events, ended(output=[message("1")])) == [TextDelta("1"), DONE]


@pytest.mark.parametrize(
    "events", [[event("output_item.done", output_index=0, item=function("{}"))], []]
)
def test_a_call_only_when_done(events: list[Any]) -> None:
    assert decode(*events, ended(output=[function("{}")])) == [
        ToolCallDelta(0, "", "c", "answer"),
        ToolCallDelta(0, "{}"),
        CALLED,
    ]


def test_the_end_may_count_the_output_otherwise() -> None:
    assert decode(text("1", output=1), ended(output=[message("1")])) == [TextDelta("1", 1), DONE]

    called = event("output_item.added", output_index=1, item=function())
    arguments = event("function_call_arguments.delta", output_index=1, delta="{}")
    assert decode(called, arguments, ended(output=[function("{}")])) == [
        ToolCallDelta(1, "", "c", "answer"),
        ToolCallDelta(1, "{}"),
        CALLED,
    ]


def test_item_ids_may_change() -> None:
    assert decode(
        text("1", item="m1"),
        text("2", item="m2"),
        event("output_text.done", output_index=0, content_index=0, text="12", item_id="m3"),
    ) == [TextDelta("1"), TextDelta("2")]


def test_items_of_text_are_told_apart() -> None:
    assert decode(text("{}", 0), text("{}", 1), ended(output=[message("{}"), message("{}")])) == [
        TextDelta("{}", 0),
        TextDelta("{}", 1),
        DONE,
    ]


def test_a_second_message_that_only_ends() -> None:
    assert decode(text("1", 0), event("output_item.done", output_index=1, item=message("2"))) == [
        TextDelta("1", 0),
        TextDelta("2", 1),
    ]


def test_commentary_is_not_the_answer() -> None:
    comment = {**message("Let me see. {}"), "phase": "commentary"}
    answer = {**message("1"), "phase": "final_answer"}

    assert decode(
        event("output_item.added", output_index=0, item={**comment, "content": []}),
        text("Let me see. {}", 0),
        event("output_item.done", output_index=0, item=comment),
        event("output_item.added", output_index=1, item={**answer, "content": []}),
        text("1", 1),
        ended(output=[comment, answer]),
    ) == [ReasoningDelta("Let me see. {}"), TextDelta("1", 1), DONE]
    assert decode(ended(output=[comment, answer])) == [
        ReasoningDelta("Let me see. {}"),
        TextDelta("1", 1),
        DONE,
    ]


def test_arguments_in_the_first_event_of_their_item() -> None:
    added = event("output_item.added", output_index=0, item=function('{"a":1}'))
    called = ToolCallDelta(0, "", "c", "answer")

    assert decode(added, ended()) == [called, ToolCallDelta(0, '{"a":1}'), CALLED]
    again = event("function_call_arguments.delta", output_index=0, delta='{"a":')
    rest = event("function_call_arguments.delta", output_index=0, delta="1}")
    done = event("output_item.done", output_index=0, item=function('{"a":1}'))
    assert decode(added, again, rest, done, ended()) == [
        called,
        ToolCallDelta(0, '{"a":'),
        ToolCallDelta(0, "1}"),
        CALLED,
    ]


@pytest.mark.parametrize(
    "item", [{**function(), "arguments": {"a": 1}}, {**function(), "arguments": '{"a": 1}'}]
)
def test_arguments_as_an_object(item: Any) -> None:
    assert decode(event("output_item.done", output_index=0, item=item)) == [
        ToolCallDelta(0, "", "c", "answer"),
        ToolCallDelta(0, '{"a": 1}'),
    ]


def test_a_whole_response_in_place_of_events() -> None:
    whole = {
        "object": "response",
        "status": "completed",
        "error": None,
        "output": [{"type": "reasoning", "summary": []}, message("1")],
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }

    assert decode(whole) == [TextDelta("1", 1), Usage(3, 4), DONE]


@pytest.mark.parametrize(
    "odd",
    [
        event("output_item.added", output_index=None, item=None),
        event("output_item.added", item=[]),
        event("output_item.done", output_index="0", item={"type": None, "content": None}),
        event("output_item.done", item={"type": "message", "content": [None, 3, {"type": []}]}),
        event("output_text.delta", output_index=0, content_index=[], delta=None),
        event("function_call_arguments.delta", output_index=0, delta=None),
        {"type": None},
        {"type": ["response.completed"]},
    ],
)
def test_shapes_that_vary_are_passed_over(odd: Any) -> None:
    assert list(ResponsesDecoder("acme").feed(odd)) == [KeepAlive()]


@pytest.mark.parametrize(
    "end",
    [
        {"status": "completed", "output": None, "usage": None, "error": None},
        {"status": "completed", "output": [None, {"type": 3}], "usage": []},
        None,
        [],
        {"status": "incomplete", "incomplete_details": None},
    ],
)
def test_ends_of_odd_shapes(end: Any) -> None:
    [finish] = decode(event("completed", response=end))
    assert isinstance(finish, Finish)


def test_a_custom_tool() -> None:
    item = {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "SELECT 1"}

    assert decode(
        event("output_item.added", output_index=0, item={**item, "input": ""}),
        event("custom_tool_call_input.delta", output_index=0, delta="SELECT 1"),
        event("custom_tool_call_input.done", output_index=0, input="SELECT 1"),
        event("output_item.done", output_index=0, item=item),
    ) == [ToolCallDelta(0, "", "c", "sql"), ToolCallDelta(0, "SELECT 1")]


def test_refusal() -> None:
    part = {"type": "refusal", "refusal": "No."}
    refused = {"type": "message", "content": [part]}

    assert decode(
        event("refusal.delta", output_index=0, content_index=0, delta="No"),
        event("refusal.delta", output_index=0, content_index=0, delta="."),
        event("refusal.done", output_index=0, content_index=0, refusal="No."),
        event("output_item.done", output_index=0, item=refused),
        ended(output=[refused]),
    ) == [RefusalDelta("No"), RefusalDelta("."), DONE]
    assert decode(ended(output=[refused])) == [RefusalDelta("No."), DONE]


@pytest.mark.parametrize(
    ("stem", "index"),
    [("reasoning_summary_text", "summary_index"), ("reasoning_text", "content_index")],
)
def test_reasoning(stem: str, index: str) -> None:
    first = {"output_index": 0, index: 0}
    second = {"output_index": 0, index: 1}

    assert decode(
        event(f"{stem}.delta", **first, delta="Hm."),
        event(f"{stem}.done", **first, text="Hm."),
        event(f"{stem}.done", **second, text="Well."),
    ) == [ReasoningDelta("Hm."), ReasoningDelta("Well.")]


@pytest.mark.parametrize(
    ("why", "reason"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("", "other")],
)
def test_incomplete(why: str, reason: Any) -> None:
    response = {"incomplete_details": {"reason": why}, "usage": {"output_tokens": 7}}

    assert decode(event("incomplete", response=response)) == [
        Usage(0, 7),
        Finish(reason, why or "incomplete"),
    ]


def test_failed() -> None:
    error = {"code": "insufficient_quota", "message": "You exceeded your quota"}

    with pytest.raises(RateLimitError, match="exceeded your quota") as caught:
        decode(event("failed", response={"error": error}))
    assert not caught.value.retryable


def test_a_failure_in_an_event_of_completion_keeps_the_usage() -> None:
    error = {"code": "server_error", "message": "The model broke"}
    response = {"status": "failed", "error": error, "usage": {"output_tokens": 7}}
    decoder, chunks = ResponsesDecoder("acme"), list[Chunk]()

    with pytest.raises(ServerError, match="The model broke") as caught:
        chunks.extend(decoder.feed(event("completed", response=response)))
    assert chunks == [Usage(0, 7)]
    assert (caught.value.status_code, caught.value.retryable) == (500, True)


def test_failed_without_a_reason() -> None:
    with pytest.raises(ServerError, match="the response failed") as caught:
        decode(event("failed", response={"error": None}))
    assert caught.value.retryable


@pytest.mark.parametrize(
    "error",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down", "param": None},
        {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Slow down"}},
        {"error": {"type": "rate_limit_error", "message": "Slow down"}},
        [{"error": {"code": 429, "message": "Slow down"}}],
        {"code": "rate_limit_exceeded", "message": "Slow down"},
        {"base_resp": {"status_code": 1002, "status_msg": "Slow down"}},
    ],
)
def test_error_events(error: Any) -> None:
    with pytest.raises(RateLimitError, match="Slow down") as caught:
        decode(error)
    assert caught.value.retryable


@pytest.mark.parametrize(
    "unknown",
    [
        event("web_search_call.searching", output_index=0),
        event("shell_call_command.delta", output_index=0, delta="ls"),
        event("output_text.annotation.added", output_index=0, annotation={}),
        event("output_item.done", output_index=0, item={"type": "message", "content": [{}]}),
        event("output_item.done", output_index=0, item={"type": "web_search_call"}),
        {"type": "keepalive", "sequence_number": 3},
        {"type": "made.up"},
        {},
    ],
)
def test_the_rest_is_a_sign_of_life(unknown: Any) -> None:
    assert list(ResponsesDecoder("acme").feed(unknown)) == [KeepAlive()]


@pytest.mark.parametrize("garbage", [5, "text", None, []])
def test_what_is_not_an_object(garbage: Any) -> None:
    with pytest.raises(ServerError, match="can't be read"):
        decode(garbage)


@pytest.mark.parametrize(
    "odd",
    [
        event("output_text.delta", output_index=0, delta={"text": 1}),
        event("output_text.done", output_index={}, text=["x"]),
        event("function_call_arguments.delta", output_index=0, delta=7),
    ],
)
def test_a_piece_of_the_answer_that_can_not_be_read_is_an_error(odd: Any) -> None:
    with pytest.raises(ServerError, match="can't be read"):
        decode(odd)
