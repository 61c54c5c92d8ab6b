"""The answer in text that is not pure JSON: found while it streams, wherever the text is cut."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from partwise import Limits
from partwise._errors import IncompleteOutputError, MalformedOutputError
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import LenientSnapshotBuilder

from .values import same


class Answer(BaseModel):
    name: str
    tags: list[str] = []


class Nothing(BaseModel):
    name: str = "default"


ANSWER = '{"name": "a }{ ``` b", "tags": ["x", "]"]}'
VALUE = Answer.model_validate_json(ANSWER)
FENCE = f"```json\n{ANSWER}\n```"

TEXTS = {
    "alone": ANSWER,
    "white space": f"\n\n  {ANSWER}\n \n",
    "prose before": f"Here you go: {ANSWER}",
    "prose after": f"{ANSWER}\nI hope that helps!",
    "fence": FENCE,
    "fence without a language": f"```\n{ANSWER}\n```",
    "fence in prose": f"Sure.\n\n{FENCE}\n\nAnything else?",
    "fence that never ends": f"```json\n{ANSWER}",
    "braces in prose": f"The set {{1, 2}} and {{x}} and {{ : {ANSWER}",
    "citations": f"As said [1], and [2, 3]: {ANSWER} [4]",
    "another object first": f'For example {{"colour": "red"}} but: {ANSWER}',
    "another fence first": f'```json\n{{"colour": "red"}}\n```\nthen\n{FENCE}',
    "an envelope": f'{{"answer": {ANSWER}}}',
    "code before": f"```python\nprint({{'a': 1}})\n```\n{FENCE}",
    "two answers": f"{ANSWER}\n{ANSWER}",
    "two fenced answers": f'{FENCE}\n```json\n{{"name": "second"}}\n```',
    "an empty object first": f"```json\n{{}}\n```\nor rather {ANSWER}",
    "a schema first": f'```json\n{{"type": "object", "properties": {{}}}}\n```\n{FENCE}',
    "quotes in prose": f'The "best" answer, {{"as they say", I think}}: {ANSWER}',
}


def lenient(model: Any, pieces: Any, **options: Any) -> Any:
    engine = LenientSnapshotBuilder(compile_plan(model), **options)
    for piece in pieces:
        engine.feed(piece)
        engine.snapshot()
    return engine.close()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_answer_is_found_wherever_the_text_is_cut(text: str) -> None:
    assert lenient(Answer, text) == VALUE
    for place in range(len(text) + 1):
        assert lenient(Answer, [text[:place], text[place:]]) == VALUE


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_answer_shows_while_it_streams(text: str) -> None:
    engine = LenientSnapshotBuilder(compile_plan(Answer))
    shown = []
    for character in text:
        engine.feed(character)
        snapshot = engine.snapshot()
        if snapshot is not None and snapshot.name:
            shown.append(snapshot.name)
    assert shown[0] == "a"
    assert engine.complete


@pytest.mark.parametrize(
    ("model", "text", "value"),
    [
        (list[int], "The list: [1, 2] (see [3])", [1, 2]),
        (list[Answer], f"```json\n[{ANSWER}]\n```", [VALUE]),
        (dict[str, int], 'So {"a": 1}.', {"a": 1}),
        (Answer | list[Answer], f"one: {ANSWER}", VALUE),
        (list[Answer], f"As [1] and [note] and [-x] say: [{ANSWER}]", [VALUE]),
        (list[Answer | None], f"As [note] and [nullary] say: [null, {ANSWER}]", [None, VALUE]),
        (list[bool], "As [truely] and [true-ish] [ this ] [-Inf] say: [ true]", [True]),
        (list[float], "As [] says", []),
        (Nothing, "Well: {}", Nothing()),
        (dict[str, int], "Well: {}", {}),
    ],
)
def test_other_roots(model: Any, text: str, value: Any) -> None:
    assert lenient(model, text) == value
    for place in range(len(text) + 1):
        assert lenient(model, [text[:place], text[place:]]) == value


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "-1", "1"])
def test_an_array_may_begin_with_any_number(word: str) -> None:
    (number,) = lenient(list[float], f"[note] [{word}]")
    assert same(number, float(word))


def test_an_envelope_is_never_empty() -> None:
    engine = LenientSnapshotBuilder(compile_plan(int), envelope="value")
    engine.feed('The set {} is "empty": {"value": 1}')
    assert engine.close() == 1


def test_an_object_without_known_keys_is_the_answer_if_there_is_no_other() -> None:
    class Defaults(BaseModel):
        name: str = "default"

    assert lenient(Defaults, 'Well: {"other": 1}') == Defaults()


@pytest.mark.parametrize("text", ["", "No answer today.", "```json\n```", '{"name": "a', "[1] {x}"])
def test_no_answer_is_an_error(text: str) -> None:
    with pytest.raises(IncompleteOutputError):
        lenient(Answer, text)


@pytest.mark.parametrize("text", ['{"name": nope}', '{"name": "a", "name": "b"}'])
def test_a_spoilt_answer_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(MalformedOutputError) as raised:
        lenient(Answer, f"Sure: {text}")
    assert "^" in str(raised.value)


@pytest.mark.parametrize(
    ("model", "junk"), [(Answer, '{"'), (list[Answer], "[["), (list[Answer], "[ ")]
)
def test_what_never_is_an_answer_is_read_in_linear_time(model: Any, junk: str) -> None:
    junk *= 20_000
    with pytest.raises(IncompleteOutputError):
        lenient(model, [junk[i : i + 100] for i in range(0, len(junk), 100)])


def test_limits_hold() -> None:
    with pytest.raises(MalformedOutputError, match="answer exceeds 20 characters"):
        lenient(Answer, ANSWER, limits=Limits(characters=20))
