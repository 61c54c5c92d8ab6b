"""How many requests run at a time, and when the next may be sent: one pace for a vendor's key.

Concurrency follows the vendor's 429s as TCP follows lost packets. Requests are counted in rounds,
as many as may run at a time. Concurrency doubles with each round until the first 429, and then
grows by a fixed step. A round with refusals shrinks it by half of their share, as in Data Center
TCP (RFC 8257): all refused, it is halved; 429s that have nothing to do with the number of
requests do not bring it to a standstill. A `Retry-After` holds back all rows of the key; without
one, only rows that were refused wait, and all of them once whole rounds were refused.

Limits of requests and tokens a minute, and the budget that vendors tell in their headers, hold
back the next request until there is room.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from partwise import ConfigurationError, OutputError, RateLimitError, ServerError

from ._clock import MonotonicClock
from ._rates import MinuteWindow, RemainingBudgets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import TypeIs

    from partwise import PartwiseError

    from ._clock import Clock
    from ._rates import Sent

_START: Final = 16
"""Requests at a time, before anything is known of the vendor."""

_STEPS: Final = 20
"""Rounds in which concurrency grows from nothing to all that is allowed, after a 429."""

_SMALLEST_ROUND: Final = 4

_LONGEST_PAUSE: Final = 600.0
"""Seconds for which a vendor's Retry-After is obeyed; then it is asked again."""

_LONGEST_BACKOFF: Final = 30.0
"""Seconds between two tries, where the vendor says nothing of when to come back."""

_OVERLOADED: Final = frozenset({503, 529})
"""Statuses that say the same as 429; 529 is Anthropic's `overloaded_error`."""


@dataclass(slots=True, eq=False)
class _Waiter:
    future: asyncio.Future[Sent]
    tokens: int


