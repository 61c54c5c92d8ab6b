"""The parser against RFC 8259, each case whole, character by character and cut at each place.

Then the same cases by `partwise.parse`, which has pydantic's reader judge the whole text at its
end: whole, character by character and byte by byte.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import JsonValue
from pydantic_core import from_json

import partwise
from partwise import IncompleteOutputError, MalformedOutputError
from partwise._json.parser import Parser
from partwise._json.sink import Sink

from .cases import ACCEPTED, CUT, DECIDED, MARK, OVER_DIGITS, REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_lone_surrogate = re.compile("[\ud800-\udfff]").search
_ALL_CUTS = 400
_SOME_CUTS = 97


class Builder(Sink):
    """A sink that makes the plain value, for itself and all inside it."""

    def __init__(self) -> None:
        self.roots: list[Any] = []
        self._open: list[Any] = [self.roots]
        self._keys: list[str] = []

    def key(self, name: str) -> None:
        self._keys.append(name)

    def open_object(self) -> Builder:
        return self._enter({})

    def open_array(self) -> Builder:
        return self._enter([])

    def string(self, value: str) -> None:
        self._add(value)

    def scalar(self, raw: str) -> None:
        self._add(json.loads(raw))

    def close(self) -> None:
        self._open.pop()

    def _enter(self, container: Any) -> Builder:
        self._add(container)
        self._open.append(container)
        return self

    def _add(self, value: Any) -> None:
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        else:
            container[self._keys.pop()] = value


def outcome(pieces: Iterable[str]) -> tuple[str, Any]:
    """What becomes of a text: its value's repr, where it is at fault, or that it is cut."""
    builder = Builder()
    parser = Parser(builder)
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.close()
    except MalformedOutputError as error:
        return "malformed", error.position
    return ("value", repr(builder.roots[0])) if parser.complete else ("cut", None)


def cuts(text: str) -> Iterator[list[str]]:
    """The text whole, in single characters, and in two at every place (at many, if it is long)."""
    yield [text]
    yield list(text)
    step = 1 if len(text) <= _ALL_CUTS else _SOME_CUTS
    for place in range(0, len(text) + 1, step):
        yield [text[:place], text[place:]]


def answer(pieces: Iterable[str | bytes]) -> tuple[str, Any]:
    """The same, by the public entry."""
    try:
        return "value", repr(partwise.parse(JsonValue, pieces).result())
    except MalformedOutputError as error:
        return "malformed", error.position
    except IncompleteOutputError:
        return "cut", None


def expect(text: str, expected: tuple[str, Any]) -> None:
    for pieces in cuts(text):
        assert outcome(pieces) == expected, pieces
    assert answer([text]) == expected
    assert answer(text) == expected
    if not _lone_surrogate(text):
        assert answer(bytes([byte]) for byte in text.encode()) == expected


def by_name(cases: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


def unmark(text: str) -> tuple[str, int]:
    before, _, after = text.partition(MARK)
    return before + after, len(before)


@by_name(ACCEPTED)
def test_accepted(case: str) -> None:
    value = repr(json.loads(case))
    assert repr(from_json(case)) == value
    expect(case, ("value", value))


@by_name(ACCEPTED)
def test_an_accepted_text_is_complete_when_it_has_closed_and_no_sooner(case: str) -> None:
    parser = Parser(Builder())
    for index, character in enumerate(case, 1):
        parser.feed(character)
        closed = case[:index].rstrip()[-1:] in ("}", "]", '"')
        assert not parser.complete or json.loads(case[:index]) == json.loads(case)
        assert parser.complete or not (closed and index == len(case))


@by_name(REJECTED)
def test_rejected(case: str) -> None:
    text, position = unmark(case)
    expect(text, ("malformed", position))


@by_name(CUT)
def test_cut(case: str) -> None:
    expect(case, ("cut", None))
    with pytest.raises(json.JSONDecodeError):
        json.loads(case)


@by_name({name: case.text for name, case in DECIDED.items()})
def test_decided(case: str) -> None:
    text, position = unmark(case)
    if text != case:
        expect(text, ("malformed", position))
    else:
        expect(text, ("value", repr(json.loads(text, strict=False))))


@by_name({name: case.text for name, case in OVER_DIGITS.items()})
def test_too_many_digits(case: str) -> None:
    (told,) = {outcome(pieces) for pieces in cuts(case)}
    digits = [index for index, character in enumerate(case) if character.isdigit()]
    assert told == ("malformed", digits[4300])


def test_a_number_of_too_many_digits_is_refused_while_it_is_written() -> None:
    parser = Parser(Sink())
    for _ in range(860):
        parser.feed("12345")
    with pytest.raises(MalformedOutputError, match="more than 4300 digits"):
        parser.feed("1")


def test_every_decision_has_its_reason() -> None:
    assert all(case.reason for case in (*DECIDED.values(), *OVER_DIGITS.values()))
