"""Checks of timing and of connections: deltas at once, every connection released."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ..assertions import expect, raises_nothing, require
from ..fixtures import DELTAS, KEY, answer, natural_finish, payload
from ..harness import aread, release_if_idle
from ..reply import Hold, cut
from ..transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from partwise.provider import Chunk, Mode

    from ..exchange import Exchange
    from ..harness import Harness, Style

# How often a stream is made to wait, and how long another task sleeps, in seconds.
_WAITS, _TICK = 6, 0.01
_NOTHING_CAME = "nothing came before the answer was whole: yield each event when it comes"
_RELEASE = "close the SDK's response when `open` or `aopen` is left, however it is left"


class ConnectionChecks:
    """Nothing waits, and nothing is left behind."""

    def test_each_delta_comes_at_once(
        self, harness: Harness, token_mode: Mode, style: Style
    ) -> None:
        """Each delta is through before the next one is sent.

        Source: `Granularity.TOKEN` of `partwise.provider`.
        """
        writes = _writes(harness, token_mode)
        steps = [each for write in writes for each in (write, Hold())]
        exchange = harness.server.enqueue(harness.reply(*steps[:-1]))
        transcript, ends = Transcript(), list(accumulate(map(len, DELTAS)))

        def on_chunks(chunks: list[Chunk]) -> bool:
            transcript.chunks += chunks
            while ends and len(transcript.payload(token_mode)) >= ends[0]:
                ends.pop(0)
                exchange.release()
            return False

        with (
            release_if_idle(exchange, harness.at_once) as waiting,
            raises_nothing("reading this answer"),
        ):
            harness.read(harness.request(token_mode), style, on_chunks)
        require(
            not waiting.released,
            "a delta was held back until the next one came: yield each event when it comes, and "
            "let the decoder give its chunks at once",
        )

    def test_other_tasks_go_on(self, harness: Harness) -> None:
        """While an asynchronous stream waits for the vendor, other tasks go on.

        Source: `Provider.aopen` of `partwise.provider`; asyncio's "Developing with asyncio":
        blocking code is not called directly.
        """
        mode = harness.default_mode
        body = b"".join(harness.segments(mode, answer(mode)))
        steps = [each for piece in cut(body, len(body) // _WAITS) for each in (Hold(), piece)]
        reply = replace(harness.reply(*steps), before_head=[Hold()])
        exchange = harness.server.enqueue(reply)

        async def read_beside_another() -> None:
            reading = asyncio.create_task(aread(harness.provider, harness.request(mode), _stay))
            while not reading.done():
                await asyncio.wait([reading], timeout=_TICK)
                if harness.server.requests:
                    exchange.release()
            await reading

        with (
            release_if_idle(exchange, harness.at_once) as waiting,
            raises_nothing("reading this answer"),
        ):
            harness.run(read_beside_another())
        require(
            not waiting.released,
            "the event loop was blocked while the stream waited: `aopen` must use the SDK's "
            "asynchronous client, or a thread",
        )

    def test_leaving_early(self, harness: Harness, style: Style) -> None:
        """Leaving a stream early releases its connection at once.

        Source: `Provider.open` of `partwise.provider`: leaving the context releases the connection.
        """
        harness.require_streaming()
        mode = harness.default_mode
        exchange = _stalled(harness, mode)
        with release_if_idle(exchange, harness.at_once * 2) as waiting:
            with raises_nothing("reading the beginning of an answer"):
                harness.read(harness.request(mode), style, lambda _chunks: True)
            require(not waiting.released, _NOTHING_CAME)
            _expect_left(harness, exchange)

    def test_break(self, harness: Harness, style: Style) -> None:
        """Breaking out of a stream of snapshots releases its connection at once.

        Source: `Provider.open` of `partwise.provider`: leaving the context releases the connection.
        """
        harness.require_streaming()
        mode = harness.default_mode
        exchange = _stalled(harness, mode)
        with release_if_idle(exchange, harness.at_once * 2) as waiting:
            with raises_nothing("reading the beginning of an answer"):
                harness.read_one_snapshot(mode, style)
            require(not waiting.released, _NOTHING_CAME)
            _expect_left(harness, exchange)

    def test_cancelling(self, harness: Harness) -> None:
        """Cancelling a task that reads releases its connection at once.

        Source: `Provider.open` of `partwise.provider`: leaving the context releases the connection.
        """
        harness.require_streaming()
        mode = harness.default_mode
        exchange = _stalled(harness, mode)

        async def cancel() -> None:
            begun = asyncio.Event()

            def on_chunks(_chunks: list[Chunk]) -> bool:
                begun.set()
                return False

            task = asyncio.create_task(aread(harness.provider, harness.request(mode), on_chunks))
            beginning = asyncio.create_task(begun.wait())
            await asyncio.wait([task, beginning], return_when="FIRST_COMPLETED")
            beginning.cancel()
            if task.done():
                task.result()
            task.cancel()
            await asyncio.wait([task], timeout=harness.at_once)
            require(task.cancelled(), "a cancelled task must end as cancelled: let it through")

        with release_if_idle(exchange, harness.at_once * 3), raises_nothing("a task that reads"):
            harness.run(cancel())
            _expect_left(harness, exchange)

    def test_close(self, harness: Harness, style: Style) -> None:
        """Closing the provider closes the connections that it kept.

        Source: `Provider.close` of `partwise.provider`.
        """
        mode = harness.default_mode
        exchange = harness.server.enqueue(harness.script(mode, answer(mode)))
        provider = harness.make(api_key=KEY)
        try:
            harness.receive(mode, style, provider=provider)
        finally:
            harness.close(provider, style)
        _expect_left(harness, exchange, "`close` and `aclose` must close the SDK's client")
        harness.close(provider)

    def test_many_streams(self, harness: Harness, style: Style) -> None:
        """One provider serves one stream after the other.

        Source: `Provider.open` of `partwise.provider`: leaving the context releases the connection.
        """
        mode = harness.default_mode
        harness.answer_with(harness.script(mode, answer(mode)))
        transcript = [harness.receive(mode, style).chunks for _ in range(3)]
        advice = "the third stream of a provider differs from its first"
        expect(transcript[2], transcript[0], advice)


def _stay(_chunks: list[Chunk]) -> bool:
    return False


def _writes(harness: Harness, mode: Mode) -> list[bytes]:
    """The bytes sent for each delta of the answer; those before the first go with it."""
    parts = [*payload(mode), natural_finish(mode)]
    segments = harness.segments(mode, parts)
    lead = len(parts) - 1 - len(DELTAS)
    first = b"".join(segments[: lead + 1])
    deltas = [first, *segments[lead + 1 : lead + len(DELTAS)]]
    require(
        all(deltas),
        f"{mode} is declared to stream by token, and the wire writes nothing for some delta: "
        "declare WHOLE, or let the wire write each delta when it takes it",
    )
    return [*deltas, b"".join(segments[lead + len(DELTAS) :])]


def _stalled(harness: Harness, mode: Mode) -> Exchange:
    """A reply that stalls before its end, with all that can be read early sent."""
    *most, end = harness.segments(mode, answer(mode))
    body = b"".join(most) or end
    return harness.server.enqueue(harness.reply(body, Hold()))


def _expect_left(harness: Harness, exchange: Exchange, advice: str = _RELEASE) -> None:
    """The loop must turn meanwhile: asyncio closes sockets at its next turn."""
    gone = harness.run(_came(exchange.await_disconnected(harness.at_once)))
    require(gone, f"after {harness.at_once} s the connection is still open: {advice}")


async def _came(waiting: Coroutine[Any, Any, float]) -> bool:
    try:
        await waiting
    except TimeoutError:
        return False
    return True
