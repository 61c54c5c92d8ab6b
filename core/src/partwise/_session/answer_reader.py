"""Reads the answer out of a text: feeds a builder with the part that is the answer.

Several parts of a text may look like the answer. The first one is taken, and shown at once, but:
- The text of a model that thinks aloud may hold drafts. If a closing tag of reasoning follows, all
  before it was reasoning, and the answer comes next.
- After prose, an object that is not valid may be a draft, too. So its fault counts only if nothing
  better follows. A fault of an object that the text begins with ends the attempt at once.
- An answer in a fence of JSON is preferred to one in another fence, and an object with a key of the
  response model to one without, that was taken because the text began with it.
- A repetition of the answer is ignored, and so is prose after it. Another object after an answer
  that the text began with is an error, unless the mode is lenient.
- If no answer was begun, the best of the skipped documents is taken at the text's end: one in a
  fence of another language, the only fitting part of an object around it (`{"result": {…}}`), the
  first object or array, a scalar.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from .._errors import InvalidOutputError, MalformedOutputError, OutputError, malformed
from .._json.candidate import Outline, fits_shape, is_document, only_part
from .._json.extract import Answer, Document, Extractor, Prose, Thought, is_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .._json.candidate import AnswerShape
    from .._json.extract import Part


log = logging.getLogger("partwise")

_CHARS_AT_ONCE: Final = 1 << 18
"""Characters of a piece that are read in one go if the answer ends in them.

