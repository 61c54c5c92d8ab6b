"""Trying again: when, with what said to the model, how long after, and when no more."""

from __future__ import annotations

from typing import Any

import pytest
import tenacity
from pydantic import BaseModel

import partwise
from partwise import Closed, Restarted
from partwise.provider import Finish, ReasoningDelta, RefusalDelta, TextDelta, Usage

JO = '{"name": "Jo", "age": 25}'
OLD = '{"name": "Jo", "age": "old"}'
STOP = Finish("stop", "stop")
CALLED = Finish("tool_calls", "tool_calls")
LENGTH = Finish("length", "length")


def broken(retry_after: float | None = None, *, retryable: bool = True) -> partwise.ServerError:
    return partwise.ServerError(
        "overloaded", provider="scripted", retryable=retryable, retry_after=retry_after
    )


def said(outcome: Any, attempt: int = 2) -> Any:
    """What the conversation of that attempt has beyond the user's own message."""
    first, *rest = outcome.provider.payloads[attempt - 1]["request"].messages
    assert first == {"role": "user", "content": "Who?"}
    return rest


# When -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        [TextDelta(OLD), STOP],
        [TextDelta('{"name": Jo}'), STOP],
        [TextDelta(JO[:9]), STOP],
        [TextDelta(JO[:9])],
        [TextDelta(JO[:9]), LENGTH],
        [TextDelta("Jo is 25."), STOP],
        [STOP],
        [],
    ],
    ids=["invalid", "malformed", "cut", "silent", "length", "prose", "empty", "nothing"],
)
@pytest.mark.parametrize("mode", ["json_schema", "md_json"])
def test_an_answer_that_is_none_is_asked_for_again(play: Any, bad: list[Any], mode: str) -> None:
    outcome = play(bad, [TextDelta(JO), STOP], mode=mode, max_retries=1)
    assert outcome.value.age == 25
    assert outcome.stream.attempt == 2


def test_the_stream_is_closed_before_the_next_attempt_begins(play: Any, kit: Any) -> None:
    held: list[int] = []

    def note() -> TextDelta:
        held.append(play.provider.held)
        return TextDelta(JO)

    bad = [*kit.text(OLD, 1), STOP]
    good = [note, STOP]
    outcome = play(bad, good, mode="json_schema", max_retries=1)
    assert outcome.value.age == 25
    assert held == [1]
    assert outcome.provider.released == 2
    assert outcome.provider.read < len(bad) + len(good)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ([RefusalDelta("No."), STOP], partwise.RefusalError),
        ([Finish("content_filter")], partwise.ContentFilterError),
    ],
)
def test_what_would_only_come_again_is_not_asked_for(play: Any, script: Any, kind: Any) -> None:
    outcome = play(script, mode="json_schema", max_retries=3)
    assert type(outcome.error) is kind
    assert len(outcome.provider.payloads) == 1


def test_three_retries_unless_said_otherwise(play: Any, kit: Any) -> None:
    with play.client(*[[STOP]] * 4) as client:
        if play.is_async:
            import asyncio

            stream = client.create_partial(kit.User, [], mode="json_schema")
            with pytest.raises(partwise.RetriesExhaustedError):
                asyncio.run(stream.result())
        else:
            with pytest.raises(partwise.RetriesExhaustedError):
                client.create_partial(kit.User, [], mode="json_schema").result()
        assert len(play.provider.payloads) == 4


@pytest.mark.parametrize("retries", [-1, True, "3", None, object()])
def test_what_is_no_policy(play: Any, retries: Any) -> None:
    if retries is None:  # stands for the default
        assert play([TextDelta(JO), STOP], mode="json_schema", max_retries=None).value
        return
    with pytest.raises(partwise.ConfigurationError, match="max_retries"):
        play([], max_retries=retries)


# What is said to the model --------------------------------------------------------------------


def test_a_call_gets_its_faults_as_its_result(play: Any, kit: Any) -> None:
    outcome = play([*kit.call(OLD), CALLED], [*kit.call(JO), CALLED], mode="tools", max_retries=1)
    call, result = said(outcome)
    assert call["tool_calls"][0]["id"] == "id0"
    assert call["tool_calls"][0]["function"]["name"] == "User"
    assert '"old"' in call["tool_calls"][0]["function"]["arguments"]
    assert (result["role"], result["tool_call_id"]) == ("tool", "id0")
    assert result["is_error"]
    assert "- age: Input should be a valid integer" in result["content"]


