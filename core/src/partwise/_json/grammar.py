"""The grammar of JSON as steps, each of which reads a little of a piece of text.

A step takes the piece and the index of a character that no step has seen, and returns the index
after the text that it consumed. It says which step is next.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._errors import MalformedOutputError, malformed
from .limits import MAX_DEPTH, Limits
from .pieces import Pieces
from .tokens import (
    LONGEST_ESCAPE,
    TOKEN_CHARACTERS,
    TOKEN_START,
    WHITESPACE,
    CutToken,
    after_whitespace,
    end_of_document,
    end_of_value,
    fault_of_token,
    has_long_number,
    is_token,
    skip_whitespace,
    unescaped,
)

if TYPE_CHECKING:
    from .sink import Sink

_QUOTE_OR_ESCAPE: Final = re.compile(r'["\\]')
_QUOTE_ESCAPE_OR_CONTROL: Final = re.compile(r'["\\\x00-\x1f]')

_DEFAULT_LIMITS: Final = Limits()
_NO_KEYS: Final[set[str]] = set()
"""The keys of an array."""
_MAX_INTERNED_CHARS: Final = 64
"""Strings shorter than this are interned."""
_MAX_INTERNED: Final = 1024
"""Size of the intern table."""
_MIN_WHOLE_CHARS: Final = 200
"""A value is read at once only if at least so much text is left in the piece."""
_MAX_WHOLE_FAILURES: Final = 4
"""Failures to find a value's end in a piece, each of which may cost a look at all of the piece."""

_MANY_CHARS: Final = 1_000_000
"""A bound of the answer's text from here on need not be exact."""


