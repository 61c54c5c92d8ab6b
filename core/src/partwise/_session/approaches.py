"""The approaches of one call, and those that its client has learned.

A vendor may refuse a request because of its mode, a parameter or its schema. The provider then
names another approach, which is tried at once. When the vendor begins to answer, the client
remembers it: its next call of that model begins with it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from .._providers.approach import Approach, Fallback
from .._providers.mode import Mode
from .._providers.plugin_calls import capabilities_of, only_logged

if TYPE_CHECKING:
    from .._errors import ProviderError
    from .._plan.plan import Plan
    from .._providers.protocol import Request
    from .call import Call

log = logging.getLogger("partwise")

_Key: TypeAlias = "tuple[str, Mode | None]"

_MAX_REFUSAL: Final = 200
"""Characters of a vendor's refusal in a log line."""


class LearnedApproaches:
    """The approaches that a client's vendor has accepted after it had refused others."""

    def __init__(self) -> None:
        self._of_models: dict[_Key, Approach] = {}
        self._of_types: WeakKeyDictionary[Plan, dict[_Key, Approach]] = WeakKeyDictionary()

    def find(self, call: Call) -> Approach | None:
        """The approach to begin with; None if nothing was learned."""
        key = _key(call)
        return self._of_types.get(call.plan, {}).get(key) or self._of_models.get(key)

    def remember(self, call: Call, approach: Approach, *, for_type_only: bool) -> None:
        """Begin such calls with this approach from now on."""
        known = self._of_types.setdefault(call.plan, {}) if for_type_only else self._of_models
        known[_key(call)] = approach


def _key(call: Call) -> _Key:
    return call.request.model, call.named_mode


class Approaches:
    """The approaches that one call has tried.

    Attributes:
        current: the one that is tried now.
    """

    __slots__ = ("_call", "_refused_schema", "_tried", "_unproven", "current")

    def __init__(self, call: Call) -> None:
        self._call = call
        self.current = call.learned.find(call) or _first(call)
        self._tried = {self.current}
        self._refused_schema = False
        self._unproven = False  # the current one was not among those to begin with

    def fall_back(self, request: Request, error: ProviderError) -> bool:
        """Take the next approach, if the error refuses this one. Whether there is one."""
        call = self._call
        fallback = _fallback(call.provider, request, error)
        if fallback is None:
            return False
        if call.named_mode not in (None, fallback.approach.mode):
            modes = capabilities_of(call.provider, error.provider, request.model).modes
            others = ", ".join(repr(each.value) for each in modes if each is not request.mode)
            if others:
                refused = f"The mode {request.mode.value!r} was refused; try mode={others}"
                error.args = (f"{error}\n{refused}",)
            return False
        if fallback.approach in self._tried:
            return False
        self._take(fallback, error)
        return True

    def prove(self) -> None:
        """The vendor answers: its client begins with this approach from now on."""
        if self._unproven:
            self._unproven = False
            call = self._call
            call.learned.remember(call, self.current, for_type_only=self._refused_schema)

    def _take(self, fallback: Fallback, error: ProviderError) -> None:
        refused, self.current = self.current, fallback.approach
        self._tried.add(self.current)
        # A later approach is built on the earlier ones, so one after a refused schema holds for
        # its response type only.
        self._refused_schema = self._refused_schema or fallback.reason == "schema"
        self._unproven = True
        log.warning(
            "%s/%s refused %s (%s): trying %s; to begin with it, pass mode=%r",
            self._call.info.provider,
            self._call.request.model,
            _described(refused, None),
            str(error).partition("\n")[0][:_MAX_REFUSAL],
            _described(self.current, refused),
            self.current.mode.value,
        )


def _first(call: Call) -> Approach:
    """The approach of the call's mode, which the vendor has not refused yet."""
    mode = call.request.mode
    capabilities = capabilities_of(call.provider, call.info.provider, call.request.model)
    return Approach(mode=mode, schema_in_prompt=mode in capabilities.prompted)


def _fallback(provider: Any, request: Request, error: ProviderError) -> Fallback | None:
    """The provider's next approach; None if it has none, or fails to find one."""
    with only_logged(error.provider, "fallback"):
        find = getattr(provider, "fallback", None)
        found: Any = None if find is None else find(request, error)
        if found is None:
            return None
        if not isinstance(found, Fallback):
            raise TypeError(f"it returned a {type(found).__name__}, and not a Fallback")
        _check(found.approach)
        return found
    return None


def _check(approach: Any) -> None:
    if not (isinstance(approach, Approach) and isinstance(approach.mode, Mode)):
        raise TypeError("it returned a Fallback that has no Approach with a Mode")
    hash(approach)


def _described(approach: Approach, before: Approach | None) -> str:
    words = [f"mode {approach.mode.value!r}"]
    if before is not None and before.mode is approach.mode:
        words += ["not strict"] if before.strict and not approach.strict else []
        words += ["a tool that is not forced"] if before.forced and not approach.forced else []
    if omitted := sorted(approach.omitted - (before.omitted if before else frozenset())):
        words.append(f"without {', '.join(omitted)}")
    return ", ".join(words)