def test_the_arguments_that_are_repeated_are_json(play: Any, kit: Any) -> None:
    import json

    outcome = play(
        [*kit.call(JO[:12], name=None), LENGTH], [*kit.call(JO)], mode="tools", max_retries=1
    )
    call, result = said(outcome)
    assert json.loads(call["tool_calls"][0]["function"]["arguments"]) == {"name": "Jo"}
    assert call["tool_calls"][0]["id"] == result["tool_call_id"]
    assert "maximum length" in result["content"]


def test_arguments_that_are_no_json_are_repeated_as_text(play: Any, kit: Any) -> None:
    bad = '{"name": Jo}'
    outcome = play([*kit.call(bad, 99), CALLED], [*kit.call(JO)], mode="tools", max_retries=1)
    answer, fault = said(outcome)
    assert answer == {"role": "assistant", "content": bad}
    assert fault["role"] == "user"
    assert "- not valid JSON at line 1, column 10: " in fault["content"]


def test_text_gets_its_faults_from_the_user(play: Any, kit: Any) -> None:
    class Team(BaseModel):
        users: list[kit.User]

    bad, good = f'{{"users": [{OLD}]}}', f'{{"users": [{JO}]}}'
    outcome = play(
        [TextDelta(bad), STOP],
        [TextDelta(good), STOP],
        response_model=Team,
        mode="json_schema",
        max_retries=1,
    )
    answer, fault = said(outcome)
    assert answer["role"] == "assistant"
    assert bad.startswith(answer["content"])
    assert "- users[0].age: Input should be" in fault["content"]


def test_nothing_is_repeated_of_an_empty_answer(play: Any) -> None:
    outcome = play([STOP], [TextDelta(JO), STOP], mode="json_schema", max_retries=1)
    (fault,) = said(outcome)
    assert "the answer is empty" in fault["content"]


def test_a_fault_of_the_whole_is_said_of_the_answer(play: Any) -> None:
    from pydantic import model_validator

    class Picky(BaseModel):
        name: str

        @model_validator(mode="after")
        def _not_jo(self) -> Picky:
            if self.name == "Jo":
                raise ValueError("anyone but Jo")
            return self

    outcome = play(
        [TextDelta('{"name": "Jo"}'), STOP],
        [TextDelta('{"name": "Ann"}'), STOP],
        response_model=Picky,
        mode="json_schema",
        max_retries=1,
    )
    assert outcome.value.name == "Ann"
    assert "- answer: Value error, anyone but Jo" in said(outcome)[1]["content"]


def test_the_conversation_grows(play: Any) -> None:
    scripts = [[TextDelta(OLD), STOP], [TextDelta(JO[:9]), STOP], [TextDelta(JO), STOP]]
    outcome = play(*scripts, mode="json_schema", max_retries=2)
    assert [len(said(outcome, attempt)) for attempt in (1, 2, 3)] == [0, 2, 4]


# Streams that break ----------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", ["raised", "in band"])
def test_a_broken_stream_is_asked_for_anew(
    play: Any, kit: Any, pauses: list[float], wrap: str
) -> None:
    breach = kit.InBand(broken()) if wrap == "in band" else ConnectionError("reset")
    outcome = play(
        [TextDelta(JO[:9]), breach], [TextDelta(JO), STOP], mode="json_schema", max_retries=1
    )
    assert outcome.value.age == 25
    assert said(outcome) == []
    assert pauses == [pytest.approx(0.4375, abs=0.0625)]


def test_the_wait_doubles_and_heeds_the_vendor_up_to_a_minute(
    play: Any, kit: Any, pauses: list[float]
) -> None:
    faults = [broken(), broken(), broken(3.0), broken(86_400.0)]
    scripts = [[kit.InBand(fault)] for fault in faults]
    outcome = play(*scripts, [TextDelta(JO), STOP], mode="json_schema", max_retries=4)
    assert outcome.value.age == 25
    first, second, *asked = pauses
    assert first == pytest.approx(0.4375, abs=0.0625)
    assert second == pytest.approx(0.875, abs=0.125)
    assert asked == [3.0, 60.0]


def retried() -> partwise.ServerError:
    error = broken()
    error.retried = True
    return error


def test_what_the_sdk_has_retried_is_final_unless_retries_are_named(play: Any, kit: Any) -> None:
    outcome = play([kit.Refused(retried())], mode="json_schema", max_retries=None)
    assert isinstance(outcome.error, partwise.ServerError)
    assert len(outcome.provider.payloads) == 1


