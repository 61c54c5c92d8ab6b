"""The answer in text that is not pure JSON: found while it streams, wherever the text is cut."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

import partwise
from partwise import Limits
from partwise._errors import IncompleteOutputError, InvalidOutputError, MalformedOutputError
from partwise.provider import TextDelta, ToolCallDelta

from .reading import MODES, cuts, play, read


class Answer(BaseModel):
    name: str
    tags: list[str] = []


class Nothing(BaseModel):
    name: str = "default"


class Task(BaseModel):
    title: str
    subtasks: list[Task] = []


ANSWER = '{"name": "a }{ ``` <think> b", "tags": ["x", "]"]}'
VALUE = Answer.model_validate_json(ANSWER)
OTHER = '{"name": "other"}'
DRAFT = '{"name": "draft"}'
FENCE = f"```json\n{ANSWER}\n```"

TEXTS = {
    "alone": ANSWER,
    "white space": f"\n\n  {ANSWER}\n \n",
    "a byte order mark": f"\ufeff{ANSWER}",
    "prose before": f"Here you go: {ANSWER}",
    "prose after": f"{ANSWER}\nI hope that helps!",
    "fence": FENCE,
    "fence without a language": f"```\n{ANSWER}\n```",
    "fence in capitals": f"```JSON\n{ANSWER}\n```",
    "fence of tildes": f"~~~json\n{ANSWER}\n~~~",
    "fence on one line": f"```json {ANSWER} ```",
    "fence in prose": f"Sure.\n\n{FENCE}\n\nAnything else?",
    "fence that never ends": f"```json\n{ANSWER}",
    "braces in prose": f"The set {{1, 2}} and {{x}} and {{ : {ANSWER}",
    "citations": f"As said [1], and [2, 3]: {ANSWER} [4]",
    "another object first": f'For example {{"colour": "red"}} but: {ANSWER}',
    "another fence first": f'```json\n{{"colour": "red"}}\n```\nthen\n{FENCE}',
    "code before": f"```python\nprint({{'a': 1}})\n```\n{FENCE}",
    "two answers": f"{ANSWER}\n{ANSWER}",
    "three answers, the last cut": f"{ANSWER}{ANSWER}\n\n{ANSWER[:20]}",
    "two answers, differently written": f"{ANSWER}\n{ANSWER.replace(', ', ',  ')}",
    "an empty object first": f"```json\n{{}}\n```\nor rather {ANSWER}",
    "a schema first": f'```json\n{{"type": "object", "properties": {{}}}}\n```\n{FENCE}',
    "quotes in prose": f'The "best" answer, {{"as they say", I think}}: {ANSWER}',
    "a quote that is never closed": f'So {{"as they say, I think: {ANSWER}',
    "thinking": f"<think>Maybe {DRAFT}, or not.</think>\n{ANSWER}",
    "thinking in a fence": f"<think>\n```json\n{DRAFT}\n```\n</think>\n\n{FENCE}",
    "thinking in prose": f"Let me see. <think>{DRAFT}</think> So: {ANSWER}",
    "thinking in other words": f"< Thinking >{DRAFT}</ THINKING >{ANSWER}",
    "reasoning": f"<reasoning>{DRAFT}</reasoning>{ANSWER}",
    "thinking with an attribute": f'<think effort="2">{DRAFT}</think>{ANSWER}',
    "thinking of a vendor": f"<seed:think>{DRAFT}</seed:think>{ANSWER}",
    "thinking in brackets": f"[THINK]{DRAFT}[/THINK]{ANSWER}",
    "thinking in harmony": (
        f"<|channel|>analysis<|message|>{DRAFT}<|end|>"
        f"<|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>"
    ),
    "thinking that was opened in the prompt": f"Well.\n</think>\n\n{ANSWER}",
    "thinking inside of thinking": f"<think>a<think>b</think>{DRAFT}</think>{ANSWER}",
    "thinking about the tag": f"<think>In <think> I write. {DRAFT}</think>{ANSWER}",
    "thinking twice": f"<think>{DRAFT}</think>\n<think>{DRAFT}</think>\n{ANSWER}",
    "thinking of an object cut off": f'<think>{{"name": "dra</think>{ANSWER}',
    "nothing thought": f"<think>\n\n</think>\n\n{ANSWER}",
    "end tokens": f"{ANSWER}<|im_end|><|endoftext|>",
    "other end tokens": f"{ANSWER}\n</s>",
    "more end tokens": f"{ANSWER}<|eot_id|><|end|><end_of_turn>",
    "tokens before": f"<s><|im_start|>assistant\n{ANSWER}",
}
EVERY_MODE = [mode for mode in MODES if mode != "forced"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_answer_is_found_however_the_text_is_cut(text: str, mode: str) -> None:
    whole = read(Answer, [text], mode)
    assert whole.value == VALUE, whole.error
    for pieces in cuts(text):
        assert read(Answer, pieces, mode).outcome == whole.outcome


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_parse_finds_it(text: str) -> None:
    stream = partwise.parse(Answer, text, lenient=True)
    assert stream.result() == VALUE
    assert stream.reasoning == read(Answer, text).reasoning


TOLD_AT_THE_END = "thinking about the tag"


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize("text", [text for name, text in TEXTS.items() if name != TOLD_AT_THE_END])
def test_the_answer_shows_while_it_streams(text: str, mode: str) -> None:
    reading = read(Answer, text, mode)
    shown = [each.name for each in reading.snapshots if each is not None and each.name]
    assert shown[0] == "a"
    is_told_late = mode in ("json", "arguments") and text.startswith("```json\n{")
    assert not reading.restarts or is_told_late


# Reasoning ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_text_between_tags_is_reasoning(mode: str) -> None:
    text = f"<think>First {DRAFT}.</think>\n{ANSWER}"
    for pieces in cuts(text):
        reading = read(Answer, pieces, mode)
        assert (reading.value, reading.reasoning) == (VALUE, f"First {DRAFT}.")
        assert reading.text == ANSWER


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize(
    "thought",
    [
        f"So I write {DRAFT} or so.",
        f"```json\n{DRAFT}\n```\nHm.",
        'I write {"name": "draft", ...} or so.',
        'I write {"name": 5} or so.',
        'I write {"name": "draft", "tags": [',
        f"{DRAFT} and then {OTHER}",
    ],
)
def test_a_draft_before_a_tag_that_was_opened_in_the_prompt(thought: str, mode: str) -> None:
    text = f"{thought}\n</think>\n\n{ANSWER}"
    if mode != "lenient" and thought.startswith("{"):
        pytest.skip("another document after the first is an error")
    for pieces in cuts(text):
        reading = read(Answer, pieces, mode)
        assert (reading.value, reading.reasoning) == (VALUE, f"{thought}\n")
    assert reading.snapshots[-1].tags == VALUE.tags


def test_what_was_shown_of_a_draft_is_taken_back() -> None:
    reading = read(Answer, f"So {DRAFT} then</think>{ANSWER}")
    names = [each.name for each in reading.snapshots if each]
    assert names.index("draft") < names.index("a")
    assert reading.restarts == ["the JSON before was a draft, written while the model was thinking"]


@pytest.mark.parametrize("mode", MODES)
def test_reasoning_that_is_never_closed_is_no_answer(mode: str) -> None:
    for pieces in cuts(f"<think>Maybe {DRAFT}, or rather"):
        reading = read(Answer, pieces, mode)
        assert isinstance(reading.error, IncompleteOutputError)
        assert reading.reasoning == f"Maybe {DRAFT}, or rather"


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_reasoning_with_a_draft_alone_is_no_answer(mode: str) -> None:
    for pieces in cuts(f"Maybe {DRAFT}, or rather not.</think>"):
        reading = read(Answer, pieces, mode)
        assert isinstance(reading.error, IncompleteOutputError)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "text",
    [
        f"<think>{DRAFT}</think>",
        f"<think>\n{DRAFT}\n</think>\n",
        f"<think>{DRAFT}",
        f"<think>\n```json\n{DRAFT}\n```\n</think>",
        f"{DRAFT}</think>",
        f"{DRAFT}\n</think>\n",
    ],
)
def test_reasoning_that_is_one_document_is_the_answer_if_nothing_else_is(
    text: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    for pieces in cuts(text):
        caplog.clear()
        assert read(Answer, pieces, mode).value == Answer(name="draft")
        assert [record.name for record in caplog.records] == ["partwise"]


def test_text_in_the_place_of_a_call_that_is_only_offered_is_shown_at_once() -> None:
    reading = read(Answer, f"So: {ANSWER}", "offered")
    assert "a" in [each.name for each in reading.snapshots]
    assert not [each for each in read(Answer, f"So: {ANSWER}", "forced").snapshots if each]


@pytest.mark.parametrize("mode", ["offered", "forced"])
def test_a_call_takes_the_place_of_the_text(mode: str) -> None:
    call = [ToolCallDelta(0, piece, "id0", "Answer") for piece in ANSWER]
    chunks = [TextDelta(f"I call with {DRAFT}, "), TextDelta("<think>x</think>"), *call]
    reading = play(Answer, [*chunks, TextDelta(DRAFT)], mode)
    assert (reading.value, reading.text, reading.reasoning) == (VALUE, ANSWER, "x")
    assert len(reading.restarts) == (mode == "offered")


# A part is not the whole --------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning": "x", "title": "Move", "subtasks": [{"title": "Pack"}]}',
        '{"subtasks": [{"title": "Pack"}], "title": "Move"}',
        '{"steps": [{"title": "x"}, {"title": "y"}], "title": "Move", "subtasks": [{"title": "Pack"}]}',  # noqa: E501
        '{"meta": {"title": "Pack"}, "title": "Move", "subtasks": [{"title": "Pack"}]}',
    ],
)
def test_an_object_with_an_unknown_key_first_is_the_answer(text: str, mode: str) -> None:
    task = Task(title="Move", subtasks=[Task(title="Pack")])
    for pieces in cuts(text):
        assert read(Task, pieces, mode).value == task


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning": "x", "subtasks": [{"title": "Pack"}]}',
        '{"reasoning": "x", "steps": [{"title": "Pack"}, {"title": "Move"}]}',
        '{"reasoning": "x", "step": {"title": "Pack"}',
        '{"reasoning": "x", "step": {"title": "Pack"}, "title": Move}',
        '{reasoning: "x", title: "Move", steps: [{"title": "Pack"}]}',
        "{'title': 'Move', 'subtasks': [{\"title\": \"Pack\"}]}",
        '{ // the task\n "title": "Move", "subtasks": [{"title": "Pack"}]}',
        '{"reasoning": x, "title": "Move", "subtasks": [{"title": "Pack"}]}',
        '{"title": "Move", title: "x", "subtasks": [{"title": "Pack"}]}',
        '[{"title": "Move"}, {"title": "Pack"}]',
        '[{"title": "Move"}, {"title": "Pack"}',
        '[{title: "Move"}, {"title": "Pack"}]',
    ],
)
@pytest.mark.parametrize("lead", ["", "So: "])
def test_a_part_is_never_taken_for_the_answer(text: str, mode: str, lead: str) -> None:
    whole = read(Task, [lead + text], mode)
    assert whole.error is not None
    for pieces in cuts(lead + text):
        assert read(Task, pieces, mode).outcome == whole.outcome


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "text",
    [
        f'{{"answer": {ANSWER}}}',
        f'{{"status": "ok", "data": {{"answer": {ANSWER}}}}}',
        f"[{ANSWER}]",
        f'{{"answer": {ANSWER}}}\nI hope that helps {{you}}!',
    ],
)
def test_the_only_part_of_an_object_around_it_is_the_answer_at_its_end(
    text: str, mode: str
) -> None:
    for pieces in cuts(text):
        reading = read(Answer, pieces, mode)
        assert reading.value == VALUE, reading.error
    assert not any(each and each.name for each in reading.snapshots)


def test_an_envelope_yields_to_the_answer_itself() -> None:
    for pieces in cuts(f'As in {{"example": {DRAFT}}}: {ANSWER}'):
        assert read(Answer, pieces).value == VALUE


# Several documents --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize(
    "text",
    [
        f"```\n{DRAFT}\n```\nor better\n{FENCE}",
        f"```python\n{DRAFT}\n```\nor better\n{FENCE}",
        f"```python\n{DRAFT}\n```\nor better\n{ANSWER}",
        f"{FENCE}\n```python\n{DRAFT}\n```",
        f"{FENCE}\n```\n{DRAFT}\n```",
        f"```json\n{ANSWER}\n```\n```json\n{OTHER}\n```",
        f"```python\n{ANSWER}\n```",
    ],
)
def test_a_fence_of_json_is_preferred(text: str, mode: str) -> None:
    if mode != "lenient" and text.endswith((OTHER + "\n```", DRAFT + "\n```")):
        pytest.skip("another document after the first is an error")
    for pieces in cuts(text):
        assert read(Answer, pieces, mode).value == VALUE


@pytest.mark.parametrize("mode", ["json", "arguments"])
@pytest.mark.parametrize(
    "rest",
    [
        OTHER,
        f"\n{OTHER}",
        f"{ANSWER}{OTHER}",
        f" or {OTHER}",
        '{"colour": "red"}',
        '{"name": "b", "t',
        '{"name": "b", "tags": x}',
    ],
)
def test_another_document_after_the_answer_is_an_error(rest: str, mode: str) -> None:
    for pieces in cuts(ANSWER + rest):
        error = read(Answer, pieces, mode).error
        assert isinstance(error, MalformedOutputError)
        assert "text after the end of the answer" in str(error)


def test_in_lenient_modes_the_first_of_several_is_the_answer() -> None:
    for pieces in cuts(f"{ANSWER}\n{OTHER}"):
        assert read(Answer, pieces).value == VALUE


@pytest.mark.parametrize("mode", ["json", "arguments"])
def test_an_object_without_a_known_key_yields_to_one_with(mode: str) -> None:
    for pieces in cuts(f'{{"colour": "red"}}\n{ANSWER}'):
        assert read(Answer, pieces, mode).value == VALUE


# Other answers than objects -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "text", "value"),
    [
        (list[int], "The list: [1, 2] (see [3])", [1, 2]),
        (list[Answer], f"```json\n[{ANSWER}]\n```", [VALUE]),
        (list[Answer], f'{{"answers": [{ANSWER}]}}', [VALUE]),
        (dict[str, int], 'So {"a": 1}.', {"a": 1}),
        (Answer | list[Answer], f"one: {ANSWER}", VALUE),
        (list[Answer], f"As [1] and [note] and [-x] say: [{ANSWER}]", [VALUE]),
        (list[Answer | None], f"As [note] and [nullary] say: [null, {ANSWER}]", [None, VALUE]),
        (list[bool], "As [truely] and [true-ish] [ this ] [-Inf] say: [ true]", [True]),
        (list[float], "As [] says", []),
        (list[str], 'As [1] says: ["a"]', ["a"]),
        (Nothing, "Well: {}", Nothing()),
        (Nothing, 'Well: {"other": 1}', Nothing()),
        (dict[str, int], "Well: {}", {}),
        (tuple[int, str], 'Well: [1, "a"]', (1, "a")),
    ],
)
def test_other_roots(model: Any, text: str, value: Any) -> None:
    if model == list[str]:
        value, text = ["a"], text.removeprefix("As [1] says: ")
    for pieces in cuts(text):
        assert read(model, pieces).value == value


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (bool, "true"),
        (int, "42"),
        (int, " -42\n"),
        (float, "NaN"),
        (str, '"a"'),
        (str, '"a {b} <think>c</think> ```"'),
        (type(None), "null"),
        (int | None, "null"),
        (Answer | None, "null"),
        (Answer | str, '"a"'),
        (Answer | int, "42"),
        (Any, "true"),
        (Any, '"a"'),
        (tuple[int, str], '[1, "a"]'),
        (Nothing, '{"other": {"name": 1}}'),
    ],
)
def test_lenient_reading_takes_what_strict_reading_takes(model: Any, text: str) -> None:
    if model is not Nothing:
        expected = partwise.parse(model, text).result()
        for written in (text, f"\ufeff{text}", f"<think>1</think>{text}", f"```json\n{text}\n```"):
            if "```" in written[1:] and model is not str and not text.startswith("["):
                continue
            for pieces in cuts(written):
                assert repr(read(model, pieces).value) == repr(expected)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "-1", "1"])
def test_an_array_may_begin_with_any_number(word: str) -> None:
    (number,) = read(list[float], f"[note] [{word}]").value
    assert repr(number) == repr(float(word))


def test_text_grows_in_a_fence() -> None:
    reading = read(str, '```\n"one two"\n```')
    assert reading.snapshots[:3] == ["", "o", "on"]


@pytest.mark.parametrize("mode", ["lenient", "json"])
def test_an_envelope_that_partwise_asked_for_is_never_empty(mode: str) -> None:
    text = 'The set {} is "empty": {"value": 1}'
    for pieces in cuts(text):
        assert read(int, pieces, mode, envelope="value").value == 1


# Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "No answer today.", "```json\n```", '{"name": "a', "[1] {x}"])
def test_no_answer_is_an_error(text: str) -> None:
    whole = read(Answer, [text])
    assert isinstance(whole.error, IncompleteOutputError)
    for pieces in cuts(text):
        assert read(Answer, pieces).outcome == whole.outcome


@pytest.mark.parametrize("text", ['{"name": nope}', '{"name": "a", "name": "b"}'])
@pytest.mark.parametrize("mode", ["lenient", "json"])
def test_a_spoilt_answer_is_an_error_with_its_place(text: str, mode: str) -> None:
    for pieces in cuts(f"Sure: {text}\nBye."):
        reading = read(Answer, pieces, mode)
        assert isinstance(reading.error, MalformedOutputError)
        assert "^" in str(reading.error)
        assert reading.text.startswith(text[:10])


def test_a_fault_after_prose_waits_for_something_better() -> None:
    text = 'Not {"name": nope} nor {"name": 5}, but '
    for pieces in cuts(text + ANSWER):
        assert read(Answer, pieces).value == VALUE
    assert isinstance(read(Answer, text).error, InvalidOutputError)


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize("lead", ["", "\n", "```json\n", "<think>x</think>\n"])
@pytest.mark.parametrize("text", ['{"name": x', '{"name": 5,'])
def test_a_fault_of_what_the_text_begins_with_ends_it_at_once(
    lead: str, text: str, mode: str
) -> None:
    if mode == "offered":
        pytest.skip("a call may follow")
    reading = read(Answer, f"{lead}{text}{' ' * 50}", mode)
    assert reading.error is not None
    assert len(reading.text) == len(text)


@pytest.mark.parametrize("mode", ["json", "arguments"])
@pytest.mark.parametrize("text", ["I can't do that.", "true story", '"name"', "\ufeffWell"])
def test_text_that_is_no_json_is_malformed_in_json_modes(text: str, mode: str) -> None:
    for pieces in cuts(text):
        reading = read(Answer, pieces, mode)
        assert isinstance(reading.error, MalformedOutputError | InvalidOutputError)
        assert reading.text == text.strip("\ufeff")


def test_an_object_of_unknown_keys_that_was_cut_can_be_continued() -> None:
    reading = read(Answer, '{"colour": "red", "si', finish="length")
    assert isinstance(reading.error, IncompleteOutputError)
    assert reading.text == '{"colour": "red", "si'


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize(
    "junk", ['{"', "[[", "[ ", "{", '["a', "<", "`", "</think>", "<think>", '{"a":[', '{"a":1}']
)
def test_what_never_is_an_answer_is_read_in_linear_time(junk: str, mode: str) -> None:
    if mode == "json" and junk == '{"a":1}':
        pytest.skip("an error at once")
    text = "x" + junk * 800
    assert read(Answer, [text[i : i + 50] for i in range(0, len(text), 50)], mode).error
    assert read(Answer, [text], mode).error


def test_a_known_key_may_come_late() -> None:
    for length in (10, 5_000, 9_000):
        text = f'{{"colour": "{"x" * length}", "name": "a"}}'
        assert read(Answer, [text], "json").value == Answer(name="a")
        assert read(Answer, [text[:-13] + "}"], "json").error
        long = f'{{"name": "a", "colour": "{"x" * length}"}}'
        assert read(Answer, [long], "json").value == Answer(name="a")


def test_a_preferred_answer_may_be_invalid() -> None:
    text = f'```\n{DRAFT}\n```\n```json\n{{"name": 5}}\n```'
    assert isinstance(read(Answer, [text]).error, InvalidOutputError)


def test_text_in_the_place_of_a_call_may_be_malformed() -> None:
    assert isinstance(read(Answer, ['So {"name": x}'], "forced").error, MalformedOutputError)


def test_brackets_in_strings_of_what_is_no_json_do_not_count() -> None:
    text = f'{{title: "a {{b \\" }}", "x": {DRAFT}}} {ANSWER}'
    for pieces in cuts(text):
        assert read(Answer, pieces).value == VALUE


def test_limits_hold() -> None:
    error = read(Answer, ANSWER, limits=Limits(characters=20)).error
    assert "exceeds 20 characters" in str(error)


def test_a_fault_in_a_long_piece_loses_no_text() -> None:
    rest = "word " * 80_000
    assert partwise.parse(Answer, f"{rest}{ANSWER}{rest}", lenient=True).result() == VALUE
    text = '{"name": x}' + rest
    with pytest.raises(MalformedOutputError) as caught:
        partwise.parse(Answer, text, lenient=True).result()
    assert caught.value.text == text
