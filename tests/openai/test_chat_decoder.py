"""What servers of OpenAI's chat API really send, each oddity once, and what the decoder reads."""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
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
from partwise_openai._decoder import ChatDecoder


def decode(*events: Any, blank_finish: bool = False) -> list[Chunk]:
    decoder = ChatDecoder("acme", blank_finish=blank_finish)
    chunks = [chunk for event in events for chunk in decoder.feed(event)]
    return [*chunks, *decoder.close()]


def chunk(delta: Any, finish: Any = None, **rest: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "choices": [choice], **rest}


def call(arguments: Any, **fragment: Any) -> dict[str, Any]:
    name = {"name": fragment.pop("name")} if "name" in fragment else {}
    return {**fragment, "function": {**name, "arguments": arguments}}


def calls(*fragments: dict[str, Any], finish: Any = None) -> dict[str, Any]:
    return chunk({"tool_calls": list(fragments)}, finish)


def test_openai_text() -> None:
    counts = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }

    assert decode(
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"content": '{"a'}),
        chunk({"content": '": 1}'}),
        chunk({}, "stop"),
        {"choices": [], "usage": counts},
    ) == [
        KeepAlive(),
        TextDelta('{"a'),
        TextDelta('": 1}'),
        Finish("stop", "stop"),
        Usage(9, 5, cached_input_tokens=4, reasoning_tokens=3),
    ]


def test_openai_call() -> None:
    assert decode(
        chunk({"role": "assistant", "content": None}),
        calls(call("", index=0, id="c1", type="function", name="answer")),
        calls(call('{"a":', index=0)),
        calls(call("1}", index=0)),
        chunk({}, "stop"),
    ) == [
        KeepAlive(),
        ToolCallDelta(0, "", "c1", "answer"),
        ToolCallDelta(0, '{"a":'),
        ToolCallDelta(0, "1}"),
        Finish("stop", "stop"),
    ]


def test_refusal_in_place_of_content() -> None:
    refused = [chunk({"refusal": "I "}), chunk({"refusal": "can't."}), chunk({}, "stop")]

    assert decode(*refused) == [RefusalDelta("I "), RefusalDelta("can't."), Finish("stop", "stop")]


def test_azure_begins_without_choices() -> None:
    first = {"choices": [], "model": "", "prompt_filter_results": [{"prompt_index": 0}]}

    assert decode(first, chunk({"content": "1"})) == [KeepAlive(), TextDelta("1")]


def test_azure_filter() -> None:
    assert decode(chunk({}, "content_filter")) == [Finish("content_filter", "content_filter")]


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_under_either_name(key: str) -> None:
    assert decode(chunk({key: "Hm.", "content": None})) == [ReasoningDelta("Hm.")]


def test_reasoning_under_both_names_is_read_once() -> None:
    both = chunk({"reasoning_content": "Hm.", "reasoning": "Hm."})

    assert decode(both) == [ReasoningDelta("Hm.")]


def test_mistral_sends_thoughts_and_text_as_parts() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    text = {"type": "text", "text": "1"}

    other = {"type": "reference", "reference_ids": [1]}

    assert decode(chunk({"content": [thought, other, text]})) == [
        ReasoningDelta("Hm."),
        TextDelta("1"),
    ]


def test_mistral_sends_whole_calls_without_index() -> None:
    whole = calls(
        call('{"a":1}', id="x", name="answer"),
        call('{"b":2}', id="y", name="other"),
        finish="tool_calls",
    )

    assert decode(whole) == [
        ToolCallDelta(0, '{"a":1}', "x", "answer"),
        ToolCallDelta(1, '{"b":2}', "y", "other"),
        Finish("tool_calls", "tool_calls"),
    ]


def test_mistral_continues_a_call_by_its_id_with_an_empty_name() -> None:
    begun = calls(call('{"a":', id="x", name="answer"))
    continued = calls(call("1}", id="x", name=""))

    assert decode(begun, continued) == [
        ToolCallDelta(0, '{"a":', "x", "answer"),
        ToolCallDelta(0, "1}", "x"),
    ]