Each answer that begins in them copies the rest of them."""


class Builder(Protocol):
    """Reads the text of an answer, up to the end of its document."""

    @property
    def complete(self) -> bool: ...
    @property
    def text(self) -> str: ...
    def feed(self, text: str) -> bool: ...
    def take_rest(self) -> str: ...


NewBuilder: TypeAlias = "Callable[[OutputError | None], Builder]"
"""Makes the builder of the answer that begins. The error says why the one before is void."""


class AnswerReader:
    """Takes a text in pieces, and feeds a builder with the answer in it.

    Args:
        shape: of the answer.
        new_builder: as above.
        thoughts: receives the reasoning in the text.
        is_lenient: whether an answer that the text begins with must have a key of the model's
            too, and may be followed by others.
        waits: whether no fault is raised before the text has ended.

    Attributes:
        builder: of the answer that was begun; None if none was.
        fault: why that answer is not valid, while another may follow.
    """

    def __init__(
        self,
        shape: AnswerShape,
        new_builder: NewBuilder,
        thoughts: list[str],
        *,
        is_lenient: bool,
        waits: bool = False,
    ) -> None:
        self.builder: Any = None
        self.fault: OutputError | None = None
        self._shape = shape
        self._new_builder = new_builder
        self._thoughts = thoughts
        self._is_lenient = is_lenient
        self._waits = waits
        self._extractor = Extractor(shape, takes_first=not is_lenient)
        self._answer = Answer("", None, is_first=False)  # the one that was begun last
        self._is_writing = False  # the text is the answer's
        self._draft: Any = None  # the builder of one that was written in the reasoning
        self._outline: Outline | None = None  # of the answer
        self._before: list[str] = []  # visible text that is not the answer's
        self._after: list[str] = []  # likewise, since the answer began
        self._passed_over: list[Document] = []
        self._unread = ""  # the rest of the piece in which nothing could mend a fault

    @property
    def text(self) -> str:
        """The text of the answer; if there is none, the visible text."""
        if self.builder is None:
            return "".join(self._before)
        text: str = ("".join(self._after) if self.fault else "") or self.builder.text
        return text + self._unread

    def feed(self, text: str) -> bool:
        """Read the next piece of text. Whether the answer grew.

        Raises:
            MalformedOutputError: it is not JSON, and nothing can mend it.
            InvalidOutputError: a part of it is not valid, and nothing can mend it.
        """
        if len(text) <= _CHARS_AT_ONCE:
            return self._feed(text)
        grew = False
        for start in range(0, len(text), _CHARS_AT_ONCE):
            end = start + _CHARS_AT_ONCE
            try:
                grew = self._feed(text[start:end]) or grew
            except OutputError:
                self._unread = text[end:]
                raise
        return grew

    def _feed(self, text: str) -> bool:
        if not self._is_writing:
            return self._read(self._extractor.feed(text))
        try:
            grew: bool = self.builder.feed(text)
        except (MalformedOutputError, InvalidOutputError) as error:
            return self._read(self._fail(error))
        return self._read(self._end()) or grew if self.builder.complete else grew

    def end_item(self) -> None:
        """The next text is in another item, and is not joined to this one's."""
        self._read(self._extractor.close())
        if self._is_writing:
            self._is_writing = self._extractor.has_answer = False

    def close(self) -> None:
        """The text has ended.

        Raises:
            MalformedOutputError, InvalidOutputError: as in `feed`, or held back until now.
        """
        self._read(self._extractor.close())
        if self.fault:
            raise self.fault
        if self.builder is None:
            self._take_best()
        elif self.builder.complete and self._is_weak():
            part = only_part(self.builder.text, self._shape)
            if part is not None:
                self._replace(Answer(part, None, is_first=False))

    # Writing the answer ---------------------------------------------------------------------

    def _read(self, parts: Iterable[Part]) -> bool:
        """Take the parts of a text. Whether the answer grew."""
        grew = False
        while (answer := self._look(parts)) is not None:
            self._begin(answer)
            try:
                self.builder.feed(answer.text)
            except (MalformedOutputError, InvalidOutputError) as error:
                parts = self._fail(error)
                continue
            grew = True
            parts = self._end() if self.builder.complete else ()
        return grew

    def _begin(self, answer: Answer) -> None:
        reason = self.fault
        if self._draft is not None:
            reason = OutputError(
                "the JSON before was a draft, written while the model was thinking"
            )
        elif self.builder is not None and reason is None:
            reason = OutputError("the JSON before was not the answer: a better one followed")
        self._answer, self._is_writing = answer, True
        self.fault = self._draft = self._outline = None
        self._after.clear()
        self._passed_over.clear()
        self.builder = self._new_builder(reason)

    def _end(self) -> Iterable[Part]:
        """The answer is complete: the parts of the text after it."""
        self._is_writing = False
        self._extractor.has_answer = not self._is_weak()
        return self._extractor.feed(self.builder.take_rest())

    def _fail(self, error: OutputError) -> Iterable[Part]:
        """The answer has a fault: the parts of the text after it, which may have a better one.

        Raises:
            OutputError: this one, if nothing can mend it.
        """
        self._is_writing = False
        if self._answer.is_first and not self._waits:
            raise error
        self.fault = error
        return self._extractor.give_up_answer(self.builder.text)

    def _replace(self, answer: Answer) -> None:
        """Take another answer, of which all is there."""
        self._begin(answer)
        self._is_writing = False
        try:
            self.builder.feed(answer.text)
        except (MalformedOutputError, InvalidOutputError) as error:
            self.fault = error

    # Text outside the answer ----------------------------------------------------------------

    def _look(self, parts: Iterable[Part]) -> Answer | None:
        """Take the parts up to the answer's beginning, if there is one."""
        for part in parts:
            match part:
                case Answer():
                    return part
                case Thought(text):
                    self._thoughts.append(text)
                case Prose(text):
                    self._add(text)
                case Document():
                    self._add(part.text)
                    self._judge(part)
                case _:
                    self._end_thought()
        return None

    def _add(self, text: str) -> None:
        (self._before if self.builder is None else self._after).append(text)

    def _end_thought(self) -> None:
        """All text before was reasoning, and so is the answer in it."""
        answer = (self.builder.text,) if self.builder is not None and not self.fault else ()
        self._thoughts.append("".join((*self._before, *answer, *self._after)))
        self._draft = self.builder or self._draft
        self.builder = self.fault = None
        self._extractor.has_answer = False
        self._before.clear()
        self._after.clear()
        self._passed_over.clear()

    def _judge(self, document: Document) -> None:
        """Decide whether an object or array that was passed over is the answer after all."""
        if not self._extractor.has_answer:
            self._passed_over.append(document)
        elif document.has_key and document.text[0] in self._shape.openers:
            if document.fits and document.is_whole and self._is_better(document):
                self._replace(Answer(document.text, document.fence, is_first=False))
            elif self._answer.is_first and not self._is_lenient and not self._repeats(document):
                text = "".join((self.builder.text, *self._after))
                self._refuse(text, len(text) - len(document.text))

    def _repeats(self, document: Document) -> bool:
        """Whether the document is the answer once more, or the beginning of it."""
        self._outline = self._outline or Outline.of(self.builder.text)
        return Outline.of(document.text).begins(self._outline)

    def _is_better(self, document: Document) -> bool:
        fence = self._answer.fence
        is_preferred = is_json(document.fence) and fence is not None and not is_json(fence)
        return self._is_weak() or (is_preferred and not self._repeats(document))

    def _is_weak(self) -> bool:
        """Whether the answer was taken only because it came first: it has no key of the model's."""
        is_told_by_place = self._answer.is_first and not self._is_lenient
        return is_told_by_place and not fits_shape(self.builder.text, self._shape)

    def _refuse(self, text: str, position: int) -> None:
        self._after = [text]
        self.fault = malformed("text after the end of the answer", text, position)
        raise self.fault

    # The end --------------------------------------------------------------------------------

    def _take_best(self) -> None:
        """Take the best of the skipped candidates for the answer, if there is any."""
        text = self._best()
        if text is not None:
            self._begin(Answer(text, None, is_first=False))
            self._is_writing = False
            self.builder.feed(text)
            if rest := self.builder.take_rest():
                self._refuse(text, len(text) - len(rest))
        elif self._draft is not None:
            self._settle_draft()

    def _settle_draft(self) -> None:
        """No answer follows the reasoning. If all of that was one document, it is the answer."""
        if self._thoughts[-1].strip() == self._draft.text and not self._passed_over:
            self.builder = self._draft
            log.warning("the answer was followed by a closing tag of reasoning, and by no other")
        else:
            self._new_builder(OutputError("the JSON before was a draft, and no answer followed"))

    def _best(self) -> str | None:
        documents = [each for each in self._passed_over if each.is_whole]
        for document in documents:
            if document.fits:
                return document.text
        for document in documents:
            if len(document.inside) == 1:
                return document.inside[0]
        for document in (*documents, *self._passed_over):
            if document.has_key and document.text[0] in self._shape.openers:
                return document.text
        text = "".join(self._before).strip("\ufeff\u200b \t\r\n")
        return text if text and (is_document(text) or not self._is_lenient) else None
