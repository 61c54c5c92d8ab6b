"""The commands that a session gives its driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from .event_reader import EventReader


@dataclass(frozen=True, slots=True)
class Open:
    """Send this payload, and hold the response."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """Give `reader.receive` the response's events until they end."""

    reader: EventReader


@dataclass(frozen=True, slots=True)
class Close:
    """Release the response, if one is held."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for this time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Show:
    """No work: the final value is due as a snapshot."""


@dataclass(frozen=True, slots=True)
class Done:
    """The session has ended, with a value or an error."""


Command: TypeAlias = Open | Read | Close | Pause | Show | Done

END: Final = object()
"""Returned in place of an event after the last one."""
