"""The end of a session: a value, an error, or a reader that left before."""

from __future__ import annotations

import copy
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Outcome: TypeAlias = Literal["value", "error", "closed"]


class Ending:
    """How a session ended.

    A raised error holds the frames that it passed through, and so the stream that was read there.
    If the stream held the error, only the garbage collector would free the two. So once the error
    was raised, it is held weakly; readers that come later, after everybody has forgotten it, get a
    copy.
    """

    __slots__ = ("_error", "_raised", "_spare", "outcome", "value")

    def __init__(self, outcome: Outcome, value: Any = None, error: Exception | None = None) -> None:
        self.outcome = outcome
        self.value = value
        self._error = error
        self._spare: Exception | None = None
        self._raised: Callable[[], Exception | None] = lambda: None

    def take_error(self) -> Exception | None:
        """The error to raise to a reader; None if the session did not end with one."""
        error, self._error = self._error, None
        if error is not None:
            self._spare = _without_frames(error)
            with suppress(TypeError):  # an error of Python's own
                self._raised = weakref.ref(error)
            return error
        return self._raised() or _without_frames(self._spare)


def drop_frames(error: BaseException) -> None:
    """Forget where the error and its causes were raised: those frames hold the stream."""
    pending: list[BaseException | None] = [error]
    while pending:
        if (each := pending.pop()) is not None and each.__traceback__ is not None:
            each.__traceback__ = None
            pending += [each.__cause__, each.__context__]


def _without_frames(error: Exception | None) -> Exception | None:
    """A copy of the error that holds no frames."""
    if error is None:
        return None
    try:
        twin = copy.copy(error)
    except Exception:  # noqa: BLE001 - a class of the user's that can't be copied
        return error
    twin.__cause__, twin.__suppress_context__ = error.__cause__, True
    return twin.with_traceback(None)
