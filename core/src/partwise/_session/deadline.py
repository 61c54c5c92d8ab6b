"""The time and the tokens that one call may spend."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .._errors import BudgetExceededError, ProviderTimeoutError
from .._usage import Usage

if TYPE_CHECKING:
    from .._providers.protocol import Request
    from .attempt import Attempt
    from .settings import Settings

_CLOCK_SECONDS: Final = 0.05
"""Seconds by which the clocks of an SDK and of this module may differ."""

_LONGEST_SECONDS: Final = 1e6
"""Eleven days. Sockets take no timeout of a month or more: its milliseconds are a C `int`."""


class Deadline:
    """The time that one call has, and how long its vendor may be silent."""

    __slots__ = ("_end", "_idle", "_provider", "_timeout")

    def __init__(self, settings: Settings, provider: str) -> None:
        self._timeout = _bounded(settings.timeout)
        self._idle = _bounded(settings.idle_timeout)
        self._provider = provider
        self._end: float | None = None

    def start(self) -> None:
        """The call begins, unless it has begun already."""
        if self._timeout is not None and self._end is None:
            self._end = time.monotonic() + self._timeout

    @property
    def is_limited(self) -> bool:
        """Whether the call as a whole has a limit."""
        return self._timeout is not None

    @property
    def next_timeout(self) -> float | None:
        """Seconds that the next wait for the vendor may take; None without a limit."""
        idle, left = self._idle, self._left
        return idle if left is None else left if idle is None else min(idle, left)

    @property
    def _left(self) -> float | None:
        """Seconds until the end, at least 0."""
        return self._timeout if self._end is None else max(0.0, self._end - time.monotonic())

    def clamp(self, seconds: float) -> float:
        """These seconds, or those that are left if they are fewer."""
        left = self._left
        return min(seconds, _LONGEST_SECONDS if left is None else left)

    def with_read_timeout(self, request: Request) -> Request:
        """The request, with the time that a read of its answer may take."""
        return replace(request, read_timeout=self.next_timeout)

    def check(self) -> None:
        """Do nothing if there is time left.

        Raises:
            ProviderTimeoutError: there is none.
        """
        if self._left == 0.0:
            raise self.error()

    def as_its_own(self, error: Exception) -> Exception:
        """The error, or this deadline's if it is the SDK's own timeout at the end of the call."""
        left = self._left
        is_over = self._end is not None and left is not None and left <= _CLOCK_SECONDS
        if not is_over or not isinstance(error, ProviderTimeoutError):
            return error
        own = self.error()
        own.__cause__ = error.__cause__ or error
        return own

    def error(self) -> ProviderTimeoutError:
        """The error for a wait that took longer than `next_timeout`."""
        if self._idle is None or ((self._left or 0.0) <= _CLOCK_SECONDS and self._end is not None):
            message, retryable = f"the call took longer than {self._timeout} s", False
        else:
            message, retryable = f"no sign of life for {self._idle} s", True
        return ProviderTimeoutError(message, provider=self._provider, retryable=retryable)


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(seconds, _LONGEST_SECONDS)


class Budget:
    """The tokens that all attempts of one call have spent, and may spend; None without a limit."""

    __slots__ = ("_earlier", "_knows_all", "_tokens")

    def __init__(self, tokens: int | None) -> None:
        self._tokens = tokens
        self._earlier: Usage | None = None  # of attempts before
        self._knows_all = True  # whether that is all that they spent

    @property
    def is_limited(self) -> bool:
        return self._tokens is not None

    def settle(self, attempt: Attempt) -> None:
        """Count this attempt, which has failed: another one follows."""
        self._earlier, self._knows_all = self.usage(attempt), self.is_complete(attempt)

    def usage(self, attempt: Attempt) -> Usage | None:
        """The tokens up to this attempt, as far as the vendor reported them."""
        known = [usage for usage in (self._earlier, attempt.usage) if usage is not None]
        return sum(known, start=Usage()) if known else None

    def is_complete(self, attempt: Attempt) -> bool:
        """Whether that is all that was spent."""
        return self._knows_all and attempt.usage_complete

    def is_spent(self, attempt: Attempt) -> bool:
        """Whether nothing is left after this attempt."""
        tokens, usage = self._tokens, self.usage(attempt)
        return tokens is not None and usage is not None and usage.total_tokens >= tokens

    def error(self) -> BudgetExceededError:
        """The error for a budget that is spent."""
        return BudgetExceededError(f"the budget of {self._tokens} tokens is spent")