class Grammar:
    """The state of a JSON document that is read, and the steps that read on.

    Attributes:
        sink: the sink of the innermost open container.
        keeps_rest: whether text after the document is kept. Else it is an error, unless it is white
            space.
    """

    __slots__ = (
        "_at", "_can_be_hot", "_careful", "_cut", "_failures_left", "_find_stop", "_high", "_hot",
        "_in_key", "_in_text", "_intern_table", "_keys", "_limits", "_max_failures", "_parts",
        "_pieces", "_rest", "_stack", "_step", "_strict", "_watch", "keeps_rest", "sink",
    )  # fmt: skip

    def __init__(
        self, sink: Sink, *, limits: Limits = _DEFAULT_LIMITS, strict: bool = False
    ) -> None:
        self.sink = sink
        self.keeps_rest = False
        self._rest = ""
        self._limits = limits
        self._find_stop = (_QUOTE_ESCAPE_OR_CONTROL if strict else _QUOTE_OR_ESCAPE).search
        self._strict = strict
        self._careful = False  # the piece may have more in its strings than their ends
        counts_each_piece = limits.characters is not None and limits.characters < _MANY_CHARS
        self._can_be_hot = not strict and not counts_each_piece
        self._hot = self._can_be_hot  # no character of the open string needs a look
        self._watch: Callable[[str], None] | None = None  # of the open string
        reads_whole = limits.depth == MAX_DEPTH
        self._max_failures = _MAX_WHOLE_FAILURES if reads_whole else 0
        self._failures_left = 0  # to find the end of a value in this piece
        self._in_text = False  # a string is open, and `feed` may append to it without looking
        self._in_key = False  # the string that is open is a key
        self._parts: list[str] = []  # of the open string's text
        self._cut = CutToken()
        self._high = ""  # a high surrogate that the last piece ended with
        self._keys = _NO_KEYS  # of the innermost container
        self._stack: list[tuple[Sink, set[str]]] = []
        self._step: Step = VALUE
        self._intern_table: dict[str, str] = {}  # short ones that came as values lately
        self._pieces = Pieces()
        self._at = 0  # index in that piece, for mark and capture

    @property
    def complete(self) -> bool:
        """Whether the document has ended. A number at the root ends with `close` only."""
        return self._step is AFTER_DOCUMENT

    def error(self, message: str, index: int) -> MalformedOutputError:
        """The error for a fault at that index of the piece that is read."""
        position = self._pieces.position(self._pieces.current, index)
        return malformed(message, self._pieces.text, position)

    def read_value(self, text: str, index: int) -> int:
        character = text[index]
        if character == '"':
            self._at = index
            self._parts = []
            self.sink.open_string()
            self._in_text, self._in_key, self._step = self._hot, False, STRING
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
            self._open(self.sink.open_object(), set(), FIRST_KEY)
        elif character == "[":
            self._open(self.sink.open_array(), _NO_KEYS, FIRST_ITEM)
        elif character in TOKEN_START:
            self._step = TOKEN
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
        self._step = AFTER_VALUE if self._stack else AFTER_DOCUMENT
        return end

    def _open(self, sink: Sink, keys: set[str], step: Step) -> None:
        if len(self._stack) >= self._limits.depth:
            raise self.error(f"nested more than {self._limits.depth} deep", self._at)
        self._stack.append((self.sink, self._keys))
        self.sink, self._keys, self._step = sink, keys, step

    def _close(self, index: int) -> int:
        self._at = index
        self.sink.close()
        self.sink, self._keys = self._stack.pop()
        self._step = AFTER_VALUE if self._stack else AFTER_DOCUMENT
        return index + 1

    def read_first_key(self, text: str, index: int) -> int:
        return self._close(index) if text[index] == "}" else self.read_next_key(text, index)

    def read_next_key(self, text: str, index: int) -> int:
        character = text[index]
        if character == '"':
            self._parts = []
            self._in_text, self._in_key, self._step = self._hot, True, STRING
            return index + 1
        if character in WHITESPACE:
            return after_whitespace(text, index)
        raise self.error("expected a key in double quotes", index)

    def read_first_item(self, text: str, index: int) -> int:
        character = text[index]
        if character == "]":
            return self._close(index)
        if character not in WHITESPACE:
            self._step = VALUE
        return self.read_value(text, index)

    def read_colon(self, text: str, index: int) -> int:
        character = text[index]
        if character == ":":
            self._step = VALUE
            index += 1
            return index + 1 if text[index : index + 1] == " " else index
        if character in WHITESPACE:
            return after_whitespace(text, index)
        raise self.error("expected a colon", index)

    def read_after_value(self, text: str, index: int) -> int:
        character = text[index]
        in_array = self._keys is _NO_KEYS
        if character == ",":
            self._step = VALUE if in_array else NEXT_KEY
            index += 1
            return index + 1 if text[index : index + 1] == " " else index
        if character == ("]" if in_array else "}"):
            return self._close(index)
        if character in WHITESPACE:
            return after_whitespace(text, index)
        closer = "]" if in_array else "}"
        raise self.error(f"expected a comma or {closer}", index)

    def read_after_document(self, text: str, index: int) -> int:
        if self.keeps_rest:
            self._pieces.latest[self._pieces.current] = text[:index]
            self._rest += text[index:]
            return len(text)
        index = skip_whitespace(text, index).end()  # type: ignore[union-attr]
        if index < len(text):
            raise self.error("text after the end of the answer", index)
        return index

    def read_string(self, text: str, index: int) -> int:
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
            self._in_text, self._step = False, ESCAPE
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
            self._step = COLON
            return index + 1
        if len(value) < _MAX_INTERNED_CHARS:
            # Many answers repeat short strings. jiter and pydantic's reader keep them once, too.
            if len(self._intern_table) >= _MAX_INTERNED:
                self._intern_table.clear()
            value = self._intern_table.setdefault(value, value)
        self.sink.string(value)
        self._step = AFTER_VALUE if self._stack else AFTER_DOCUMENT
        return index + 1

    def read_escape(self, text: str, index: int) -> int:
        """One escape, or two that make a surrogate pair."""
        seen = len(self._cut.start)
        raw = self._cut.start + text[index : index + LONGEST_ESCAPE - seen]
        try:
            found = unescaped(raw)
        except ValueError as error:
            raise self.error(str(error), index - seen) from None
        if found is None:
            return self._wait(raw, text)
        character, end = found
        self._parts.append(character)
        self._cut.keep("")
        self._in_text, self._step = self._hot, STRING
        return index + end - seen

    def _wait(self, raw: str, text: str) -> int:
        self._cut.keep(raw)
        return len(text)

    def read_token(self, text: str, index: int) -> int:
        # A loop and not a pattern: to ask one takes as long as ten characters, and few are longer.
        end, size = index, len(text)
        while end < size and text[end] in TOKEN_CHARACTERS:
            end += 1
        ended = end < size
        cut = self._cut
        if not ended and cut.takes(text[index:], self._limits.digits):
            return end
        raw = cut.text + text[index:end] if cut.start else text[index:end]
        valid = (raw.isdigit() and raw[0] != "0") or (ended and is_token(raw))
        if not valid or len(raw) > self._limits.digits:
            self._check_token(raw, end, ended=ended)
        if not ended:
            return self._wait(raw, text)
        if cut.start:
            cut.keep("")
        self._at = end - 1
        self.sink.scalar(raw)
        self._step = AFTER_VALUE if self._stack else AFTER_DOCUMENT
        return end

    def _check_token(self, raw: str, end: int, *, ended: bool) -> None:
        fault = fault_of_token(raw, ended=ended, digits=self._limits.digits)
        if fault is not None:
            message, index = fault
            raise self.error(message, end - len(raw) + index)


Step: TypeAlias = Callable[[Any, str, int], int]

# Constants, since to look a method up in its class takes as long as a short step.
VALUE: Final = Grammar.read_value
FIRST_ITEM: Final = Grammar.read_first_item
FIRST_KEY: Final = Grammar.read_first_key
NEXT_KEY: Final = Grammar.read_next_key
COLON: Final = Grammar.read_colon
STRING: Final = Grammar.read_string
ESCAPE: Final = Grammar.read_escape
TOKEN: Final = Grammar.read_token
AFTER_VALUE: Final = Grammar.read_after_value
AFTER_DOCUMENT: Final = Grammar.read_after_document
