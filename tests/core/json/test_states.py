"""What the parser tells of where it stands, its bounds, and how it goes back to go on."""

from __future__ import annotations

import json
import sys
from types import FrameType

import pytest

from partwise import Limits, MalformedOutputError
from partwise._json.parser import Parser
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .test_conformance import Builder

HIGH, LOW = "\ud83d", "\ude00"


def fed(*pieces: str, limits: Limits | None = None, strict: bool = False) -> Parser:
    parser = Parser(Builder(), limits=limits or Limits(), strict=strict)
    for piece in pieces:
        parser.feed(piece)
    return parser


@pytest.mark.parametrize("pieces", [['["a\nb"]'], ['["a', "\n", 'b"]']])
def test_a_control_character_in_a_string_is_refused_when_strict_only(pieces: list[str]) -> None:
    assert fed(*pieces).complete
    with pytest.raises(MalformedOutputError, match="control character") as caught:
        fed(*pieces, strict=True)
    assert caught.value.position == 3


@pytest.mark.parametrize("start", ['["', '["\\n', '["é', '{"', "[1, "])
def test_the_bound_of_the_size_is_kept_from_the_first_character_over_it(start: str) -> None:
    more = "1" if start == "[1, " else "x"
    bound = len(start) + 3
    parser = fed(start, *more * 3, limits=Limits(characters=bound))
    with pytest.raises(MalformedOutputError, match=f"answer exceeds {bound} characters"):
        parser.feed(more)


def test_the_bound_of_the_size_holds_after_going_back() -> None:
    parser = fed('["ab', "\\", limits=Limits(characters=5))
    parser.rewind()
    parser.feed("c")
    with pytest.raises(MalformedOutputError, match="answer exceeds 5 characters"):
        parser.feed("d")


@pytest.mark.parametrize("start", ['["', '["\\n', '["é', '["a\\u00e9'])
def test_plain_text_inside_a_string_costs_one_call_a_piece(start: str) -> None:
    parser = fed(start)
    called: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        module = frame.f_globals["__name__"]  # callbacks of the collector don't count
        if event == "call" and module.startswith("partwise."):
            called.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        parser.feed("one")
        parser.feed(" two")
    finally:
        sys.setprofile(before)
    assert called == ["feed", "feed"]
    assert parser.snapshot().endswith("one two")


@pytest.mark.parametrize("asked", [False, True])
def test_a_text_that_ends_inside_a_surrogate_pair_is_an_error(asked: bool) -> None:
    parser = fed('["a', HIGH)
    if asked:
        assert parser.text == '["a'
    with pytest.raises(MalformedOutputError, match="unpaired surrogate") as caught:
        parser.close()
    assert caught.value.position == 3


@pytest.mark.parametrize(
    ("text", "position"),
    [
        (f'"{HIGH}abc{LOW}"', 1),
        (f'"ab{HIGH}c', 3),
        (f'"a{HIGH}{HIGH}{LOW}"', 2),
        (f'"a{LOW}b{HIGH}', 2),
        (f"8 {LOW} {HIGH}", 2),
        (f"[{LOW}{HIGH}", 1),
    ],
)
def test_a_lone_surrogate_has_its_place_however_the_text_is_cut(text: str, position: int) -> None:
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            with pytest.raises(MalformedOutputError, match="unpaired surrogate") as caught:
                fed(text[:first], text[first:second], text[second:])
            assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "complete"),
    [("12", True), ("-", False), ("1.", False), ("[12", False), ("tru", False)],
)
def test_the_end_of_the_text_ends_a_number_at_the_root_only(text: str, complete: bool) -> None:
    parser = fed(text)
    assert not parser.complete
    parser.close()
    assert parser.complete == complete


KEPT = {
    '{"a': "{",
    '{"': "{",
    '{"a\\"b': "{",
    '{"a\\': "{",
    '{"a\\\\': "{",
    '{"a": "x\\\\", "b': '{"a": "x\\\\", ',
    '{"a": 1, "b': '{"a": 1, ',
    '{"a"': '{"a"',
    '{"a":': '{"a":',
    '{"a": 12': '{"a": ',
    '{"a": tr': '{"a": ',
    '{"a": "x': '{"a": "x',
    '{"a": "x\\': '{"a": "x',
    '{"a": "x\\u00': '{"a": "x',
    '{"a": "x\\ud83d\\ud': '{"a": "x',
    '["x", "y': '["x", "y',
    "[1, 2": "[1, ",
    '{"a": {"b': '{"a": {',
    f'{{"a": "x{HIGH}': '{"a": "x',
}
"""A cut text, and what of it is kept."""


@pytest.mark.parametrize(("text", "kept"), KEPT.items())
def test_what_cannot_go_on_is_taken_back_and_the_rest_goes_on(text: str, kept: str) -> None:
    for pieces in ([text], list(text)):
        parser = fed(*pieces)
        parser.rewind()
        assert parser.text == kept
        assert parser.in_string == (kept.endswith(("x", "y")))
        plain = fed(kept)
        for rest in ('"', "}", "3]", "3}", 'q": 1}', '"q": 1}', 'p"]', 'p"}', ': "q"}', ' "q"}'):
            assert _after(pieces, rest) == _after([kept], rest), rest
        assert (parser.in_value, parser.depth) == (plain.in_value, plain.depth)


def _after(pieces: list[str], rest: str) -> tuple[str, object]:
    """What becomes of a text that was cut, and gone on with."""
    builder = Builder()
    parser = Parser(builder)
    for piece in pieces:
        parser.feed(piece)
    parser.rewind()
    try:
        for character in rest:
            parser.feed(character)
    except MalformedOutputError as error:
        return "malformed", error.position
    return parser.text, json.dumps(builder.roots) + str(parser.complete)


IN_VALUE = {
    "": False, "[": False, "[1": True, "[t": True, '["': True, '["a': True, '["a\\': True,
    '["a"': False, '{"a': False, '{"a\\': False, '{"a"': False, '{"a":': False, '{"a": "b': True,
    '{"a": 1': True, '{"a": "b"': False, '{"a": "b", "c': False, '{"a": {': False,
}  # fmt: skip
"""A text so far, and whether a value is open at its end that is no container."""


@pytest.mark.parametrize(("text", "is_open"), IN_VALUE.items())
def test_a_value_is_open_from_its_first_character_to_its_last(text: str, is_open: bool) -> None:
    for pieces in ([text], list(text)):
        assert fed(*pieces).in_value is is_open


def test_short_equal_strings_are_kept_once_and_the_memory_of_them_is_bounded() -> None:
    many = [f"text {number}" for number in range(2_500)]
    builder = SnapshotBuilder(compile_plan(list[str]))
    for character in json.dumps([*many, "the same", "the same", "x" * 64, "x" * 64]):
        builder.feed(character)
    shown = builder.snapshot()
    assert shown[-4] is shown[-3]
    assert shown[-2] is not shown[-1]
    assert shown[:2_500] == many
    assert len(builder.parser._intern_table) <= 1_024
