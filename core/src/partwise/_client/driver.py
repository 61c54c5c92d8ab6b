"""The hands of a session on a thread: what carries out its commands there.

One connection serves one stream, and holds at most one response of the vendor's.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from .._session.commands import OPEN, Pause

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from .._session.commands import Command
    from .._session.session import Session

log = logging.getLogger("partwise")


class Driver:
    """Carries out the commands of a session, and waits for each.

    Attributes:
        events: of the response that is open.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._context: AbstractContextManager[Iterator[Any]] | None = None
        self.events: Iterator[Any] = iter(())

    def obey(self, command: Command) -> None:
        """Carry out a command other than `READ` and `SHOW`."""
        if command is OPEN:
            context = self._session.provider.open(self._session.payload)
            self.events = context.__enter__()
            self._context = context
        elif isinstance(command, Pause):
            time.sleep(command.seconds)
        else:
            self.close()

    def close(self) -> None:
        """Let go of the response, if one is held."""
        context, self._context = self._context, None
        if context is not None:
            try:
                context.__exit__(None, None, None)
            except Exception:
                log.warning("a response could not be closed", exc_info=True)
