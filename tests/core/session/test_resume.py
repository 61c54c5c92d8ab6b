"""Going on where an answer was cut off: when, with what said to the model, and what still holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

import partwise
from partwise import Closed, Grew, Hooks, Mode, Restarted, Resumed
from partwise.provider import Finish, RefusalDelta, TextDelta, ToolCallDelta, Usage

STOP = Finish("stop", "stop")
LENGTH = Finish("length", "length")
MODES = [Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON, Mode.MD_JSON, Mode.RESPONSES_TOOLS]


class Line(BaseModel):
    text: str
    count: int


class Poem(BaseModel):
    title: str
    lines: list[Line]


POEM = (
    '{"title": "The sea", "lines": [{"text": "It comes \\"and\\" goes", "count": 12}, '
    '{"text": "and never stays the same", "count": 345}]}'
)
WHOLE = Poem.model_validate_json(POEM)


def begun(mode: Mode, text: str) -> list[Any]:
    """The chunks in which an answer comes in that mode."""
    if not mode.uses_tool:
        fence = "Here:\n```json\n" if mode is Mode.MD_JSON else ""
        return [TextDelta(fence + text[:7]), *map(TextDelta, text[7:])]
    return [ToolCallDelta(0, "", "id0", "Poem"), *(ToolCallDelta(0, each) for each in text)]


class Model:
    """A model that goes on with its own text when asked to, in the way that it is told."""

    def __init__(self, play: Any, text: str = POEM) -> None:
        self.play = play
        self.text = text

    def rest(self, size: int | None = None, *, form: str = "{}") -> Any:
        """A script's step: the ending, and so many characters of what follows it."""

        def reply() -> list[TextDelta]:
            *_, part, wish = self.play.provider.payloads[-1]["request"].messages
            assert (part["role"], wish["role"]) == ("assistant", "user")
            ending = wish["content"].split("\n-----\n")[1]
            kept = part["content"]
            assert self.text.startswith(kept)
            assert kept.rstrip().endswith(ending) or kept.endswith(ending)
            end = None if size is None else len(kept) + size
            return list(map(TextDelta, form.format(ending + self.text[len(kept) : end])))

        return reply


def is_shown_in(before: Any, after: Any) -> bool:
    """Whether what the first snapshot shows stands in the second, grown at most."""
    if isinstance(before, Poem):
        before, after = before.model_dump(), after.model_dump()
    if isinstance(before, dict):
        return all(is_shown_in(value, after[key]) for key, value in before.items())
    if isinstance(before, list):
        return all(map(is_shown_in, before, after)) and len(before) <= len(after)
    return before is None or before == after or (isinstance(before, str) and before in after)


# What comes of it -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cut", range(9, len(POEM) - 1, 13))
def test_an_answer_cut_by_its_length_is_gone_on_with(play: Any, mode: Mode, cut: int) -> None:
    scripts = [*begun(mode, POEM[:cut]), LENGTH], [Model(play).rest(), STOP]
    outcome = play(*scripts, response_model=Poem, mode=mode, max_retries=1, resume=True)
    assert outcome.value == WHOLE
    assert outcome.stream.text == POEM
    assert outcome.stream.attempt == 2
    assert outcome.provider.released == 2
    for before, after in zip(outcome.snapshots, outcome.snapshots[1:], strict=False):
        assert is_shown_in(before, after)


@pytest.mark.parametrize("wrap", ["raised", "silent", "in band"])
def test_so_is_one_whose_stream_broke(play: Any, kit: Any, wrap: str, pauses: list[float]) -> None:
    fault = partwise.ServerError("overloaded", provider="scripted", retryable=True)
    ends = {"raised": [ConnectionError("reset")], "silent": [], "in band": [kit.InBand(fault)]}
    scripts = [*begun(Mode.TOOLS, POEM[:60]), *ends[wrap]], [Model(play).rest(), STOP]
    outcome = play(*scripts, response_model=Poem, mode="tools", max_retries=1, resume=True)
    assert outcome.value == WHOLE


def test_again_and_again(play: Any) -> None:
    model = Model(play)
    scripts = [
        [*begun(Mode.JSON_SCHEMA, POEM[:40]), Usage(10, 5), LENGTH],
        [model.rest(30), Usage(20, 6), LENGTH],
        [model.rest(30), Usage(30, 7), LENGTH],
        [model.rest(), Usage(40, 8), STOP],
    ]
    outcome = play(*scripts, response_model=Poem, mode="json_schema", max_retries=3, resume=True)
    assert outcome.value == WHOLE
    assert outcome.stream.attempt == 4
    assert outcome.stream.usage == Usage(100, 26)
    assert outcome.stream.usage_complete


