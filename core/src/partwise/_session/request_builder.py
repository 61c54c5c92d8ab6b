"""The requests of one call: its approach, and a conversation that grows with each failure."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Final

from .._providers.approach import Approach
from .approaches import Approaches
from .prompts import continuation, correction, with_schema
from .retry import is_reasked

if TYPE_CHECKING:
    from .._errors import PartwiseError, ProviderError
    from .._providers.protocol import Request
    from .attempt import Attempt
    from .call import Call
    from .continuation import Continuation
    from .prompts import Message

_PARTS: Final = tuple(each.name for each in fields(Approach))
"""The fields that a request has of its approach."""


class RequestBuilder:
    """Makes the requests of one call.

    Attributes:
        approaches: those that were tried.
        current: the request of the attempt that is running.
    """

    __slots__ = ("_call", "_corrections", "approaches", "current")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._corrections: list[Message] = []
        self.approaches = Approaches(call)
        self.current = self._build()

    def ask_again(self, failed: Attempt, error: PartwiseError) -> None:
        """Ask again for the whole answer, and name the faults of one that was not valid."""
        if is_reasked(error):
            most = self._call.settings.limits.errors
            self._corrections += correction(self._whole(), failed, error, most)
        self.current = self._build()

    def resume(self, attempt: Continuation) -> None:
        """Ask for the rest of the answer."""
        whole = self._whole()
        rest = continuation(whole, attempt.text, attempt.splicer.anchor)
        self.current = replace(whole, messages=[*whole.messages, *rest], plain=True)

    def fall_back(self, error: ProviderError) -> bool:
        """Ask in another way, if the error refuses this one. Whether there is another."""
        if not self.approaches.fall_back(self.current, error):
            return False
        self.current = self._build()
        return True

    def _whole(self) -> Request:
        return self._build() if self.current.plain else self.current

    def _build(self) -> Request:
        approach = self.approaches.current
        request = replace(self._call.request, **{name: getattr(approach, name) for name in _PARTS})
        return replace(request, messages=[*with_schema(request), *self._corrections])
