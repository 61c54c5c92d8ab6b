"""Checks of plugin and core together: the snapshots that a user sees."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import partwise
from partwise.provider import Mode, ReasoningDelta

from ..assertions import expect, require
from ..fixtures import ANSWER, DELTAS, USAGE, Attendee, Meeting, answer, natural_finish

if TYPE_CHECKING:
    from ..harness import Harness, Outcome, Style

_EXPECTED = Meeting.model_validate_json(ANSWER)


class SnapshotChecks:
    """The core's contract is kept through the plugin."""

    def test_answer(self, harness: Harness, mode: Mode, style: Style) -> None:
        """The answer is the validated model, and the last snapshot is the same object.

        Source: `docs/snapshots.md`.
        """
        outcome = _answered(harness, mode, style)
        expect(outcome.value, _EXPECTED, "the answer differs from the vendor's")
        require(type(outcome.value) is Meeting, "the answer must be of the very type asked for")
        require(
            outcome.snapshots[-1] is outcome.value, "the last snapshot must be the answer itself"
        )

    def test_facts(self, harness: Harness, mode: Mode, style: Style) -> None:
        """Usage and finish reason are there at the end.

        Source: `docs/snapshots.md`: the facts of a stream.
        """
        outcome = _answered(harness, mode, style)
        expect(outcome.usage, USAGE, "the stream's usage differs from the vendor's")
        expect(outcome.finish_reason, natural_finish(mode).reason, "the finish reason got lost")

    def test_reasoning_of_the_stream(self, harness: Harness, mode: Mode, style: Style) -> None:
        """The stream has the reasoning beside the answer.

        Source: `docs/snapshots.md`.
        """
        harness.answer_with(harness.script(mode, [ReasoningDelta("Hm, so."), *answer(mode)]))
        outcome = harness.create(mode, style)
        expect(outcome.error, None, "reasoning before an answer does not harm it")
        expect(outcome.reasoning, "Hm, so.", "the reasoning got lost, or into the answer")

    def test_snapshots(self, harness: Harness, mode: Mode, style: Style) -> None:
        """Snapshots are instances of the model, only grow, and never change afterwards.

        Source: `docs/snapshots.md`.
        """
        outcome = _answered(harness, mode, style)
        require(
            all(isinstance(each, Meeting) for each in outcome.snapshots),
            "each snapshot must be an instance of the response model",
        )
        dumps = [each.model_dump() for each in outcome.snapshots]
        for earlier, later in itertools.pairwise(dumps):
            require(grew(earlier, later), f"a snapshot took something back: {earlier} then {later}")
        ages = {person.years for each in outcome.snapshots for person in _whole(each)}
        expect(ages, {36, 41}, "a number was shown before it was complete")

    def test_snapshots_follow_the_deltas(
        self, harness: Harness, token_mode: Mode, style: Style
    ) -> None:
        """There is a snapshot for each delta: the same as `partwise.parse` gives of the text.

        Source: `docs/snapshots.md`.
        """
        outcome = _answered(harness, token_mode, style)
        lenient = token_mode is Mode.MD_JSON
        parsed = partwise.parse(Meeting, DELTAS, lenient=lenient)
        expected = [each.model_dump() for each in parsed]
        actual = [each.model_dump() for each in outcome.snapshots]
        expect(len(actual), len(expected), "there are not as many snapshots as deltas were sent")
        expect(actual, expected, "the snapshots are not those of the deltas that were sent")


def _answered(harness: Harness, mode: Mode, style: Style) -> Outcome:
    harness.answer_with(harness.script(mode, answer(mode)))
    outcome = harness.create(mode, style)
    expect(outcome.error, None, "a whole and valid answer must not end in an error")
    return outcome


def _whole(snapshot: Meeting) -> list[Attendee]:
    """The attendees that are complete."""
    return [person for person in snapshot.attendees or () if type(person) is Attendee]


def grew(earlier: Any, later: Any) -> bool:
    """Whether the later value has all of the earlier one."""
    if earlier is None:
        return True
    if isinstance(earlier, dict):
        return all(grew(value, later[key]) for key, value in earlier.items())
    if isinstance(earlier, list):
        pairs = zip(earlier, later, strict=False)
        return len(later) >= len(earlier) and all(grew(old, new) for old, new in pairs)
    if isinstance(earlier, str):
        return isinstance(later, str) and later.startswith(earlier)
    return bool(earlier == later)