def test_gemini_sends_empty_ids_and_no_index() -> None:
    first = calls(call('{"a":1}', id="", name="answer"))
    second = calls(call('{"b":2}', id="", name="answer"), finish="stop")

    assert decode(first, second) == [
        ToolCallDelta(0, '{"a":1}', None, "answer"),
        ToolCallDelta(1, '{"b":2}', None, "answer"),
        Finish("stop", "stop"),
    ]


def test_no_index_and_nothing_else_continues_the_last_call() -> None:
    assert decode(calls(call('{"a":', name="answer")), calls(call("1}"))) == [
        ToolCallDelta(0, '{"a":', None, "answer"),
        ToolCallDelta(0, "1}"),
    ]


def test_ollama_numbers_every_call_0() -> None:
    first = calls(call('{"a":1}', index=0, id="x", name="answer"))
    second = calls(call('{"b":2}', index=0, id="y", name="answer"))

    assert decode(first, second, chunk({"content": ""}, "")) == [
        ToolCallDelta(0, '{"a":1}', "x", "answer"),
        ToolCallDelta(1, '{"b":2}', "y", "answer"),
        KeepAlive(),
    ]


def test_ollama_may_end_with_an_empty_reason() -> None:
    events = [chunk({"content": "1"}), chunk({"content": ""}, "")]

    assert decode(*events, blank_finish=True) == [TextDelta("1"), KeepAlive(), Finish("stop", "")]
    assert decode(*events) == [TextDelta("1"), KeepAlive()]


def test_an_empty_reason_in_the_middle_ends_nothing() -> None:
    events = [chunk({"content": "1"}, ""), chunk({"content": "2"}, "length")]

    assert decode(*events, blank_finish=True) == [
        TextDelta("1"),
        TextDelta("2"),
        Finish("length", "length"),
    ]


def test_vllm_sends_null_arguments_and_repeats_id_and_name() -> None:
    assert decode(
        calls(call(None, index=0, id="x", name="answer")),
        calls(call('{"a":', index=0, id="x", name="answer")),
        calls(call("1}", index=0, id="x", name="answer"), finish="tool_calls"),
    ) == [
        ToolCallDelta(0, "", "x", "answer"),
        ToolCallDelta(0, '{"a":', "x", "answer"),
        ToolCallDelta(0, "1}", "x", "answer"),
        Finish("tool_calls", "tool_calls"),
    ]


def test_an_id_made_up_for_each_fragment_begins_no_call() -> None:
    assert decode(
        calls(call("", index=0, id="x1", name="answer")),
        calls(call('{"a":1}', index=0, id="x2")),
    ) == [ToolCallDelta(0, "", "x1", "answer"), ToolCallDelta(0, '{"a":1}', "x2")]


def test_an_id_may_come_after_the_name() -> None:
    assert decode(
        calls(call("", index=0, name="answer")),
        calls(call("{}", index=0, id="x")),
        calls(call("{}", index=0, id="y", name="answer")),
    ) == [
        ToolCallDelta(0, "", None, "answer"),
        ToolCallDelta(0, "{}", "x"),
        ToolCallDelta(1, "{}", "y", "answer"),
    ]


def test_llamacpp_begins_the_arguments_with_the_name() -> None:
    assert decode(calls(call("{", index=0, id="x", name="answer")), calls(call("}", index=0))) == [
        ToolCallDelta(0, "{", "x", "answer"),
        ToolCallDelta(0, "}"),
    ]


def test_alibaba_repeats_empty_ids() -> None:
    assert decode(
        calls(call("", index=0, id="x", name="answer")),
        calls(call('{"a":1}', index=0, id="", name="")),
        calls(call("", index=1, id="y", name="answer")),
    ) == [
        ToolCallDelta(0, "", "x", "answer"),
        ToolCallDelta(0, '{"a":1}'),
        ToolCallDelta(1, "", "y", "answer"),
    ]


def test_deepinfra_sends_the_type_after_the_arguments() -> None:
    late = {"index": 0, "type": "function", "function": {"arguments": None}}

    assert decode(calls(call("{}", index=0, id="x", name="answer")), calls(late)) == [
        ToolCallDelta(0, "{}", "x", "answer"),
        KeepAlive(),
    ]


