r"""An incremental JSON parser, sans-I/O: text in pieces goes in, opened and closed values come out.

Rules
- The grammar is RFC 8259's, with two liberties that pydantic's users know: `NaN`, `Infinity` and
  `-Infinity` are numbers (whether a field takes them is its validator's matter), and control
  characters inside strings are kept as they are, unless `strict`.
- Points that RFC 8259 leaves open are decided here: a key given twice in one object and a lone
  surrogate are errors; depth, digits and, when asked, the total size are bounded.
- The reports depend on the text so far and never on how it was cut.

Theory of operation
`feed` looks at each new character once. The state between two calls is a function, the next step
of the grammar, which takes the text and an index and returns the index after the consumed text.
Most deltas of a long answer lie wholly inside a string, so `feed` begins with that case: two
searches for a quote and a backslash, one append, done.

Values that open and close are reported to `sink`, an object with the methods of `Sink`. Opening a
container makes the sink return the sink of its inside; closing it brings the outer one back. The
text of an open string is not reported but can be asked for (`snapshot`), which makes it free for
those who don't ask.

Raw text of a subtree is had by a `mark` when it opens and a `capture` when it closes. While there
is no mark, the pieces fed are joined now and then, since a million small strings weigh fifteen
times their text. A sink that has learned from the text what it should have been raises `ReadAgain`:
the parser goes back to a mark and reports the same text to another sink.

An object or array that is in one piece as a whole is read at once, if the sink can take its text:
jiter and Python's own scanner, both in C, find its end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .._errors import MalformedOutputError, malformed
from .grammar import (
    ESCAPE,
    FIRST_KEY,
    NEXT_KEY,
    STRING,
    TOKEN,
    VALUE,
    Grammar,
)
from .pieces import LAST, PIECES_PER_JOIN
from .sink import ReadAgain
from .tokens import is_token, last_quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from .pieces import Mark

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LONG_PIECE: Final = 100_000
"""Characters of a piece after which the size of the text is checked."""


class Parser(Grammar):
    """Parses one JSON document, given in pieces of any size, and reports to a sink."""

    __slots__ = ()

    def feed(self, text: str) -> None:
        """Take the next piece of text.

        Raises:
            MalformedOutputError: the text so far can't begin a JSON document.
        """
        pieces = self._pieces.latest
        if self._in_text and '"' not in text and "\\" not in text and text.isascii():
            self._parts.append(text)
            pieces.append(text)
        else:
            if self._high or not text.isascii():
                text = self._pair_surrogates(text)
            self._careful = "\\" in text or self._strict
            pieces.append(text)
            self._failures_left = self._max_failures
            index, end = 0, len(text)
            try:
                while index < end:
                    step = self._step  # in two lines: a call of an attribute looks for a method
                    index = step(self, text, index)
            except ReadAgain as again:
                self._read(*self._go_back(again))
            if self._high:
                self._in_text = False  # the next piece needs a look, whatever it is
            if not self._hot or end > _LONG_PIECE:
                self._check_size()
                if self._watch is not None:
                    self._watch(self.snapshot())
        if len(pieces) > PIECES_PER_JOIN:
            self._compact()
            count = len(pieces)  # not 0 while there is a mark
            if not count & (count - 1):
                self._check_size()

    def _read(self, piece: int, index: int) -> None:
        """Take the steps from that index of that piece to the end of the last one."""
        pieces = self._pieces.latest
        while piece < len(pieces):
            text = pieces[piece]
            self._pieces.current = piece
            self._careful = "\\" in text or self._strict
            end = len(text)
            try:
                while index < end:
                    index = self._step(self, text, index)
            except ReadAgain as again:
                piece, index = self._go_back(again)
            else:
                piece, index = piece + 1, 0
        self._pieces.current = LAST

    def _go_back(self, again: ReadAgain) -> Mark:
        self._parts, self._watch, self._hot = [], None, self._can_be_hot
        self._cut.keep("")
        self._pieces.current, self._at = again.mark
        del self._stack[again.depth + 1 :]
        self.sink, self._keys, self._step = again.enter(), set(), FIRST_KEY
        self.release()
        return self._pieces.current, self._at + 1

    def watch(self, check: Callable[[str], None]) -> None:
        """Call this with the text so far of the string that was just reported to the sink.

        It is called at the end of each piece until the string ends.
        """
        self._watch, self._hot = check, False

    def close(self) -> None:
        """The text has ended. Sets `complete` if it ended a document.

        Raises:
            MalformedOutputError: the text ended inside a surrogate pair, or is too long.
        """
        self._check_size()
        if self._high:
            pieces = self._pieces.latest
            raise self.error("unpaired surrogate", len(pieces[-1]) if pieces else 0)
        if not self._stack and self._step is TOKEN and is_token(self._cut.text):
            self._pieces.latest.append("")
            self.read_token(" ", 0)
        self._compact()

    def take_rest(self) -> str:
        """The text that followed the document, if that is kept, up to the end of the last piece."""
        rest, self._rest, self._high = self._rest + self._high, "", ""
        return rest

    def rewind(self) -> None:
        """Take back a token that can't go on after the cut.

        That is a part of a key, of a token, of an escape or of a surrogate pair. No sink knows
        of it. The text of a string that is a value stays.
        """
        size = len(self.text) - len(self._cut.text)
        self._high = ""
        self._cut.keep("")
        if self.in_string and self._in_key:
            self._step = NEXT_KEY if self._keys else FIRST_KEY
            size = last_quote(self.text)
        elif self.in_string:
            self._step = STRING
        elif self._step is TOKEN:
            self._step = VALUE
        self._in_text = self._hot and self.in_string
        self._pieces.trim(size)

    def snapshot(self) -> str:
        """The text so far of the string that is open: the same object while it is the same."""
        parts = self._parts
        if len(parts) > 1:
            self._parts = parts = ["".join(parts)]
        return parts[0] if parts else ""

    @property
    def text(self) -> str:
        return self._pieces.text

    @property
    def size(self) -> int:
        """The characters of the text so far."""
        return self._pieces.size

    @property
    def in_value(self) -> bool:
        """Whether a string, a number or a literal is open that is a value."""
        return self._step is TOKEN or (self.in_string and not self._in_key)

    @property
    def in_string(self) -> bool:
        return self._step in (STRING, ESCAPE)

    @property
    def depth(self) -> int:
        return len(self._stack)

    def release_sinks(self) -> None:
        """Tell nobody any more."""
        nobody: Any = None
        self._stack.clear()
        self.sink = nobody

    def mark(self) -> Mark:
        """The place of the container or value that is just reported to the sink."""
        return self._pieces.mark(self._at)

    def capture(self, mark: Mark) -> str:
        """The text from the mark to the end of the container that is just reported to the sink."""
        return self._pieces.capture(mark, self._at + 1)

    def release(self) -> None:
        """Give a mark up."""
        self._pieces.release()

    def error_here(self, message: str) -> MalformedOutputError:
        """The error for a fault in the value that the sink is just given."""
        return self.error(message, self._at)

    def _compact(self) -> None:
        self._pieces.compact()
        # The longer the string, the rarer: all joins together stay linear in its length.
        parts = self._parts
        if parts and len(parts) > PIECES_PER_JOIN + (len(parts[0]) >> 4):
            parts[:] = ["".join(parts)]

    def _check_size(self) -> None:
        bound = self._limits.characters
        if bound is not None and self.size > bound:
            raise malformed(f"answer exceeds {bound} characters", self.text, bound)

    def _pair_surrogates(self, text: str) -> str:
        """Join surrogates that came apart; hold a high one at the end back for its other half."""
        text, self._high = self._high + text, ""
        self._in_text = self._hot and self._step is STRING
        if not _SURROGATE.search(text):
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._high = text[:-1], text[-1]
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        if lone := _SURROGATE.search(paired):
            self._high = ""
            self.feed(paired[: lone.start()])  # an earlier fault comes first
            self._pieces.latest.append(paired[lone.start() :])
            raise self.error("unpaired surrogate", 0)
        return paired
