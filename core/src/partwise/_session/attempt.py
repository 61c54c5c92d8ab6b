"""One attempt: takes chunks, gives the answer's text to the builder, and judges the end.

The answer
- In a mode without tools it is in the visible text, and tool calls are ignored.
- In a tool mode it is the arguments of one call: the first that has the tool's name, whatever a
  chat template puts around that (`functions.Note`, `Note<|channel|>commentary`), or that has no
  name when its first arguments arrive. Other calls are ignored.
- If a tool mode brings no such call, the visible text is read in its place: at the end if the call
  was forced, at once if the tool was only offered. A call that follows takes the place of the text.
- `answer_reader` finds the answer in a text. Reasoning tags are recognized in every mode.
- If nothing else was written, reasoning that is one JSON document is the answer.

The end, in this order:
1. A refusal is a refusal, and a filtered answer is filtered, whatever was written until then.
2. Text that is not JSON is malformed. If it did not even begin as JSON, this is said only at the
   end of the stream, because such prose may turn out to be a refusal.
3. `length` is a cut-off answer, even if its JSON happens to be closed.
4. Else the JSON decides. A closed document is whole, and needs no finish reason beside it: some
   servers send none. An open one was cut off.
"""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING, Any

from .._errors import (
    ContentFilterError,
    IncompleteOutputError,
    OutputError,
    RefusalError,
)
from .._json.candidate import Candidate, only_document
from .._providers.chunks import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from .._usage import Usage
from .answer_reader import AnswerReader
from .tool_calls import ToolCalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._providers.chunks import Chunk
    from .._snapshot.builder import SnapshotBuilder
    from .._usage import FinishReason

log = logging.getLogger("partwise")


class _HeldAnswer(Candidate):
    """Keeps the text of an answer that is read only if no call of the tool brings one."""

    def feed(self, text: str) -> bool:  # type: ignore[override]
        super().feed(text)
        if self.fault is not None:
            raise self.fault
        return False


