"""The decision whether another attempt follows a failed one, and after which pause.

Worth another attempt is an answer that was invalid, malformed, cut off or empty, and a request or
a stream that failed for a reason that may pass. A refusal or a filtered answer would only come
again. A request that failed before its stream began is left to whoever else sends it again: the
vendor's SDK if it has done so already and the user named no `max_retries`, or the caller.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard

from .._errors import (
    ConfigurationError,
    IncompleteOutputError,
    InvalidOutputError,
    MalformedOutputError,
    ProviderError,
    RetriesExhaustedError,
    attribute_of,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._errors import PartwiseError

MAX_PAUSE: Final = 60.0
"""Seconds: the longest pause, whatever a vendor's Retry-After asks for."""

DEFAULT_RETRIES: Final = 3
"""Retries of a call that does not name a number."""

Policy: TypeAlias = "Callable[[int, Exception], float | None]"
"""By an attempt's number and its error, seconds to wait then; None if it was the last one."""

_MAX_DOUBLINGS: Final = 10

_LARGEST: Final = sys.float_info.max
"""A larger integer can't be used as seconds."""

_REASKED: Final = (InvalidOutputError, MalformedOutputError, IncompleteOutputError)


@dataclass(frozen=True, slots=True)
class Retry:
    """The decision to send another request, after so many seconds.

    Attributes:
        failure: the error of the attempt that failed; None if only its approach was refused.
    """

    seconds: float
    failure: PartwiseError | None


class Retries:
    """The failed attempts of one call, and its policy.

    Args:
        max_retries: the user's number or policy; None if they named neither.
        caller_retries: whether the caller sends failed requests again.

    Attributes:
        failures: each failed attempt's error, in order.
    """

    __slots__ = ("_caller_retries", "_is_named", "_policy", "failures")

    def __init__(self, max_retries: Any, *, caller_retries: bool = False) -> None:
        self._is_named = max_retries is not None
        self._caller_retries = caller_retries
        self._policy = make_policy(DEFAULT_RETRIES if max_retries is None else max_retries)
        self.failures: list[PartwiseError] = []

    def are_worth(self, error: PartwiseError, *, began: bool) -> bool:
        """Whether another attempt may succeed, and is for this call to make.

        `began` says that the vendor's stream had brought something.
        """
        if not isinstance(error, ProviderError):
            return is_reasked(error)
        is_ours = self._is_named or not error.retried
        return error.retryable and (began or (is_ours and not self._caller_retries))

    def pause(self, attempt: int, error: PartwiseError) -> float | None:
        """Seconds until the attempt after this failure; None if it was the last one."""
        self.failures.append(error)
        return self._policy(attempt, error)

    def exhausted(self) -> PartwiseError:
        """The error after the last failure: that failure itself, if there was no other."""
        *earlier, last = self.failures
        if not earlier:
            return last
        message = f"{len(self.failures)} attempts failed; the last: {last}"
        error = RetriesExhaustedError(message, self.failures)
        error.__cause__ = last
        return error


def is_reasked(error: Exception) -> bool:
    """Whether the model can do better if a correction names the faults."""
    return isinstance(error, _REASKED)


def make_policy(max_retries: Any) -> Policy:
    """The policy for the user's `max_retries`.

    Raises:
        ConfigurationError: it is neither a number from 0 nor a tenacity policy.
    """
    if isinstance(max_retries, int) and not isinstance(max_retries, bool) and max_retries >= 0:
        return partial(_pause_by_count, max_retries)
    if all(callable(attribute_of(max_retries, part)) for part in ("stop", "wait", "retry")):
        return TenacityPolicy(max_retries).pause
    raise ConfigurationError(
        f"max_retries must be a number >= 0 or a tenacity policy, got {shown(max_retries)}"
    )


def _pause_by_count(retries: int, attempt: int, error: Exception) -> float | None:
    """Of a number of retries: asks again at once, and backs off from a vendor in trouble."""
    if attempt > retries:
        return None
    return _backoff(attempt, error) if isinstance(error, ProviderError) else 0.0


class TenacityPolicy:
    """tenacity's `Retrying` or `AsyncRetrying`, asked for its decisions alone.

    The same object serves sync and async. Its `stop`, `wait`, `retry` and `before_sleep` are
    called with a `RetryCallState` as tenacity itself calls them; they must be plain functions.
    """

    def __init__(self, policy: Any) -> None:
        self._policy = policy
        self._state: Any = None

    def pause(self, attempt: int, error: Exception) -> float | None:
        state = self._updated_state(attempt, error)
        if not self._policy.retry(state):
            return None
        seconds = self._policy.wait(state)
        if not _is_time(seconds):
            raise ConfigurationError(
                f"the policy's wait must be seconds >= 0, got {shown(seconds)}"
            )
        state.upcoming_sleep = seconds
        if self._policy.stop(state):
            return None
        state.idle_for += seconds
        if self._policy.before_sleep is not None:
            self._policy.before_sleep(state)
        asked = _asked(error) if isinstance(error, ProviderError) else None
        return max(seconds, asked or 0.0)

    def _updated_state(self, attempt: int, error: Exception) -> Any:
        """The state of the retries, with this failure as its outcome."""
        # Only a call with a tenacity policy comes here, so tenacity is installed and loaded.
        import tenacity  # noqa: PLC0415

        if self._state is None:
            self._state = tenacity.RetryCallState(self._policy, fn=None, args=(), kwargs={})
        self._state.attempt_number = attempt
        self._state.set_exception((type(error), error, error.__traceback__))
        return self._state


def _asked(error: ProviderError) -> float | None:
    """The vendor's Retry-After, capped; None if a plugin set it to anything but seconds."""
    seconds: Any = error.retry_after
    return min(seconds, MAX_PAUSE) if _is_time(seconds) else None


def _is_time(seconds: Any) -> TypeGuard[float]:
    return isinstance(seconds, int | float) and 0 <= seconds <= _LARGEST


def _backoff(attempt: int, error: ProviderError) -> float:
    """Half a second, doubled with each attempt, or the vendor's Retry-After; both capped.

    Up to a quarter less, so that clients which failed together do not come back together. A
    vendor's own time is kept as it is: vendors spread it themselves.
    """
    if (asked := _asked(error)) is not None:
        return asked
    exponent = min(attempt - 1, _MAX_DOUBLINGS)
    seconds: float = min(0.5 * 2**exponent, MAX_PAUSE)
    return seconds * random.uniform(0.75, 1)  # noqa: S311
