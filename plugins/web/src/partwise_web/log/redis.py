"""A log on Redis Streams: `pip install 'partwise-web[redis]'`.

Three keys hold an answer, `{prefix}:{answer}` with its entries as a stream, and beside it `:fence`
and `:lease`. The lease bears the fence of the worker that writes; it lives for a part of the
heartbeat and is renewed by each entry and each beat. That only the newest fence writes is checked
by a script, in the same step as the writing.

A server that is away or full for less than a heartbeat is waited for. An entry may have been
written though its reply was lost, so each has a token in its name, and the script never writes one
twice.

The server must not evict keys (`maxmemory-policy noeviction`, its default): an answer of which a
part is gone can't be read.

The readers of one answer in one process share a connection and the events read.
"""

from __future__ import annotations

import asyncio
import copy
import json
import secrets
from typing import TYPE_CHECKING, Any, Final

from redis import exceptions as redis_errors

from partwise import ProviderConnectionError, ServerError

from .._errors import AnswerTakenError, UnknownAnswerError, WorkerLostError
from ._contract import is_last

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from redis.asyncio import Redis

    from partwise import ProviderError

    from ._contract import Entry

_LEASE: Final = 0.6
"""The lease's time as a part of the heartbeat's: the rest is for readers to notice."""
_LOOK: Final = 0.15
"""How often readers look for the lease, likewise."""
_AGAIN: Final = 0.05
"""The pause before a server that is away is tried again, likewise."""
_AWAY: Final = (redis_errors.ConnectionError, redis_errors.TimeoutError)
_FULL: Final = (redis_errors.OutOfMemoryError, redis_errors.ReadOnlyError)
"""Full, or just made a replica: it takes no entry, and may do so in a moment."""
_CANCEL_AGAIN: Final = 0.02
"""Seconds until a task that has not ended is cancelled again."""
_TOKEN_BYTES: Final = 3
"""Enough to tell an entry from the one before."""

_OPEN: Final = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if redis.call('EXISTS', KEYS[3]) == 1 or (last[1] and last[1][2][1]:sub(1, 4) == 'last') then
  return 0
end
local fence = redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], fence, 'PX', ARGV[1])
return fence
"""
_WRITE: Final = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local name = last[1] and last[1][2][1] or ''
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
elseif name ~= '' and name == ARGV[4] then
  return 1
elseif name:sub(1, 4) == 'last' then
  return 0
end
if ARGV[4] ~= '' then
  redis.call('XADD', KEYS[1], '*', ARGV[4], ARGV[5])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
if ARGV[4]:sub(1, 4) == 'last' then
  redis.call('DEL', KEYS[3])
else
  redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
end
return 1
"""


class RedisLog:
    """Keeps answers in a Redis server, for any number of processes.

    Args:
        redis: a client of `redis.asyncio`. It stays the caller's.
        heartbeat: seconds of silence after which a worker counts as lost.
        expires: seconds after its worker's last sign of life for which an answer is kept.
        prefix: of the keys.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        heartbeat: float = 5.0,
        expires: float = 3600.0,
        prefix: str = "partwise",
    ) -> None:
        self.heartbeat = heartbeat
        self._redis = redis
        self._expires = round(expires * 1000)
        self._lease = max(1, round(heartbeat * _LEASE * 1000))
        self._prefix = prefix
        self._open = redis.register_script(_OPEN)
        self._write = redis.register_script(_WRITE)
        self._tails: dict[str, _Tail] = {}

    async def open(self, answer: str) -> int:
        """Let a worker write this answer: its fence."""
        keys, args = self._keys(answer), [self._lease, self._expires]
        fence = await self._persist(lambda: self._open(keys=keys, args=args))
        if not fence:
            raise AnswerTakenError(f"answer {answer!r} is written by another worker, or has ended")
        return int(fence)

    async def append(self, answer: str, fence: int, entry: Entry) -> None:
        """Add an entry."""
        await self._put(answer, fence, "entry", entry)

    async def beat(self, answer: str, fence: int) -> None:
        """Give a sign of life."""
        await self._put(answer, fence, "", None)

    async def finish(self, answer: str, fence: int, entry: Entry) -> None:
        """Add the last entry."""
        await self._put(answer, fence, "last", entry)

    async def _put(self, answer: str, fence: int, name: str, entry: Entry | None) -> None:
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        name = name and f"{name}{secrets.token_hex(_TOKEN_BYTES)}"
        keys = self._keys(answer)
        args: list[str | int] = [fence, self._lease, self._expires, name, text]
        if not await self._persist(lambda: self._write(keys=keys, args=args)):
            raise AnswerTakenError(f"another worker has taken over answer {answer!r}")

    async def _persist(
        self, call: Callable[[], Awaitable[Any]], note: Callable[[], None] = lambda: None
    ) -> Any:
        """The call's result, once the server is there; if it is not, that is noted.

        Raises:
            ProviderConnectionError: it was away for a heartbeat.
            ServerError: it was full for a heartbeat, or refuses the call.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.heartbeat
        while True:
            try:
                return await call()
            except (*_AWAY, *_FULL) as error:
                note()
                if loop.time() > deadline:
                    raise self._failure(error) from error
                await asyncio.sleep(self.heartbeat * _AGAIN)
            except redis_errors.RedisError as error:
                raise self._failure(error) from error

    def _failure(self, error: redis_errors.RedisError) -> ProviderError:
        if isinstance(error, _AWAY):
            message = f"Redis has been away for {self.heartbeat} s: {error}"
            return ProviderConnectionError(message, provider="log", retryable=False)
        message = f"Redis does not take a command of the log's: {error}"
        return ServerError(message, provider="log", retryable=False)

    async def read(self, answer: str) -> AsyncIterator[Entry]:
        """All entries, as they come."""
        tail = self._tails.get(answer)
        if tail is None or tail.error is not None:
            tail = self._tails[answer] = _Tail(self, answer)
        tail.readers += 1
        try:
            async for entry in tail.entries():
                yield entry
        finally:
            tail.readers -= 1
            if not tail.readers:
                if self._tails.get(answer) is tail:
                    del self._tails[answer]
                await tail.aclose()

    def _keys(self, answer: str) -> list[str]:
        # In braces: the keys of one answer are on one node of a cluster.
        key = f"{self._prefix}:{{{answer}}}"
        return [key, f"{key}:fence", f"{key}:lease"]


