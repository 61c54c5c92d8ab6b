"""How JSON writes whitespace, numbers, literals and escapes, and how their beginnings look."""

from __future__ import annotations

import json
import re
from string import ascii_letters, digits
from typing import Any, Final

import jiter

WHITESPACE: Final = " \t\n\r"
skip_whitespace: Final = re.compile(r"[ \t\n\r]*").match
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII).fullmatch
_NUMBER_PREFIX: Final = re.compile(
    r"-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE](?:[-+]?\d*)?)?)?|[eE](?:[-+]?\d*)?)?)?", re.ASCII
).match
_DIGITS: Final = re.compile(r"\d", re.ASCII).finditer
_ESCAPE: Final = re.compile(r'\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))').match
_ESCAPE_PREFIX: Final = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?").fullmatch
_LOW_ESCAPE: Final = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match
_LOW_ESCAPE_PREFIX: Final = re.compile(r"\\?|\\u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?").fullmatch

_ESCAPED: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_LITERALS: Final = frozenset({"true", "false", "null", "NaN", "Infinity", "-Infinity"})
_NUMBER_START: Final = "-0123456789"
_NUMBER_CHARACTERS: Final = "0123456789.eE+-"
TOKEN_CHARACTERS: Final = frozenset(ascii_letters + digits + "_-+.")
TOKEN_START: Final = frozenset(_NUMBER_START + "tfnNI")
_LONG_TOKEN_CHARS: Final = 64
"""The digits of a number longer than this are collected piece by piece."""
LONGEST_ESCAPE: Final = 12
"""Characters of the two escapes that make a surrogate pair."""


def after_whitespace(text: str, index: int) -> int:
    """Index after a run of whitespace, usually one character."""
    index += 1
    if index < len(text) and text[index] in WHITESPACE:
        return skip_whitespace(text, index).end()  # type: ignore[union-attr]
    return index


def is_token(raw: str) -> bool:
    """Whether it is a number or a literal."""
    return raw in _LITERALS or bool(_NUMBER(raw))


def fault_of_token(raw: str, *, ended: bool, digits: int) -> tuple[str, int] | None:
    """Why it is not a number or a literal, and the index of the fault; None if it can be one.

    Args:
        raw: the text.
        ended: whether it is all of the token.
        digits: of a number at most.
    """
    valid = _NUMBER_PREFIX(raw).end()  # type: ignore[union-attr]
    if valid < len(raw) and any(literal.startswith(raw) for literal in _LITERALS):
        valid = len(raw)
    places = [match.start() for match in _DIGITS(raw, 0, valid)] if valid > digits else []
    if len(places) > digits:
        return f"number of more than {digits} digits", places[digits]
    if valid < len(raw):
        return "invalid JSON value", valid
    if ended and not is_token(raw):
        return "invalid JSON value", len(raw) if raw[0] in _NUMBER_START else 0
    return None


class CutToken:
    """The beginning of a token or of an escape that the end of a piece has cut.

    The digits of a long number are collected: to join it at each piece would cost its square.

    Attributes:
        start: its text, but for those digits.
    """

    __slots__ = ("_count", "_digits", "start")

    def __init__(self) -> None:
        self.keep("")

    @property
    def text(self) -> str:
        return "".join((self.start, *self._digits))

    def keep(self, text: str) -> None:
        self.start = text
        self._digits: list[str] = []
        self._count = len(text)

    def takes(self, part: str, most: int) -> bool:
        """Collect digits, if this is a long number of at most so many. Whether it is."""
        if len(self.start) < _LONG_TOKEN_CHARS or not (part + self.start[-1]).isdigit():
            return False
        if self._count >= most:
            return False
        self._digits.append(part)
        self._count += len(part)
        return True


def unescaped(raw: str) -> tuple[str, int] | None:
    """The character that the escape stands for with which the text begins, and the escape's length.

    Two escapes that make a surrogate pair count as one. None if the text may go on as one.

    Raises:
        ValueError: it can't, and this is why.
    """
    match = _ESCAPE(raw)
    if match is None:
        if _ESCAPE_PREFIX(raw):
            return None
        raise ValueError("invalid escape")
    end = match.end()
    if match[1]:
        return _ESCAPED[match[1]], end
    character = chr(int(match[2], 16))
    if not "\ud800" <= character <= "\udfff":
        return character, end
    low = _LOW_ESCAPE(raw, end)
    if character > "\udbff" or not (low or _LOW_ESCAPE_PREFIX(raw[end:])):
        raise ValueError("unpaired surrogate")
    if low is None:
        return None
    pair = (ord(character) - 0xD800) << 10 | int(low[1], 16) - 0xDC00
    return chr(0x10000 + pair), low.end()


def last_quote(text: str) -> int:
    """Index of the quote that opens the string at the text's end: its own quotes are escaped."""
    index = text.rfind('"')
    while (index - len(text[:index].rstrip("\\"))) % 2:
        index = text.rfind('"', 0, index)
    return index


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("duplicate key")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_refuse_duplicates)


def end_of_value(text: str, index: int) -> int:
    """Index after the JSON value that begins there; 0 if it isn't complete or not without fault."""
    try:
        return _DECODER.raw_decode(text, index)[1]
    except (ValueError, RecursionError):
        return 0


def end_of_document(text: str, index: int) -> int:
    """The same of a value after which there is only whitespace."""
    end = len(text.rstrip(WHITESPACE))
    try:
        jiter.from_json(text[index:end].encode(), catch_duplicate_keys=True)
    except ValueError:
        return 0
    return end


def has_long_number(raw: str, digits: int) -> bool:
    """Whether the text of a container may have a number of more digits than that."""
    size = max((digits + 1) // 2, 1)  # so one of the parts is digits alone
    return any(
        not raw[start : start + size].strip(_NUMBER_CHARACTERS)
        for start in range(0, len(raw), size)
    )
