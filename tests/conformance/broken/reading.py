"""Faults between the bytes and the events, and in how an answer ends."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable

from partwise.provider import Chunk, Finish, ToolCallDelta

from .acme import AcmeDecoder, Event, Lines
from .fault import RECORDINGS, fault

# Bytes to events -----------------------------------------------------------------------------


@fault(
    "test_cuts_of_the_bytes",
    "test_recording_in_single_bytes",
    message="whole characters",
    recordings=RECORDINGS,
)
class DecodesEachPiece(Lines):
    """Makes text of each piece of the body, whether it ends in a whole character or not."""

    def feed(self, piece: bytes) -> list[bytes]:
        return super().feed(piece.decode(errors="replace").encode())


@fault(
    "test_cuts_of_the_bytes",
    "test_long_answer",
    "test_other_tasks_go_on",
    message="reading a body in small pieces should raise nothing",
)
class TakesAPieceForLines(Lines):
    """Takes the end of each piece for the end of a line."""

    def feed(self, piece: bytes) -> list[bytes]:
        return piece.splitlines()


@fault("test_nasty_text[line-separators]", message="should raise nothing")
class KnowsTooManyLineEnds(Lines):
    """Splits lines where Unicode does."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder = getincrementaldecoder("utf-8")()
        self.rest = ""

    def feed(self, piece: bytes) -> list[bytes]:
        lines = (self.rest + self.decoder.decode(piece)).splitlines(keepends=True)
        self.rest = "" if not lines or lines[-1].endswith("\n") else lines.pop()
        return [line.encode() for line in lines]


@fault("test_long_answer", message="joined, differ")
class TruncatesLongEvents(Lines):
    """Has a limit on how long a line is."""

    def feed(self, piece: bytes) -> list[bytes]:
        return [line for line in super().feed(piece) if len(line) < 65_536]


# Ends ----------------------------------------------------------------------------------------


@fault(
    "test_good_end",
    "test_finish_reason",
    "test_content_filter",
    "test_length",
    "test_facts",
    message="after the last delta",
)
class IgnoresTheReason(AcmeDecoder):
    """Drops the finish reason."""

    def stop(self, event: Event) -> Iterable[Chunk]:
        return ()


class _Mistaken(AcmeDecoder):
    """Takes one of the vendor's words for another."""

    word, other = "", ""

    def stop(self, event: Event) -> Iterable[Chunk]:
        return super().stop({"stop": self.other} if event["stop"] == self.word else event)


@fault("test_finish_reason[length]", "test_length", message='Finish("length")')
class TakesTheLimitForTheEnd(_Mistaken):
    """Maps `length` to `stop`."""

    word, other = "full", "done"


@fault(
    "test_finish_reason[content_filter]",
    "test_content_filter",
    message='Finish("content_filter")',
)
class TakesTheFilterForTheEnd(_Mistaken):
    """Maps `content_filter` to `stop`."""

    word, other = "filtered", "done"


@fault("test_refusal", message="RefusalDelta")
class IgnoresARefusal(AcmeDecoder):
    """Hears neither that the model declines nor why."""

    def decline(self, event: Event) -> Iterable[Chunk]:
        return ()

    def stop(self, event: Event) -> Iterable[Chunk]:
        return super().stop({"stop": "done"} if event["stop"] == "declined" else event)


@fault("test_end_without_a_reason", message="make none up")
class MakesUpAReason(AcmeDecoder):
    """Says that an answer ended well of which nobody has said so."""

    ended = False

    def stop(self, event: Event) -> Iterable[Chunk]:
        self.ended = True
        return super().stop(event)

    def close(self) -> Iterable[Chunk]:
        return () if self.ended else (Finish("stop", "end"),)


@fault("test_end_without_a_reason", message="leave it as it came")
class CompletesTheJson(AcmeDecoder):
    """Closes what an answer that broke off has left open."""

    ended = False

    def stop(self, event: Event) -> Iterable[Chunk]:
        self.ended = True
        return super().stop(event)

    def close(self) -> Iterable[Chunk]:
        return () if self.ended else (ToolCallDelta(0, "null}]}"),)