@pytest.mark.usefixtures("pauses")
def test_named_retries_come_on_top_of_the_sdk_s(play: Any, kit: Any) -> None:
    outcome = play(*[[kit.Refused(retried())]] * 3, mode="json_schema", max_retries=2)
    assert isinstance(outcome.error, partwise.RetriesExhaustedError)
    assert len(outcome.provider.payloads) == 3


@pytest.mark.usefixtures("pauses")
def test_a_stream_that_broke_is_asked_for_anew_whoever_retries(play: Any, kit: Any) -> None:
    script = [TextDelta(JO[:9]), kit.InBand(retried())]
    outcome = play(script, [TextDelta(JO), STOP], mode="json_schema", max_retries=None)
    assert outcome.value.age == 25


def test_a_refused_connection_is_retried(play: Any, kit: Any, pauses: list[float]) -> None:
    refused = kit.Refused(ConnectionError("refused"))
    outcome = play(
        [refused], [refused], [TextDelta(JO), STOP], mode="json_schema", max_retries=None
    )
    assert outcome.value.age == 25
    assert len(pauses) == 2


def test_what_no_sdk_has_retried_is_retried(play: Any, kit: Any, pauses: list[float]) -> None:
    fault = broken(3.0)
    outcome = play([kit.Refused(fault)], [TextDelta(JO), STOP], mode="json_schema", max_retries=1)
    assert outcome.value.age == 25
    assert said(outcome) == []
    assert pauses == [3.0]


@pytest.mark.parametrize("retryable", [True, False])
def test_what_no_sdk_has_retried_is_final_in_the_end(
    play: Any, kit: Any, pauses: list[float], retryable: bool
) -> None:
    fault = broken(retryable=retryable)
    outcome = play(*[[kit.Refused(fault)]] * 2, mode="json_schema", max_retries=int(retryable))
    assert len(outcome.provider.payloads) == 1 + retryable
    assert (outcome.error.errors[-1] if retryable else outcome.error) is fault


def test_what_is_not_retryable_is_final(play: Any, kit: Any) -> None:
    fault = broken(retryable=False)
    outcome = play([TextDelta("{"), kit.InBand(fault)], mode="json_schema", max_retries=3)
    assert outcome.error is fault
    assert outcome.error.text == "{"


def test_a_stranger_s_error_passes_through(play: Any, kit: Any) -> None:
    stranger = kit.Stranger("what?")
    outcome = play([TextDelta("{"), stranger], mode="json_schema", max_retries=3)
    assert outcome.error is stranger
    assert outcome.provider.held == 0


