"""When things arrive, and what is let go of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ..heard import Heard
from ..reply import Hold, cut
from ..stand import aread, patience
from ..subject import DELTAS, KEY, answer, natural_finish, payload
from ..verdict import expect, readable, require

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from partwise.provider import Chunk, Mode

    from ..exchange import Exchange
    from ..stand import Stand, Way

# How often a stream is made to wait, and how long another task sleeps, in seconds.
_WAITS, _TICK = 6, 0.01
_NOTHING_CAME = "nothing came before the answer was whole: yield each event when it comes"
_RELEASE = "close the SDK's response when `open` or `aopen` is left, however it is left"


class ConnectionChecks:
    """Nothing waits, and nothing is left behind."""

    def test_each_delta_comes_at_once(self, stand: Stand, token_mode: Mode, way: Way) -> None:
        """Each delta is through before the next one is sent."""
        writes = _writes(stand, token_mode)
        steps = [each for write in writes for each in (write, Hold())]
        exchange = stand.server.enqueue(stand.reply(*steps[:-1]))
        heard, ends = Heard(), list(accumulate(map(len, DELTAS)))

        def see(chunks: list[Chunk]) -> bool:
            heard.chunks += chunks
            while ends and len(heard.payload(token_mode)) >= ends[0]:
                ends.pop(0)
                exchange.release()
            return False

        with patience(exchange, stand.at_once) as waiting, readable("reading this answer"):
            stand.read(stand.request(token_mode), way, see)
        require(
            not waiting.ended,
            "a delta was held back until the next one came: yield each event when it comes, and "
            "let the decoder give its chunks at once",
        )

    def test_other_tasks_go_on(self, stand: Stand) -> None:
        """While an asynchronous stream waits for the vendor, other tasks go on."""
        mode = stand.default_mode
        body = b"".join(stand.segments(mode, answer(mode)))
        steps = [each for piece in cut(body, len(body) // _WAITS) for each in (Hold(), piece)]
        reply = replace(stand.reply(*steps), before_head=[Hold()])
        exchange = stand.server.enqueue(reply)

        async def read_beside_another() -> None:
            reading = asyncio.create_task(aread(stand.provider, stand.request(mode), _stay))
            while not reading.done():
                await asyncio.wait([reading], timeout=_TICK)
                if stand.server.requests:
                    exchange.release()
            await reading

        with patience(exchange, stand.at_once) as waiting, readable("reading this answer"):
            stand.run(read_beside_another())
        require(
            not waiting.ended,
            "the event loop stood still while the stream waited: `aopen` must use the SDK's "
            "asynchronous client, or a thread",
        )

    def test_leaving_early(self, stand: Stand, way: Way) -> None:
        """Leaving a stream early releases its connection at once."""
        stand.needs_a_stream()
        mode = stand.default_mode
        exchange = _stalled(stand, mode)
        with patience(exchange, stand.at_once * 2) as waiting:
            with readable("reading the beginning of an answer"):
                stand.read(stand.request(mode), way, lambda _chunks: True)
            require(not waiting.ended, _NOTHING_CAME)
            _expect_left(stand, exchange)

    def test_break(self, stand: Stand, way: Way) -> None:
        """Breaking out of a stream of snapshots releases its connection at once."""
        stand.needs_a_stream()
        mode = stand.default_mode
        exchange = _stalled(stand, mode)
        with patience(exchange, stand.at_once * 2) as waiting:
            with readable("reading the beginning of an answer"):
                stand.take_one(mode, way)
            require(not waiting.ended, _NOTHING_CAME)
            _expect_left(stand, exchange)

    def test_cancelling(self, stand: Stand) -> None:
        """Cancelling a task that reads releases its connection at once."""
        stand.needs_a_stream()
        mode = stand.default_mode
        exchange = _stalled(stand, mode)

        async def cancel() -> None:
            begun = asyncio.Event()

            def see(_chunks: list[Chunk]) -> bool:
                begun.set()
                return False

            task = asyncio.create_task(aread(stand.provider, stand.request(mode), see))
            beginning = asyncio.create_task(begun.wait())
            await asyncio.wait([task, beginning], return_when="FIRST_COMPLETED")
            beginning.cancel()
            if task.done():
                task.result()
            task.cancel()
            await asyncio.wait([task], timeout=stand.at_once)
            require(task.cancelled(), "a cancelled task must end as cancelled: let it through")

        with patience(exchange, stand.at_once * 3), readable("a task that reads"):
            stand.run(cancel())
            _expect_left(stand, exchange)

    def test_close(self, stand: Stand, way: Way) -> None:
        """Closing the provider closes the connections that it kept."""
        mode = stand.default_mode
        exchange = stand.server.enqueue(stand.script(mode, answer(mode)))
        provider = stand.make(api_key=KEY)
        try:
            stand.listen(mode, way, provider=provider)
        finally:
            stand.close(provider, way)
        _expect_left(stand, exchange, "`close` and `aclose` must close the SDK's client")
        stand.close(provider)

    def test_many_streams(self, stand: Stand, way: Way) -> None:
        """One provider serves one stream after the other."""
        mode = stand.default_mode
        stand.answer_with(stand.script(mode, answer(mode)))
        heard = [stand.listen(mode, way).chunks for _ in range(3)]
        advice = "the third stream of a provider differs from its first"
        expect(heard[2], heard[0], advice)


def _stay(_chunks: list[Chunk]) -> bool:
    return False


def _writes(stand: Stand, mode: Mode) -> list[bytes]:
    """What is sent for each delta of the answer; what comes before the first goes with it."""
    parts = [*payload(mode), natural_finish(mode)]
    segments = stand.segments(mode, parts)
    lead = len(parts) - 1 - len(DELTAS)
    first = b"".join(segments[: lead + 1])
    deltas = [first, *segments[lead + 1 : lead + len(DELTAS)]]
    require(
        all(deltas),
        f"{mode} is declared to stream by token, and the wire writes nothing for some delta: "
        "declare WHOLE, or let the wire write each delta when it takes it",
    )
    return [*deltas, b"".join(segments[lead + len(DELTAS) :])]


def _stalled(stand: Stand, mode: Mode) -> Exchange:
    """A reply that stalls before its end, with all that can be read early sent."""
    *most, end = stand.segments(mode, answer(mode))
    body = b"".join(most) or end
    return stand.server.enqueue(stand.reply(body, Hold()))


def _expect_left(stand: Stand, exchange: Exchange, advice: str = _RELEASE) -> None:
    """The loop must turn meanwhile: asyncio closes sockets at its next turn."""
    gone = stand.run(_came(exchange.await_disconnected(stand.at_once)))
    require(gone, f"after {stand.at_once} s the connection is still open: {advice}")


async def _came(waiting: Coroutine[Any, Any, float]) -> bool:
    try:
        await waiting
    except TimeoutError:
        return False
    return True
