"""Joins the continuation of an answer to the part of it that there is.

A model that goes on in the middle of something does it badly: it repeats some of the text before,
or begins anew, says a word first, or drops the space that would have come next. So it is asked to
begin with the *ending* of what there is, word for word, and to go on from there. That makes the
seam visible, whatever stands around it.

Rules
- The reply may begin with a line or two of prose, and with a fence.
- What it repeats of the text, from anywhere on up to its very end, is passed over: the ending as
  it was asked for; more than that, up to the whole text; inside a string also a little less.
- Outside strings a reply that repeats nothing is taken as it is. The grammar and the validation
  of the whole notice if it does not fit.
- Inside a string nothing would notice, since any text fits. There it is an error.

Text after the end of the document comes with it: the parser of the answer tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .._errors import IncompleteOutputError

_ENDING_CHARS: Final = 48
_LEAST_CHARS: Final = 8
"""Less than this, repeated inside a string, may be chance."""
_LEAD_CHARS: Final = 240
"""A reply that has not come to the point by then never will."""

_line_start: Final = re.compile(r"^[ \t]*", re.MULTILINE).finditer
_json_mark: Final = re.compile(r'["{}\[\]]').search
_fence: Final = re.compile(r"\s*(?:```\w*[ \t]*\n\s*)?").match


def ending_of(text: str) -> str:
    """The last words of a text that is to be continued."""
    tail = text[-_ENDING_CHARS:]
    _, _, words = tail.partition(" ") if len(tail) < len(text) else ("", "", "")
    return (words if len(words) >= _ENDING_CHARS // 2 else tail).lstrip()


class Splicer:
    """Takes a continuation in pieces and gives its new text.

    Args:
        text: what there is of the answer.
        in_string: whether it ends inside a string.

    Attributes:
        ending: what the reply is to begin with.
        held: what came, while it is not known yet what of it is new.
        failed: the reply does not go on from the text.
    """

    def __init__(self, text: str, *, in_string: bool) -> None:
        self.held = ""
        self.failed = False
        # White space outside strings is no matter, and a model may well leave it out.
        self._text = text if in_string else text.rstrip()
        self.ending = ending_of(self._text)
        self._in_string = in_string
        self._joined = False

    def feed(self, text: str) -> str:
        """The next characters of the answer, maybe none.

        Raises:
            IncompleteOutputError: the reply does not go on from the text.
        """
        if self._joined:
            return text
        self.held += text
        return self._join(is_all=False)

    def close(self) -> str:
        """The reply has ended: what was held back of it, if that is new.

        Raises:
            IncompleteOutputError: as in `feed`.
        """
        return "" if self._joined or not self.held.strip() else self._join(is_all=True)

    def _join(self, *, is_all: bool) -> str:
        waits = False
        for start in self._starts():
            reply = self.held[start:]
            size = self._repeated(reply)
            if size:
                return self._take(reply[size:])
            waits = waits or size is None
        if not is_all and (waits or not self._is_past_lead()):
            return ""
        if not self._in_string:
            return self._take(self.held[_fence(self.held).end() :])  # type: ignore[union-attr]
        if waits:
            return ""
        self.failed = True
        raise IncompleteOutputError("the continuation does not go on where the answer was cut")

    def _take(self, text: str) -> str:
        self._joined, self.held = True, ""
        return text

    def _starts(self) -> Iterator[int]:
        """Where the reply proper may begin: at the first lines, up to the first that is JSON."""
        mark = _json_mark(self.held)
        last = mark.start() if mark else len(self.held)
        for line in _line_start(self.held):
            if line.start() > min(last, _LEAD_CHARS):
                return
            yield line.end()

    def _is_past_lead(self) -> bool:
        return len(self.held) > _LEAD_CHARS or _json_mark(self.held) is not None

    def _repeated(self, reply: str) -> int | None:
        """How many characters at the reply's start repeat the text's end; None if more may tell."""
        if reply.startswith(self.ending):
            return len(self.ending)
        if self.ending.startswith(reply):
            return None
        start = self._text.find(reply[: len(self.ending)])
        while start >= 0:
            repeated = self._text[start:]
            if reply.startswith(repeated) and len(repeated) > len(self.ending):
                return len(repeated)
            if repeated.startswith(reply):
                return None
            start = self._text.find(reply[: len(self.ending)], start + 1)
        return self._repeated_part(reply) if self._in_string else 0

    def _repeated_part(self, reply: str) -> int:
        sizes = range(len(self.ending) - 1, _LEAST_CHARS - 1, -1)
        return next((size for size in sizes if reply.startswith(self.ending[-size:])), 0)
