"""The settings of a call, beside the response model and the messages."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from .._errors import ConfigurationError
from .._json.limits import Limits
from .hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The keywords of `create_partial` and its siblings that partwise takes for itself.

    All others go to the vendor.

    Attributes:
        max_retries: how often to ask again after an answer that was invalid, malformed, cut off
            or empty, or a stream that broke: a number, or a tenacity policy.
        context: `info.context` of the model's validators; once `validation_context`.
        strict: pydantic's strict mode for the whole answer; None leaves it to the model.
        hooks: handlers for this call, beside the client's.
        on_restart: `"restart"` begins anew after a failed attempt, though snapshots of it were
            shown; `"raise"` raises its error then, and retries only before the first snapshot.
        resume: whether to ask for the rest of an answer that was cut off, by its length or by a
            connection that broke, in place of a new answer. Snapshots stand.
        token_budget: tokens that all attempts together may spend, as far as the vendor tells.
            Once they are spent, an incomplete answer is given up and no attempt is begun.
        timeout: seconds for the whole call, all attempts and waits included.
        idle_timeout: seconds without a sign of life from the vendor.
        limits: of an answer.

    Both timeouts end in `ProviderTimeoutError`, in sync as in async, while the SDK connects, waits
    for the headers or reads, whatever trickles in. The SDK is also given the time as its read
    timeout. Without asyncio a call with a timeout is read by a thread of its own.
    """

    max_retries: Any = 3
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
        if self.on_restart not in ("restart", "raise"):
            raise ConfigurationError(
                f'on_restart must be "restart" or "raise", got {self.on_restart!r}'
            )
        for name in ("token_budget", "timeout", "idle_timeout"):
            value = getattr(self, name)
            if value is not None and not _is_positive(value):
                raise ConfigurationError(f"{name} must be a finite number > 0, got {value!r}")

    @classmethod
    def split(cls, keywords: Mapping[str, Any]) -> tuple[Settings, dict[str, Any]]:
        """Part a call's keywords into the settings and the vendor's own options.

        `None` stands for the default, so that wrappers can pass their own parameters through.
        """
        given = {key: value for key, value in keywords.items() if key in _NAMES}
        options = {key: value for key, value in keywords.items() if key not in _NAMES}
        context = given.pop("validation_context", None)
        settings = {"context": context, **{k: v for k, v in given.items() if v is not None}}
        return cls(**settings), options


def _is_positive(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < value < math.inf


_NAMES = {setting.name for setting in fields(Settings)} | {"validation_context"}
