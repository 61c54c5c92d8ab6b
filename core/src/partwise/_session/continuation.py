"""An attempt that continues the answer of another, which was cut off.

It has the other's builder. So the snapshots stay, down to the same objects, and grow.

It continues after a complete value, after an opening bracket, after a key, or inside a string. A
number, a literal or a key that was cut is written anew, since models write in tokens and continue
badly inside of one; nothing of it was shown. A string is continued wherever it was cut: a text was
shown, and must not shrink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import IncompleteOutputError, ProviderError
from .._json.splice import Splicer
from .._json.thinking import LeadingThought
from .attempt import Attempt

if TYPE_CHECKING:
    from .._errors import PartwiseError
    from .._providers.chunks import TextDelta


def is_resumable(attempt: Attempt, error: PartwiseError) -> bool:
    """Whether the answer can be continued: it was cut off by its length or by a broken stream.

    A model that stopped by itself in the middle would only do so again.
    """
    if isinstance(error, IncompleteOutputError):
        return attempt.resumable and attempt.finish_reason in (None, "length")
    return attempt.resumable and isinstance(error, ProviderError)


class Continuation(Attempt):
    """A model's reply that continues an answer. It comes as text, whatever the mode.

    Attributes:
        splicer: joins the two.
    """

    def __init__(self, before: Attempt) -> None:
        builder = before.builder
        self._leading_thought = LeadingThought()
        self._has_rest = False  # text after the end of the document
        super().__init__(before.number + 1, lambda: builder, tool=None, lenient=False, patient=True)
        builder.keep_rest()
        text = builder.rewind()
        self.splicer = Splicer(text, in_string=builder.reader.in_string)

    @property
    def text(self) -> str:
        """The text of the whole so far, and the last of the reply, which may not belong to it."""
        return self.builder.text + self.splicer.pending

    @property
    def resumable(self) -> bool:
        return super().resumable and not self.splicer.failed

    def _receive_text(self, chunk: TextDelta) -> bool:
        thought, text = self._leading_thought.feed(chunk.text)
        return self._splice(thought, text)

    def _read_the_rest(self) -> None:
        self._splice(*self._leading_thought.close())
        self._add(self.splicer.close())

    def _splice(self, thought: str, text: str) -> bool:
        if thought:
            self._reasoning.append(thought)
        return bool(text) and self._add(self.splicer.feed(text))

    def _add(self, text: str) -> bool:
        if self._has_rest:
            return False
        grew = bool(text) and self.builder.feed(text)
        if self.builder.complete:
            self._check_rest(self.builder.take_rest().lstrip())
        return grew

    def _check_rest(self, rest: str) -> None:
        """Check that the document did not end too early, joined at a wrong place.

        Raises:
            IncompleteOutputError: it goes on.
        """
        self._has_rest = rest != ""
        if rest.startswith((",", ":", "]", "}")):
            self.splicer.failed = True
            raise IncompleteOutputError("the continuation does not go on where the answer was cut")
