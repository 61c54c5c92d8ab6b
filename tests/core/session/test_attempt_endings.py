"""Where the answer stands in a stream of chunks, and what the stream's end means."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

import partwise
from partwise.provider import (
    Finish,
    KeepAlive,
    Mode,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)

OLD = '{"name": "Jo", "age": "old"}'
JO = '{"name": "Jo", "age": 25}'
ANN = '{"name": "Ann", "age": 30}'
STOP = Finish("stop", "stop")
CALLED = Finish("tool_calls", "tool_calls")


# The good end -------------------------------------------------------------------------------


def test_a_tool_call_becomes_snapshots_and_a_value(play: Any, kit: Any) -> None:
    outcome = play([*kit.call(JO), CALLED], mode="tools")
    assert outcome.value == kit.User(name="Jo", age=25)
    assert type(outcome.value) is kit.User
    assert all(isinstance(each, kit.User) for each in outcome.snapshots)


def test_one_snapshot_a_delta_and_the_final_one(play: Any, kit: Any) -> None:
    outcome = play([*kit.call(JO, 5), CALLED], mode="tools")
    assert len(outcome.snapshots) == len(range(0, len(JO), 5)) + 1


def test_an_empty_delta_shows_nothing_new(play: Any, kit: Any) -> None:
    outcome = play([TextDelta(""), TextDelta(JO), TextDelta(""), STOP], mode="json_schema")
    assert len(outcome.snapshots) == 2


def test_what_changed_nothing_is_the_same_object(play: Any, kit: Any) -> None:
    first, second, *_ = play(
        [TextDelta("{"), TextDelta(" "), TextDelta(JO[1:]), STOP], mode="json_schema"
    ).snapshots
    assert second is first


def test_several_deltas_in_one_event_are_several_snapshots(play: Any, kit: Any) -> None:
    outcome = play([kit.text(JO, 9), STOP], mode="json_schema")
    assert len(outcome.snapshots) == 4


def test_the_decoder_has_the_last_word(play: Any, kit: Any) -> None:
    outcome = play([TextDelta(JO[:9]), kit.Last([TextDelta(JO[9:]), STOP])], mode="json_schema")
    assert outcome.value == kit.User(name="Jo", age=25)
    assert len(outcome.snapshots) == 3


def test_a_root_that_is_no_object_is_asked_for_in_one(play: Any, kit: Any) -> None:
    outcome = play(
        [*kit.text('{"value": [1, 2, 3]}', 4), STOP], response_model=list[int], mode="json_schema"
    )
    assert outcome.value == [1, 2, 3]
    assert outcome.provider.payloads[0]["request"].schema["type"] == "object"


def test_nothing_is_shown_while_nothing_can_be(play: Any, kit: Any) -> None:
    outcome = play([*kit.text('{"value": 25}', 3), STOP], response_model=int, mode="json_schema")
    assert set(outcome.snapshots) == {25}


def test_a_value_of_none_is_a_value(play: Any, kit: Any) -> None:
    outcome = play(
        [TextDelta('{"value": null}'), STOP], response_model=int | None, mode="json_schema"
    )
    assert outcome.value is None


# Which part of the stream is the answer -------------------------------------------------------


def test_text_beside_the_call_is_ignored(play: Any, kit: Any) -> None:
    script = [TextDelta("Here it is: {"), *kit.call(JO), TextDelta("} Anything else?"), CALLED]
    assert play(script, mode="tools").value.name == "Jo"


def test_calls_beside_the_text_are_ignored(play: Any, kit: Any) -> None:
    script = [*kit.call(ANN), *kit.text(JO), STOP]
    assert play(script, mode="json_schema").value.name == "Jo"


def test_the_first_of_two_calls_wins(play: Any, kit: Any) -> None:
    script = [*kit.call(JO, index=0), *kit.call(ANN, index=1), CALLED]
    assert play(script, mode="tools").value.name == "Jo"


def test_interleaved_calls_are_told_apart(play: Any, kit: Any) -> None:
    first, second = kit.call(JO, index=3), kit.call(ANN, index=1)
    script = [chunk for pair in zip(first, second, strict=False) for chunk in pair]
    script += first[len(second) :] + second[len(first) :]
    assert play([*script, CALLED], mode="tools").value.name == "Jo"


def test_a_call_of_another_tool_is_not_the_answer(play: Any, kit: Any) -> None:
    script = [*kit.call("{}", name="search"), *kit.call(JO, index=1), CALLED]
    assert play(script, mode="tools").value.name == "Jo"


@pytest.mark.parametrize("name", [None, ""])
def test_a_call_without_a_name_is_the_answer(play: Any, kit: Any, name: str | None) -> None:
    assert play([*kit.call(JO, name=name), CALLED], mode="tools").value.name == "Jo"


def test_a_name_may_come_after_the_first_fragment(play: Any, kit: Any) -> None:
    script = [
        ToolCallDelta(0, "", name=""),
        ToolCallDelta(0, "", name="search"),
        ToolCallDelta(0, "{}"),
        *kit.call(JO, index=1),
        CALLED,
    ]
    assert play(script, mode="tools").value.name == "Jo"


def test_a_name_may_be_repeated(play: Any, kit: Any) -> None:
    script = [ToolCallDelta(0, piece, id="a", name="User") for piece in (JO[:7], JO[7:])]
    assert play([*script, CALLED], mode="tools").value.name == "Jo"


def test_json_in_the_text_stands_in_for_a_call_that_never_came(play: Any, kit: Any) -> None:
    script = [*kit.text(f"Sure!\n```json\n{JO}\n```\nDone."), STOP]
    assert play(script, mode="tools").value.name == "Jo"


def test_the_tool_s_name_is_in_the_vendors_letters(play: Any, kit: Any) -> None:
    model = type("Größe[int]", (kit.User,), {})
    outcome = play([*kit.call(JO, name="Gr_e_int"), CALLED], response_model=model, mode="tools")
    assert outcome.provider.payloads[0]["request"].name == "Gr_e_int"
    assert type(outcome.value) is model


@pytest.mark.parametrize("mode", ["md_json", "json", "json_schema", "responses"])
@pytest.mark.parametrize(
    "text",
    [
        f"Sure!\n```json\n{JO}\n```\nDone.",
        f"\ufeff{JO}<|im_end|>",
        f"<think>Old? {OLD}</think>\n{JO}",
        f"Old? {OLD}\n</think>\n\n{JO}",
    ],
)
def test_what_is_around_the_answer_is_read_in_every_mode(
    play: Any, kit: Any, mode: str, text: str
) -> None:
    outcome = play([*kit.text(text), STOP], mode=mode)
    assert outcome.value.name == "Jo"
    assert ("Old?" in outcome.stream.reasoning) is ("Old?" in text)
    assert len(outcome.provider.payloads) == 1


def test_what_is_not_the_answer_is_told_apart(play: Any, kit: Any) -> None:
    script = [
        ReasoningDelta("Let me "),
        KeepAlive(),
        ReasoningDelta("see."),
        *kit.text(JO),
        Usage(10, 5),
        Usage(10, 7),
        STOP,
    ]
    outcome = play(script, mode="json_schema")
    stream = outcome.stream
    assert (stream.reasoning, stream.text) == ("Let me see.", JO)
    assert (stream.usage, stream.usage_complete) == (Usage(10, 7), True)
    assert (stream.finish_reason, stream.attempt) == ("stop", 1)


# The end ------------------------------------------------------------------------------------


def test_a_closed_document_needs_no_finish_reason(play: Any, kit: Any) -> None:
    outcome = play([*kit.call(JO)], mode="tools")
    assert outcome.value.name == "Jo"
    assert outcome.stream.finish_reason is None


@pytest.mark.parametrize("finish", [[], [STOP], [Finish("other", "paused")]])
def test_an_open_document_is_incomplete(play: Any, kit: Any, finish: list[Any]) -> None:
    outcome = play([*kit.call(JO[:-5]), Usage(1, 2), *finish], mode="tools")
    error = outcome.error
    assert isinstance(error, partwise.IncompleteOutputError)
    assert (finish[0].raw if finish else "no finish reason") in str(error)
    assert error.snapshot is outcome.snapshots[-1]
    assert error.text == JO[:-5]
    assert error.usage == Usage(1, 2)
    assert error.finish_reason == (finish[0].reason if finish else None)


def test_length_is_incomplete_even_where_the_document_closed(play: Any, kit: Any) -> None:
    error = play([*kit.call(JO), Finish("length", "max_tokens")], mode="tools").error
    assert isinstance(error, partwise.IncompleteOutputError)
    assert error.snapshot.model_dump() == {"name": "Jo", "age": 25}


@pytest.mark.parametrize("mode", ["tools", "json_schema"])
@pytest.mark.parametrize("script", [[], [STOP], [TextDelta("  "), STOP]])
def test_an_empty_answer_is_incomplete(play: Any, mode: str, script: list[Any]) -> None:
    error = play(script, mode=mode).error
    assert isinstance(error, partwise.IncompleteOutputError)


def test_a_call_of_another_tool_alone_is_named(play: Any, kit: Any) -> None:
    error = play([*kit.call("{}", name="search"), CALLED], mode="tools").error
    assert isinstance(error, partwise.IncompleteOutputError)
    assert "called search, and not User" in str(error)


@pytest.mark.parametrize("mode", ["tools", "md_json"])
def test_prose_in_place_of_the_answer_is_on_the_error(play: Any, kit: Any, mode: str) -> None:
    error = play([*kit.text("I would rather not say."), STOP], mode=mode).error
    assert isinstance(error, partwise.IncompleteOutputError)
    assert "no JSON" in str(error)
    assert error.text == "I would rather not say."


def test_a_refusal_is_a_refusal(play: Any, kit: Any) -> None:
    script = [RefusalDelta("I can't "), RefusalDelta("do that."), STOP]
    error = play(script, mode="json_schema").error
    assert isinstance(error, partwise.RefusalError)
    assert error.refusal == "I can't do that."


@pytest.mark.parametrize("mode", ["tools", "json_schema"])
def test_prose_may_turn_out_to_be_a_refusal(play: Any, kit: Any, mode: str) -> None:
    script = [*kit.text("I can't do that."), Finish("refusal", "refusal")]
    error = play(script, mode=mode).error
    assert isinstance(error, partwise.RefusalError)
    assert error.refusal == "I can't do that."


def test_prose_that_is_no_refusal_is_malformed(play: Any, kit: Any) -> None:
    error = play([*kit.text("I can't do that."), STOP], mode="json_schema").error
    assert isinstance(error, partwise.MalformedOutputError)
    assert error.finish_reason == "stop"
    assert error.text == "I can't do that."
    assert error.position == 0


def test_what_stops_being_json_fails_at_once(play: Any, kit: Any) -> None:
    outcome = play([TextDelta('{"name": Jo'), TextDelta("}"), STOP], mode="json_schema")
    assert isinstance(outcome.error, partwise.MalformedOutputError)
    assert outcome.provider.read == 1


def test_a_second_document_is_malformed(play: Any, kit: Any) -> None:
    error = play([TextDelta(f"{JO}\n{ANN}"), STOP], mode="json_schema").error
    assert isinstance(error, partwise.MalformedOutputError)
    assert error.position == len(JO) + 1
    assert play([TextDelta(f"{JO}\n{ANN}"), STOP], mode="md_json").value.name == "Jo"


@pytest.mark.parametrize("mode", ["json_schema", "md_json"])
def test_the_same_document_twice_is_the_answer_once(play: Any, kit: Any, mode: str) -> None:
    assert play([TextDelta(f"{JO}\n{JO}"), STOP], mode=mode).value.name == "Jo"
    twice = [*kit.text(JO), *(TextDelta(each, item=1) for each in JO), STOP]
    assert play(twice, mode=mode).value.name == "Jo"


@pytest.mark.parametrize("mode", ["json_schema", "md_json", "tools"])
def test_items_are_not_joined(play: Any, kit: Any, mode: str) -> None:
    items = ['I say {"name": "', '{"name": "cut', JO, "Done."]
    script = [TextDelta(text, item) for item, text in enumerate(items)]
    assert play([*script, STOP], mode=mode).value.name == "Jo"
    error = play([TextDelta(JO[:9]), TextDelta(JO[9:], item=1), STOP], mode=mode).error
    assert isinstance(error, partwise.OutputError)


# A call and the text beside it --------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "functions.User",
        "default_api.User",
        "default_api:User",
        " User",
        "User<|channel|>commentary",
        "user",
        "functions.User:0",
    ],
)
def test_a_name_may_be_decorated(play: Any, kit: Any, name: str) -> None:
    assert play([*kit.call(JO, name=name), CALLED], mode="tools").value.name == "Jo"
    split = [ToolCallDelta(0, "", id="a", name=each) for each in name]
    assert play([*split, *kit.call(JO, name=None), CALLED], mode="tools").value.name == "Jo"


def test_a_name_may_be_split_after_the_arguments_began(play: Any, kit: Any) -> None:
    script = [ToolCallDelta(0, "{", name="Us"), ToolCallDelta(0, JO[1:], name="er"), CALLED]
    assert play(script, mode="tools").value.name == "Jo"


@pytest.mark.parametrize("names", [["User", "Users"], ["User", "s"], ["X", "Y"]])
def test_a_longer_name_is_another(play: Any, kit: Any, names: list[str]) -> None:
    script = [ToolCallDelta(0, "", name=name) for name in names]
    outcome = play([*script, ToolCallDelta(0, "{}"), *kit.call(JO, index=1), CALLED], mode="tools")
    assert outcome.value.name == "Jo"


def test_one_id_at_several_indexes_is_one_call(play: Any) -> None:
    script = [
        ToolCallDelta(0, "", id="a", name="User"),
        *(ToolCallDelta(index, piece, id="a") for index, piece in enumerate(JO, 1)),
    ]
    assert play([*script, CALLED], mode="tools").value.name == "Jo"


def test_a_call_with_nothing_says_so(play: Any) -> None:
    script = [ToolCallDelta(0, "", id="a", name="functions.User"), CALLED]
    error = play(script, mode="tools").error
    assert isinstance(error, partwise.IncompleteOutputError)
    assert "the model called User with no arguments" in str(error)


def test_reasoning_beside_a_call_is_reasoning(play: Any, kit: Any) -> None:
    script = [*kit.text(f"<think>Old? {OLD}</think>So:"), *kit.call(JO), CALLED]
    outcome = play(script, mode="tools")
    assert outcome.value.name == "Jo"
    assert outcome.stream.reasoning == f"Old? {OLD}"


@pytest.mark.parametrize("mode", ["tools", "json_schema", "md_json"])
def test_an_answer_that_came_as_reasoning_is_the_answer_if_nothing_else_did(
    play: Any, kit: Any, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    thought = [ReasoningDelta(piece) for piece in JO]
    outcome = play([*thought, TextDelta(""), STOP], mode=mode)
    assert outcome.value.name == "Jo"
    assert outcome.stream.text == outcome.stream.reasoning == JO
    assert "reasoning" in caplog.text
    more = play([*thought, ReasoningDelta("?"), STOP], mode=mode)
    assert isinstance(more.error, partwise.OutputError)
    assert play([*thought, *kit.text("Hm."), STOP], mode=mode).error is not None


def test_a_filtered_answer_is_filtered(play: Any, kit: Any) -> None:
    script = [*kit.text(JO), Finish("content_filter", "content_filter")]
    assert isinstance(play(script, mode="json_schema").error, partwise.ContentFilterError)


def test_a_good_finish_does_not_undo_a_bad_one(play: Any, kit: Any) -> None:
    script = [*kit.text(JO), Finish("content_filter", "content_filter"), STOP]
    assert isinstance(play(script, mode="json_schema").error, partwise.ContentFilterError)


def test_an_invalid_value_fails_at_once(play: Any, kit: Any) -> None:
    text = '{"age": "old", "name": "Jo"}'
    outcome = play([*kit.text(text, 1), STOP], mode="json_schema")
    assert isinstance(outcome.error, partwise.InvalidOutputError)
    assert outcome.error.early
    assert outcome.error.text == '{"age": "old"'
    assert outcome.provider.read == len(outcome.error.text)


# What the settings reach ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["context", "validation_context"])
def test_the_context_reaches_the_validators(play: Any, name: str) -> None:
    from pydantic import ValidationInfo, field_validator

    class Named(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _with_title(cls, value: str, info: ValidationInfo[dict[str, str]]) -> str:
            return f"{info.context['title']} {value}"

    keywords = {name: {"title": "Dr"}}
    outcome = play(
        [TextDelta('{"name": "Jo"}'), STOP], response_model=Named, mode="json_schema", **keywords
    )
    assert outcome.value.name == "Dr Jo"


def test_strict_reaches_the_validators(play: Any, kit: Any) -> None:
    script = [TextDelta('{"name": "Jo", "age": "25"}'), STOP]
    assert play(script, mode="json_schema").value.age == 25
    error = play(script, mode="json_schema", strict=True).error
    assert isinstance(error, partwise.InvalidOutputError)


def test_limits_reach_the_parser(play: Any, kit: Any) -> None:
    limits = partwise.Limits(characters=10)
    error = play([*kit.text(JO), STOP], mode="json_schema", limits=limits).error
    assert isinstance(error, partwise.MalformedOutputError)


@pytest.mark.parametrize("mode", [Mode.JSON, Mode.MD_JSON])
def test_the_schema_stands_in_the_prompt(play: Any, kit: Any, mode: Mode) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]
    outcome = play([TextDelta(JO), STOP], mode=mode, messages=messages)
    system, question = outcome.provider.payloads[0]["request"].messages
    assert system["content"].startswith("Be brief.\n\n")
    assert '"age"' in system["content"]
    assert question == messages[1]
    assert messages[0]["content"] == "Be brief."


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "Who?"}],
        [{"role": "system", "content": [{"type": "text", "text": "Be brief."}]}],
        [],
    ],
)
def test_a_system_message_is_made_where_there_is_no_plain_one(
    play: Any, kit: Any, messages: list[Any]
) -> None:
    outcome = play([TextDelta(JO), STOP], mode="json", messages=messages)
    system, *rest = outcome.provider.payloads[0]["request"].messages
    assert (system["role"], rest) == ("system", messages)


def test_options_go_to_the_vendor(play: Any, kit: Any) -> None:
    outcome = play([TextDelta(JO), STOP], mode="json_schema", temperature=0, stream=True)
    request = outcome.provider.payloads[0]["request"]
    assert request.options == {"temperature": 0}
    assert (request.model, request.messages) == ("model", [{"role": "user", "content": "Who?"}])


def test_a_response_without_an_event_may_be_no_stream(play: Any) -> None:
    error = play([], max_retries=0).error

    assert isinstance(error, partwise.IncompleteOutputError)
    assert "the answer is empty" in str(error)
    assert "no event" in error.advice
    assert "check base_url=" in str(error)


def test_a_text_of_nothing_was_no_response() -> None:
    with pytest.raises(partwise.IncompleteOutputError) as caught:
        partwise.parse(int, []).result()
    assert caught.value.advice == ""
