"""Faults of decoders in what the model said: its text, its calls, its thoughts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, ClassVar

from partwise.provider import Chunk, TextDelta, ToolCallDelta, Usage, as_text

from .acme import AcmeDecoder, Event
from .fault import BY_TEXT, RECORDINGS, fault

WHOLE_ANSWERS = (
    "test_answer",
    "test_deltas_join_to_the_answer",
    "test_keep_alive",
    "test_nasty_text",
    "test_reasoning",
    "test_snapshots_follow_the_deltas",
    "test_unknown_events",
)
"""What needs each delta of an answer."""

OF_THE_CORE = ("test_answer", "test_snapshots_follow_the_deltas")
"""Those of them that see the core's snapshots, which drop what is repeated after the answer."""

SOUND_ANSWERS = (
    "test_facts",
    "test_reask",
    "test_reasoning_of_the_stream",
    "test_snapshots",
)
"""What needs an answer that can be read to its end."""

WHOLE_CALLS = (
    "test_calls_of_one_tool",
    "test_interleaved_calls",
    "test_long_answer",
    "test_parallel_calls",
    "test_text_beside_the_call",
    "test_whole_answer_in_one_delta",
)
"""What needs each delta of a call, the last one too."""


@fault(
    *WHOLE_ANSWERS,
    *SOUND_ANSWERS,
    *WHOLE_CALLS,
    "test_each_delta_comes_at_once",
    message="joined, differ from the text",
    at_once=0.15,
)
class DropsTheLastDelta(AcmeDecoder):
    """Holds each delta back until the next one comes, and forgets the last."""

    held: tuple[Chunk, ...] = ()

    def call(self, event: Event) -> Iterable[Chunk]:
        before, self.held = self.held, tuple(super().call(event))
        return before


@fault(
    *(name for name in WHOLE_ANSWERS if name not in OF_THE_CORE),
    *WHOLE_CALLS,
    message="joined, differ from the text",
)
class RepeatsTheLastDelta(AcmeDecoder):
    """Tells the last delta again when the answer ends, as a summary of it would."""

    last: tuple[Chunk, ...] = ()

    def call(self, event: Event) -> Iterable[Chunk]:
        self.last = tuple(super().call(event))
        return self.last

    def stop(self, event: Event) -> Iterable[Chunk]:
        return (*self.last, *super().stop(event))


@fault(
    "test_parallel_calls",
    "test_interleaved_calls",
    "test_calls_of_one_tool",
    "test_call_ids",
    message="needs an index of its own",
)
class JoinsTwoCalls(AcmeDecoder):
    """Knows of one call only."""

    def call(self, event: Event) -> Iterable[Chunk]:
        return super().call({**event, "call": 0})


@fault("test_interleaved_calls", message="joined, are wrong")
class TakesFragmentsForTheLastCall(AcmeDecoder):
    """Gives each fragment to the call that began last."""

    index = 0

    def call(self, event: Event) -> Iterable[Chunk]:
        self.index = event["call"] if "id" in event else self.index
        return super().call({**event, "call": self.index})


@fault("test_call_ids", message="give each call's id")
class LosesIds(AcmeDecoder):
    """Has no use for the ids of calls."""

    def call(self, event: Event) -> Iterable[Chunk]:
        return super().call({**event, "id": None})


@fault(
    "test_whole_answer_in_one_delta",
    "test_calls_of_one_tool",
    "test_reask",
    message="joined, differ",
)
class WritesArgumentsAsPythonDoes(AcmeDecoder):
    """Sends arguments that came as an object as the repr of a dict."""

    def call(self, event: Event) -> Iterable[Chunk]:
        text = event["json"]
        whole = text.startswith("{") and text.endswith("}")
        return super().call({**event, "json": str(json.loads(text)) if whole else text})


@fault(
    *WHOLE_ANSWERS,
    "test_empty_deltas",
    "test_end_without_a_reason",
    "test_each_delta_comes_at_once",
    "test_what_came_is_kept",
    message="joined, differ",
    by=BY_TEXT,
    at_once=0.15,
)
class StripsWhiteSpace(AcmeDecoder):
    """Tidies each delta up."""

    def say(self, event: Event) -> Iterable[Chunk]:
        return (TextDelta(event["say"].strip()),)


@fault("test_nasty_text[white-space]", message="joined, differ", by=BY_TEXT)
class StripsTheWhole(AcmeDecoder):
    """Leaves out the white space before an answer."""

    begun = False

    def say(self, event: Event) -> Iterable[Chunk]:
        said = as_text(event["say"])
        text = said if self.begun else said.lstrip()
        self.begun = self.begun or bool(text)
        return (TextDelta(text),)


