"""One request and its reply, seen from the server: a test waits on it and steers it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .reply import Reply

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it came. Header names are in lower case; `path` has the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Exchange:
    """One request and its reply.

    A client that keeps the connection for further requests has not disconnected, and one whose
    connection the server closed or reset never does.

    `wait_…` blocks and is for synchronous tests; `await_…` is its twin for asyncio. Both raise
    `TimeoutError`, after `timeout` seconds.

    Attributes:
        reply: the script that is played.
        sent: how many of the body's writes were begun.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, reply: Reply) -> None:
        self.reply = reply
        self.sent = 0
        self._loop = loop
        self._permits = asyncio.Semaphore(0)
        self._free = asyncio.Event()
        self._arrived: Future[RecordedRequest] = Future()
        self._ended: Future[float] = Future()
        self._disconnected: Future[float] = Future()

    @property
    def request(self) -> RecordedRequest:
        """The request, which must have come."""
        return self._arrived.result(timeout=0)

    def release(self, count: int = 1) -> None:
        """Let so many held steps pass. May be called before they are reached."""
        for _ in range(count):
            self._loop.call_soon_threadsafe(self._permits.release)

    def release_all(self) -> None:
        """Let every held step pass, from now on."""
        self._loop.call_soon_threadsafe(self._free.set)
        self.release()

    def wait_request(self, timeout: float = 5.0) -> RecordedRequest:
        """Wait until the whole request came."""
        return self._arrived.result(timeout)

    async def await_request(self, timeout: float = 5.0) -> RecordedRequest:  # noqa: ASYNC109
        """Wait until the whole request came."""
        return await _await(self._arrived, timeout)

    def wait_ended(self, timeout: float = 5.0) -> float:
        """Wait until the reply was played to its end. Returns its `time.monotonic()`."""
        return self._ended.result(timeout)

    async def await_ended(self, timeout: float = 5.0) -> float:  # noqa: ASYNC109
        """Wait until the reply was played to its end. Returns its `time.monotonic()`."""
        return await _await(self._ended, timeout)

    def wait_disconnected(self, timeout: float = 5.0) -> float:
        """Wait until the client closed the connection. Returns its `time.monotonic()`."""
        return self._disconnected.result(timeout)

    async def await_disconnected(self, timeout: float = 5.0) -> float:  # noqa: ASYNC109
        """Wait until the client closed the connection. Returns its `time.monotonic()`."""
        return await _await(self._disconnected, timeout)

    @property
    def ended(self) -> bool:
        """Whether the reply was played to its end."""
        return self._ended.done()

    @property
    def disconnected(self) -> bool:
        """Whether the client has closed the connection."""
        return self._disconnected.done()

    # The server's side, called in its own loop.

    def _begin(self, request: RecordedRequest) -> None:
        self._arrived.set_result(request)

    def _end(self) -> None:
        self._ended.set_result(time.monotonic())

    def _lose_client(self) -> None:
        self._disconnected.set_result(time.monotonic())

    async def _pass_hold(self) -> None:
        if not self._free.is_set():
            await self._permits.acquire()


async def _await(future: Future[T], timeout: float) -> T:  # noqa: ASYNC109
    # Shielded: a timeout must not cancel the future, which others may wait for too.
    return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), timeout)
