"""Errors of partwise's that are not the stream's own.

A validator of the user's may read another answer, with `partwise.parse` or a client of its own, and
fail with an error of that. Such an error does not belong to the answer that is being validated: it
is not retried, and keeps its own text and snapshot.
"""

from __future__ import annotations

from traceback import walk_tb
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .._errors import PartwiseError

_OWN: Final = "partwise."


class ForeignError(Exception):
    """Holds an error that a validator of the user's raised. Never seen by users."""

    def __init__(self, error: PartwiseError) -> None:
        super().__init__(error)
        self.error = error


def as_raised(error: PartwiseError) -> PartwiseError | ForeignError:
    """The error as the session is to see it: foreign if it came through code of the user's."""
    for frame, _ in walk_tb(error.__traceback__):
        if not frame.f_globals.get("__name__", "").startswith(_OWN):
            return ForeignError(error)
    return error
