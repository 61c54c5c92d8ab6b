"""How long a call may take, and how long its vendor may be silent."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from .._errors import ProviderTimeoutError

if TYPE_CHECKING:
    from .._providers.protocol import Request
    from .settings import Settings


class Deadline:
    """The time that one extraction has."""

    def __init__(self, settings: Settings, provider: str) -> None:
        self._whole = settings.timeout
        self._idle = settings.idle_timeout
        self._provider = provider
        self._deadline: float | None = None

    def start(self) -> None:
        """The call begins."""
        if self._whole is not None:
            self._deadline = time.monotonic() + self._whole

    @property
    def seconds(self) -> float | None:
        """Those that the next `OPEN` or `READ` may take; None for as long as it likes."""
        idle, left = self._idle, self._left
        return idle if left is None else left if idle is None else min(idle, left)

    @property
    def _left(self) -> float | None:
        """Seconds until the deadline, at least 0."""
        if self._deadline is None:
            return self._whole
        return max(0.0, self._deadline - time.monotonic())

    def bounded(self, seconds: float) -> float:
        """So many seconds, or as many as are left."""
        left = self._left
        return seconds if left is None else min(seconds, left)

    def timed(self, request: Request) -> Request:
        """The request, with the time that a read of its answer may take."""
        seconds = self.seconds
        same = request.read_timeout == seconds
        return request if same else replace(request, read_timeout=seconds)

    def check(self) -> None:
        """Go on only if there is time left.

        Raises:
            ProviderTimeoutError: there is none.
        """
        if self._left == 0.0:
            raise self.error()

    def error(self) -> ProviderTimeoutError:
        """That of an `OPEN` or `READ` that took longer than it may."""
        if self._left == 0.0:
            message, retryable = f"the call took longer than {self._whole} s", False
        else:
            message, retryable = f"no sign of life for {self._idle} s", True
        return ProviderTimeoutError(message, provider=self._provider, retryable=retryable)
