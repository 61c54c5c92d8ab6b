"""Checks of the decoder: every kind of chunk, however the body is cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from partwise.provider import (
    Chunk,
    Granularity,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    Usage,
)

from ..assertions import expect, fail, raises_nothing
from ..fixtures import ANSWER, CALL_ID, DELTAS, TOOL, USAGE, answer, call, natural_finish, payload
from ..reply import cut
from ..tokens import cut_like_tokens

if TYPE_CHECKING:
    from partwise.provider import Mode

    from ..harness import Harness
    from ..transcript import Transcript
    from ..wire import Part

_NASTY = {
    "unicode": ANSWER.replace("Kick-off", "Überblick 東京 🚀 👩‍👩‍👧 é"),
    "escapes": ANSWER.replace("Kick-off", r"\"Kick\\off\" \n\t\u0000 \ud83d\ude80 \/"),
    "line-separators": ANSWER.replace("Kick-off", "Kick\u2028off\u2029of\u0085it"),
    "markup": ANSWER.replace("Kick-off", "data: [DONE] </tool> ```json {} ```"),
    "white-space": "\n " + ANSWER.replace(",", " ,\r\n\t ").replace("Kick", "  Kick") + " \n\n",
}
_OTHER = '{"place":"lighthouse"}'
# More than the 64 KiB at which asyncio's own reader of lines gives up.
_MANY = 10_000
_PROSE = "Let me look that up."
_THOUGHTS = ("The note ", "names two ", "people.")


class ChunkChecks:
    """Events become chunks."""

    def test_deltas_join_to_the_answer(self, harness: Harness, mode: Mode) -> None:
        """The deltas join to the answer: none lost, none twice, none changed.

        Source: `Decoder` of `partwise.provider`: deltas are passed on unchanged.
        """
        _expect_answer(harness, mode, harness.decode(mode, answer(mode)), ANSWER)

    @pytest.mark.parametrize("size", [1, 2, 7])
    def test_cuts_of_the_bytes(self, harness: Harness, mode: Mode, size: int) -> None:
        """However the body is cut into bytes, the chunks are the same.

        Source: WHATWG HTML, 9.2, by which events may be cut anywhere, and unknown ones are ignored.
        """
        parts = answer(mode, cut_like_tokens(_NASTY["unicode"]))
        whole = harness.decode(mode, parts)
        body = b"".join(harness.segments(mode, parts))
        harness.answer_with(harness.reply(*cut(body, size)))
        with raises_nothing("reading a body in small pieces"):
            expect(
                harness.receive(mode).chunks,
                whole.chunks,
                f"cut into pieces of {size} bytes, the body gives other chunks: wait for whole "
                "events, and for whole characters",
            )

    @pytest.mark.parametrize("kind", _NASTY)
    def test_nasty_text(self, harness: Harness, mode: Mode, kind: str) -> None:
        """Text of any kind comes through unchanged, cut between any two characters.

        Source: `Decoder` of `partwise.provider`: deltas are passed on unchanged.
        """
        transcript = harness.decode(mode, answer(mode, _spelled(_NASTY[kind])))
        _expect_answer(harness, mode, transcript, _NASTY[kind])

    def test_empty_deltas(self, harness: Harness, mode: Mode) -> None:
        """Empty deltas change nothing.

        Source: `Decoder` of `partwise.provider`: deltas are passed on unchanged.
        """
        deltas = [piece for delta in DELTAS for piece in ("", delta, "")]
        _expect_answer(harness, mode, harness.decode(mode, answer(mode, deltas)), ANSWER)

    def test_whole_answer_in_one_delta(self, harness: Harness, mode: Mode) -> None:
        """An answer that comes at once is read like any other.

        Source: `Granularity.WHOLE` of `partwise.provider`.
        """
        _expect_answer(harness, mode, harness.decode(mode, answer(mode, [ANSWER])), ANSWER)

    def test_long_answer(self, harness: Harness, mode: Mode) -> None:
        """A long answer comes through whole.

        Source: `Decoder` of `partwise.provider`: deltas are passed on unchanged.
        """
        text = ANSWER.replace("Kick-off", "Kick-off " * _MANY)
        _expect_answer(
            harness, mode, harness.decode(mode, answer(mode, [text[:9], text[9:]])), text
        )

    def test_keep_alive(self, harness: Harness, mode: Mode) -> None:
        """Signs of life between the deltas change nothing.

        Source: `KeepAlive` of `partwise.provider`; the comments of WHATWG HTML, 9.2.7.
        """
        parts = [each for part in answer(mode) for each in (KeepAlive(), part)]
        _expect_answer(harness, mode, harness.decode(mode, parts), ANSWER)

    def test_unknown_events(self, harness: Harness, mode: Mode) -> None:
        """Events of a kind that the vendor may add one day change nothing.

        Source: WHATWG HTML, 9.2, by which events may be cut anywhere, and unknown ones are ignored.
        """
        segments = harness.segments(mode, answer(mode))
        unknown = harness.wire.unknown()
        *written, end = (each + unknown if each else b"" for each in segments)
        harness.answer_with(harness.reply(*written, end.removesuffix(unknown)))
        with raises_nothing("an event of an unknown kind (`Wire.unknown`)"):
            transcript = harness.receive(mode)
        advice = "an event of an unknown kind changed the answer: pass over unknown ones"
        _expect_same(harness, mode, transcript.payload(mode), ANSWER, advice)

    # Tool calls -----------------------------------------------------------------------------

    def test_parallel_calls(self, harness: Harness, tool_mode: Mode) -> None:
        """Two calls, one after the other, stay two.

        Source: `ToolCallDelta.index` of `partwise.provider`, which tells calls apart.
        """
        other = call([_OTHER[:5], _OTHER[5:]], name="find_room", call_id="room_1")
        own = call(DELTAS, index=1)
        _expect_calls(harness, tool_mode, [*other, *own], [("find_room", _OTHER), (TOOL, ANSWER)])

    def test_interleaved_calls(self, harness: Harness, tool_mode: Mode) -> None:
        """Two calls whose fragments alternate stay two.

        Source: `ToolCallDelta.index` of `partwise.provider`, which tells calls apart.
        """
        other = call([_OTHER[:5], _OTHER[5:]], name="find_room", call_id="room_1")
        own = call([ANSWER[:9], ANSWER[9:]], index=1)
        parts = [each for pair in zip(other, own, strict=True) for each in pair]
        _expect_calls(harness, tool_mode, parts, [("find_room", _OTHER), (TOOL, ANSWER)])

    def test_calls_of_one_tool(self, harness: Harness, tool_mode: Mode) -> None:
        """Two calls of the same tool stay two.

        Source: `ToolCallDelta.index` of `partwise.provider`, which tells calls apart.
        """
        parts = [*call([ANSWER]), *call([_OTHER], index=1, call_id="call_2")]
        _expect_calls(harness, tool_mode, parts, [(TOOL, ANSWER), (TOOL, _OTHER)])

    def test_call_ids(self, harness: Harness, tool_mode: Mode) -> None:
        """Each tool call has its id.

        Source: `ToolCallDelta.id` of `partwise.provider`.
        """
        own = call([ANSWER[:9], ANSWER[9:]])
        other = call([_OTHER], index=1, name="find_room", call_id="room_1")
        transcript = harness.decode(tool_mode, [*own, *other, natural_finish(tool_mode), USAGE])
        advice = "give each call's id with one of its fragments: the vendor asks for it again"
        expect(transcript.call_ids, [CALL_ID, "room_1"], advice)

    def test_text_beside_the_call(self, harness: Harness, tool_mode: Mode) -> None:
        """Text before a call is text, and no part of the arguments.

        Source: `TextDelta` of `partwise.provider`.
        """
        transcript = harness.decode(tool_mode, [TextDelta(_PROSE), *answer(tool_mode)])
        expect(transcript.text, _PROSE, "text beside a tool call must come as TextDelta")
        _expect_answer(harness, tool_mode, transcript, ANSWER)

    # Beside the answer ------------------------------------------------------------------------

    def test_reasoning(self, harness: Harness, mode: Mode) -> None:
        """Reasoning comes as reasoning, and not in the answer.

        Source: `ReasoningDelta` of `partwise.provider`.
        """
        thoughts = [ReasoningDelta(thought) for thought in _THOUGHTS]
        transcript = harness.decode(mode, [*thoughts, *answer(mode)])
        advice = "the model's thinking must come as ReasoningDelta"
        expect(transcript.reasoning, "".join(_THOUGHTS), advice)
        _expect_answer(harness, mode, transcript, ANSWER)

    def test_usage(self, harness: Harness, mode: Mode) -> None:
        """The usage is reported.

        Source: `Usage` of `partwise.provider`.
        """
        transcript = harness.decode(mode, answer(mode))
        advice = "give a Usage chunk with the vendor's counts (and ask the vendor for them)"
        expect(transcript.usages[-1:], [USAGE], advice)

    def test_usage_is_cumulative(self, harness: Harness, mode: Mode) -> None:
        """Of several usages the last one counts; they are not added up.

        Source: `Usage` of `partwise.provider`: a later one replaces an earlier one.
        """
        counts: list[Part] = [Usage(21, 5), *payload(mode), Usage(21, 13)]
        transcript = harness.decode(mode, [*counts, natural_finish(mode), USAGE])
        advice = "each Usage is the total so far: hand on the vendor's numbers, and add nothing"
        expect(transcript.usages[-1:], [USAGE], advice)

    @pytest.mark.parametrize("field", ["cached_input_tokens", "reasoning_tokens"])
    def test_usage_in_detail(self, harness: Harness, mode: Mode, field: str) -> None:
        """Cached input and reasoning are counted, within the totals.

        Source: `Usage` of `partwise.provider`: the parts are within the totals.
        """
        usage = Usage(21, 34, **{field: 8})
        transcript = harness.decode(mode, answer(mode, usage=usage))
        advice = f"`{field}` is a part of the total: read the vendor's own count of it"
        expect(transcript.usages[-1:], [usage], advice)

    # The decoder itself -----------------------------------------------------------------------

    def test_decoders_are_independent(self, harness: Harness, mode: Mode) -> None:
        """Each stream has a decoder of its own: two at once do not disturb each other.

        Source: `Provider.decoder` of `partwise.provider`: a new one for each stream.
        """
        expected = harness.decode(mode, answer(mode)).chunks
        events: list[Any] = []
        request = harness.request(mode)
        harness.answer_with(harness.script(mode, answer(mode)))
        with harness.provider.open(harness.provider.build_request(request)) as stream:
            events += stream
        decoders = [harness.provider.decoder(request) for _ in range(2)]
        transcript: list[list[Chunk]] = [[], []]
        for event in events:
            for decoder, chunks in zip(decoders, transcript, strict=True):
                chunks.extend(decoder.feed(event))
        for decoder, chunks in zip(decoders, transcript, strict=True):
            chunks.extend(decoder.close())
        advice = "decoders share state: `decoder(request)` must return a new one for each stream"
        expect(transcript, [expected, expected], advice)

    def test_sync_and_async_agree(self, harness: Harness, mode: Mode) -> None:
        """Sync and async give the same chunks, event by event.

        Source: `Provider.aopen` of `partwise.provider`: as `open`.
        """
        for parts in _scenarios(mode):
            try:
                reply = harness.script(mode, parts)
            except pytest.fail.Exception:
                continue  # not on this wire, which another check reports
            transcript: list[list[list[Chunk]]] = []
            for style in ("sync", "async"):
                harness.answer_with(reply)
                transcript.append([])

                def on_chunks(
                    chunks: list[Chunk], into: list[list[Chunk]] = transcript[-1]
                ) -> bool:
                    into.append(chunks)
                    return False

                with raises_nothing("reading this answer"):
                    harness.read(harness.request(mode), style, on_chunks)
            expect(transcript[1], transcript[0], "`aopen` must yield the events that `open` yields")


def _scenarios(mode: Mode) -> list[list[Part]]:
    return [
        answer(mode),
        answer(mode, _spelled(_NASTY["unicode"])),
        [ReasoningDelta("Hm."), *answer(mode)],
        [RefusalDelta("No."), natural_finish(mode)],
    ]


def _spelled(text: str) -> list[str]:
    return list(text)


def _expect_answer(harness: Harness, mode: Mode, transcript: Transcript, text: str) -> None:
    """The text exactly; as JSON if the vendor sends the answer as an object."""
    advice = "the deltas of the answer, joined, differ from the text that the vendor sent"
    _expect_same(harness, mode, transcript.payload(mode), text, advice)


def _expect_calls(
    harness: Harness, mode: Mode, parts: list[Part], expected: list[tuple[str, str]]
) -> None:
    transcript = harness.decode(mode, [*parts, natural_finish(mode), USAGE])
    advice = "each tool call needs an index of its own, and its name with one of its fragments"
    expect([name for name, _ in transcript.calls], [name for name, _ in expected], advice)
    for (_, arguments), (_, text) in zip(transcript.calls, expected, strict=True):
        _expect_same(harness, mode, arguments, text, "the arguments of one call, joined, are wrong")


def _expect_same(harness: Harness, mode: Mode, actual: str, expected: str, advice: str) -> None:
    if harness.modes[mode] is Granularity.TOKEN:
        expect(actual, expected, advice)
        return
    try:
        value = json.loads(actual)
    except ValueError:
        fail(f"{advice}: not JSON at all\n  {actual!r}")
    expect(value, json.loads(expected), advice)
