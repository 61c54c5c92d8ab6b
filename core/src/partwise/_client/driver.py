"""The I/O of a session on a thread. `AsyncDriver` is its twin.

One driver serves one stream, and holds at most one response of the vendor's.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from .._errors import PartwiseError
from .._session.commands import Close, Command, Open, Pause

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from contextlib import AbstractContextManager

    from .._providers.protocol import Provider
    from .._session.session import Session

log = logging.getLogger("partwise")


class Driver:
    """Carries out the commands of a session, and waits for each.

    Attributes:
        events: those of the response that is open, in partwise's terms if they fail.
    """

    def __init__(self, session: Session) -> None:
        self._provider = session.call.provider
        self._context: AbstractContextManager[Iterator[Any]] | None = None
        self.events: Generator[Any, None, None] = _no_events()

    def execute(self, command: Command) -> None:
        """Carry out a command that is about the connection, or a pause."""
        match command:
            case Open():
                self._open(command)
            case Pause():
                time.sleep(command.seconds)
            case Close():
                self.close()

    def _open(self, command: Open) -> None:
        with translating(self._provider):
            context = self._provider.open(command.payload)
            events = context.__enter__()
        self._context = context
        self.events = _translated(events, self._provider)

    def close(self) -> None:
        """Release the response, if one is held."""
        context, self._context = self._context, None
        with suppress(ValueError):  # the event that is being read is the last one
            self.events.close()
        if context is not None:
            try:
                context.__exit__(None, None, None)
            except Exception:
                log.warning("a response could not be closed", exc_info=True)


@contextmanager
def translating(provider: Provider) -> Iterator[None]:
    """Raise the SDK's errors in partwise's terms, as far as the provider knows them."""
    try:
        yield
    except Exception as error:
        known = None if isinstance(error, PartwiseError) else provider.map_error(error)
        if known is None:
            raise
        raise known from known.__cause__ or error


def _no_events() -> Generator[Any, None, None]:
    yield from ()


def _translated(events: Iterable[Any], provider: Provider) -> Generator[Any, None, None]:
    # Not `yield from`, which would close the events together with this: they may be the user's.
    with translating(provider):
        for event in events:  # noqa: UP028
            yield event
