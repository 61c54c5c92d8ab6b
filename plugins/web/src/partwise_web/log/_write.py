"""The worker's side: reads a stream, and writes its text to a log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from .._errors import AnswerTakenError
from .._problems import problem_of
from .._updates import Failed as FailedUpdate
from .._updates import updates, usage_of, watch_attempts

if TYPE_CHECKING:
    from .._updates import Stream
    from ._contract import Entry, Log

log = logging.getLogger("partwise")

_BEATS: Final = 5
"""Signs of life in the time of a heartbeat."""
_NO_VENDOR: Final = "text"
"""The provider of a stream of `partwise.parse`, whose text has no object around its root."""


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
        self._attempts = [1]  # that have begun, the newest last
        self._marked = 1  # of them that are in the log
        self._logged = 0  # characters of the newest one

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(self._log.heartbeat / _BEATS)
            try:
                await self._log.beat(self._answer, self._fence)
            except AnswerTakenError:
                return  # the next entry says so
            except Exception:
                log.warning("no sign of life of %r in the log", self._answer, exc_info=True)

    async def write(self, stream: Stream, every: float) -> None:
        watch_attempts(stream, self._attempts.append)
        if self._fence > 1:
            await self._append({"attempt": 1})
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
        begun, text = len(self._attempts), stream.text
        if begun != self._marked:
            self._marked, self._logged = begun, 0
            await self._append({"attempt": self._attempts[begun - 1]})
        if len(text) > self._logged:
            entry: Entry = {"text": text[self._logged :]}
            if not self._logged and stream.completion.call.provider == _NO_VENDOR:
                entry["bare"] = True
            self._logged = len(text)
            await self._append(entry)

    async def _fail(self, stream: Stream, error: Exception) -> None:
        await self._log_text(stream)
        problem = problem_of(error)
        told = {"kind": problem["error"], "message": problem["detail"], "status": problem["status"]}
        await self._finish({"error": told})
        raise error

    async def _append(self, entry: Entry) -> None:
        await self._log.append(self._answer, self._fence, entry)

    async def _finish(self, entry: Entry) -> None:
        await self._log.finish(self._answer, self._fence, entry)


def _end_of(stream: Stream) -> dict[str, Any]:
    return {
        "usage": usage_of(stream.usage),
        "finish_reason": stream.finish_reason,
        "attempts": stream.attempt,
    }