def test_what_is_complete_stays_the_same_object(play: Any) -> None:
    scripts = [[TextDelta(POEM[:90]), LENGTH], [Model(play).rest(), STOP]]
    shown = play(*scripts, response_model=Poem, mode="json_schema", max_retries=1, resume=True)
    first, *rest = shown.snapshots
    assert type(first.lines[0]) is Line
    assert all(each.lines[0] is first.lines[0] for each in rest[:-1])


def test_a_wrapped_answer(play: Any) -> None:
    text = '{"value": ["one and two", "three and four"]}'
    scripts = [[TextDelta(text[:30]), LENGTH], [Model(play, text).rest(), STOP]]
    outcome = play(
        *scripts, response_model=list[str], mode="json_schema", max_retries=1, resume=True
    )
    assert outcome.value == ["one and two", "three and four"]


def test_json_that_was_written_beside_the_call(play: Any) -> None:
    scripts = [[TextDelta(f"So: {POEM[:60]}"), LENGTH], [Model(play).rest(), STOP]]
    outcome = play(*scripts, response_model=Poem, mode="tools", max_retries=1, resume=True)
    assert outcome.value == WHOLE


# What is asked ----------------------------------------------------------------------------------


def test_only_the_rest_is_asked_for_as_plain_text(play: Any) -> None:
    scripts = [*begun(Mode.TOOLS, POEM[:50]), LENGTH], [Model(play).rest(), STOP]
    outcome = play(
        *scripts, response_model=Poem, mode="tools", max_retries=1, resume=True, temperature=0
    )
    first, second = (payload["request"] for payload in outcome.provider.payloads)
    assert (first.plain, second.plain) == (False, True)
    assert second.mode is Mode.TOOLS
    assert second.options == {"temperature": 0}
    user, part, wish = second.messages
    assert user == {"role": "user", "content": "Who?"}
    assert part == {"role": "assistant", "content": POEM[:50]}
    assert json.dumps(second.schema) in wish["content"]


def test_a_schema_that_stands_in_the_prompt_is_not_said_twice(play: Any) -> None:
    scripts = [*begun(Mode.JSON, POEM[:50]), LENGTH], [Model(play).rest(), STOP]
    outcome = play(*scripts, response_model=Poem, mode="json", max_retries=1, resume=True)
    system, *_, wish = outcome.provider.payloads[1]["request"].messages
    assert '"properties"' in system["content"]
    assert '"properties"' not in wish["content"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"title": "The s', '{"title": "The s'),
        ('{"title": "The \\', '{"title": "The '),
        ('{"title": "The \\ud83d\\u', '{"title": "The '),
        ('{"title": "a", "li', '{"title": "a", '),
        ('{"title": "a", "lines"', '{"title": "a", "lines"'),
        ('{"title": "a", "lines": [{"text": "b", "count": 34', None),
        ('{ "ti', "{ "),
        ('{ "t\\"i\\\\', "{ "),
    ],
)
def test_where_it_goes_on(play: Any, text: str, kept: str | None) -> None:
    kept = kept or text.removesuffix("34")
    scripts = [[TextDelta(text), LENGTH], []]
    outcome = play(*scripts, response_model=Poem, mode="json", max_retries=1, resume=True)
    assert outcome.provider.payloads[1]["request"].messages[-2]["content"] == kept
    assert outcome.error.errors[0].text == text


# When it is not -----------------------------------------------------------------------------------


def restarts(play: Any, script: list[Any], *scripts: Any, **call: Any) -> Any:
    """Play it, and see that the answer was begun anew with the last script."""
    call = {"mode": "json_schema", "max_retries": 3, "resume": True, **call}
    seen: list[Any] = []
    hooks = Hooks()
    hooks.on("stream:restart", lambda *_: seen.append("restart"))
    hooks.on("stream:resume", lambda *_: seen.append("resume"))
    outcome = play(script, *scripts, response_model=Poem, hooks=hooks, **call)
    assert outcome.value == WHOLE
    assert not outcome.provider.payloads[-1]["request"].plain
    return seen


@pytest.mark.parametrize(
    "script",
    [
        [TextDelta(POEM[:50]), LENGTH],
        [TextDelta(POEM[:50]), STOP],
        [TextDelta(POEM), LENGTH],
        [TextDelta("The sea, as"), LENGTH],
        [LENGTH],
        [],
        [TextDelta(POEM.replace("12", "null")[:80]), LENGTH],
        [TextDelta('{"title": The'), LENGTH],
    ],
    ids=["not asked for", "stopped", "whole", "prose", "empty", "nothing", "invalid", "malformed"],
)
def test_what_is_begun_anew(play: Any, script: list[Any], request: Any) -> None:
    resume = "not asked for" not in request.node.name
    assert restarts(play, script, [TextDelta(POEM), STOP], resume=resume) == ["restart"]


