"""One attempt: a stream of chunks in, the text of the answer to the engine, one verdict out.

Where the answer stands:
- In a mode without tools it is the visible text, and tool calls are ignored.
- In a tool mode it is the arguments of one call. The first call that bears the tool's name is it;
  so is a call that has no name when its first arguments come, since the tool was forced. Every
  other call, and text beside the call, is ignored.
- Where a tool mode brings no such call at all, the text is read instead, leniently: many a model
  writes down the JSON that it should have called with.

What the end means, in this order:
1. A refusal is a refusal, and a filtered answer is filtered, whatever was written until then.
2. Text that is not JSON is malformed. Where it did not even begin as JSON, this is said only at
   the end of the stream, because such prose may turn out to be a refusal.
3. `length` is a cut-off answer, even when its JSON happens to be closed.
4. Else the JSON decides. A closed document is whole, and needs no finish reason beside it: some
   servers send none. An open one was cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .._errors import ContentFilterError, IncompleteOutputError, MalformedOutputError, RefusalError
from .._providers.chunks import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from .._usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._providers.chunks import Chunk
    from .._snapshot.builder import SnapshotBuilder
    from .._usage import FinishReason


class MakeEngine(Protocol):
    """Makes the engine of an attempt; a lenient one finds the JSON among prose."""

    def __call__(self, *, lenient: bool) -> SnapshotBuilder: ...


class Attempt:
    """What one attempt has brought so far.

    Attributes:
        number: counted from 1.
        engine: what reads the answer's text.
        usage: what the vendor said last of the tokens spent, or None.
        ended: whether the vendor's stream was read to its end.
        call_id: the vendor's id of the tool call that is the answer, if it has one.
    """

    def __init__(
        self,
        number: int,
        make_engine: MakeEngine,
        *,
        tool: str | None,
        lenient: bool,
        patient: bool,
    ) -> None:
        """Begin. `tool` is the name of the answer's tool; None reads the visible text.

        `patient` says that a finish reason is to be expected, so that prose is read to its end.
        """
        self.number = number
        self.engine = make_engine(lenient=lenient)
        self.usage: Usage | None = None
        self.ended = False
        self.call_id: str | None = None
        self._make_engine = make_engine
        self._tool = tool
        self._lenient = lenient
        self._patient = patient
        self._finish: Finish | None = None
        self._fault: MalformedOutputError | None = None
        self._call: int | None = None
        self._names: dict[int, str] = {}
        self._beside: list[str] = []
        self._unread: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []

    def takers(self) -> dict[type, Callable[[Any], bool]]:
        """By the kind of a chunk, what takes it; a piece of the answer itself is a `str`.

        It says whether the answer's text grew. It raises a MalformedOutputError where the text
        stopped being JSON, and an InvalidOutputError where a part is invalid and nothing can mend
        it.
        """
        tool, lenient = self._tool, self._lenient
        take_text = self._take_prose if lenient else self._take_text
        read = self._read_prose if lenient else self._grow if self._patient else self.engine.feed
        return {
            str: read,  # as `parse` reads it, which has many pieces and nothing else
            TextDelta: take_text if tool is None else self._take_text_beside,
            ToolCallDelta: self._take_nothing if tool is None else self._take_call,
            ReasoningDelta: self._take_reasoning,
            RefusalDelta: self._take_refusal,
            Usage: self._take_usage,
            Finish: self._take_finish,
            KeepAlive: self._take_nothing,
        }

    @property
    def text(self) -> str:
        """The raw text of the answer; where there is none, the text that came in its place."""
        return "".join((self.engine.text, *self._unread)) or "".join(self._beside)

    @property
    def resumable(self) -> bool:
        """Whether the answer is a part of one, and nothing is wrong with it so far."""
        return self._fault is None and self.engine.resumable

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
    def _said(self) -> str:
        """The vendor's words for the finish, as the end of a message."""
        words = (self._finish.raw, self._finish.message) if self._finish else ()
        said = ": ".join(filter(None, words))
        return f" ({said})" if said else ""

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
            raise ContentFilterError(f"the vendor's content filter stopped the answer{self._said}")
        self._read_what_was_held()
        if self._fault is not None:
            raise self._fault
        if reason == "length":
            raise IncompleteOutputError("the answer was cut off: it reached its maximum length")
        return self._close()

    # Chunks ---------------------------------------------------------------------------------

    def _take_text(self, chunk: TextDelta) -> bool:
        return self._grow(chunk.text)

    def _take_prose(self, chunk: TextDelta) -> bool:
        return self._read_prose(chunk.text)

    def _read_prose(self, text: str) -> bool:
        self._beside.append(text)
        return self._grow(text)

    def _take_text_beside(self, chunk: TextDelta) -> bool:
        self._beside.append(chunk.text)
        return False

    def _take_call(self, chunk: ToolCallDelta) -> bool:
        if self._call is None:
            self._consider(chunk)
        if chunk.index != self._call:
            return False
        self.call_id = chunk.id or self.call_id
        return self._grow(chunk.arguments)

    def _take_reasoning(self, chunk: ReasoningDelta) -> bool:
        self._reasoning.append(chunk.text)
        return False

    def _take_refusal(self, chunk: RefusalDelta) -> bool:
        self._refusal.append(chunk.text)
        return False

    def _take_usage(self, chunk: Usage) -> bool:
        self.usage = chunk
        return False

    def _take_finish(self, chunk: Finish) -> bool:
        # Some servers repeat it in every chunk that is left: a good end does not undo a bad one.
        if self._finish is None or self._finish.reason in ("stop", "tool_calls", "other"):
            self._finish = chunk
        return False

    def _take_nothing(self, _: Chunk) -> bool:
        return False

    # The answer -----------------------------------------------------------------------------

    def _consider(self, chunk: ToolCallDelta) -> None:
        """Let this fragment's call be the answer, if it is the one."""
        name = chunk.name or self._names.get(chunk.index, "")
        self._names[chunk.index] = name
        if name == self._tool or (not name and chunk.arguments):
            self._call = chunk.index

    def _grow(self, text: str) -> bool:
        if self._fault is not None:
            self._unread.append(text)
            return False
        if not text:
            return False
        try:
            self.engine.feed(text)
        except MalformedOutputError as error:
            if not self._patient or self.engine.snapshot() is not None:
                raise
            self._fault = error
            return False
        return True

    def _read_what_was_held(self) -> None:
        if self._tool is None or self._call is not None or not self._beside:
            return
        self.engine = self._make_engine(lenient=True)
        self.engine.feed("".join(self._beside))

    def _close(self) -> Any:
        try:
            return self.engine.close()
        except IncompleteOutputError as error:
            what = str(error) if self.engine.text.strip() else self._what_came_instead()
            raise IncompleteOutputError(f"{what} ({self._why_it_ended()})") from None

    def _what_came_instead(self) -> str:
        if others := sorted({name for name in self._names.values() if name}):
            return f"the model called {', '.join(others)}, and not {self._tool}"
        if self._beside:
            return "the model wrote text that has no JSON in it"
        return "the answer is empty"

    def _why_it_ended(self) -> str:
        if self._finish is None:
            return "the stream gave no finish reason"
        return f"finish reason: {self.raw_finish_reason or self.finish_reason}"
