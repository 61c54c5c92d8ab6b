"""All that a session is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._snapshot.builder import LenientSnapshotBuilder, SnapshotBuilder

if TYPE_CHECKING:
    from .._plan.plan import Plan
    from .._providers.hookspecs import CallInfo
    from .._providers.protocol import Provider, Request
    from .._providers.redaction import Secrets
    from .hooks import HookDispatcher
    from .settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is to be extracted, and how.

    Attributes:
        envelope: the key of the object around the answer, or None.
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
    hook_dispatcher: HookDispatcher
    secrets: Secrets
    lenient: bool
    envelope: str | None = None
    is_text: bool = False
    patient: bool = True

    def new_engine(self, *, lenient: bool, record: bool) -> SnapshotBuilder:
        """An engine for an attempt at it; `record` if it is to note events."""
        make = LenientSnapshotBuilder if lenient else SnapshotBuilder
        return make(
            self.plan,
            envelope=self.envelope,
            context=self.settings.context,
            strict=self.settings.strict,
            limits=self.settings.limits,
            record=record,
        )