def test_arguments_as_an_object() -> None:
    whole = calls(call({"a": "é"}, index=0, id="x", name="answer"))

    assert decode(whole) == [ToolCallDelta(0, '{"a": "é"}', "x", "answer")]


def test_openrouter_repeats_the_finish() -> None:
    events = [chunk({"content": "1"}, None), chunk({}, "stop"), chunk({}, "stop", usage={})]

    assert decode(*events) == [TextDelta("1"), Finish("stop", "stop"), KeepAlive()]


def test_perplexity_repeats_the_answer_in_its_last_object() -> None:
    done = chunk({"content": "12"}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 2})
    done["object"] = "chat.completion.done"

    assert decode(chunk({"content": "12"}), done) == [
        TextDelta("12"),
        Finish("stop", "stop"),
        Usage(1, 2),
    ]


def test_groq_puts_usage_into_a_field_of_its_own() -> None:
    last = chunk({}, "stop", x_groq={"usage": {"prompt_tokens": 1, "completion_tokens": 2}})

    assert decode(last) == [Finish("stop", "stop"), Usage(1, 2)]


def test_xai_counts_reasoning_apart() -> None:
    counts = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 115,
        "completion_tokens_details": {"reasoning_tokens": 100},
    }

    assert decode({"choices": [], "usage": counts}) == [Usage(10, 105, reasoning_tokens=100)]


def test_deepseek_names_cached_tokens_otherwise() -> None:
    counts = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8}

    assert decode({"choices": [], "usage": counts}) == [Usage(10, 5, cached_input_tokens=8)]


def test_only_the_first_choice_counts() -> None:
    second = {"index": 1, "delta": {"content": "2"}, "finish_reason": "stop"}
    first = {"delta": {"content": "1"}}

    assert decode({"choices": [second, first]}) == [TextDelta("1")]


def test_null_where_a_list_or_an_object_was_due() -> None:
    empty = {"choices": [{"index": 0, "delta": None}], "usage": None}
    null_calls = chunk({"content": None, "tool_calls": None})

    assert decode({"choices": None}, empty, null_calls) == [KeepAlive()] * 3


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("length", "length"),
        ("model_length", "length"),
        ("function_call", "tool_calls"),
        ("eos", "stop"),
    ],
)
def test_finish_reasons(raw: str, reason: Any) -> None:
    assert decode(chunk({}, raw)) == [Finish(reason, raw)]


def test_openrouter_reports_errors_among_the_choices() -> None:
    failed = chunk({"content": ""}, "error", error={"code": 429, "message": "Rate limited"})

    with pytest.raises(RateLimitError, match="Rate limited") as caught:
        decode(failed)
    assert (caught.value.status_code, caught.value.retryable) == (429, True)


def test_groq_reports_a_call_that_does_not_parse() -> None:
    error = {"message": "Failed to call a function", "code": "tool_use_failed", "status_code": 400}

    with pytest.raises(BadRequestError) as caught:
        decode({"error": error})
    assert caught.value.retryable


@pytest.mark.parametrize("garbage", [5, "text", None, []])
def test_what_is_not_an_object(garbage: Any) -> None:
    with pytest.raises(ServerError, match="can't be read"):
        decode(garbage)


# Errors that come with status 200 ------------------------------------------------------------

SLOW = {"message": "Slow down", "code": "rate_limit_exceeded"}
RATE_LIMITED = {
    "groq": {"choices": [], "x_groq": {"id": "r", "error": SLOW}},
    "in-the-choice": {"choices": [{"index": 0, "error": SLOW, "finish_reason": "error"}]},
    "minimax": {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "Slow down"}},
    "a-list": [{"error": {"status": "RESOURCE_EXHAUSTED", "message": "Slow down"}}],
    "errors": {"errors": [SLOW]},
    "bare": {"message": "Slow down", "type": "rate_limit_error", "param": None, "code": None},
    "an-object-of-errors": {"object": "error", "message": "Slow down", "code": 429},
    "nested": {"error": {"error": SLOW, "message": "Slow down", "code": 429}},
}


