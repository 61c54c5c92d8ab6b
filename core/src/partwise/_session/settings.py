"""The settings of a call, beside the response model and the messages."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeGuard, runtime_checkable

from .._errors import ConfigurationError, shown
from .._json.limits import Limits
from .._nearest import is_one_of
from .hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds of a unit, by its first letters."""
_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|)[a-z]*\s*", re.IGNORECASE)


@runtime_checkable
class PhaseTimeouts(Protocol):
    """An `httpx.Timeout`, structurally: seconds for each phase of a request, or None."""

    @property
    def connect(self) -> float | None: ...
    @property
    def read(self) -> float | None: ...
    @property
    def write(self) -> float | None: ...
    @property
    def pool(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The keywords of `create_partial` and its siblings that partwise takes for itself.

    All others go to the vendor. `None` in a call means the default.

    Attributes:
        max_retries: how often to ask again after an answer that was invalid, malformed, cut off
            or empty, a stream that broke, or a request that failed for a reason that may pass
            (429, 5xx, no connection): a number, or a tenacity policy. One number for all of
            these; 3 if it is None, and 0 sends one request. Before another request the call waits
            as long as the vendor asks (Retry-After, up to a minute), else half a second, doubled
            each time, with jitter; after an invalid answer not at all. The vendor's SDK does
            not retry beside that, unless its client is the user's own (`client=`,
            `from_openai(…)`) or was told to by an option (`from_provider(…, max_retries=2)`): then
            each attempt is one call of it with its own retries, and after those a request that
            failed is final, unless `max_retries` is given here.
        context: `info.context` of the model's validators; once `validation_context`.
        strict: pydantic's strict mode for the whole answer; None leaves it to the model.
        hooks: handlers for this call, beside the client's.
        on_restart: `"restart"` begins anew after a failed attempt, though snapshots of it were
            shown; `"raise"` raises its error then, and retries only before the first snapshot.
        resume: whether to ask for the rest of an answer that was cut off, by its length or by a
            connection that broke, in place of a new answer. Snapshots stay valid.
        token_budget: tokens that all attempts together may spend, as far as the vendor reports.
            Once they are spent, an incomplete answer is given up and no attempt is begun.
        timeout: seconds for the whole call, all attempts and waits included; None for no limit. A
            call also takes a `timedelta`, or an `httpx.Timeout`, which limits no call as a whole:
            its `read` is the `idle_timeout`, if none is given.
        idle_timeout: seconds without a sign of life from the vendor; None for no limit. A call
            also takes a `timedelta`.
        limits: bounds on the size of an answer.

    Raises:
        ConfigurationError: a setting has an invalid value; the message says which are valid.

    Example:
        `client.create_partial(Team, "…", max_retries=1, timeout=60, idle_timeout=10)`

    Both timeouts end in `ProviderTimeoutError`, in sync as in async, while the SDK connects, waits
    for the headers or reads, whatever trickles in. The SDK is also given the time as its read
    timeout. Without asyncio a call with a timeout is read by a thread of its own.
    """

    max_retries: Any = None
    context: Any = None
    strict: bool | None = None
    hooks: Hooks = field(default_factory=Hooks)
    on_restart: Literal["restart", "raise"] = "restart"
    resume: bool = False
    token_budget: int | None = None
    timeout: float | None = None
    idle_timeout: float | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not is_one_of(self.on_restart, ("restart", "raise")):
            raise ConfigurationError(
                f'on_restart must be "restart" or "raise", got {shown(self.on_restart)}'
            )
        for name in ("token_budget", "timeout", "idle_timeout"):
            value = getattr(self, name)
            if value is not None and not _is_positive(value):
                raise ConfigurationError(
                    f"{name} must be a finite number > 0, got {shown(value)}{_advice(name, value)}"
                )
        for name, kind, example in _KINDS:
            value = getattr(self, name)
            if value is not None and not isinstance(value, kind):
                raise ConfigurationError(
                    f"{name} must be {kind.__name__}, got {shown(value)}; write {name}={example}"
                )

    @classmethod
    def split(cls, keywords: Mapping[str, Any]) -> tuple[Settings, dict[str, Any]]:
        """Part a call's keywords into the settings and the vendor's own options.

        `None` means the default, so that wrappers can pass their own parameters through.
        """
        given = {key: value for key, value in keywords.items() if key in _NAMES}
        options = {key: value for key, value in keywords.items() if key not in _NAMES}
        context = given.pop("validation_context", None)
        settings = {"context": context, **{k: v for k, v in given.items() if v is not None}}
        return cls(**_in_seconds(settings)), options


def _in_seconds(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with durations of all kinds as seconds."""
    timeout = settings.get("timeout")
    if _has_phases(timeout):
        del settings["timeout"]
        settings.setdefault("idle_timeout", timeout.read)
    for name in ("timeout", "idle_timeout"):
        value = settings.get(name)
        if isinstance(value, timedelta):
            settings[name] = value.total_seconds()
    return settings


def _has_phases(value: Any) -> TypeGuard[PhaseTimeouts]:
    try:
        return isinstance(value, PhaseTimeouts)
    except Exception:  # noqa: BLE001 - of an attribute of the user's class
        return False


def _is_positive(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < value < math.inf


def _advice(name: str, value: Any) -> str:
    """How to write the text of a duration as a number of seconds, or of tokens."""
    if name == "token_budget" or not (isinstance(value, str) or _has_phases(value)):
        return ""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        seconds = float(match[1]) * _UNITS[match[2].lower()]
        return f": write {name}={seconds:g}, in seconds"
    return f": write seconds, as in {name}=30"


_NAMES = {setting.name for setting in fields(Settings)} | {"validation_context"}
_KINDS: Final[tuple[tuple[str, type, str], ...]] = (
    ("strict", bool, "True"),
    ("resume", bool, "True"),
    ("hooks", Hooks, "hooks, made by hooks = partwise.Hooks()"),
    ("limits", Limits, "partwise.Limits(…)"),
)