class _Tail:
    """The events read of one answer, and the task that reads on."""

    def __init__(self, log: RedisLog, answer: str) -> None:
        self.readers = 0
        self.error: Exception | None = None
        self._log = log
        self._answer = answer
        self._entries: list[Entry] = []
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """End the task: its connection is back in the pool, which the caller may close next."""
        while not self._task.done():
            self._task.cancel()
            # Before Python 3.12, a `wait_for` in redis-py may lose a cancellation (gh-86296).
            await asyncio.wait({self._task}, timeout=_CANCEL_AGAIN)

    async def entries(self) -> AsyncIterator[Entry]:
        index = 0
        while True:
            changed = self._changed
            while index < len(self._entries):
                entry = self._entries[index]
                index += 1
                yield entry
                if is_last(entry):
                    return
            if self.error is not None:
                raise copy.copy(self.error)  # each reader has its own traceback
            await changed.wait()

    async def _run(self) -> None:
        try:
            await self._read()
        except Exception as error:  # noqa: BLE001 - it is the readers'
            self.error = error
        finally:
            self._notify()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _read(self) -> None:
        block = max(1, round(self._log.heartbeat * _LOOK * 1000))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._log.heartbeat
        may_return = 0.0  # until then, a worker that could not renew its lease
        self._place: Any = "0"

        def note() -> None:
            nonlocal may_return
            may_return = loop.time() + self._log.heartbeat

        while not (self._entries and is_last(self._entries[-1])):
            found = await self._log._persist(lambda: self._ask(block), note)  # noqa: SLF001 - a part of the log
            has_begun, is_alive, batch = found
            if batch:
                self._place = self._take(batch)
            elif not is_alive:
                if has_begun and loop.time() > may_return:
                    raise WorkerLostError(self._answer)
                if loop.time() > max(deadline, may_return):
                    raise UnknownAnswerError(self._answer)
                if has_begun:
                    await asyncio.sleep(block / 1000)

    async def _ask(self, block: int) -> tuple[bool, bool, Any]:
        """Whether a worker has begun, whether it is alive, and the entries that are new."""
        redis = self._log._redis  # noqa: SLF001
        stream, fence, lease = self._log._keys(self._answer)  # noqa: SLF001
        # In this order: a worker that begins in between is not taken for a lost one.
        has_begun = bool(await redis.exists(fence))
        is_alive = bool(await redis.exists(lease))
        may_wait = is_alive or not has_begun  # the first entry of one that is to begin wakes it
        batch = await redis.xread({stream: self._place}, block=block if may_wait else None)
        return has_begun, is_alive, batch

    def _take(self, batch: Any) -> Any:
        """Keep the entries of a reply: the id of the last."""
        replies = batch.items() if isinstance(batch, dict) else batch
        ((_, found),) = replies
        found = found[0] if found and isinstance(found[0], list) else found
        self._entries += (json.loads(text) for _, fields in found for text in fields.values())
        self._notify()
        return found[-1][0]


__all__ = ["RedisLog"]
