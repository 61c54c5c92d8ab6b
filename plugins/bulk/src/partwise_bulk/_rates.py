"""Rates a minute: the limits, and the rest of them by a vendor's headers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from partwise.provider import rate_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

MINUTE: Final = 60.0

_BURSTS_PER_MINUTE: Final = 60
"""A limit of 600 a minute may be enforced as 10 a second, as OpenAI says of its own."""


@dataclass(slots=True)
class Sent:
    """A request, as the limits count it.

    Attributes:
        time: when it was sent.
        tokens: an estimate, until the vendor has told the number.
    """

    time: float
    tokens: int


class MinuteWindow:
    """Requests and tokens of the last 60 seconds, against the limits of a minute.

    Args:
        requests: requests a minute; None for any number.
        tokens: input and output tokens a minute; None for any number.
    """

    def __init__(self, requests: int | None, tokens: int | None) -> None:
        self._requests = requests
        self._tokens = tokens
        self._sent: deque[Sent] = deque()
        self._sum = 0

    def add(self, now: float, tokens: int) -> Sent:
        """A request is sent now."""
        sent = Sent(now, tokens)
        if self._requests is not None or self._tokens is not None:
            self._sent.append(sent)
            self._sum += tokens
        return sent

    def correct(self, sent: Sent, tokens: int) -> None:
        """So many it were. Nothing happens if it left the window already."""
        if self._sent and sent.time >= self._sent[0].time:
            self._sum += tokens - sent.tokens
        sent.tokens = tokens

    def wait(self, now: float, tokens: int) -> float:
        """Seconds until a request of so many tokens may be sent; 0 for now."""
        self._forget(now)
        return max(self._wait_for_requests(now), self._wait_for_tokens(now, tokens))

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0].time <= now - MINUTE:
            self._sum -= self._sent.popleft().tokens

    def _wait_for_requests(self, now: float) -> float:
        limit, sent = self._requests, self._sent
        if limit is None:
            return 0.0
        waits = [0.0]
        if len(sent) >= limit:
            waits.append(sent[-limit].time + MINUTE - now)
        burst = max(1, limit // _BURSTS_PER_MINUTE)
        if len(sent) >= burst:
            waits.append(sent[-burst].time + burst * MINUTE / limit - now)
        return max(waits)

    def _wait_for_tokens(self, now: float, tokens: int) -> float:
        # One that is larger than the limit is sent alone: the vendor may know better.
        if self._tokens is None or not self._sent or self._sum + tokens <= self._tokens:
            return 0.0
        excess = self._sum + tokens - self._tokens
        for sent in self._sent:
            excess -= sent.tokens
            if excess <= 0:
                return sent.time + MINUTE - now
        return self._sent[-1].time + MINUTE - now


@dataclass(slots=True)
class Budget:
    """The rest of one limit, by the vendor's last headers."""

    left: float
    until: float


class RemainingBudgets:
    """The limits that a vendor tells in its headers.

    Requests that are on their way are not in the vendor's count yet, so they are taken off it.
    """

    def __init__(self) -> None:
        self._budgets: dict[str, Budget] = {}

    def heed(self, headers: Mapping[str, str], now: float, in_flight: int) -> None:
        """Read the headers of a response."""
        for limit in rate_limits(headers):
            others = in_flight if limit.name == "requests" else 0
            self._budgets[limit.name] = Budget(limit.left - others, now + limit.seconds)

    def take(self, tokens: int) -> None:
        """A request is sent."""
        for name, budget in self._budgets.items():
            budget.left -= 1 if name == "requests" else tokens

    def wait(self, now: float, tokens: int) -> float:
        """Seconds until the budgets that are spent are filled again; 0 if none is."""
        waits = [0.0]
        for name, budget in self._budgets.items():
            needed = 1 if name == "requests" else tokens
            if budget.left < needed and budget.until > now:
                waits.append(budget.until - now)
        return max(waits)
