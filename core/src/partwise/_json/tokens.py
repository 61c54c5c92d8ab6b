"""How JSON writes whitespace, numbers, literals and escapes, and how their beginnings look."""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import Final

WHITESPACE: Final = " \t\n\r"
skip_whitespace: Final = re.compile(r"[ \t\n\r]*").match
_number: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII).fullmatch
_number_prefix: Final = re.compile(
    r"-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE](?:[-+]?\d*)?)?)?|[eE](?:[-+]?\d*)?)?)?", re.ASCII
).match
_digits: Final = re.compile(r"\d", re.ASCII).finditer
_escape: Final = re.compile(r'\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))').match
_escape_prefix: Final = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?").fullmatch
_low_escape: Final = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match
_low_escape_prefix: Final = re.compile(r"\\?|\\u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?").fullmatch

_ESCAPED: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_LITERALS: Final = frozenset({"true", "false", "null", "NaN", "Infinity", "-Infinity"})
NUMBER_START: Final = "-0123456789"
TOKEN_CHARACTERS: Final = frozenset(ascii_letters + digits + "_-+.")
TOKEN_START: Final = frozenset(NUMBER_START + "tfnNI")
LONGEST_ESCAPE: Final = 12
"""Characters of the two escapes that make a surrogate pair."""


def after_space(text: str, index: int) -> int:
    """Where to go on, with one space less to be looked at."""
    return index + 1 if index < len(text) and text[index] == " " else index


def after_whitespace(text: str, index: int) -> int:
    """Where the whitespace ends that has a character there: most often it has no second."""
    index += 1
    if index < len(text) and text[index] in WHITESPACE:
        return skip_whitespace(text, index).end()  # type: ignore[union-attr]
    return index


def is_token(raw: str) -> bool:
    """Whether it is a number or a literal."""
    return raw in _LITERALS or bool(_number(raw))


def valid_prefix(raw: str) -> int:
    """How many characters of it can begin a number or a literal."""
    valid = _number_prefix(raw).end()  # type: ignore[union-attr]
    if valid < len(raw) and any(literal.startswith(raw) for literal in _LITERALS):
        return len(raw)
    return valid


def places_of_digits(raw: str) -> list[int]:
    """Where the digits of a number stand."""
    return [match.start() for match in _digits(raw)]


def unescaped(raw: str) -> tuple[str, int] | None:
    """The character that the escape stands for with which the text begins, and the escape's length.

    Two escapes that make a surrogate pair count as one. None where the text may go on as one.

    Raises:
        ValueError: it can't, and this is why.
    """
    match = _escape(raw)
    if match is None:
        if _escape_prefix(raw):
            return None
        raise ValueError("not an escape that JSON knows")
    end = match.end()
    if match[1]:
        return _ESCAPED[match[1]], end
    character = chr(int(match[2], 16))
    if not "\ud800" <= character <= "\udfff":
        return character, end
    low = _low_escape(raw, end)
    if character > "\udbff" or not (low or _low_escape_prefix(raw[end:])):
        raise ValueError("a lone surrogate")
    if low is None:
        return None
    pair = (ord(character) - 0xD800) << 10 | int(low[1], 16) - 0xDC00
    return chr(0x10000 + pair), low.end()


def last_quote(text: str) -> int:
    """Where the string begins that is open at the text's end: its own quotes are escaped."""
    index = text.rfind('"')
    while (index - len(text[:index].rstrip("\\"))) % 2:
        index = text.rfind('"', 0, index)
    return index
