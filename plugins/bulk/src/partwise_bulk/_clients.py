"""Several clients for one key, so that no connection pool is large.

httpcore looks through all connections of a pool for each request that begins or ends, so a pool of
200 takes more of a row's time than all that is done with its answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from partwise import AsyncClient

_REQUESTS: Final = 10
"""At a time, for each client."""


class Clients:
    """Clients that are made as they are needed.

    Args:
        first: the first of them.
        make: makes a further one; None if the first is to be the only one, since it is around an
            SDK's or HTTP client of the caller's.
    """

    def __init__(self, first: AsyncClient, make: Callable[[], AsyncClient] | None) -> None:
        self.first = first
        self._make = make
        self._clients = [first]
        self._busy = [0]

    @contextmanager
    def one(self) -> Iterator[AsyncClient]:
        """A client for one request: the first that has not enough of them."""
        number = self._choose()
        self._busy[number] += 1
        try:
            yield self._clients[number]
        finally:
            self._busy[number] -= 1

    def _choose(self) -> int:
        if self._make is None:
            return 0
        for number, busy in enumerate(self._busy):
            if busy < _REQUESTS:
                return number
        self._clients.append(self._make())
        self._busy.append(0)
        return len(self._clients) - 1

    async def aclose(self) -> None:
        """Close all."""
        for client in self._clients:
            await client.close()


def clients_like(given: AsyncClient, changes: dict[str, Any]) -> Clients:
    """Clients as the given one, with these fields of its configuration changed."""

    def make() -> AsyncClient:
        return given.with_config(**changes)

    is_own = given.config.client is None and given.config.http_client is None
    return Clients(make(), make if is_own else None)
