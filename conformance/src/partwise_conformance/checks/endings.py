"""Why an answer ended: each reason, a refusal, a filter, and an end that nobody announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from partwise import ContentFilterError, IncompleteOutputError, RefusalError
from partwise.provider import Finish, FinishReason, RefusalDelta

from ..subject import ANSWER, answer, half, natural_finish, payload
from ..verdict import expect, require

if TYPE_CHECKING:
    from partwise.provider import Mode

    from ..stand import Outcome, Stand, Way

_REFUSAL = "I can't help with that."


class EndingChecks:
    """Every end is told for what it is."""

    def test_good_end(self, stand: Stand, mode: Mode) -> None:
        """A whole answer ends with one finish reason: `stop`, or `tool_calls` for a call."""
        expected = natural_finish(mode).reason
        heard = stand.hear(mode, answer(mode))
        advice = "a good end is told once, as `Finish`, after the last delta"
        expect([finish.reason for finish in heard.finishes], [expected], advice)
        require(heard.finishes[0].raw, "keep the vendor's own word for the reason in `Finish.raw`")

    @pytest.mark.parametrize("reason", ["length", "content_filter", "other"])
    def test_finish_reason(self, stand: Stand, mode: Mode, reason: FinishReason) -> None:
        """Each of the vendor's reasons is mapped; one that nobody knows is `other`."""
        parts = [*half(payload(mode)), Finish(reason)]
        heard = stand.hear(mode, parts)
        advice = "map the vendor's finish reasons, and what is unknown to `other`"
        expect([finish.reason for finish in heard.finishes], [reason], advice)

    def test_refusal(self, stand: Stand, mode: Mode, way: Way) -> None:
        """A refusal is a RefusalError, with what the model said."""
        stand.answer_with(stand.script(mode, [RefusalDelta(_REFUSAL), Finish("refusal")]))
        outcome = stand.create(mode, way)
        error = _expect_error(
            outcome, RefusalError, 'tell it as `RefusalDelta`, and `Finish("refusal")` if it is one'
        )
        expect(error.refusal, _REFUSAL, "what the model said is the refusal's text")

    def test_content_filter(self, stand: Stand, mode: Mode, way: Way) -> None:
        """A filtered answer is a ContentFilterError."""
        parts = [*half(payload(mode)), Finish("content_filter")]
        stand.answer_with(stand.script(mode, parts))
        outcome = stand.create(mode, way)
        _expect_error(outcome, ContentFilterError, 'tell it as `Finish("content_filter")`')

    def test_length(self, stand: Stand, mode: Mode, way: Way) -> None:
        """An answer cut off by its length is an IncompleteOutputError, even if it can be read."""
        stand.answer_with(stand.script(mode, [*payload(mode), Finish("length")]))
        outcome = stand.create(mode, way)
        _expect_error(outcome, IncompleteOutputError, 'tell it as `Finish("length")`')

    def test_end_without_a_reason(self, stand: Stand, mode: Mode, way: Way) -> None:
        """A stream that just ends is incomplete: no reason is made up, no JSON is completed."""
        stand.needs_a_stream()
        parts = half(payload(mode))
        stand.answer_with(stand.reply(*stand.segments(mode, parts)[:-1]))
        heard = stand.listen(mode, way)
        advice = "the vendor gave no finish reason: make none up in `close()`"
        expect(heard.finishes, [], advice)
        require(
            ANSWER.startswith(heard.payload(mode)),
            "the stream broke off, and the decoder completed the JSON: leave it as it came",
        )
        outcome = stand.create(mode, way)
        _expect_error(outcome, IncompleteOutputError, "let the core see that the answer is open")


def _expect_error(outcome: Outcome, kind: type[Exception], advice: str) -> RefusalError:
    require(
        isinstance(outcome.error, kind),
        f"this must end in {kind.__name__}: {advice}\n  but got:  {outcome.error!r}",
    )
    return outcome.error  # type: ignore[return-value]
