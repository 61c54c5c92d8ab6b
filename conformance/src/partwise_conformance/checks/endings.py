"""Checks of how answers end: each finish reason, a refusal, a filter, an end without a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from partwise import ContentFilterError, IncompleteOutputError, RefusalError
from partwise.provider import Finish, FinishReason, RefusalDelta

from ..assertions import expect, require
from ..fixtures import ANSWER, answer, half, natural_finish, payload

if TYPE_CHECKING:
    from partwise.provider import Mode

    from ..harness import Harness, Outcome, Style

_REFUSAL = "I can't help with that."


class EndingChecks:
    """Each end has the right finish reason or error."""

    def test_good_end(self, harness: Harness, mode: Mode) -> None:
        """A whole answer ends with one finish reason: `stop`, or `tool_calls` for a call.

        Source: `Finish` of `partwise.provider`.
        """
        expected = natural_finish(mode).reason
        transcript = harness.decode(mode, answer(mode))
        advice = "a good end is one `Finish`, after the last delta"
        expect([finish.reason for finish in transcript.finishes], [expected], advice)
        require(
            transcript.finishes[0].raw, "keep the vendor's own word for the reason in `Finish.raw`"
        )

    @pytest.mark.parametrize("reason", ["length", "content_filter", "other"])
    def test_finish_reason(self, harness: Harness, mode: Mode, reason: FinishReason) -> None:
        """Each of the vendor's reasons is mapped; an unknown one is `other`.

        Source: `FinishReason` of `partwise.provider`.
        """
        parts = [*half(payload(mode)), Finish(reason)]
        transcript = harness.decode(mode, parts)
        advice = "map the vendor's finish reasons, and an unknown one to `other`"
        expect([finish.reason for finish in transcript.finishes], [reason], advice)

    def test_refusal(self, harness: Harness, mode: Mode, style: Style) -> None:
        """A refusal is a RefusalError, with the model's words.

        Source: `docs/errors.md`: the error for each way that an answer ends.
        """
        harness.answer_with(harness.script(mode, [RefusalDelta(_REFUSAL), Finish("refusal")]))
        outcome = harness.create(mode, style)
        error = _expect_error(
            outcome, RefusalError, 'give it as `RefusalDelta`, and `Finish("refusal")` if it is one'
        )
        expect(error.refusal, _REFUSAL, "the model's words are the refusal's text")

    def test_content_filter(self, harness: Harness, mode: Mode, style: Style) -> None:
        """A filtered answer is a ContentFilterError.

        Source: `docs/errors.md`: the error for each way that an answer ends.
        """
        parts = [*half(payload(mode)), Finish("content_filter")]
        harness.answer_with(harness.script(mode, parts))
        outcome = harness.create(mode, style)
        _expect_error(outcome, ContentFilterError, 'give it as `Finish("content_filter")`')

    def test_length(self, harness: Harness, mode: Mode, style: Style) -> None:
        """An answer cut off by its length is an IncompleteOutputError, even if it can be read.

        Source: `docs/errors.md`: the error for each way that an answer ends.
        """
        harness.answer_with(harness.script(mode, [*payload(mode), Finish("length")]))
        outcome = harness.create(mode, style)
        _expect_error(outcome, IncompleteOutputError, 'give it as `Finish("length")`')

    def test_end_without_a_reason(self, harness: Harness, mode: Mode, style: Style) -> None:
        """A stream that just ends is incomplete: no reason is made up, no JSON is completed.

        Source: `docs/errors.md`: the error for each way that an answer ends.
        """
        harness.require_streaming()
        parts = half(payload(mode))
        harness.answer_with(harness.reply(*harness.segments(mode, parts)[:-1]))
        transcript = harness.receive(mode, style)
        advice = "the vendor gave no finish reason: make none up in `close()`"
        expect(transcript.finishes, [], advice)
        require(
            ANSWER.startswith(transcript.payload(mode)),
            "the stream broke off, and the decoder completed the JSON: leave it as it came",
        )
        outcome = harness.create(mode, style)
        _expect_error(outcome, IncompleteOutputError, "let the core see that the answer is open")


def _expect_error(outcome: Outcome, kind: type[Exception], advice: str) -> RefusalError:
    require(
        isinstance(outcome.error, kind),
        f"this must end in {kind.__name__}: {advice}\n  but got:  {outcome.error!r}",
    )
    return outcome.error  # type: ignore[return-value]
