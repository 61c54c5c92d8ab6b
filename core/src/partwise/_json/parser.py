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
text of a string that is still open is not told but can be asked for (`snapshot`), which makes it
free for those who don't ask.

Raw text of a subtree is had by a `mark` when it opens and a `capture` when it closes. While there
is no mark, the pieces fed are joined now and then, since a million small strings weigh fifteen
times their text. A sink that has learned from the text what it should have been raises `ReadAgain`:
the parser goes back to a mark and tells the same text to another sink.

An object or array that is in one piece as a whole is read at once, if the sink can take its text:
jiter and Python's own scanner, both in C, find its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._errors import MalformedOutputError, malformed
from .limits import MAX_DEPTH, Limits
from .pieces import PIECES_PER_JOIN, Pieces
from .sink import ReadAgain
from .tokens import (
    LONGEST_ESCAPE,
    NUMBER_START,
    TOKEN_CHARACTERS,
    TOKEN_START,
    WHITESPACE,
    after_whitespace,
    end_of_document,
    end_of_value,
    has_long_number,
    is_token,
    last_quote,
    places_of_digits,
    skip_whitespace,
    unescaped,
    valid_prefix,
)

if TYPE_CHECKING:
    from .pieces import Mark
    from .sink import Sink

_QUOTE_OR_ESCAPE: Final = re.compile(r'["\\]')
_QUOTE_ESCAPE_OR_CONTROL: Final = re.compile(r'["\\\x00-\x1f]')
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_DEFAULT_LIMITS: Final = Limits()
_NO_KEYS: Final[set[str]] = set()
"""The keys of an array."""
_LONG_PIECE: Final = 100_000
_MAX_INTERNED_CHARS: Final = 64
"""Strings shorter than this are interned."""
_MAX_INTERNED: Final = 1024
"""Size of the intern table."""
_MIN_WHOLE_CHARS: Final = 200
"""A value is read at once only if at least so much text is left in the piece."""
_MAX_WHOLE_FAILURES: Final = 4
"""Failures to find a value's end in a piece, each of which may cost a look at all of the piece."""
_LONG_TOKEN_CHARS: Final = 64
"""The digits of a number longer than this are collected piece by piece."""


