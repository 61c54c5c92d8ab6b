"""One call: everything that a session needs to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._providers.plugin_calls import after_a_request, before_a_request
from .._snapshot.builder import SnapshotBuilder
from .approaches import LearnedApproaches
from .event_reader import EventReader
from .unmapped import translated

if TYPE_CHECKING:
    from .._plan.plan import Plan
    from .._plan.skipping import SkipInvalid
    from .._providers.hookspecs import CallInfo
    from .._providers.mode import Mode
    from .._providers.protocol import Decoder, Provider, Request
    from .._providers.redaction import Secrets
    from .hooks import HookDispatcher
    from .settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call.

    Attributes:
        info: its names, for hooks.
        request: the first request, before its approach is known; its messages are the user's.
        envelope: the key of the object around the answer, or None.
        response_type: the type that the plan is of.
        skipping: leaves invalid elements out, if a view asks for that.
        named_mode: the mode that the user named; None if partwise chose it.
        learned: the approaches that the client has learned.
        lenient: whether the JSON may be in prose or in fences, whatever the mode.
        expects_finish: whether the vendor gives a reason for its end, so that prose is read up to
            there.
        caller_retries: whether the caller sends again a request that brought nothing.
        keeps_vendor_events: whether the vendor's events are kept for the `Completion`.
        reader: the class that reads the events.
        secrets: texts that are masked in all errors.
    """

    info: CallInfo
    provider: Provider
    request: Request
    plan: Plan
    settings: Settings
    hooks: HookDispatcher
    secrets: Secrets
    envelope: str | None = None
    response_type: Any = None
    skipping: SkipInvalid | None = None
    named_mode: Mode | None = None
    learned: LearnedApproaches = field(default_factory=LearnedApproaches)
    lenient: bool = False
    expects_finish: bool = True
    caller_retries: bool = False
    keeps_vendor_events: bool = False
    reader: type[EventReader] = EventReader

    def translated(self, error: Exception, *, opening: bool) -> Exception:
        """An error of the provider's or its SDK's in partwise's terms, if it has any.

        `opening` says that it was raised before the vendor's stream was open.
        """
        if not self.expects_finish:  # it is the user's text, and no vendor's
            return error
        return translated(error, self.provider, self.info.provider, opening=opening)

    def payload(self, request: Request) -> Mapping[str, Any]:
        """The provider's payload for this request.

        Raises:
            PartwiseError: the request can't be put in the vendor's terms, or the plugin failed.
        """
        with before_a_request(self.info.provider, "build_request"):
            try:
                payload: Any = self.provider.build_request(request)
            except Exception as error:  # noqa: BLE001 - raised again
                made = self.translated(error, opening=True)
                raise made from made.__cause__
            if not isinstance(payload, Mapping):
                raise TypeError(f"it returned a {type(payload).__name__}, and not a mapping")
            return payload

    def decoder(self, request: Request) -> Decoder:
        """A decoder for the answer to this request, which was sent.

        Raises:
            PartwiseError: the plugin failed.
        """
        with after_a_request(self.info.provider, "decoder"):
            return self.provider.decoder(request)

    def new_builder(self, *, record: bool) -> SnapshotBuilder:
        """A builder for one attempt; `record` says whether it is to note events."""
        if self.skipping is not None:
            self.skipping.reset()
        return SnapshotBuilder(
            self.plan,
            envelope=self.envelope,
            context=self.settings.context,
            strict=self.settings.strict,
            limits=self.settings.limits,
            record=record,
        )