@fault("test_nasty_text[escapes]", message="joined, differ", by=BY_TEXT)
class UnescapesTwice(AcmeDecoder):
    """Takes the escapes inside the answer for those of the wire."""

    escaped = False

    def say(self, event: Event) -> Iterable[Chunk]:
        text = as_text(event["say"])
        self.escaped = text == "\\" and not self.escaped
        return () if self.escaped else (TextDelta(text),)


@fault("test_empty_deltas", message="joined, differ", by=BY_TEXT)
class EndsAtAnEmptyDelta(AcmeDecoder):
    """Takes an empty delta for the end."""

    ended = False

    def say(self, event: Event) -> Iterable[Chunk]:
        self.ended = self.ended or not event["say"]
        return () if self.ended else super().say(event)


@fault("test_reasoning", "test_reasoning_of_the_stream", message="ReasoningDelta", by=BY_TEXT)
class TakesReasoningForText(AcmeDecoder):
    """Tells the model's thoughts as a part of its answer."""

    def think(self, event: Event) -> Iterable[Chunk]:
        return (TextDelta(event["think"]),)


@fault(
    "test_text_beside_the_call",
    "test_plain_text_is_asked_for_without_structure",
    message="must come as TextDelta",
)
class TakesTextForArguments(AcmeDecoder):
    """Takes all text for the arguments of the call that is due."""

    def say(self, event: Event) -> Iterable[Chunk]:
        return (ToolCallDelta(0, event["say"]),)


@fault("test_usage_is_cumulative", message="add nothing")
class AddsUsageUp(AcmeDecoder):
    """Adds up what is a total already."""

    total = Usage()

    def spent(self, event: Event) -> Iterable[Chunk]:
        self.total += Usage(*event["spent"])
        return (self.total,)


@fault(
    "test_usage",
    "test_usage_is_cumulative",
    "test_usage_in_detail",
    "test_facts",
    message="ask the vendor for them",
)
class DropsUsage(AcmeDecoder):
    """Counts no tokens."""

    def spent(self, event: Event) -> Iterable[Chunk]:
        return ()


@fault(
    "test_usage",
    "test_usage_is_cumulative",
    "test_usage_in_detail",
    "test_facts",
    message="ask the vendor for them",
)
class LooksForUsageBeforeTheEnd(AcmeDecoder):
    """Listens no more once the answer has ended, which is when the usage comes."""

    ended = False

    def stop(self, event: Event) -> Iterable[Chunk]:
        self.ended = True
        return super().stop(event)

    def spent(self, event: Event) -> Iterable[Chunk]:
        return () if self.ended else super().spent(event)


@fault("test_keep_alive", message="should raise nothing")
class RaisesOnPings(AcmeDecoder):
    """Expects something in each event."""

    def ping(self, event: Event) -> Iterable[Chunk]:
        raise KeyError("say")


@fault("test_unknown_events", message="unknown kind")
class RaisesOnUnknownEvents(AcmeDecoder):
    """Expects to know each event."""

    def unknown(self, event: Event) -> Iterable[Chunk]:
        raise KeyError(*event)


@fault("test_decoders_are_independent", message="decoders share state")
class SharesADecodersState(AcmeDecoder):
    """Passes over an event that it has had just before, and remembers that for all streams."""

    last: ClassVar[list[Any]] = [None]

    def feed(self, event: Event) -> Iterable[Chunk]:
        if event is self.last[0]:
            return ()
        self.last[0] = event
        return super().feed(event)


@fault(
    "test_many_streams",
    "test_sync_and_async_agree",
    "test_decoders_are_independent",
    "test_cuts_of_the_bytes",
    message="the third stream of a provider differs",
)
class CountsCallsAllItsLife(AcmeDecoder):
    """Goes on to number calls where the stream before has ended."""

    streams: ClassVar[Iterator[int]] = count()

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self.first = 10 * next(self.streams)

    def call(self, event: Event) -> Iterable[Chunk]:
        return super().call({**event, "call": self.first + event["call"]})


@fault("test_recording", "test_recording_in_single_bytes", message="reading", recordings=RECORDINGS)
class KnowsTheDocumentationOnly(AcmeDecoder):
    """Has never met arguments that come as an object, as they do in a real stream."""

    def call(self, event: Event) -> Iterable[Chunk]:
        return super().call({**event, "json": event["json"] + ""})
