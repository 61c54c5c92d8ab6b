"""What a session asks its driver to do.

OPEN        send `payload`, and stand ready to read
READ        give `Session.take` the vendor's events until they end; show what there is in between
CLOSE       release the connection
Pause(s)    wait
SHOW        no work: there is a new snapshot, give it to the user and come back for more
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias


class Step(Enum):
    """The commands that carry nothing."""

    OPEN = "open"
    READ = "read"
    CLOSE = "close"
    SHOW = "show"


OPEN: Final = Step.OPEN
READ: Final = Step.READ
CLOSE: Final = Step.CLOSE
SHOW: Final = Step.SHOW
END: Final = object()
"""Stands for the event after the last."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Command: TypeAlias = Step | Pause
Flow: TypeAlias = Generator[Command, Any, None]