def test_a_break_before_the_answer_begins_anew(play: Any, pauses: list[float]) -> None:
    script = [TextDelta(""), ConnectionError("reset")]
    assert restarts(play, script, [TextDelta(POEM), STOP]) == ["restart"]


def test_prose_whose_stream_broke_is_begun_anew(play: Any, pauses: list[float]) -> None:
    script = [TextDelta("The sea"), ConnectionError("reset")]
    assert restarts(play, script, [TextDelta(POEM), STOP]) == ["restart"]


@pytest.mark.parametrize(
    "reply",
    [
        '{"title": "The land"}',
        "I can't.",
        'y", "lines": []}',
        '{"title": "The sky", "lines": "none"}',
    ],
)
def test_a_reply_that_does_not_go_on_is_no_end(play: Any, reply: str) -> None:
    scripts = [TextDelta(POEM[:17]), LENGTH], [TextDelta(reply), STOP], [TextDelta(POEM), STOP]
    assert restarts(play, *scripts) == ["resume", "restart"]


def test_a_document_that_ends_too_early_is_no_end(play: Any) -> None:
    text = '{"title": "a", "lines": [{"text": "b", "count": 1}, '
    replies = '1}]}, {"text": "c", "count": 2}]}', '"count": 1}]}, "title": "c"}'
    for reply in replies:
        scripts = [TextDelta(text), LENGTH], [TextDelta(reply), STOP], [TextDelta(POEM), STOP]
        assert restarts(play, *scripts) == ["resume", "restart"]


@pytest.mark.parametrize("tags", ["<think>{}</think>\n", " <thinking>{}</thinking>"])
def test_the_reply_may_begin_with_reasoning(play: Any, tags: str) -> None:
    thought = tags.format('Go on after "sea"? <b>')
    scripts = [TextDelta(POEM[:17]), LENGTH], [Model(play).rest(form=thought + "{}"), STOP]
    outcome = play(*scripts, response_model=Poem, mode="json", max_retries=1, resume=True)
    assert outcome.value == WHOLE
    assert outcome.stream.reasoning == 'Go on after "sea"? <b>'


def test_a_reply_that_only_thinks_is_no_end(play: Any) -> None:
    scripts = (
        [TextDelta(POEM[:17]), LENGTH],
        [TextDelta("<think>Hm"), STOP],
        [TextDelta(POEM), STOP],
    )
    assert restarts(play, *scripts) == ["resume", "restart"]


def test_what_is_wrong_in_the_rest_is_said_of_the_whole(play: Any) -> None:
    bad = POEM.replace("345", '"many"')
    scripts = [
        [*begun(Mode.TOOLS, bad[:60]), LENGTH],
        [Model(play, bad).rest(), STOP],
        [*begun(Mode.TOOLS, POEM), STOP],
    ]
    outcome = play(*scripts, response_model=Poem, mode="tools", max_retries=2, resume=True)
    assert outcome.value == WHOLE
    user, call, result = outcome.provider.payloads[-1]["request"].messages
    assert user["content"] == "Who?"
    assert '"many"' in call["tool_calls"][0]["function"]["arguments"]
    assert "- lines[1].count: Input should be a valid integer" in result["content"]


def test_a_refusal_to_go_on_is_a_refusal(play: Any) -> None:
    for refusal in ([RefusalDelta("No."), STOP], [TextDelta("No."), Finish("refusal")]):
        scripts = [TextDelta(POEM[:17]), LENGTH], refusal
        error = play(*scripts, response_model=Poem, mode="json", max_retries=3, resume=True).error
        assert isinstance(error, partwise.RefusalError)
        assert error.refusal.endswith("No.")
        assert error.attempt == 2


def test_no_more_than_the_retries_allow(play: Any) -> None:
    model = Model(play)
    scripts = [[TextDelta(POEM[:45]), Usage(1, 1), LENGTH]]
    scripts += [[model.rest(9), Usage(1, 1), LENGTH] for _ in range(2)]
    error = play(*scripts, response_model=Poem, mode="json", max_retries=2, resume=True).error
    assert isinstance(error, partwise.RetriesExhaustedError)
    assert [each.text for each in error.errors] == [POEM[:45], POEM[:54], POEM[:63]]
    assert error.text == POEM[:63]
    assert error.usage == Usage(3, 3)
    assert error.snapshot.lines[0].text == 'It comes "and" goes'


