"""The commands that a session gives its driver.

Open(payload)    send the request, and hold the response
Read(reader)     give `reader.receive` the response's events until they end
Close()          release the response
Pause(seconds)   wait
Show()           no work: the final value is due as a snapshot
Done()           the session has ended, with a value or an error
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from .event_reader import EventReader


@dataclass(frozen=True, slots=True)
class Open:
    """Send this payload."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """Give this reader the events of the response that is open."""

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
    """Give the user the snapshot."""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


Command: TypeAlias = Open | Read | Close | Pause | Show | Done

CLOSE: Final = Close()
SHOW: Final = Show()
DONE: Final = Done()

END: Final = object()
"""In the place of an event: there are no more."""
