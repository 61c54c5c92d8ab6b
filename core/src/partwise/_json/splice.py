"""Joins the continuation of an answer to the part of it that there is.

A model that continues a text in the middle does it badly: it repeats some of it, or begins anew,
says a word first, or drops the space that would come next. So it is asked to begin with the
*anchor*, the last words of the text, and to go on from there.

Rules
- The reply may begin with a line or two of prose, and with a fence.
- If it repeats the anchor, or more of the text up to its end, that is passed over. The anchor does
  not begin as it ends, if there is such a one, so no reply repeats it by half.
- If it repeats less: inside a string from 8 characters on, if that can be said of only one number
  of characters. Outside strings only if the text can't go on with these characters; if it can,
  nobody knows whether they are repeated or meant, and it is an error. Less than 4 are no repeat,
  unless they are 12 with the white space around them.
- Outside strings a reply that repeats nothing is taken as it is. The grammar and the validation of
  the whole notice if it does not fit.
- Inside a string nothing would notice, since any text fits. There it is an error. So is a raw line
  break after the repeated words, if it may stand for a space.

- If the text repeats itself, so that the reply may have repeated less of it just as well, from 8
  characters on, that is an error.

So from 12 repeated characters on, the value is right or there is an error. Text after the end of
the document comes with it: the parser of the answer finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from .._errors import IncompleteOutputError
from .candidate import is_beginning

_ANCHOR_CHARS: Final = 48
_MOST_ANCHOR_CHARS: Final = 5 * _ANCHOR_CHARS
_LEAST_IN_STRING: Final = 8
_LEAST_OUTSIDE: Final = 4
_SQUEEZED_CHARS: Final = _MOST_ANCHOR_CHARS
"""Characters that are compared without regard to white space."""
_LEAST_RAW: Final = 12
"""Characters that are a repeat outside strings even if most of them are white space."""
_LEAD_CHARS: Final = 240
"""Characters of prose before the reply proper."""
_MAX_TRACKS: Final = 16
"""Places of the text that a reply is compared with while it repeats more than the anchor."""

_LINE_START: Final = re.compile(r"^[ \t]*", re.MULTILINE)
_JSON_MARK: Final = re.compile(
    r'["{}\[\]]|\A\s*[:,]|^[ \t]*(?:-?\d[\d.eE+-]*|true|false|null)[ \t]*,?[ \t]*\r?\n',
    re.MULTILINE,
)
"""The first sign of JSON; no prose begins with a colon or a comma, or has a number as a line."""
_FENCE: Final = re.compile(r"\s*(?:```\w*[ \t]*\n\s*)?")
_LINE_END: Final = re.compile(r"([ \t]*)([\r\n]*)(.*)", re.DOTALL)

_UNCLEAR: Final = -1
_TOO_MANY: Final = "nobody can tell how much of the answer the continuation repeats"


def anchor_of(text: str, *, in_string: bool = True) -> str:
    """The last words of a text that is to be continued.

    They are more if they repeat themselves, or words before them: a reply with "0, 0, 0, 0, 0, 0"
    might go on with zeros after it has repeated some.
    """
    tail = text[-_MOST_ANCHOR_CHARS:]
    least = _LEAST_IN_STRING if in_string else 2  # as many more are white space around
    sizes = range(_ANCHOR_CHARS, _MOST_ANCHOR_CHARS + 1, _ANCHOR_CHARS // 4)
    anchors = [_last_words(text, size) for size in sizes]
    single = (each for each in anchors if tail.find(each) + len(each) == len(tail))
    return next((each for each in single if not _repeats_itself(each, least)), anchors[0])


def _last_words(text: str, size: int) -> str:
    tail = text[-size:]
    _, _, words = tail.partition(" ") if len(tail) < len(text) else ("", "", "")
    return (words if len(words) >= size // 2 else tail).lstrip()


def _repeats_itself(words: str, least: int) -> bool:
    """Whether they begin as they end, with so many characters or more."""
    return any(words.startswith(words[-size:]) for size in range(least, len(words)))


class Splicer:
    """Takes a continuation in pieces and gives the new text in it.

    Args:
        text: the part of the answer that there is.
        in_string: whether it ends inside a string.

    Attributes:
        anchor: the words that the reply is to begin with.
        failed: whether the reply does not go on from the text.
    """

    def __init__(self, text: str, *, in_string: bool) -> None:
        self.failed = False
        # White space outside strings does not matter, and a model may well leave it out.
        self._text = text if in_string else text.rstrip()
        self.anchor = anchor_of(self._text, in_string=in_string)
        self._end = text[-_MOST_ANCHOR_CHARS:]
        self._after_end = len(text) - len(self._text)  # white space
        self._squeezed_end = _squeezed(self._text[-_SQUEEZED_CHARS:])
        self._in_string = in_string
        self._pieces: list[str] = []
        self._tracks: list[int] = []  # places of the text that the reply may repeat from
        self._size = 0  # of the reply that was compared with them
        self._lead = 0  # characters before that reply
        self._compared: set[int] = set()  # the leads of the replies that were compared with all
        self._is_after_repeat = False
        self._joined = False

    @property
    def pending(self) -> str:
        """The text that came and may not be new."""
        return "".join(self._pieces)

    def feed(self, text: str) -> str:
        """The next characters of the answer, maybe none.

        Raises:
            IncompleteOutputError: the reply does not go on from the text.
        """
        if self._joined:
            return text
        self._pieces.append(text)
        return self._follow(text) if self._tracks else self._read(is_all=False)

    def close(self) -> str:
        """The reply has ended: the text that was held back of it, if it is new.

        Raises:
            IncompleteOutputError: as in `feed`.
        """
        if self._joined or not self.pending.strip():
            return ""
        if not self._in_string and len(_squeezed(self.pending)) < _LEAST_OUTSIDE:
            return self._take_new()  # so few characters are not a repetition
        if self._tracks:
            sizes = [len(self._text) - place for place in self._tracks]
            size = next((size for size in sizes if size <= self._size), self._size)
            return self._pass_over(size, is_all=True)
        return self._read(is_all=True)

    def _read(self, *, is_all: bool) -> str:
        return self._go_on(is_all=is_all) if self._is_after_repeat else self._begin(is_all=is_all)

    # The beginning of the reply ---------------------------------------------------------------

    def _begin(self, *, is_all: bool) -> str:
        pending = self.pending
        sizes: list[int | None] = []
        for self._lead in _starts(pending):
            reply = pending[self._lead :]
            sizes.append(size := self._repeated(reply, is_all=is_all))
            if size is not None and size > 0:
                return self._pass_over(size, is_all=is_all)
            if self._tracks and not is_all:
                return ""
        is_past_lead = len(pending) > _LEAD_CHARS or _JSON_MARK.search(pending) is not None
        if None in sizes or not (is_all or is_past_lead):
            return ""
        if _UNCLEAR in sizes:
            raise self._failure(_TOO_MANY)
        if self._in_string:
            raise self._failure("the continuation does not go on where the answer was cut")
        return self._take_new()

    def _repeated(self, reply: str, *, is_all: bool) -> int | None:
        """The number of characters at the reply's start that repeat the text's end.

        None as long as more of the reply can decide, `_UNCLEAR` if nothing can.
        """
        if reply.startswith(self.anchor):
            return len(self.anchor)
        if len(reply) <= len(self.anchor) and reply in self._text and not is_all:
            return None
        if self._in_string and is_all and reply.rstrip() in self._text:
            return len(reply)
        size = 0 if self._lead in self._compared else self._repeated_whole(reply)
        if size != 0:
            return size
        if (short := _squeezed(reply)) and short in self._squeezed_end and not is_all:
            return None
        return self._repeated_in_string(reply) if self._in_string else self._repeated_outside(reply)

    def _repeated_whole(self, reply: str) -> int | None:
        """The same, for a reply that repeats more than the anchor: the most that it may repeat."""
        if len(reply) > len(self.anchor):
            self._compared.add(self._lead)
        places = list(islice(self._places_of(reply[: len(self.anchor)]), _MAX_TRACKS + 1))
        self._tracks, self._size = places, 0
        if size := self._track(reply):
            return size
        if self._tracks:
            return None
        return _UNCLEAR if len(places) > _MAX_TRACKS else 0

    def _repeated_in_string(self, reply: str) -> int:
        sizes = [size for size in _overlaps(self.anchor[1:], reply) if size >= _LEAST_IN_STRING]
        if len(sizes) == 1 and self._is_most(sizes[0], reply):
            return sizes[0]
        return _UNCLEAR if sizes else 0

    def _repeated_outside(self, reply: str) -> int:
        least = 1 if next(_overlaps(self._end, reply), 0) >= _LEAST_RAW else _LEAST_OUTSIDE
        if next(_overlaps(self._squeezed_end, _squeezed(reply)), 0) < least:
            return 0
        sizes = [n for n in _overlaps(self.anchor[1:], reply) if self._is_repeat(reply[:n])]
        if len(sizes) != 1 or not self._is_most(sizes[0], reply):
            return _UNCLEAR
        return _UNCLEAR if is_beginning(self._text + reply[: sizes[0]]) else sizes[0]

    def _is_repeat(self, words: str) -> bool:
        """Whether words outside strings are long enough to be repeated, and not there by chance."""
        raw = len(words) + self._after_end
        return raw >= _LEAST_RAW or len(_squeezed(words)) >= _LEAST_OUTSIDE

    def _is_most(self, size: int, reply: str) -> bool:
        """Whether no more characters are the same if white space does not matter."""
        most = next(_overlaps(self._squeezed_end, _squeezed(reply)), 0)
        return most <= len(_squeezed(reply[:size]))

    def _places_of(self, words: str) -> Iterator[int]:
        place = self._text.find(words)
        while place >= 0:
            yield place
            place = self._text.find(words, place + 1)

    def _follow(self, text: str) -> str:
        """Compare the next piece with the places at which the reply was the same so far."""
        if size := self._track(text):
            return self._pass_over(size, is_all=False)
        return "" if self._tracks else self._begin(is_all=False)

    def _track(self, text: str) -> int:
        """The characters that the reply repeats, if this piece decides; else 0."""
        at = self._size
        self._size += len(text)
        self._tracks = [
            place
            for place in self._tracks
            if text.startswith(self._text[place + at : place + self._size])
        ]
        longest = len(self._text) - self._tracks[0] if self._tracks else self._size + 1
        return longest if longest <= self._size else 0

    # After the repeated words -----------------------------------------------------------------

    def _pass_over(self, size: int, *, is_all: bool) -> str:
        pending, end = self.pending, self._lead + size
        if self._may_repeat_less(pending, end):
            raise self._failure(_TOO_MANY)
        self._is_after_repeat, self._pieces, self._tracks = True, [pending[end:]], []
        return self._go_on(is_all=is_all)

    def _may_repeat_less(self, pending: str, end: int) -> bool:
        """Whether the repeated words may end before that, since the text repeats itself."""
        start = len(pending[: self._lead].rstrip(" \t"))
        most = min(end - start + self._after_end, len(self._end) + 1)
        sizes = range(_LEAST_IN_STRING, most)
        return any(pending.startswith(self._end[-size:], start) for size in sizes)

    def _go_on(self, *, is_all: bool) -> str:
        """The text after the repeated words, which may be on the next line."""
        rest = self.pending
        if not self._in_string:
            return self._take(rest)
        spaces, breaks, after = _LINE_END.fullmatch(rest).groups()  # type: ignore[union-attr]
        if not after and not is_all:
            return ""
        if not breaks:
            return self._take(spaces + after)
        if after[:1].isalnum() and not self._text[-1].isspace():
            raise self._failure("the continuation has a line break where a space may have been")
        return self._take(after)

    def _take_new(self) -> str:
        """All of the reply but a fence before it."""
        return self._take(self.pending[_FENCE.match(self.pending).end() :])  # type: ignore[union-attr]

    def _take(self, text: str) -> str:
        self._joined, self._pieces = True, []
        return text

    def _failure(self, message: str) -> IncompleteOutputError:
        self.failed = True
        return IncompleteOutputError(message)


def _starts(reply: str) -> Iterator[int]:
    """The places where the reply proper may begin: its first lines, up to the first with JSON."""
    mark = _JSON_MARK.search(reply)
    last = mark.end() - 1 if mark else len(reply)
    for line in _LINE_START.finditer(reply):
        if line.start() > min(last, _LEAD_CHARS):
            return
        yield line.start()
        if line.end() > line.start():
            yield line.end()


def _overlaps(text: str, reply: str) -> Iterator[int]:
    """The numbers of characters that the text ends and the reply begins with, the most first."""
    sizes = range(min(len(text), len(reply)), 0, -1)
    return (size for size in sizes if reply.startswith(text[-size:]))


def _squeezed(text: str) -> str:
    """The text without white space, up to a number of characters."""
    return "".join(text[:_SQUEEZED_CHARS].split())
