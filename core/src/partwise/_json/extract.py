r"""Finds the answer in a text that is not pure JSON: reasoning, prose and fences around it.

Rules
- Text between tags like `<think>` and `</think>` is reasoning, and so is all text before a closing
  tag that nothing opened: chat templates of DeepSeek's and Qwen's models write the opening one
  themselves, into the prompt.
- An object is the answer as soon as it has one of the keys of the response model, an array as soon
  as its first element can be one of the answer's. Prose with braces, a citation like `[1]` and a
  JSON example of something else are passed over.
- Nothing inside an object or array is the answer while that itself may be it, or if it is to be
  JSON and is not valid. So a part of an answer is never taken for the whole.
- An object in a fence of another language than JSON is not begun as the answer.

Theory of operation
`feed` yields the parts of the text in order, each as soon as more text can't change it. An `Answer`
is the last part of its piece: from there on the text is for the parser of the answer, and the text
after the document comes back to `feed`. Text before the next mark (a bracket, a tag, a fence)
is prose; a bracket is followed by a `Candidate` up to its key, its end, or where it stops being
JSON. There it is a `Region` to be skipped, or just prose, and the search goes on near that place.
So each character is read a bounded number of times.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from .candidate import AnswerShape, Candidate
from .region import Region, begins_region
from .thinking import END_OF_TEXT, PARTIAL_TAG, TAG, Thinking

_FENCE: Final = r"(?:`{3,9}|~{3,9})[ \t]{0,9}[\w+#.-]{0,30}"
_MARK: Final = re.compile(rf"(?P<tag>{TAG})|(?P<fence>{_FENCE})|[{{\[]", re.IGNORECASE)
_PARTIAL_MARK: Final = re.compile(
    rf"(?:{PARTIAL_TAG}|`{{1,2}}|~{{1,2}}|{_FENCE}){END_OF_TEXT}", re.IGNORECASE
)
_BLANK: Final = re.compile(r"(?:[\s\ufeff\u200b]|<[^<>{}\[\]\s]{1,40}>)*")
_VALUE_START: Final = re.compile(r'[{\["\dtfnNI-]')
_CHARS_AT_ONCE: Final = 512
_LONGEST_PARTIAL: Final = 120
"""Characters of the beginning of a mark that the text's end may have cut."""
_BRACKETS: Final = ("{", "[")
_JSON_LANGUAGES: Final = frozenset({"json", "json5", "jsonc", "jsonl"})