def _weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, held weakly, so that an attempt is freed together with its stream."""
    reference = weakref.WeakMethod(method)

    def call(*arguments: Any) -> Any:
        bound = reference()
        return bound and bound(*arguments)

    return call


class Attempt:
    """The state of one attempt.

    Args:
        number: counted from 1.
        new_builder: makes the builder of an answer that begins.
        tool: the name of the answer's tool; None reads the visible text.
        lenient: whether the answer may be in prose and in fences. If not, pieces of text are read
            strictly, and a vendor's prose and fences are accepted if they are unambiguous.
        patient: whether a vendor gives the text, and says why it ends.
        forced: whether a call of the tool is demanded.
        on_restart: called with the reason when the answer proves to be another one, so that the
            snapshots of this attempt are void.

    Attributes:
        builder: reads the answer's text, and makes the snapshots.
        usage: the tokens spent, as the vendor said last; None if it said nothing.
        ended: whether the vendor's stream was read to its end.
        call_id: the vendor's id of the tool call that is the answer, if it has one.
    """

    def __init__(  # noqa: PLR0913 - the rules of one answer
        self,
        number: int,
        new_builder: Callable[[], SnapshotBuilder],
        *,
        tool: str | None,
        lenient: bool,
        patient: bool,
        forced: bool = True,
        on_restart: Callable[[OutputError], None] | None = None,
    ) -> None:
        self.number = number
        self.builder = new_builder()
        self.usage: Usage | None = None
        self.ended = False
        self.call_id: str | None = None
        self._new_builder = new_builder
        self._tool = tool
        self._on_restart = _weakly(on_restart or self._ignore)
        self._has_begun = False
        self._finish: Finish | None = None
        self._item: int | None = None
        self._calls = ToolCalls(tool)
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._is_raw = not lenient and not patient
        self._is_forced = tool is not None and forced
        self._text_reader = AnswerReader(
            self.builder.shape,
            _weakly(self._begin_text),
            self._reasoning,
            is_lenient=lenient or tool is not None,
            waits=tool is not None,
        )
        self._call_reader = AnswerReader(
            self.builder.shape, _weakly(self._begin_answer), self._reasoning, is_lenient=False
        )

    def handlers(self) -> dict[type, Callable[[Any], bool]]:
        """The handler of each kind of chunk; a piece of the answer itself is a `str`.

        It says whether the answer's text grew. It raises a MalformedOutputError if the text is not
        JSON, and an InvalidOutputError if a part of the answer is invalid, and nothing can mend it.
        """
        return {
            str: self.builder.feed if self._is_raw else self._text_reader.feed,
            TextDelta: self._receive_text,
            ToolCallDelta: self._ignore if self._tool is None else self._receive_call,
            ReasoningDelta: self._receive_reasoning,
            RefusalDelta: self._receive_refusal,
            Usage: self._receive_usage,
            Finish: self._receive_finish,
            KeepAlive: self._ignore,
        }

    @property
    def text(self) -> str:
        """The raw text of the answer; if there is none, the text that came in its place."""
        return self._call_reader.text or self._text_reader.text or self.builder.text

    @property
    def resumable(self) -> bool:
        """Whether the answer is a part of one, and nothing is wrong with it so far."""
        fault = self._text_reader.fault or self._call_reader.fault
        return fault is None and self.builder.resumable

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    @property
    def finish_reason(self) -> FinishReason | None:
        return self._finish.reason if self._finish else None

    @property
    def raw_finish_reason(self) -> str | None:
        return self._finish.raw if self._finish else None

    @property
    def _finish_words(self) -> str:
        """The vendor's own reason and message, such as the name of a filter."""
        words = (self._finish.raw, self._finish.message) if self._finish else ()
        return ": ".join(filter(None, words))

    @property
    def usage_complete(self) -> bool:
        return self.ended and self.usage is not None

    def finish(self) -> Any:
        """The vendor's stream has ended: the validated value.

        Raises:
            OutputError: there is none, and this is why.
        """
        self.ended = True
        reason = self.finish_reason
        if self._refusal or reason == "refusal":
            refusal = "".join(self._refusal) or self.text
            raise RefusalError(f"the model refused: {refusal}", refusal=refusal)
        if reason == "content_filter":
            words = f" ({self._finish_words})" if self._finish_words else ""
            raise ContentFilterError(f"the vendor's content filter stopped the answer{words}")
        if not self._is_raw:
            self._read_the_rest()
        if reason == "length":
            raise IncompleteOutputError("the answer was cut off: it reached its maximum length")
        return self._close()

    # Chunks ---------------------------------------------------------------------------------

    def _receive_text(self, chunk: TextDelta) -> bool:
        if chunk.item != self._item:
            if self._item is not None:
                self._text_reader.end_item()
            self._item = chunk.item
        return self._text_reader.feed(chunk.text) and self._call_reader.builder is None

    def _receive_call(self, chunk: ToolCallDelta) -> bool:
        arguments = self._calls.arguments(chunk)
        self.call_id = self._calls.answer_id
        return bool(arguments) and self._call_reader.feed(arguments)

    def _receive_reasoning(self, chunk: ReasoningDelta) -> bool:
        self._reasoning.append(chunk.text)
        return False

    def _receive_refusal(self, chunk: RefusalDelta) -> bool:
        self._refusal.append(chunk.text)
        return False

    def _receive_usage(self, chunk: Usage) -> bool:
        self.usage = chunk
        return False

    def _receive_finish(self, chunk: Finish) -> bool:
        # Some servers repeat it in every chunk that is left: a good end does not undo a bad one.
        if self._finish is None or self._finish.reason in ("stop", "tool_calls", "other"):
            self._finish = chunk
        return False

    def _ignore(self, _: Chunk) -> bool:
        return False

    # The answer -----------------------------------------------------------------------------

    def _begin_answer(self, reason: OutputError | None) -> SnapshotBuilder:
        """The builder of an answer that begins. `reason` says why the one before is void."""
        if self._has_begun:
            is_shown = self.builder.snapshot() is not None
            self.builder = self._new_builder()
            if is_shown:
                message = "the text before was not the answer: a call of the tool followed"
                self._on_restart(reason or OutputError(message))
        self._has_begun = True
        self.builder.keep_rest()
        return self.builder

    def _begin_text(self, reason: OutputError | None) -> SnapshotBuilder | _HeldAnswer:
        is_held = self._is_forced or self._call_reader.builder is not None
        return _HeldAnswer(self.builder.shape) if is_held else self._begin_answer(reason)

    def _read_the_rest(self) -> None:
        """All text is there: decide the parts left open before.

        Raises:
            MalformedOutputError, InvalidOutputError: the text has a fault.
        """
        self._call_reader.close()
        if self._call_reader.builder is not None:
            return
        self._text_reader.close()
        if isinstance(held := self._text_reader.builder, _HeldAnswer):
            self._begin_answer(None).feed(held.text)
        self._read_reasoning()

    def _read_reasoning(self) -> None:
        """If nothing else was written, take reasoning that is a document for the answer."""
        if self.builder.text.strip() or self._text_reader.text.strip():
            return
        document = only_document(self.reasoning, self.builder.shape)
        if document is not None:
            log.warning("the model wrote its answer as reasoning, and nothing else; it is taken")
            self.builder.feed(document)

    def _close(self) -> Any:
        try:
            return self.builder.close()
        except IncompleteOutputError as error:
            what = str(error) if self.builder.text.strip() else self._what_came_instead()
            raise IncompleteOutputError(f"{what} ({self._why_it_ended()})") from None

    def _what_came_instead(self) -> str:
        if self._calls.names:
            return self._calls.describe()
        if self._text_reader.text.strip():
            return "the model wrote text that has no JSON in it"
        return "the answer is empty"

    def _why_it_ended(self) -> str:
        if self._finish is None:
            return "the stream gave no finish reason"
        return f"finish reason: {self._finish_words or self.finish_reason}"
