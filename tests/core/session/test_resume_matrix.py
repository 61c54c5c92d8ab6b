"""An answer cut anywhere and continued in many ways is right or an error, and never another value.

From 12 repeated characters on that holds always. A model that repeats less is asked for more; what
it repeats by chance nobody can tell.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from partwise._errors import OutputError
from partwise._json.splice import Splicer
from partwise._plan.plan import compile_plan
from partwise._session.attempt import Attempt
from partwise._session.continuation import Continuation
from partwise._snapshot.builder import SnapshotBuilder
from partwise.provider import Finish, TextDelta


class Leaf(BaseModel):
    c: int = 0
    d: int = 0
    note: str = ""


class Branch(BaseModel):
    b: Leaf = Leaf()
    c: int = 0
    d: int = 0
    leaves: list[Leaf] = []


class Tree(BaseModel):
    a: Branch = Branch()
    b: Leaf = Leaf()
    c: int = 0
    d: int = 0
    leaves: list[Leaf] = []
    note: str = ""


class Song(BaseModel):
    title: str = ""
    verses: list[str] = []
    chorus: str = ""


class Grid(BaseModel):
    rows: list[Any] = []
    more: list[Any] = []


class Lines(Grid):
    """On lines of their own, most of each white space."""


TREE = (
    '{"a": {"b": {"c": 1, "d": 2, "note": "c"}, "c": 1, "d": 2, "leaves": [{"c": 1, "d": 2}, '
    '{"c": 1, "d": 2}, {"c": 1, "d": 2}]}, "b": {"c": 1, "d": 2}, "c": 1, "d": 2, "leaves": '
    '[{"c": 1, "d": 2, "note": "c"}, {"c": 1, "d": 2}], "note": "\\"c\\": 1, \\"d\\""}'
)
SONG = (
    '{"title": "La la la", "verses": ["la la la la, la la la la", "la la la la,\\nla la \\\\ la",'
    ' "Then {we} sang \\"la la la\\", and then we sang \\"la la la\\", again and again", "Then {we}'
    ' sang \\"la la la\\", and then"], "chorus": "la la la la, la la \\u00e9 la la"}'
)
GRID = (
    '{"rows": [[1, 1, 1], [1, 1, 1], [[1], [1]], [[1], [1, 1]], {"a": [1, 1]}, {"a": [1, 1]}, '
    '1000000, 1000000, 1000000, "a", "a", "a, a", "a, a"], "more": [[1, 1, 1], [1, 1, 1], null, '
    'null, null, {"rows": [[1, 1, 1]]}, {"rows": [[1, 1, 1]]}]}'
)
LINES = json.dumps(
    {
        "rows": [[1, 2], [1, 2], [1, 2], [12, 1, 2], {}, {}],
        "more": [{"a": 1}, {"a": 1}, *[0] * 12, 7],
    },
    indent=2,
)
DOCUMENTS = {Tree: TREE, Song: SONG, Grid: GRID, Lines: LINES}
REPEATS = [0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 30, 36, 42, 47, 48, 60, 80, 120, 10_000]
FORMS: dict[str, Callable[[str, str], str]] = {
    "plain": lambda repeat, rest: repeat + rest,
    "in a fence": lambda repeat, rest: f"```json\n{repeat}{rest}\n```",
    "after prose": lambda repeat, rest: f"Here is the rest:\n\n{repeat}{rest}",
    "on the next line": lambda repeat, rest: f"{repeat}\n{rest}",
    "without spaces": lambda repeat, rest: repeat.replace(": ", ":").replace(", ", ",") + rest,
}
LEAST = 12
KINDS = [
    (size, form)
    for size in REPEATS
    for form in FORMS
    if form in ("plain", "in a fence") or size in (12, 20, 30, 48, 10_000)
]


def continued(model: type[BaseModel], kept: str, reply: str, size: int) -> Any:
    """What comes of it; an OutputError if that is an error."""
    plan = compile_plan(model)
    before = Attempt(1, lambda: SnapshotBuilder(plan), tool=None, lenient=False, patient=True)
    before.handlers()[TextDelta](TextDelta(kept))
    attempt = Continuation(before)
    take = attempt.handlers()
    try:
        for start in range(0, len(reply), size):
            take[TextDelta](TextDelta(reply[start : start + size]))
        take[Finish](Finish("stop"))
        return attempt.finish()
    except OutputError as error:
        return error


def replies(text: str, kept: str) -> Iterator[tuple[int, str, str]]:
    for size, form in KINDS:
        repeat = kept[max(0, len(kept) - size) :]
        yield size, form, FORMS[form](repeat, text[len(kept) :])


@pytest.mark.parametrize("text", [GRID, SONG, '{"note": "' + "la " * 100])
def test_a_reply_that_begins_anew_is_read_in_linear_time(text: str) -> None:
    kept = '["' + text.replace('"', "'") * (200_000 // len(text))
    splicer = Splicer(kept, in_string=True)
    reply = f'{kept} more"]'
    new = [splicer.feed(reply[start : start + 4]) for start in range(0, len(reply), 4)]
    assert "".join(new) == ' more"]'


@pytest.mark.parametrize(
    ("kept", "size"),
    [
        ('[{"id": 7, "last_name": "Miller", "age":', 20),
        ('[{"id": 7, "city": "London", ', 19),
        ('[{"id": 7, "first_name": "Sven"', 20),
    ],
)
def test_a_few_characters_are_no_other_repeat(kept: str, size: int) -> None:
    splicer = Splicer(kept, in_string=False)
    assert splicer.feed(f"{kept[-size:]} 45, ").strip() == "45,"


@pytest.mark.parametrize("model", DOCUMENTS)
@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.full)])
def test_what_is_continued_is_right_or_an_error(model: type[BaseModel], step: int) -> None:
    text = DOCUMENTS[model]
    whole = model.model_validate_json(text)
    silent, outcomes = [], Counter[tuple[int, str]]()
    for cut in range(2, len(text), step):
        builder = SnapshotBuilder(compile_plan(model))
        builder.feed(text[:cut])
        kept = builder.rewind()
        for size, form, reply in replies(text, kept):
            outcome = continued(model, text[:cut], reply, 1 + cut % 50)
            is_error = isinstance(outcome, OutputError)
            outcomes[size, "error" if is_error else "right" if outcome == whole else "wrong"] += 1
            if size >= LEAST and not is_error and outcome != whole:
                silent.append((cut, size, form, kept[-30:], reply[:60]))
    assert not silent
    for size in (120 if model is Lines else 48, 10_000):  # the words asked for, and all
        assert outcomes[size, "right"] > 2 * outcomes[size, "error"]
