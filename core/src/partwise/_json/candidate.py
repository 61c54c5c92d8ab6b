"""Follows a JSON value that may be the answer, and finds out whether it is."""

from __future__ import annotations

import re
import weakref
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, cast

from .._errors import MalformedOutputError
from .parser import Parser
from .sink import Sink

_ENOUGH_PARTS: Final = 2
"""Fitting parts that are kept: only a single one can be the answer."""
_IN_FENCE: Final = re.compile(r"(?:```\w*\s)?(?P<text>.*?)(?:\s```)?", re.DOTALL)
_CHARS_AT_ONCE: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShape:
    """The beginnings that an answer can have.

    Attributes:
        keys: the keys by which the answer's object is known; None if any key will do.
        openers: the brackets that may open the answer.
        may_be_scalar: whether any value that the text begins with is the answer.
        may_be_empty: whether an object without a key can be the answer.
        of_objects: whether an array that is the answer has only objects in it.
    """

    keys: AbstractSet[str] | None
    openers: str
    may_be_scalar: bool = False
    may_be_empty: bool = True
    of_objects: bool = False

    def has_key(self, key: str) -> bool:
        """Whether an object with the key can be the answer."""
        return "{" in self.openers and (self.keys is None or key in self.keys)


@dataclass(slots=True)
class _Container:
    """An object or array that is open.

    Attributes:
        opener: its bracket.
        mark: its place, for the parser; None for the outermost.
        is_inside: whether it is inside of one that can be the answer.
        parts_before: the number of fitting parts before it.
        fits: whether it can be the answer.
        is_empty: whether nothing was in it yet.
    """

    opener: str
    mark: tuple[int, int] | None
    is_inside: bool
    parts_before: int
    fits: bool = False
    is_empty: bool = True


class Candidate(Sink):
    """Parses one JSON value.

    Attributes:
        fits: whether it can be the answer, by its keys or its first element.
        has_key: whether there is a key with a value in it.
        inside: the parts of it that could be the answer if it is not: none, one, or the first two.
        fault: why it is not JSON, or None.
    """

    def __init__(self, shape: AnswerShape) -> None:
        self.fits = False
        self.has_key = False
        self.inside: list[str] = []
        self.fault: MalformedOutputError | None = None
        self._shape = shape
        self._open: list[_Container] = []
        # A proxy, so that both are free when nobody reads on.
        self._sink = cast("Sink", weakref.proxy(self))
        self._parser = Parser(self._sink)
        self._parser.keeps_rest = True

    def feed(self, text: str) -> None:
        """Read on, until there is a fault."""
        try:
            self._parser.feed(text)
        except MalformedOutputError as error:
            self.fault = error

    @property
    def text(self) -> str:
        return self._parser.text

    @property
    def complete(self) -> bool:
        return self._parser.complete

    def take_rest(self) -> str:
        """The text fed after the value's end; half a character, if it has none."""
        return self._parser.take_rest()

    # The parser's sink ----------------------------------------------------------------------

    def key(self, name: str) -> None:
        self._fill(fits=self._shape.has_key(name))

    def open_object(self) -> Sink:
        return self._enter("{")

    def open_array(self) -> Sink:
        return self._enter("[")

    def open_string(self) -> None:
        self._add_value(may_fit=not self._shape.of_objects)

    def scalar(self, raw: str) -> None:  # noqa: ARG002
        self._add_value(may_fit=not self._shape.of_objects)

    def close(self) -> None:
        container = self._open[-1]
        if container.is_empty:
            empty_fits = container.opener == "[" or self._shape.may_be_empty
            self._fill(fits=empty_fits and container.opener in self._shape.openers)
        self._open.pop()
        if container.mark is None:
            return
        if container.fits:
            self.inside[container.parts_before :] = [self._parser.capture(container.mark)]
            del self.inside[_ENOUGH_PARTS:]
        else:
            self._parser.release()

    def _enter(self, opener: str) -> Sink:
        self._add_value(may_fit=True)
        around = self._open[-1] if self._open else None
        is_inside = around is not None and (around.fits or around.is_inside)
        mark = self._parser.mark() if around and not is_inside else None
        self._open.append(_Container(opener, mark, is_inside, len(self.inside)))
        return self._sink

    def _add_value(self, *, may_fit: bool) -> None:
        """A value opens; if it is an array's first, the array may be known by it."""
        if not self._open:
            return
        if self._open[-1].opener == "{":
            self.has_key = True
        elif self._open[-1].is_empty:
            self._fill(fits=may_fit and "[" in self._shape.openers)

    def _fill(self, *, fits: bool) -> None:
        """Something is in the innermost container; whether the container can be the answer."""
        container = self._open[-1]
        container.is_empty = False
        container.fits = container.fits or fits
        if len(self._open) == 1:
            self.fits = self.fits or fits


def fits_shape(text: str, shape: AnswerShape) -> bool:
    """Whether the value that the text begins with can be the answer, by its keys."""
    candidate = Candidate(shape)
    for start in range(0, len(text), _CHARS_AT_ONCE):
        if candidate.fits:
            break
        candidate.feed(text[start : start + _CHARS_AT_ONCE])
    return candidate.fits


def only_part(text: str, shape: AnswerShape) -> str | None:
    """The only part of a value that could be the answer; None if there is none, or several."""
    candidate = Candidate(shape)
    candidate.feed(text)
    return candidate.inside[0] if len(candidate.inside) == 1 else None


def only_document(text: str, shape: AnswerShape) -> str | None:
    """The object or array that is all of the text, maybe in a fence; None if there is more."""
    document = _IN_FENCE.fullmatch(text.strip("\ufeff\u200b \t\r\n"))["text"]  # type: ignore[index]
    if document[:1] not in ("{", "[") or document[0] not in shape.openers:
        return None
    return document if is_document(document) else None


def is_beginning(text: str) -> bool:
    """Whether the text can begin a JSON document."""
    try:
        Parser(Sink()).feed(text)
    except MalformedOutputError:
        return False
    return True


def is_document(text: str) -> bool:
    """Whether the text is one JSON document, and nothing else."""
    parser = Parser(Sink())
    try:
        parser.feed(text)
        parser.close()
    except MalformedOutputError:
        return False
    return parser.complete


@dataclass(slots=True)
class Outline(Sink):
    """The tokens of a JSON text, without regard to white space and escapes: a sink for a parser."""

    tokens: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Outline:
        """The outline of the text, up to its end or its first fault."""
        outline = cls()
        parser = Parser(outline)
        parser.keeps_rest = True
        try:
            parser.feed(text)
        except MalformedOutputError as error:
            outline.tokens.append(("fault", str(error.position)))
        return outline

    def begins(self, other: Outline) -> bool:
        """Whether the other begins with all of this."""
        return self.tokens == other.tokens[: len(self.tokens)]

    def key(self, name: str) -> None:
        self.tokens.append(("key", name))

    def open_object(self) -> Sink:
        self.tokens.append(("{", ""))
        return self

    def open_array(self) -> Sink:
        self.tokens.append(("[", ""))
        return self

    def string(self, value: str) -> None:
        self.tokens.append(("string", value))

    def scalar(self, raw: str) -> None:
        self.tokens.append(("scalar", raw))

    def close(self) -> None:
        self.tokens.append(("close", ""))
