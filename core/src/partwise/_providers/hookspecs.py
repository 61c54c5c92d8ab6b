"""The hooks that a pluggy plugin may implement: `register_providers` and `observe`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pluggy

if TYPE_CHECKING:
    from .mode import Mode
    from .protocol import ProviderFactory

hookspec = pluggy.HookspecMarker("partwise")
hookimpl = pluggy.HookimplMarker("partwise")

HookName: TypeAlias = Literal[
    "completion:kwargs",
    "completion:response",
    "completion:usage",
    "completion:error",
    "completion:last_attempt",
    "parse:error",
    "stream:first_chunk",
    "stream:first_snapshot",
    "stream:field_complete",
    "stream:invalid_element",
    "stream:restart",
    "stream:resume",
    "stream:end",
]


@dataclass(frozen=True, slots=True, eq=False)
class CallInfo:
    """Identifies a call. Each call has its own object, so observers can tell calls apart.

    Attributes:
        telemetry_name: the provider's name in OpenTelemetry's conventions, which is its
            `telemetry_name`, or else `provider`.
    """

    provider: str
    model: str
    mode: Mode
    response_model: str
    telemetry_name: str = ""


@hookspec
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Call `register(name, factory)` for each name that the plugin answers to."""


@hookspec
def observe(name: HookName, call: CallInfo, detail: tuple[Any, ...]) -> None:
    """Receive every event of every call in the process, as a plugin given to `partwise.register`.

    `detail` has the arguments of a handler of that name; for `completion:kwargs` the payload alone.
    """
