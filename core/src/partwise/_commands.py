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


class Course:
    """Where a driver is in a session's flow.

    Attributes:
        command: what is to be carried out. It begins as after a snapshot: the user has come.
        failure: what came of it, if not what was meant to.
    """

    __slots__ = ("command", "failure", "flow")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.command: Command = SHOW
        self.failure: Exception | None = None

    @property
    def is_work(self) -> bool:
        """Whether the command is one to obey; the driver sees to reading and showing itself."""
        return self.command not in (READ, SHOW)

    def go_on(self) -> None:
        """Tell the session that the command was carried out, or why not. There is another then.

        Raises:
            StopIteration: there is none.
            Exception: what the session makes of the failure.
        """
        failure, self.failure = self.failure, None
        self.command = self.flow.throw(failure) if failure else self.flow.send(None)

    def close(self) -> None:
        """Go no further."""
        self.flow.close()
        self.command = SHOW
