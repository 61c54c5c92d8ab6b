"""The interface of a store of answers: five methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Entry: TypeAlias = dict[str, Any]
"""Plain data, to be kept as it is. It has one of these keys:

- `text`: a piece of the answer's text. In an attempt's first piece, `bare` beside it says that
  the text was read by `partwise.parse`: no vendor put an object around its root.
- `attempt`: the number of an attempt after the first, which begins here with no text.
- `done`: the answer is complete; `usage`, `finish_reason` and `attempts`.
- `error`: the answer has failed; `kind`, the name of the error's class, `message` and `status`.

`done` and `error` are last entries.
"""


class Log(Protocol):
    """A store of answers, each written by one worker and read by anybody.

    Every implementation has to pass `partwise_web.testing.LogContract`.

    Attributes:
        heartbeat: seconds of silence after which a worker counts as lost.
    """

    heartbeat: float

    async def open(self, answer: str) -> int:
        """Let a worker write this answer, as the only one: its fence.

        The fence is greater than that of each worker before. If an earlier one was lost, its
        entries stay.

        Raises:
            AnswerTakenError: another worker writes the answer, or it has ended.
        """

    async def append(self, answer: str, fence: int, entry: Entry) -> None:
        """Add an entry, visible to all readers when this returns. It is a sign of life.

        Raises:
            AnswerTakenError: the fence is not the newest one; nothing was written.
        """

    async def beat(self, answer: str, fence: int) -> None:
        """Give a sign of life.

        Raises:
            AnswerTakenError: as `append`.
        """

    async def finish(self, answer: str, fence: int, entry: Entry) -> None:
        """Add the last entry.

        Raises:
            AnswerTakenError: as `append`.
        """

    def read(self, answer: str) -> AsyncIterator[Entry]:
        """All entries from the first one on, as they come, up to the last one.

        An answer that does not exist is waited for, as long as a heartbeat.

        Raises:
            UnknownAnswerError: when read: there is none of that name.
            WorkerLostError: when read: the worker has given no sign of life for a heartbeat.
        """


def is_last(entry: Entry) -> bool:
    """Whether no entry follows this one."""
    return "done" in entry or "error" in entry
