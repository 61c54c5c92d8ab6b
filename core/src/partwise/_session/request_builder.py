"""The requests of one call: its approach, and a conversation that grows with each failure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._providers.plugin_calls import capabilities_of
from .approaches import Approaches, Target, as_approached, first_approach
from .prompts import continuation, correction, with_schema

if TYPE_CHECKING:
    from .._errors import PartwiseError, ProviderError
    from .._providers.protocol import Request
    from .attempt import Attempt
    from .call import Call
    from .continuation import Continuation
    from .prompts import Message


class RequestBuilder:
    """Makes the requests of one call.

    Attributes:
        current: the request of the attempt that is running.
    """

    __slots__ = ("_approaches", "_call", "_corrections", "current")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._corrections: list[Message] = []
        request = call.request
        target = Target(request.model, call.named_mode, call.plan)
        first = call.learned.find(target) or first_approach(
            request.mode, capabilities_of(call.provider, call.info.provider, request.model)
        )
        name = f"{call.info.provider}/{request.model}"
        self._approaches = Approaches(name, first, target, call.learned)
        self.current = self._build()

    def correct(self, failed: Attempt, error: PartwiseError) -> None:
        """Ask again for the whole answer, and name the faults of the failed one."""
        self._corrections += correction(
            self._whole(), failed, error, self._call.settings.limits.errors
        )
        self.current = self._build()

    def repeat(self) -> None:
        """Ask again for the whole answer."""
        self.current = self._build()

    def resume(self, attempt: Continuation) -> None:
        """Ask for the rest of the answer."""
        whole = self._whole()
        rest = continuation(whole, attempt.text, attempt.splicer.anchor)
        self.current = replace(whole, messages=[*whole.messages, *rest], plain=True)

    def fall_back(self, error: ProviderError) -> bool:
        """Ask in another way, if the error refuses this one. Whether there is another."""
        if not self._approaches.fall_back(self._call.provider, self.current, error):
            return False
        self.current = self._build()
        return True

    def prove(self) -> None:
        """The vendor answers the current request, so its approach is not refused."""
        self._approaches.prove()

    def _whole(self) -> Request:
        return self._build() if self.current.plain else self.current

    def _build(self) -> Request:
        request = as_approached(self._call.request, self._approaches.current)
        return replace(request, messages=[*with_schema(request), *self._corrections])
