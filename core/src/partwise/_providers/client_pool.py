"""The SDK's clients of one provider: one for threads, and one for each event loop."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

SyncT = TypeVar("SyncT")
AsyncT = TypeVar("AsyncT")


class ClientPool(Generic[SyncT, AsyncT]):
    """Clients of an SDK, made when first needed and kept.

    Threads may share one client. An asynchronous client's connections belong to the event loop
    that opened them, so each loop has its own, which is forgotten together with the loop.

    Args:
        make: makes the client for threads.
        make_async: makes the client for the event loop that is running.
        is_owned: whether the provider closes the clients, which it does not if the user gave them
            or the HTTP client below them.
    """

    def __init__(
        self,
        make: Callable[[], SyncT],
        make_async: Callable[[], AsyncT],
        *,
        is_owned: bool = True,
    ) -> None:
        self._make = make
        self._make_async = make_async
        self._is_owned = is_owned
        self._lock = Lock()
        self._client: SyncT | None = None
        self._spare: AsyncT | None = None
        self._async_clients: WeakKeyDictionary[AbstractEventLoop, AsyncT] = WeakKeyDictionary()

    def get(self) -> SyncT:
        """The client for threads."""
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client

    def get_async(self) -> AsyncT:
        """The client for the running event loop."""
        loop = _running_loop()
        with self._lock:
            if loop not in self._async_clients:
                spare, self._spare = self._spare, None
                self._async_clients[loop] = self._make_async() if spare is None else spare
            return self._async_clients[loop]

    def warm(self, *resources: str, is_async: bool) -> None:
        """Make the client that the first request will need, in any thread.

        Args:
            resources: attributes of the client, like `chat.completions`, that the SDK imports late.
            is_async: whether it is one for an event loop, the first that asks.
        """
        client: SyncT | AsyncT = self._spare_client() if is_async else self.get()
        for resource in resources:
            attrgetter(resource)(client)

    def _spare_client(self) -> AsyncT:
        with self._lock:
            if self._spare is None:
                self._spare = self._make_async()
            return self._spare

    def pop(self) -> SyncT | None:
        """Forget the client for threads, and return it if it is to be closed."""
        with self._lock:
            client, self._client = self._client, None
            return client if self._is_owned else None

    def pop_async(self) -> AsyncT | None:
        """The same for the client of the running event loop."""
        with self._lock:
            client = self._async_clients.pop(_running_loop(), None)
            return client if self._is_owned else None


def _running_loop() -> AbstractEventLoop:
    # asyncio takes a while to import, and a plugin that only blocks has no need of it.
    import asyncio  # noqa: PLC0415

    return asyncio.get_running_loop()
