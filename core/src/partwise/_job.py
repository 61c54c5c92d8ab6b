"""All that a session is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._engine import Engine, LenientEngine

if TYPE_CHECKING:
    from ._hooks import Announcer, CallInfo
    from ._plan import Plan
    from ._provider import Provider, Request
    from ._secrets import Secrets
    from ._settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be extracted, and how.

    Attributes:
        lenient: whether the JSON may stand among prose and in fences.
        secrets: what no error may tell.
        is_text: whether a `str` among the provider's events is a piece of the answer itself.
        patient: whether the provider says why it stopped, so that this is worth waiting for.
    """

    call: CallInfo
    provider: Provider
    request: Request
    plan: Plan
    settings: Settings
    announcer: Announcer
    secrets: Secrets
    lenient: bool
    is_text: bool = False
    patient: bool = True

    def new_engine(self, *, lenient: bool, record: bool) -> Engine:
        """An engine for an attempt at it; `record` if it is to note events."""
        make = LenientEngine if lenient else Engine
        return make(
            self.plan,
            context=self.settings.context,
            strict=self.settings.strict,
            limits=self.settings.limits,
            record=record,
        )