@pytest.mark.parametrize("event", RATE_LIMITED.values(), ids=RATE_LIMITED)
def test_errors_that_come_with_status_200(event: Any) -> None:
    with pytest.raises(RateLimitError, match="Slow down") as caught:
        decode(event)
    assert (caught.value.status_code, caught.value.retryable) == (429, True)


@pytest.mark.parametrize(
    ("reason", "status"),
    [("error", None), ("insufficient_system_resource", 503), ("network_error", 503)],
)
def test_finish_reasons_that_are_failures(reason: str, status: int | None) -> None:
    decoder, chunks = ChatDecoder("acme"), list[Chunk]()

    with pytest.raises(ServerError, match=reason) as caught:
        chunks += decoder.feed(chunk({"content": "1"}, reason, usage={"completion_tokens": 2}))
    assert (caught.value.status_code, caught.value.retryable) == (status, True)


def test_a_failure_loses_nothing_that_came_with_it() -> None:
    failed = chunk({"content": "1"}, "error", usage={"completion_tokens": 2})
    chunks = iter(ChatDecoder("acme").feed(failed))

    assert [next(chunks), next(chunks), next(chunks)] == [
        TextDelta("1"),
        Finish("other", "error"),
        Usage(0, 2),
    ]
    with pytest.raises(ServerError):
        next(chunks)


def test_openrouter_hands_on_the_words_of_the_vendor_behind_it() -> None:
    error = {"code": 502, "message": "Provider returned error", "metadata": {"raw": "No GPU"}}

    with pytest.raises(ServerError, match="Provider returned error: No GPU"):
        decode({"error": error})


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [(1004, AuthenticationError, False), (2013, BadRequestError, False), (9, ServerError, True)],
)
def test_minimax_has_codes_of_its_own(code: int, kind: type[Exception], retryable: bool) -> None:
    with pytest.raises(kind) as caught:
        decode({"base_resp": {"status_code": code, "status_msg": "Bad"}})
    assert caught.value.retryable is retryable  # type: ignore[attr-defined]


def test_a_status_of_success_is_no_error() -> None:
    fine = chunk({"content": "1"}, base_resp={"status_code": 0, "status_msg": ""}, error=None)

    assert decode(fine) == [TextDelta("1")]


# Shapes that vary ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reasoning",
    [
        {"reasoning": {"content": "Hm."}},
        {"reasoning": [{"text": "Hm."}]},
        {"reasoning_content": ["H", {"text": "m."}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}, {"data": "x"}]},
        {"reasoning": "Hm.", "reasoning_details": [{"text": "Hm."}]},
    ],
)
def test_reasoning_in_other_shapes(reasoning: Any) -> None:
    assert decode(chunk(reasoning)) == [ReasoningDelta("Hm.")]


def test_minimax_repeats_its_thoughts_from_their_beginning() -> None:
    thoughts = ["Hm", "Hm, so", "Hm, so it is"]

    assert decode(*(chunk({"reasoning_details": [{"text": each}]}) for each in thoughts)) == [
        ReasoningDelta("Hm"),
        ReasoningDelta(", so"),
        ReasoningDelta(" it is"),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        chunk({"tool_calls": [None]}),
        chunk({"tool_calls": [3, "x", []]}),
        chunk({"tool_calls": [{"index": "x", "function": None}]}),
        chunk({"tool_calls": {"index": 0, "function": []}}),
        chunk({"reasoning": 3, "reasoning_content": True}),
        chunk({"content": [None, {"text": None}, {"type": "thinking", "thinking": None}]})
        | {"usage": []},
        chunk([]),
        {"choices": [None, 3]},
        {"choices": [{"index": 0, "message": None, "delta": None}]},
        {"choices": {"index": []}},
        {"choices": [], "usage": "none", "x_groq": [], "base_resp": None},
    ],
)
def test_shapes_that_can_not_be_read_are_passed_over(odd: Any) -> None:
    assert all(each in (KeepAlive(), ReasoningDelta("")) for each in decode(odd))


def test_usage_that_is_half_there() -> None:
    counts: Any = {"prompt_tokens": 3, "completion_tokens": None, "prompt_tokens_details": []}

    assert decode({"choices": [], "usage": counts}) == [Usage(3, 0)]


