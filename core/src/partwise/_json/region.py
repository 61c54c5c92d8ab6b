"""Skips text that looks like a JSON value and is not one, until its brackets are balanced."""

from __future__ import annotations

import re
from typing import Final

from .thinking import END_OF_TEXT, PARTIAL_TAG, TAG

_MARK: Final = re.compile(
    rf"(?P<end>{TAG}|\n[ \t]*(?:`{{3}}|~{{3}}))|[{{}}\[\]\"\n]|\\.", re.IGNORECASE | re.DOTALL
)
_PARTIAL_MARK: Final = re.compile(
    rf"(?:{PARTIAL_TAG}|\n[ \t]*(?:`{{0,2}}|~{{0,2}})|\\){END_OF_TEXT}", re.IGNORECASE
)
# A value that is to be JSON, if badly written: unquoted or single-quoted keys, comments. Each part
# is bounded, since the text is looked at again with each piece until it is decided.
_SPACE: Final = r"\s{0,200}"
_COMMENTS: Final = (
    rf"{_SPACE}(?:(?://|\#)[^\n]{{0,200}}\n{_SPACE}|/\*[^*]{{0,400}}\*/{_SPACE}){{0,9}}"
)
_BEGINNING: Final = re.compile(
    rf"""\[?{_SPACE}\{{{_COMMENTS}(?:"[^"]{{0,99}}"|'[^'\n]{{0,99}}'|[\w$-]{{1,99}}){_SPACE}:"""
)
_PARTIAL_BEGINNING: Final = re.compile(
    rf"""\[?{_SPACE}(?:\{{{_COMMENTS}(?:(?://|\#)[^\n]{{0,200}}|/(?:\*[^*]{{0,400}}\*?)?"""
    rf"""|"[^"]{{0,99}}|(?:"[^"]{{0,99}}"|'[^'\n]{{0,99}}'?|[\w$-]{{1,99}}){_SPACE})?)?{END_OF_TEXT}"""
)


def begins_region(text: str) -> bool | None:
    """Whether text from a bracket on is to be JSON; None as long as both are possible."""
    if _BEGINNING.match(text):
        return True
    return None if _PARTIAL_BEGINNING.match(text) else False


class Region:
    """Text from a bracket on that opens invalid JSON.

    Its contents are a part of it, and nothing for themselves. A fence or a tag of reasoning ends
    it, too. A string ends with its line: if a quote is missing, the next line shows it.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._tail = ""  # may be cut inside a mark
        self._depth = 0
        self._in_string = False

    @property
    def text(self) -> str:
        return "".join(self._pieces) + self._tail

    def feed(self, text: str, *, is_end: bool) -> str | None:
        """The text after the region; None if it goes on."""
        text = self._tail + text
        partial = None if is_end else _PARTIAL_MARK.search(text, max(0, len(text) - 120))
        size = partial.start() if partial else len(text)
        for mark in _MARK.finditer(text, 0, size):
            if mark["end"]:
                return self._end(text, mark.start())
            if self._is_last(mark[0]):
                return self._end(text, mark.end())
        self._pieces.append(text[:size])
        self._tail = text[size:]
        return None

    def _end(self, text: str, index: int) -> str:
        self._pieces.append(text[:index])
        self._tail = ""
        return text[index:]

    def _is_last(self, mark: str) -> bool:
        """Whether the brackets are balanced after this mark."""
        if mark in ("\n", '"'):
            self._in_string = mark == '"' and not self._in_string
        elif not self._in_string and len(mark) == 1:
            self._depth += 1 if mark in "{[" else -1
            return self._depth == 0
        return False
