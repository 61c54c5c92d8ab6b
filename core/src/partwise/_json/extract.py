"""Finds the answer in text that is not pure JSON: prose around it, Markdown fences, or both.

Where the answer begins is decided while the text streams, once and for all, since a snapshot that
was shown can't be taken back. An object is taken for the answer when it opens with a key that the
response model knows, an array when it opens with what can be an element of the answer; so prose
with braces, a fenced example of something else, or a citation like `[1]` is passed over. What
follows the answer is dropped.

Should the text end with no such object, the first that opens with any key at all is the answer.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

Opener: TypeAlias = Literal["{", "["]

_object_start: Final = re.compile(r'\{\s*(?:\}|("(?:[^"\\]|\\.)*")\s*:)', re.DOTALL).match
_object_start_prefix: Final = re.compile(
    r'\{\s*(?:"(?:[^"\\]|\\.)*(?:"\s*|\\)?)?', re.DOTALL
).fullmatch
_array_start: Final = re.compile(
    r'\[\s*(?:[\]\[{"\d]|-\d|(?:true|false|null|NaN|-?Infinity)(?=[\s,\]]))'
).match
_array_start_prefix: Final = re.compile(r"\[\s*-?[a-zA-Z]{0,8}").fullmatch
_array_of_objects_start: Final = re.compile(r"\[\s*[\]{]").match
"""What may still become one when more text comes."""

_MAX_KEY: Final = 4096
"""An opening that is longer than this is prose."""


class Extractor:
    """Takes text in pieces and gives the part of it that is the answer.

    Args:
        keys: the keys with which the answer's object can begin; None for any.
        opener: the bracket with which the answer opens; None where it can be either.
        may_be_empty: whether an object without a key can be the answer.
        of_objects: whether an array that is the answer has only objects in it.
    """

    def __init__(
        self,
        keys: AbstractSet[str] | None,
        opener: Opener | None,
        *,
        may_be_empty: bool = True,
        of_objects: bool = False,
    ) -> None:
        self._keys = keys
        self._may_be_empty = may_be_empty
        self._is_array = _array_of_objects_start if of_objects else _array_start
        self._openers = opener or "{["
        self._held = ""  # the text that is not decided yet
        self._fallback = ""  # from the first object on that opens with an unknown key
        self._depth = Depth()
        self._found = False

    def feed(self, text: str) -> str:
        """The next characters of the answer, maybe none."""
        if self._found:
            return self._depth.take(text)
        if self._fallback:
            self._fallback += text
        self._held += text
        start = self._search()
        if start is None:
            return ""
        self._found = True
        answer, self._held, self._fallback = self._held[start:], "", ""
        return self._depth.take(answer)

    def close(self) -> str:
        """The text has ended: the answer that was held back, if any."""
        if self._found or not self._fallback:
            return ""
        return self._depth.take(self._fallback)

    def _search(self) -> int | None:
        """Where the answer begins; drops from `_held` what is decided not to be it."""
        index = 0
        while (index := self._next_opener(index)) >= 0:
            verdict = self._judge(index)
            if verdict == "answer":
                return index
            if verdict == "wait":
                self._held = self._held[index:]
                return None
            if verdict == "fallback" and not self._fallback:
                self._fallback = self._held[index:]
            index += 1
        self._held = ""
        return None

    def _next_opener(self, index: int) -> int:
        places = [self._held.find(opener, index) for opener in self._openers]
        return min((place for place in places if place >= 0), default=-1)

    def _judge(self, index: int) -> Literal["answer", "wait", "fallback", "prose"]:
        held = self._held
        rest = held[index : index + _MAX_KEY]
        is_short = len(rest) < _MAX_KEY
        if held[index] == "[":
            if self._is_array(held, index):
                return "answer"
            return "wait" if is_short and _array_start_prefix(rest) else "prose"
        match = _object_start(held, index)
        if match is None:
            return "wait" if is_short and _object_start_prefix(rest) else "prose"
        if match[1] is None:
            return "answer" if self._may_be_empty else "fallback"
        is_known = self._keys is None or _unquoted(match[1]) in self._keys
        return "answer" if is_known else "fallback"


def _unquoted(key: str) -> str | None:
    try:
        return str(json.loads(key, strict=False))
    except ValueError:
        return None


class Depth:
    """Passes one JSON document through and drops what follows it.

    Args:
        depth: the containers that are open already.
        in_string: whether a string is, too.
    """

    _stop: Final = re.compile(r'["\\{}\[\]]')

    def __init__(self, depth: int = 0, *, in_string: bool = False) -> None:
        self._depth = depth
        self._in_string = in_string
        self._escaped = False
        self._ended = False

    def take(self, text: str) -> str:
        if self._ended:
            return ""
        index = 0
        if self._escaped and text:
            self._escaped, index = False, 1
        while match := self._stop.search(text, index):
            index = match.end()
            self._see(match[0])
            if self._ended:
                return text[:index]
            if self._escaped:
                if index == len(text):
                    return text
                self._escaped, index = False, index + 1
        return text

    def _see(self, character: str) -> None:
        if character == '"':
            self._in_string = not self._in_string
        elif self._in_string:
            self._escaped = character == "\\"
        elif character in "{[":
            self._depth += 1
        elif character in "}]":
            self._depth -= 1
            self._ended = self._depth == 0