class Parser:
    """Parses one JSON document, given in pieces of any size, and tells a sink.

    Attributes:
        sink: the sink of the innermost open container.
        complete: the document's value has closed. A number at the root closes with `close` only.
        keeps_rest: whether text after the document is kept for `take_rest`. Else it is an error,
            unless it is white space.
    """

    __slots__ = (
        "_at", "_can_be_hot", "_careful", "_failures_left", "_find_stop", "_high", "_hot",
        "_in_key", "_in_text", "_intern_table", "_keys", "_limits", "_max_failures", "_more_digits",
        "_parts", "_pending", "_pieces", "_rest", "_stack", "_step", "_strict", "_watch",
        "complete", "keeps_rest", "sink",
    )  # fmt: skip

    def __init__(
        self, sink: Sink, *, limits: Limits = _DEFAULT_LIMITS, strict: bool = False
    ) -> None:
        self.sink = sink
        self.complete = False
        self.keeps_rest = False
        self._rest = ""
        self._limits = limits
        self._find_stop = (_QUOTE_ESCAPE_OR_CONTROL if strict else _QUOTE_OR_ESCAPE).search
        self._strict = strict
        self._careful = False  # the piece may have more in its strings than their ends
        self._can_be_hot = not strict and not limits.counts_each_piece
        self._hot = self._can_be_hot  # no character of the open string needs a look
        self._watch: Callable[[str], None] | None = None  # of the open string
        reads_whole = limits.depth == MAX_DEPTH
        self._max_failures = _MAX_WHOLE_FAILURES if reads_whole else 0
        self._failures_left = 0  # to find the end of a value in this piece
        self._in_text = False  # a string is open, and `feed` may append to it without looking
        self._in_key = False  # the string that is open is a key
        self._parts: list[str] = []  # of the open string's text
        self._pending = ""  # an escape or a token that the last piece cut
        self._more_digits: list[str] = []  # which belong to it
        self._high = ""  # a high surrogate that the last piece ended with
        self._keys = _NO_KEYS  # of the innermost container
        self._stack: list[tuple[Sink, set[str]]] = []
        self._step: _Step = Parser._value
        self._intern_table: dict[str, str] = {}  # short ones that came as values lately
        self._pieces = Pieces()
        self._at = 0  # index in that piece, for mark and capture

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
            self._pieces.current = len(pieces)
            pieces.append(text)
            self._failures_left = self._max_failures
            index, end = 0, len(text)
            try:
                while index < end:
                    index = self._step(self, text, index)
            except ReadAgain as again:
                self._read(*self._go_back(again))
            if self._high:
                self._in_text = False  # the next piece needs a look, whatever it is
            if not self._hot or len(text) > _LONG_PIECE:
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
        while True:
            try:
                return self._take_steps(piece, index)
            except ReadAgain as again:
                piece, index = self._go_back(again)

    def _go_back(self, again: ReadAgain) -> Mark:
        self._pending, self._parts, self._watch, self._hot = "", [], None, self._can_be_hot
        self._more_digits.clear()
        self._pieces.current, self._at = again.mark
        del self._stack[again.depth + 1 :]
        self.sink, self._keys, self._step = again.enter(), set(), Parser._first_key
        self.release()
        return self._pieces.current, self._at + 1

    def _take_steps(self, piece: int, index: int) -> None:
        pieces = self._pieces.latest
        while piece < len(pieces):
            text = pieces[piece]
            self._pieces.current = piece
            self._careful = "\\" in text or self._strict
            end = len(text)
            while index < end:
                index = self._step(self, text, index)
            piece, index = piece + 1, 0

    def watch(self, check: Callable[[str], None]) -> None:
        """Call this with the text so far of the string that the sink was just told of.

        It is called at the end of each piece until the string ends.
        """
        self._watch, self._hot = check, False

    def close(self) -> None:
        """The text has ended. Sets `complete` where it ended a document.

        Raises:
            MalformedOutputError: the text ended inside a surrogate pair, or is too long.
        """
        self._check_size()
        if self._high:
            pieces = self._pieces.latest
            raise self.error("unpaired surrogate", len(pieces[-1]) if pieces else 0)
        if not self._stack and self._step is Parser._token and is_token(self._cut_token):
            self._pieces.current = len(self._pieces.latest)
            self._pieces.latest.append("")
            self._token(" ", 0)

    @property
    def _cut_token(self) -> str:
        """The token or escape that the last piece cut."""
        return self._pending + "".join(self._more_digits)

    def take_rest(self) -> str:
        """The text that followed the document, if that is kept, up to the end of the last piece."""
        rest, self._rest, self._high = self._rest + self._high, "", ""
        return rest

    def rewind(self) -> None:
        """Take back a token that can't go on from where the text was cut.

        That is a part of a key, of a token, of an escape or of a surrogate pair. No sink was told
        of it. The text of a string that is a value stays.
        """
        size = len(self.text) - len(self._cut_token)
        self._pending = self._high = ""
        self._more_digits.clear()
        if self.in_string and self._in_key:
            self._step = Parser._next_key if self._keys else Parser._first_key
            size = last_quote(self.text)
        elif self.in_string:
            self._step = Parser._string
        elif self._step is Parser._token:
            self._step = Parser._value
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
        """All the text fed."""
        return self._pieces.text

    @property
    def in_value(self) -> bool:
        """Whether a string, a number or a literal is open that is a value."""
        if self._step is Parser._token:
            return True
        return self.in_string and not self._in_key

    @property
    def in_string(self) -> bool:
        """Whether a string is open."""
        return self._step in (Parser._string, Parser._escape)

    @property
    def depth(self) -> int:
        """How many containers are open."""
        return len(self._stack)

    def release_sinks(self) -> None:
        """Tell nobody any more."""
        nobody: Any = None
        self._stack.clear()
        self.sink = nobody

    def mark(self) -> Mark:
        """The place of the container or value that the sink is just told of."""
        return self._pieces.mark(self._at)

    def capture(self, mark: Mark) -> str:
        """The text from the mark to the end of the container that the sink is just told of."""
        return self._pieces.capture(mark, self._at + 1)

    def release(self) -> None:
        """Give a mark up."""
        self._pieces.release()

    def error(self, message: str, index: int) -> MalformedOutputError:
        """The error for a fault at that index of the piece that is read."""
        position = self._pieces.position(self._pieces.current, index)
        return malformed(message, self.text, position)

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
        if bound is not None and self._pieces.size > bound:
            raise malformed(f"answer exceeds {bound} characters", self.text, bound)

    def _pair_surrogates(self, text: str) -> str:
        """Join surrogates that came apart; hold a high one at the end back for its other half."""
        text, self._high = self._high + text, ""
        self._in_text = self._hot and self._step is Parser._string
        if not _SURROGATE.search(text):
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._high = text[:-1], text[-1]
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        if lone := _SURROGATE.search(paired):
            self._high = ""
            self.feed(paired[: lone.start()])  # an earlier fault comes first
            self._pieces.current = len(self._pieces.latest)
            self._pieces.latest.append(paired[lone.start() :])
            raise self.error("unpaired surrogate", 0)
        return paired

    # The steps. Each takes the text and the index of a character that it has not seen, and
    # returns the index after the consumed text.

    def _value(self, text: str, index: int) -> int:
        character = text[index]
        if character == '"':
            self._at = index
            self._parts = []
            self.sink.open_string()
            self._in_text, self._in_key, self._step = self._hot, False, Parser._string
            return index + 1
        if character in WHITESPACE:
            return after_whitespace(text, index)
        self._at = index
        if (
            character in "{["
            and len(text) - index >= _MIN_WHOLE_CHARS
            and (end := self._read_whole(text, index))
        ):
            return end
        if character == "{":
            self._open(self.sink.open_object(), set(), Parser._first_key)
        elif character == "[":
            self._open(self.sink.open_array(), _NO_KEYS, Parser._first_item)
        elif character in TOKEN_START:
            self._step = Parser._token
            return index
        else:
            raise self.error("expected a value", index)
        return index + 1

    def _read_whole(self, text: str, index: int) -> int:
        """Read the object or array at once, if all of it is in this piece: the index after it.

        0 if that can't be done.
        """
        if not self._failures_left or not self.sink.reads_whole(text[index]):
            return 0
        end = end_of_value(text, index) if self._stack else end_of_document(text, index)
        raw = text[index:end]
        room = self._limits.depth - len(self._stack)
        if (
            not end
            or has_long_number(raw, self._limits.digits)
            or not self.sink.whole(raw, is_shallow=raw.count("{") + raw.count("[") <= room)
        ):
            self._failures_left -= 1
            return 0
        self._at = end - 1
        self._value_closed()
        return end

    def _open(self, sink: Sink, keys: set[str], step: _Step) -> None:
        if len(self._stack) >= self._limits.depth:
            raise self.error(f"nested more than {self._limits.depth} deep", self._at)
        self._stack.append((self.sink, self._keys))
        self.sink, self._keys, self._step = sink, keys, step

    def _close(self, index: int) -> int:
        self._at = index
        self.sink.close()
        self.sink, self._keys = self._stack.pop()
        self._value_closed()
        return index + 1

    def _value_closed(self) -> None:
        if self._stack:
            self._step = Parser._after_value
        else:
            self._step = Parser._after_document
            self.complete = True

    def _first_key(self, text: str, index: int) -> int:
        return self._close(index) if text[index] == "}" else self._next_key(text, index)

    def _next_key(self, text: str, index: int) -> int:
        character = text[index]
        if character == '"':
            self._parts = []
            self._in_text, self._in_key, self._step = self._hot, True, Parser._string
            return index + 1
        if character in WHITESPACE:
            return after_whitespace(text, index)
        raise self.error("expected a key in double quotes", index)

    def _first_item(self, text: str, index: int) -> int:
        character = text[index]
        if character == "]":
            return self._close(index)
        if character not in WHITESPACE:
            self._step = Parser._value
        return self._value(text, index)

    def _colon(self, text: str, index: int) -> int:
        character = text[index]
        if character == ":":
            self._step = Parser._value
            index += 1
            return index + 1 if text[index : index + 1] == " " else index
        if character in WHITESPACE:
            return after_whitespace(text, index)
        raise self.error("expected a colon", index)

    def _after_value(self, text: str, index: int) -> int:
        character = text[index]
        in_array = self._keys is _NO_KEYS
        if character == ",":
            self._step = Parser._value if in_array else Parser._next_key
            index += 1
            return index + 1 if text[index : index + 1] == " " else index
        if character == ("]" if in_array else "}"):
            return self._close(index)
        if character in WHITESPACE:
            return after_whitespace(text, index)
        closer = "]" if in_array else "}"
        raise self.error(f"expected a comma or {closer}", index)

    def _after_document(self, text: str, index: int) -> int:
        if self.keeps_rest:
            self._pieces.latest[self._pieces.current] = text[:index]
            self._rest += text[index:]
            return len(text)
        index = skip_whitespace(text, index).end()  # type: ignore[union-attr]
        if index < len(text):
            raise self.error("text after the end of the answer", index)
        return index

    def _string(self, text: str, index: int) -> int:
        if self._careful:
            return self._careful_string(text, index)
        end = text.find('"', index)
        if end > index:
            self._parts.append(text[index:end])
        elif end < 0:
            self._parts.append(text[index:])
            return len(text)
        return self._close_string(end)

    def _careful_string(self, text: str, index: int) -> int:
        stop = self._find_stop(text, index)
        end = stop.start() if stop else len(text)
        if end > index:
            self._parts.append(text[index:end])
        if not stop:
            return end
        if text[end] == '"':
            return self._close_string(end)
        if text[end] == "\\":
            self._in_text, self._step = False, Parser._escape
            return end
        raise self.error("control character in a string", end)

    def _close_string(self, index: int) -> int:
        self._in_text = False
        self._at = index
        if self._watch is not None:
            self._watch, self._hot = None, self._can_be_hot
        parts = self._parts
        value = parts[0] if len(parts) == 1 else "".join(parts)
        if self._in_key:
            if value in self._keys:
                raise self.error(f"duplicate key {value!r}", index)
            self._keys.add(value)
            self.sink.key(value)
            self._step = Parser._colon
            return index + 1
        if len(value) < _MAX_INTERNED_CHARS:
            # Many answers repeat short strings. jiter and pydantic's reader keep them once, too.
            if len(self._intern_table) >= _MAX_INTERNED:
                self._intern_table.clear()
            value = self._intern_table.setdefault(value, value)
        self.sink.string(value)
        self._value_closed()
        return index + 1

    def _escape(self, text: str, index: int) -> int:
        """One escape, or two that make a surrogate pair; `_pending` is the part seen so far."""
        seen = len(self._pending)
        raw = self._pending + text[index : index + LONGEST_ESCAPE - seen]
        try:
            found = unescaped(raw)
        except ValueError as error:
            raise self.error(str(error), index - seen) from None
        if found is None:
            return self._wait(raw, text)
        character, end = found
        self._parts.append(character)
        self._pending, self._in_text, self._step = "", self._hot, Parser._string
        return index + end - seen

    def _wait(self, raw: str, text: str) -> int:
        self._pending = raw
        return len(text)

    def _token(self, text: str, index: int) -> int:
        # A loop and not a pattern: to ask one takes as long as ten characters, and few are longer.
        end, size = index, len(text)
        while end < size and text[end] in TOKEN_CHARACTERS:
            end += 1
        ended = end < size
        if (
            not ended
            and len(self._pending) >= _LONG_TOKEN_CHARS
            and self._take_digits(text[index:])
        ):
            return end
        raw = self._cut_token + text[index:end] if self._pending else text[index:end]
        self._more_digits.clear()
        valid = (raw.isdigit() and raw[0] != "0") or (ended and is_token(raw))
        if not valid or len(raw) > self._limits.digits:
            self._check_token(raw, end, ended=ended)
        if not ended:
            return self._wait(raw, text)
        self._pending = ""
        self._at = end - 1
        self.sink.scalar(raw)
        self._value_closed()
        return end

    def _take_digits(self, part: str) -> bool:
        """Collect digits of a long number: to join it at each piece would cost its square."""
        if not (part.isdigit() and self._pending[-1].isdigit()):
            return False
        if len(self._pending) + sum(map(len, self._more_digits)) >= self._limits.digits:
            return False
        self._more_digits.append(part)
        if len(self._more_digits) > PIECES_PER_JOIN:
            self._pending, self._more_digits = self._cut_token, []
        return True

    def _check_token(self, raw: str, end: int, *, ended: bool) -> None:
        start = end - len(raw)
        valid = valid_prefix(raw)
        self._check_digits(raw[:valid], start)
        if valid < len(raw):
            raise self.error("invalid JSON value", start + valid)
        if ended and not is_token(raw):
            raise self.error("invalid JSON value", end if raw[0] in NUMBER_START else start)

    def _check_digits(self, raw: str, start: int) -> None:
        bound = self._limits.digits
        if len(raw) > bound and len(places := places_of_digits(raw)) > bound:
            raise self.error(f"number of more than {bound} digits", start + places[bound])


_Step: TypeAlias = Callable[[Parser, str, int], int]