class Pace:
    """The pace of all requests that one key sends.

    Args:
        concurrency: requests at a time, at most.
        requests_per_minute: None for as many as the vendor takes.
        tokens_per_minute: input and output tokens; None for as many as the vendor takes.
        clock: another one for tests.

    Raises:
        ConfigurationError: a limit is less than 1.
    """

    def __init__(
        self,
        concurrency: int = 200,
        *,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        _check(concurrency, requests_per_minute, tokens_per_minute)
        self.clock = MonotonicClock() if clock is None else clock
        self.in_flight = 0
        self.limit = float(min(concurrency, _START))
        self.rate_limited = 0
        self._most = float(concurrency)
        self._step = max(1.0, concurrency / _STEPS)
        self._window = MinuteWindow(requests_per_minute, tokens_per_minute)
        self._budgets = RemainingBudgets()
        self._waiting: deque[_Waiter] = deque()
        self._returning: deque[_Waiter] = deque()
        self._timer: asyncio.Task[None] | None = None
        self._paused_until = 0.0
        self._answered = 0  # in this round
        self._refused = 0
        self._refused_rounds = 0
        self._grows_fast = True

    async def acquire(self, tokens: int, *, again: bool = False) -> Sent:
        """Wait for leave to send a request of about so many tokens.

        `again` is for a row that was sent before: such rows come first.
        """
        if not (self._waiting or self._returning) and self._blocked(tokens) <= 0:
            return self._issue(tokens)
        queue = self._returning if again else self._waiting
        waiter = _Waiter(asyncio.get_running_loop().create_future(), tokens)
        queue.append(waiter)
        self._grant()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._give_up(waiter, queue)
            raise

    def _issue(self, tokens: int) -> Sent:
        self.in_flight += 1
        self._budgets.take(tokens)
        return self._window.add(self.clock.time(), tokens)

    def release(self, permit: Sent, tokens: int | None = None) -> None:
        """The request is over. `tokens` is its usage, if the vendor reported it."""
        self.in_flight -= 1
        if tokens is not None:
            self._window.correct(permit, tokens)
        self._grant()

    def count_request(self, error: Exception) -> None:
        """The session asks again by itself after an error, on the permit that it has."""
        self._window.add(self.clock.time(), 0)
        if isinstance(error, RateLimitError):
            self.rate_limited += 1
            self._pause(error.retry_after or 0.0)

    def succeed(self) -> None:
        """The vendor has answered."""
        self._answered += 1
        self._end_round()

    def fail(self, error: PartwiseError) -> None:
        """The vendor has refused a request, or failed; other errors are answers, too."""
        if not is_overload(error):
            if isinstance(error, OutputError):
                self.succeed()
            return
        self.rate_limited += 1
        if error.retry_after is not None:
            self._pause(error.retry_after)
        self._refused += 1
        self._end_round(has_advice=error.retry_after is not None)

    def _end_round(self, *, has_advice: bool = False) -> None:
        """Adjust the limit, if so many requests have ended as may run at a time."""
        ended = self._answered + self._refused
        if ended < max(int(self.limit), _SMALLEST_ROUND):
            return
        if not self._refused:
            self.limit = min(self.limit + (ended if self._grows_fast else self._step), self._most)
        else:
            self._grows_fast = False
            self.limit = max(1.0, self.limit * (1 - self._refused / ended / 2))
        self._refused_rounds = 0 if self._answered else self._refused_rounds + 1
        self._answered = self._refused = 0
        if self._refused_rounds and not has_advice:
            self._pause(backoff(self._refused_rounds))

    def heed(self, headers: Mapping[str, str]) -> None:
        """Read the limits in the vendor's headers."""
        self._budgets.heed(headers, self.clock.time(), max(0, self.in_flight - 1))

    def _pause(self, seconds: float) -> None:
        until = self.clock.time() + min(seconds, _LONGEST_PAUSE)
        self._paused_until = max(self._paused_until, until)

    def _blocked(self, tokens: int) -> float:
        """Seconds until a request may be sent; infinity until one of those that run is over."""
        if self.in_flight >= int(self.limit):
            return float("inf")
        now = self.clock.time()
        return max(
            self._paused_until - now,
            self._window.wait(now, tokens),
            self._budgets.wait(now, tokens),
        )

    def _grant(self) -> None:
        """Give leave to those who wait, as many as there may be; come back for the others."""
        while queue := self._returning or self._waiting:
            seconds = self._blocked(queue[0].tokens)
            if seconds > 0:
                self._come_back(seconds)
                return
            waiter = queue.popleft()
            if not waiter.future.done():
                waiter.future.set_result(self._issue(waiter.tokens))

    def _come_back(self, seconds: float) -> None:
        if seconds < float("inf") and self._timer is None:
            self._timer = asyncio.get_running_loop().create_task(self._wait(seconds))

    async def _wait(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        self._timer = None
        self._grant()

    def _give_up(self, waiter: _Waiter, queue: deque[_Waiter]) -> None:
        if waiter.future.cancelled():
            queue.remove(waiter)
        else:  # leave was given, and not taken
            self.in_flight -= 1
        self._grant()
        if self._timer is not None and not (self._waiting or self._returning):
            self._timer.cancel()
            self._timer = None


_paces: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[tuple[Any, ...], Pace]] = (
    WeakKeyDictionary()
)


def pace_of_key(key: tuple[Any, ...], make: Callable[[], Pace]) -> Pace:
    """The pace that runs in this event loop keep for that key, made if there is none."""
    paces = _paces.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    pace = paces.get(key)
    if pace is None:
        paces[key] = pace = make()
    return pace


def backoff(failures: int, most: float = _LONGEST_BACKOFF) -> float:
    """Seconds to wait after so many failures in a row, at random so that rows spread."""
    longest = min(0.25 * 2.0**failures, most)
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret is made of it


def is_overload(error: PartwiseError) -> TypeIs[RateLimitError | ServerError]:
    """Whether the vendor says that there are too many requests."""
    if isinstance(error, ServerError):
        return error.status_code in _OVERLOADED
    return isinstance(error, RateLimitError)


def _check(*limits: int | None) -> None:
    for limit in limits:
        if limit is not None and limit < 1:
            raise ConfigurationError(f"a limit of the pace must be at least 1, got {limit}")
