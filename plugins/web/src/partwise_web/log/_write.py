"""The worker's side: reads a stream, and writes its text to a log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from partwise import PartwiseError

from .._errors import AnswerTakenError
from .._problems import problem_of
from .._updates import Failed as FailedUpdate
from .._updates import updates, usage_of

if TYPE_CHECKING:
    from .._updates import Stream
    from ._contract import Log

_BEATS: Final = 5
"""Signs of life in the time of a heartbeat."""


async def write(stream: Stream, log: Log, answer: str, *, every: float = 0.03) -> None:
    """Read the stream to its end, and log it.

    Args:
        stream: a stream that nobody has read yet, sync or async.
        log: where to.
        answer: the name under which it is read.
        every: seconds between two entries, at least.

    Raises:
        AnswerTakenError: another worker writes this answer, or has taken it over. The stream is
            closed.
        PartwiseError: the answer has failed. Its readers are told.
    """
    fence = await log.open(answer)
    writer = _Writer(log, answer, fence)
    beating = asyncio.create_task(writer.beat())
    try:
        await writer.write(stream, every)
    finally:
        beating.cancel()


class _Writer:
    def __init__(self, log: Log, answer: str, fence: int) -> None:
        self._log = log
        self._answer = answer
        self._fence = fence
        self._attempt = 1
        self._logged = 0  # characters of this attempt

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(self._log.heartbeat / _BEATS)
            try:
                await self._log.beat(self._answer, self._fence)
            except AnswerTakenError:
                return  # the next entry says so

    async def write(self, stream: Stream, every: float) -> None:
        if self._fence > 1:
            await self._append({"attempt": self._attempt})
        reading = updates(stream, "snapshots", throttle=every)
        try:
            async for update in reading:
                if isinstance(update, FailedUpdate):
                    await self._fail(stream, update.error)
                await self._log_text(stream)
            await self._finish({"done": _end_of(stream)})
        finally:
            await reading.aclose()

    async def _log_text(self, stream: Stream) -> None:
        attempt, text = stream.attempt, stream.text
        if attempt != self._attempt:
            self._attempt, self._logged = attempt, 0
            await self._append({"attempt": attempt})
        if len(text) > self._logged:
            piece = text[self._logged :]
            self._logged = len(text)
            await self._append({"text": piece})

    async def _fail(self, stream: Stream, error: Exception) -> None:
        await self._log_text(stream)
        kind = type(error).__name__ if isinstance(error, PartwiseError) else "Exception"
        message = problem_of(error)["detail"]
        await self._finish({"error": {"kind": kind, "message": message}})
        raise error

    async def _append(self, entry: dict[str, Any]) -> None:
        await self._log.append(self._answer, self._fence, entry)

    async def _finish(self, entry: dict[str, Any]) -> None:
        await self._log.finish(self._answer, self._fence, entry)


def _end_of(stream: Stream) -> dict[str, Any]:
    return {
        "usage": usage_of(stream.usage),
        "finish_reason": stream.finish_reason,
        "attempts": stream.attempt,
    }