def test_moonshot_puts_usage_into_the_choice() -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": {"prompt_tokens": 3}}

    assert decode({"choices": [choice]}) == [Finish("stop", "stop"), Usage(3, 0)]


def test_the_answer_as_an_object() -> None:
    assert decode(chunk({"content": {"a": "é"}})) == [TextDelta('{"a": "é"}')]


def test_the_legacy_function_call() -> None:
    assert decode(
        chunk({"function_call": {"name": "answer", "arguments": ""}}),
        chunk({"function_call": {"arguments": '{"a":1}'}}, "function_call"),
    ) == [
        ToolCallDelta(0, "", None, "answer"),
        ToolCallDelta(0, '{"a":1}'),
        Finish("tool_calls", "function_call"),
    ]


def test_localai_gives_one_call_several_indexes() -> None:
    assert decode(
        calls(call("", index=0, id="x", name="answer")),
        calls(call('{"a":', index=1, id="x")),
        calls(call("1}", index=2, id="x", name="answer")),
        calls(call("{}", index=3, id="x", name="other")),
    ) == [
        ToolCallDelta(0, "", "x", "answer"),
        ToolCallDelta(0, '{"a":', "x"),
        ToolCallDelta(0, "1}", "x", "answer"),
        ToolCallDelta(1, "{}", "x", "other"),
    ]


def test_a_name_that_comes_in_pieces() -> None:
    assert decode(
        calls(call("", index=0, id="x", name="ans")),
        calls(call("", index=0, name="wer")),
        calls(call('{"a":1}', index=0)),
    ) == [
        ToolCallDelta(0, "", "x", "ans"),
        ToolCallDelta(0, "", None, "answer"),
        ToolCallDelta(0, '{"a":1}'),
    ]


@pytest.mark.parametrize("key", ["delta", "message"])
def test_a_whole_completion_in_place_of_chunks(key: str) -> None:
    function = {"name": "answer", "arguments": '{"a": 1}'}
    message = {"role": "assistant", "content": None, "tool_calls": [{"function": function}]}
    choice = {"index": 0, key: message, "finish_reason": "stop"}

    assert decode({"object": "chat.completion", "choices": [choice], "usage": None}) == [
        ToolCallDelta(0, '{"a": 1}', None, "answer"),
        Finish("stop", "stop"),
    ]


def test_a_message_beside_deltas_only_repeats_them() -> None:
    last = chunk({"content": "2"}, "stop")
    last["choices"][0]["message"] = {"content": "12"}
    alone = {"choices": [{"index": 0, "message": {"content": "12"}}]}

    assert decode(chunk({"content": "1"}), last, alone) == [
        TextDelta("1"),
        TextDelta("2"),
        Finish("stop", "stop"),
        KeepAlive(),
    ]


# Which filter it was -------------------------------------------------------------------------


def test_azure_says_which_filter_it_was() -> None:
    filtered = chunk({}, "content_filter")
    filtered["choices"][0]["content_filter_results"] = {
        "hate": {"filtered": False, "severity": "safe"},
        "violence": {"filtered": True, "severity": "high"},
        "error": None,
    }

    assert decode(filtered) == [Finish("content_filter", "content_filter", "violence")]


def test_gemini_says_which_filter_it_was() -> None:
    raw = "content_filter: PROHIBITED_CONTENT"

    assert decode(chunk({}, raw)) == [Finish("content_filter", raw)]


def test_openrouter_has_the_vendor_s_own_reason() -> None:
    filtered = chunk({}, "content_filter")
    filtered["choices"][0]["native_finish_reason"] = "SAFETY"

    assert decode(filtered) == [Finish("content_filter", "content_filter", "SAFETY")]


@pytest.mark.parametrize(
    "odd",
    [
        chunk({"content": 5}),
        chunk({"content": [{"text": ["x"]}]}),
        chunk({"refusal": {}}),
        calls(call(7, index=0, id="x", name="answer")),
    ],
)
def test_a_piece_of_the_answer_that_can_not_be_read_is_an_error(odd: Any) -> None:
    with pytest.raises(ServerError, match="can't be read") as caught:
        decode(odd)
    assert caught.value.retryable
