"""Limits a minute that all workers share, kept in a Redis server.

A request takes its place in the key's schedule: the server's script gives the moment from which it
may be sent (the generic cell rate algorithm, with a burst of a second's worth), by its own clock.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from partwise import ConfigurationError

from ._pace import Pace

if TYPE_CHECKING:
    from ._rates import Sent

_SCRIPT: Final = """
local now = redis.call('TIME')
local time = tonumber(now[1]) + tonumber(now[2]) / 1000000
local wait = 0
for i, key in ipairs(KEYS) do
  local cost, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local due = math.max(tonumber(redis.call('GET', key) or '0'), time)
  wait = math.max(wait, due - time - burst)
  redis.call('SET', key, string.format('%.6f', due + cost), 'EX', 3600)
end
return string.format('%.6f', wait)
"""

_BURST: Final = 1.0
"""Seconds' worth of requests and tokens that may be sent at once."""


class RedisPace(Pace):
    """A pace whose limits a minute are those of all workers together."""

    def __init__(
        self,
        url: str,
        name: str,
        concurrency: int,
        *,
        requests_per_minute: int | None,
        tokens_per_minute: int | None,
    ) -> None:
        super().__init__(concurrency)
        try:
            from redis.asyncio import Redis
        except ModuleNotFoundError as error:
            told = "redis= needs another package: pip install 'partwise-bulk[redis]'"
            raise ConfigurationError(told) from error
        self._redis: Any = Redis.from_url(url)
        digest = blake2b(name.encode(), digest_size=8).hexdigest()
        self._limits = {
            f"partwise:{digest}:{kind}": limit
            for kind, limit in (("requests", requests_per_minute), ("tokens", tokens_per_minute))
            if limit is not None
        }

    async def acquire(self, tokens: int, *, again: bool = False) -> Sent:
        """Wait for leave to send a request, of this process and of all."""
        permit = await super().acquire(tokens, again=again)
        try:
            await self.clock.sleep(await self._wait_for_all(tokens))
        except BaseException:
            self.release(permit)
            raise
        return permit

    async def aclose(self) -> None:
        """Let go of the server."""
        await self._redis.aclose()

    async def _wait_for_all(self, tokens: int) -> float:
        if not self._limits:
            return 0.0
        arguments: list[float] = []
        for key, limit in self._limits.items():
            amount = 1 if key.endswith("requests") else tokens
            arguments += [amount * 60 / limit, _BURST]
        keys = list(self._limits)
        return float(await self._redis.eval(_SCRIPT, len(keys), *keys, *arguments))
