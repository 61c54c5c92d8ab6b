"""An attempt that goes on where another was cut off.

It has the other's engine. So what was shown stands, down to the same objects, and grows on; and
what comes of it in the end is validated as the whole that it is.

Where it goes on: after a value that is complete or an opening bracket, after a key, or inside a
string. A number, a literal or a key that was cut is written anew, since models count in tokens,
and go on badly inside of one; nothing of it was shown. A string goes on inside, wherever it was
cut: if it is a text, it was shown, and must not shrink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import IncompleteOutputError, ProviderError
from .._json.splice import Splicer
from .attempt import Attempt

if TYPE_CHECKING:
    from .._errors import PartwiseError
    from .._providers.chunks import TextDelta


def is_resumable(attempt: Attempt, error: PartwiseError) -> bool:
    """Whether the answer can be gone on with: cut off by its length, or by a broken stream.

    A model that stopped of itself in the middle would only do so again.
    """
    if isinstance(error, IncompleteOutputError):
        return attempt.resumable and attempt.finish_reason in (None, "length")
    return attempt.resumable and isinstance(error, ProviderError)


class Continuation(Attempt):
    """A model's continuation of an answer that was cut off. It comes as text, whatever the mode.

    Attributes:
        seam: where the two are joined.
    """

    def __init__(self, before: Attempt) -> None:
        engine = before.engine
        super().__init__(before.number + 1, lambda: engine, tool=None, lenient=False, patient=True)
        text = engine.rewind()
        self.seam = Splicer(text, in_string=engine.reader.in_string)

    @property
    def text(self) -> str:
        """The text of the whole so far, and what came last and is not known to belong to it."""
        return self.engine.text + self.seam.held

    @property
    def resumable(self) -> bool:
        return super().resumable and not self.seam.failed

    def _receive_text(self, chunk: TextDelta) -> bool:
        return self._add(self.seam.feed(chunk.text))

    def _read_the_rest(self) -> None:
        self._add(self.seam.close())

    def _add(self, text: str) -> bool:
        return not self.engine.complete and self.engine.feed(text)