@dataclass(frozen=True, slots=True)
class Prose:
    """Text that is neither the answer nor reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Text of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class EndOfThought:
    """All text before was reasoning."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer begins with this text, which is all that is left of the piece.

    Attributes:
        text: its text so far, and any after it.
        fence: the language of the fence around it, in lower case; None if there is no fence.
        is_first: whether only white space, fences and tags were before it.
    """

    text: str
    fence: str | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class Document:
    """An object or array that is not begun as the answer.

    Attributes:
        text: as it was written.
        fence: as in `Answer`.
        fits: whether it can be the answer.
        inside: the parts of it that could be the answer if it is not: none, one, or the first two.
        is_whole: whether it is valid JSON, and ended before the text did.
        has_key: whether there is a key in it.
    """

    text: str
    fence: str | None
    fits: bool
    inside: tuple[str, ...]
    is_whole: bool
    has_key: bool


Part: TypeAlias = Prose | Thought | EndOfThought | Answer | Document


def is_json(fence: str | None) -> bool:
    """Whether the fence says that it has JSON in it. One without a language does not."""
    return fence in _JSON_LANGUAGES


class Extractor:
    """Takes text in pieces and gives its parts.

    Args:
        shape: of the answer.
        takes_first: whether a bracket that can open the answer does, if only white space, fences
            and tags are before it; the keys don't matter then.

    Attributes:
        has_answer: whether there is an answer, so that no other is to be begun.
    """

    def __init__(self, shape: AnswerShape, *, takes_first: bool) -> None:
        self.has_answer = False
        self._shape = shape
        self._takes_first = takes_first
        self._step: _Step = self._search
        self._held = ""  # text that the current step can't decide yet
        self._fence: str | None = None
        self._is_first = True
        self._thinking: Thinking
        self._candidate: Candidate
        self._region: Region

    def feed(self, text: str) -> Iterator[Part]:
        """The parts of the text that are known now. To be read to the end."""
        return self._read(text, is_end=False)

    def give_up_answer(self, text: str) -> Iterator[Part]:
        """The answer that was begun is not valid, in this text of it: as `feed`."""
        self.has_answer = False
        self._region, self._step = Region(), functools.partial(self._skip, is_answer=True)
        return self._read(text, is_end=False)

    def close(self) -> Iterator[Part]:
        """The text has ended, or one item of it: the parts that are left."""
        yield from self._read("", is_end=True)
        self._fence, self._is_first = None, True

    def _read(self, text: str, *, is_end: bool) -> Iterator[Part]:
        # A little at a time: the steps copy the rest of it.
        waiting = [(text, 0)]  # texts that are to be read from an index on, the last first
        while waiting:
            text, start = waiting.pop()
            end = start + _CHARS_AT_ONCE
            if end < len(text):
                waiting.append((text, end))
            parts, rest = self._step(text[start:end], is_end and not waiting)
            if rest is not None:
                waiting.append((rest, 0))
            for part in parts:
                if isinstance(part, Answer):
                    after = "".join(text[start:] for text, start in reversed(waiting))
                    part = replace(part, text=part.text + after)  # noqa: PLW2901
                yield part

    # The steps. Each takes the text that follows, and returns the parts that are known and the text
    # after them, for the next step; None if there is no next step until more text arrives.

    def _search(self, text: str, is_end: bool) -> _Read:  # noqa: FBT001
        """Read up to the next mark: a bracket, a tag or a fence."""
        text, self._held = self._held + text, ""
        mark = _MARK.search(text)
        tail = max(0, len(text) - _LONGEST_PARTIAL)
        partial = None if is_end else _PARTIAL_MARK.search(text, tail)
        if mark and partial and partial.start() <= mark.start():
            mark = None
        end = mark.start() if mark else partial.start() if partial else len(text)
        known = end + 1 if mark and mark[0] in _BRACKETS else end
        if self._shape.may_be_scalar and (value := self._begin_value(text, known)):
            return [value], None
        before = self._prose(text[:end])
        if mark is None:
            self._held = text[end:]
            return before, None
        after = text[mark.end() :]
        if mark["tag"]:
            return [*before, *self._meet_tag(mark[0])], after
        if mark["fence"]:
            language = mark[0].lstrip("`~").strip().lower()
            is_closing = self._fence is not None and not language
            self._fence = None if is_closing else language
            return [*before, Prose(mark[0])], after
        is_first = self._takes_first and self._is_first
        if is_first and self._may_begin and mark[0] in self._shape.openers:
            return [*before, self._answer(text[end:])], None
        self._candidate, self._step = Candidate(self._shape), self._follow
        return before, text[end:]

    def _think(self, text: str, is_end: bool) -> _Read:  # noqa: FBT001
        thought, rest = self._thinking.feed(text)
        if is_end and rest is None:
            more, rest = self._thinking.close()
            thought += more
        if rest is not None:
            self._step, self._is_first = self._search, True
        return [Thought(thought)] if thought else [], rest

    def _follow(self, text: str, is_end: bool) -> _Read:  # noqa: FBT001
        """Read on in a value that may be the answer."""
        candidate = self._candidate
        if text:
            candidate.feed(text)
        if candidate.fits and self._may_begin:
            return [self._answer(candidate.text + candidate.take_rest())], None
        if candidate.fault is not None:
            self._held, self._step = candidate.text + candidate.take_rest(), self._judge
            return [], ""
        if not candidate.complete and not is_end:
            return [], None
        self._step = self._search
        text = candidate.text
        if not candidate.complete and not candidate.has_key and not begins_region(text):
            return self._give_up(text, len(text))
        return [self._document(text, is_whole=candidate.complete)], candidate.take_rest()

    def _judge(self, text: str, is_end: bool) -> _Read:  # noqa: FBT001
        """Find out whether a value that is not JSON was to be JSON."""
        text, self._held = self._held + text, ""
        candidate = self._candidate
        is_region = candidate.has_key or begins_region(text)
        if is_region is None and not is_end:
            self._held = text
            return [], None
        if is_region:
            self._region, self._step = Region(), self._skip
            return [], text
        self._step = self._search
        return self._give_up(text, candidate.fault.position if candidate.fault else 0)

    def _skip(self, text: str, is_end: bool, *, is_answer: bool = False) -> _Read:  # noqa: FBT001
        rest = self._region.feed(text, is_end=is_end)
        if rest is None and not is_end:
            return [], None
        self._step, skipped = self._search, self._region.text
        if is_answer:
            return self._prose(skipped), rest or ""
        return [self._document(skipped, is_whole=False)], rest or ""

    # Their parts ----------------------------------------------------------------------------

    @property
    def _may_begin(self) -> bool:
        return not self.has_answer and (not self._fence or is_json(self._fence))

    def _begin_value(self, text: str, end: int) -> Answer | None:
        start = _BLANK.match(text, 0, end).end()  # type: ignore[union-attr]
        if self._is_first and not self.has_answer and _VALUE_START.match(text, start, end):
            return self._answer(text[start:])
        return None

    def _answer(self, text: str) -> Answer:
        answer = Answer(text, self._fence, self._is_first)
        self.has_answer, self._is_first, self._step = True, False, self._search
        return answer

    def _document(self, text: str, *, is_whole: bool) -> Document:
        self._is_first = False
        candidate = self._candidate
        return Document(
            text,
            self._fence,
            fits=candidate.fits,
            inside=tuple(candidate.inside),
            is_whole=is_whole,
            has_key=candidate.has_key,
        )

    def _give_up(self, text: str, position: int) -> _Read:
        """A value that is prose from its bracket on. A string that it read may have more."""
        string = text.rfind('"', 0, max(text.rfind('"', 0, position), 0))
        end = (string if string >= 0 else text.find('"', 0, position)) + 1 or max(position, 1)
        return self._prose(text[:end]), text[end:]

    def _prose(self, text: str) -> list[Part]:
        self._is_first = self._is_first and _BLANK.fullmatch(text) is not None
        return [Prose(text)] if text else []

    def _meet_tag(self, tag: str) -> list[Part]:
        thinking = Thinking.opened_by(tag)
        if thinking:
            self._thinking, self._step = thinking, self._think
            return []
        self._is_first, self._fence = True, None
        return [EndOfThought()]


_Read: TypeAlias = tuple[list[Part], str | None]
_Step: TypeAlias = Callable[[str, bool], _Read]