def test_a_validator_s_own_error_passes_through(play: Any) -> None:
    from pydantic import field_validator

    class Fussy(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _fail(cls, value: str) -> str:
            raise LookupError(value)

    script = [TextDelta('{"name": "Jo"}'), STOP]
    outcome = play(script, response_model=Fussy, mode="json_schema", max_retries=3)
    assert type(outcome.error) is LookupError
    assert outcome.provider.held == 0


# When no more ----------------------------------------------------------------------------------


def test_exhausted(play: Any) -> None:
    scripts = [[TextDelta(OLD), Usage(10, 5)], [Usage(20, 1), TextDelta(JO[:9]), LENGTH]]
    error = play(*scripts, mode="json_schema", max_retries=1).error
    assert isinstance(error, partwise.RetriesExhaustedError)
    first, second = error.errors
    assert isinstance(first, partwise.InvalidOutputError)
    assert isinstance(second, partwise.IncompleteOutputError)
    assert error.__cause__ is second
    assert (first.attempt, second.attempt, error.attempt) == (1, 2, 2)
    assert (first.usage, second.usage, error.usage) == (None, Usage(20, 1), Usage(20, 1))
    assert (first.text, second.text) == (OLD, JO[:9])
    assert second.snapshot.model_dump() == {"name": None, "age": None}


def test_usage_adds_up_over_attempts(play: Any) -> None:
    scripts = [[Usage(10, 5), TextDelta(JO[:9]), LENGTH], [Usage(20, 7), TextDelta(JO), STOP]]
    outcome = play(*scripts, mode="json_schema", max_retries=1)
    assert outcome.stream.usage == Usage(30, 12)
    assert outcome.stream.usage_complete


def test_an_attempt_cut_short_leaves_usage_incomplete(play: Any) -> None:
    scripts = [[TextDelta(OLD), Usage(10, 5)], [Usage(20, 7), TextDelta(JO), STOP]]
    outcome = play(*scripts, mode="json_schema", max_retries=1)
    assert outcome.stream.usage == Usage(20, 7)
    assert not outcome.stream.usage_complete


def test_no_step_back_after_the_first_snapshot(play: Any, kit: Any) -> None:
    script = [TextDelta(OLD[:9]), TextDelta(OLD[9:]), STOP]
    outcome = play(script, mode="json_schema", max_retries=3, on_restart="raise")
    assert isinstance(outcome.error, partwise.InvalidOutputError)
    assert len(outcome.provider.payloads) == 1


def test_a_step_back_that_nobody_sees(play: Any, kit: Any) -> None:
    scripts = [[TextDelta(OLD), STOP], [TextDelta(JO), STOP]]
    outcome = play(*scripts, mode="json_schema", max_retries=3, on_restart="raise")
    assert outcome.value.age == 25


def test_a_restart_is_an_event(play: Any) -> None:
    scripts = [[TextDelta(OLD[:12]), TextDelta(OLD[12:]), STOP], [TextDelta(JO), STOP]]
    outcome = play(*scripts, mode="json_schema", max_retries=1, view=lambda stream: stream.events())
    (restart,) = [event for event in outcome.snapshots if isinstance(event, Restarted)]
    assert restart.attempt == 2
    assert isinstance(restart.error, partwise.InvalidOutputError)
    assert isinstance(outcome.snapshots[-1], Closed)


def test_the_reasoning_goes_back_beside_the_call(play: Any, kit: Any) -> None:
    thought = [ReasoningDelta("Old, "), ReasoningDelta("I think.")]
    good = [*kit.call(JO), CALLED]
    call, _ = said(play([*thought, *kit.call(OLD), CALLED], good, mode="tools", max_retries=1))
    assert call["reasoning_content"] == "Old, I think."
    call, _ = said(play([*kit.call(OLD), CALLED], good, mode="tools", max_retries=1))
    assert "reasoning_content" not in call


# Budgets ----------------------------------------------------------------------------------------


def test_no_attempt_is_begun_on_a_spent_budget(play: Any) -> None:
    script = [TextDelta(JO[:9]), LENGTH, Usage(10, 5)]
    outcome = play(script, mode="json_schema", max_retries=3, token_budget=15)
    assert isinstance(outcome.error, partwise.BudgetExceededError)
    assert isinstance(outcome.error.__cause__, partwise.IncompleteOutputError)
    assert outcome.error.usage == Usage(10, 5)


def test_a_budget_that_runs_out_in_the_middle(play: Any) -> None:
    script = [Usage(10, 5), TextDelta(JO[:9]), Usage(10, 50), TextDelta(JO[9:]), STOP]
    outcome = play(script, mode="json_schema", max_retries=3, token_budget=20)
    assert isinstance(outcome.error, partwise.BudgetExceededError)
    assert outcome.error.text == JO[:9]
    assert outcome.provider.read == 3


def test_a_complete_answer_is_worth_its_price(play: Any) -> None:
    script = [TextDelta(JO), Usage(10, 50), STOP]
    assert play(script, mode="json_schema", token_budget=20).value.age == 25


# tenacity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [tenacity.Retrying, tenacity.AsyncRetrying])
def test_a_tenacity_policy_serves_sync_and_async(play: Any, pauses: list[float], kind: Any) -> None:
    before: list[int] = []
    policy = kind(
        stop=tenacity.stop_after_attempt(3),
        wait=tenacity.wait_incrementing(start=1, increment=2),
        before_sleep=lambda state: before.append(state.attempt_number),
    )
    scripts = [[TextDelta(OLD)], [TextDelta(OLD)], [TextDelta(OLD)]]
    error = play(*scripts, mode="json_schema", max_retries=policy).error
    assert isinstance(error, partwise.RetriesExhaustedError)
    assert len(error.errors) == 3
    assert pauses == [1.0, 3.0]
    assert before == [1, 2]


def test_a_tenacity_policy_says_which_errors(play: Any) -> None:
    policy = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(partwise.InvalidOutputError),
        stop=tenacity.stop_after_attempt(3),
    )
    error = play([TextDelta(JO[:9])], mode="json_schema", max_retries=policy).error
    assert isinstance(error, partwise.IncompleteOutputError)


def test_a_vendor_s_wish_to_wait_extends_the_policy_s(
    play: Any, kit: Any, pauses: list[float]
) -> None:
    policy = tenacity.Retrying(stop=tenacity.stop_after_attempt(3))
    scripts = [[kit.InBand(broken(2.0))], [TextDelta(JO)]]
    assert play(*scripts, mode="json_schema", max_retries=policy).value.age == 25
    assert pauses == [2.0]