def test_no_more_than_the_budget_allows(play: Any) -> None:
    script = [TextDelta(POEM[:40]), Usage(10, 5), LENGTH]
    call = {"mode": "json", "max_retries": 3, "resume": True, "token_budget": 15}
    error = play(script, response_model=Poem, **call).error
    assert isinstance(error, partwise.BudgetExceededError)
    assert error.text == POEM[:40]


@pytest.mark.usefixtures("pauses")
def test_the_rest_is_asked_for_again_if_the_connection_is_refused(play: Any, kit: Any) -> None:
    model = Model(play)
    refused = kit.Refused(ConnectionError("refused"))
    scripts = [[TextDelta(POEM[:45]), LENGTH], [refused], [model.rest(99), STOP]]
    outcome = play(*scripts, response_model=Poem, mode="json", max_retries=3, resume=True)
    assert outcome.value == Poem.model_validate_json(POEM)
    assert outcome.stream.attempt == 3


@pytest.mark.usefixtures("pauses")
def test_nothing_is_lost_if_the_connection_stays_refused(play: Any, kit: Any) -> None:
    refused = kit.Refused(ConnectionError("refused"))
    scripts = [[TextDelta(POEM[:45]), LENGTH], [refused], [refused]]
    error = play(*scripts, response_model=Poem, mode="json", max_retries=2, resume=True).error
    assert isinstance(error, partwise.RetriesExhaustedError)
    assert isinstance(error.__cause__, partwise.ProviderConnectionError)
    assert error.text == POEM[:45]


def test_what_came_and_is_not_placed_is_on_the_error(play: Any, kit: Any) -> None:
    scripts = [TextDelta(POEM[:17]), LENGTH], [TextDelta("Well"), kit.Stranger("gone")]
    error = play(*scripts, response_model=Poem, mode="json", max_retries=3, resume=True)
    assert type(error.error) is kit.Stranger
    assert error.stream.text == POEM[:17] + "Well"


# Others that hear of it ---------------------------------------------------------------------------


def test_it_is_no_step_back(play: Any) -> None:
    scripts = [*begun(Mode.JSON, POEM[:60]), LENGTH], [Model(play).rest(), STOP]
    call = {"mode": "json", "max_retries": 1, "resume": True}
    outcome = play(*scripts, response_model=Poem, on_restart="raise", **call)
    assert outcome.value == WHOLE
    for view, expected in [
        (lambda stream: stream.elements("lines"), WHOLE.lines),
        (lambda stream: stream.text_deltas("lines[0].text"), list(WHOLE.lines[0].text)),
    ]:
        items = play(*scripts, response_model=Poem, view=view, **call).snapshots
        assert items == expected


def test_views_go_on(play: Any) -> None:
    scripts = [*begun(Mode.JSON, POEM[:60]), LENGTH], [Model(play).rest(), STOP]
    call = {"mode": "json", "max_retries": 1, "resume": True, "response_model": Poem}
    events = play(*scripts, view=lambda stream: stream.events(), **call).snapshots
    (resumed,) = [event for event in events if isinstance(event, Resumed)]
    assert resumed.attempt == 2
    assert isinstance(resumed.error, partwise.IncompleteOutputError)
    assert not any(isinstance(event, Restarted) for event in events)
    texts = [e.text for e in events if isinstance(e, Grew) and e.path == ("lines", 0, "text")]
    assert "".join(texts) == WHOLE.lines[0].text
    assert events[-1] == Closed((), WHOLE)
    patches = play(*scripts, view=lambda stream: stream.patches(), **call).snapshots
    assert [patch["path"] for each in patches for patch in each].count("") == 1


def test_hooks_hear_of_it(play: Any) -> None:
    heard: list[Any] = []
    hooks = Hooks()
    hooks.on("stream:resume", lambda *detail: heard.append(detail))
    hooks.on("stream:first_snapshot", lambda _: heard.append("first"))
    scripts = [[TextDelta(POEM[:60]), LENGTH], [Model(play).rest(), STOP]]
    play(*scripts, response_model=Poem, mode="json", max_retries=1, resume=True, hooks=hooks)
    first, (attempt, error) = heard
    assert (first, attempt) == ("first", 2)
    assert isinstance(error, partwise.IncompleteOutputError)


def test_a_field_is_not_validated_twice(play: Any) -> None:
    seen: list[str] = []

    class Counted(BaseModel):
        title: str
        lines: list[Line]

        @field_validator("title")
        @classmethod
        def _count(cls, value: str) -> str:
            seen.append(value)
            return value

    scripts = [[TextDelta(POEM[:60]), LENGTH], [Model(play).rest(), STOP]]
    play(*scripts, response_model=Counted, mode="json", max_retries=1, resume=True)
    assert seen == ["The sea"]
