"""A client of each kind before a loopback server: one way to call both, and what they left."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import httpx2
from pydantic import BaseModel
from tenacity import Retrying, stop_after_attempt, wait_none

import partwise
from partwise import PartwiseError

if TYPE_CHECKING:
    from partwise_conformance import ReplayServer

    from .vendors import Vendor

Way: TypeAlias = Literal["sync", "async"]

MESSAGES = [{"role": "user", "content": "What is on the menu?"}]
TURNS = 50
AT_ONCE = Retrying(stop=stop_after_attempt(2), wait=wait_none())
"""One retry, without the pause that a vendor in trouble is given."""
SDK_TIMEOUT = 20.0
KEY = "this-must-not-be-shown-5f2d"


class Note(BaseModel):
    """A note."""

    title: str
    count: int
    tags: list[str]


@dataclass(slots=True)
class Outcome:
    """What came of a call.

    Attributes:
        seconds: from the call to its end.
        tasks: those that are left in asyncio.
    """

    stream: Any = None
    snapshots: list[Any] = field(default_factory=list)
    value: Any = None
    error: PartwiseError | None = None
    seconds: float = 0.0
    tasks: int = 0


class Stand:
    """A client of one vendor, sync or async, and the server that it talks to."""

    def __init__(self, vendor: Vendor, way: Way, server: ReplayServer, **options: Any) -> None:
        self.vendor = vendor
        self.way = way
        self.server = server
        self._exit = ExitStack()
        self.runner = self._exit.enter_context(asyncio.Runner())
        # One connection and no more: who does not release it makes the next call fail.
        limits = httpx2.Limits(max_connections=1)
        self.http: Any = (httpx2.Client if way == "sync" else httpx2.AsyncClient)(limits=limits)
        options = {"base_url": server.url, "max_retries": 0, "timeout": SDK_TIMEOUT, **options}
        options |= {"api_key": KEY, "http_client": self.http}
        self.client: Any = partwise.from_provider(
            vendor.model, async_client=way == "async", mode=vendor.mode, **options
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.way == "sync":
            self.client.close()
            self.http.close()
        else:
            self.runner.run(self._aclose())
        self._exit.close()

    async def _aclose(self) -> None:
        await self.client.close()
        await self.http.aclose()

    def call(self, **keywords: Any) -> Any:
        """The stream of a call, unread."""
        keywords = {"response_model": Note, "max_retries": 0, **keywords}
        return self.client.create_partial(messages=MESSAGES, **keywords)

    def ask(self, **keywords: Any) -> Outcome:
        """Make the call and read it to its end."""
        outcome = Outcome()
        if self.way == "sync":
            self._ask(outcome, keywords)
        else:
            self.runner.run(self._aask(outcome, keywords))
        return outcome

    def _ask(self, outcome: Outcome, keywords: dict[str, Any]) -> None:
        outcome.stream = self.call(**keywords)
        begun = time.monotonic()
        try:
            outcome.snapshots.extend(outcome.stream)
            outcome.value = outcome.stream.result()
        except PartwiseError as error:
            outcome.error = error
        outcome.seconds = time.monotonic() - begun

    async def _aask(self, outcome: Outcome, keywords: dict[str, Any]) -> None:
        outcome.stream = self.call(**keywords)
        begun = time.monotonic()
        try:
            async for snapshot in outcome.stream:
                outcome.snapshots.append(snapshot)
            outcome.value = await outcome.stream.result()
        except PartwiseError as error:
            outcome.error = error
        outcome.seconds = time.monotonic() - begun
        await is_alone()
        outcome.tasks = len(asyncio.all_tasks()) - 1


@dataclass(frozen=True, slots=True)
class AtRest:
    """What the process has while nothing is asked.

    One of these threads may be another test's, and end meanwhile: none must be added.
    """

    threads: frozenset[threading.Thread]
    descriptors: int

    def has_all_threads(self) -> bool:
        """Whether no thread was added, once those that are about to end have ended."""
        return eventually(lambda: self.threads >= threads())


def threads() -> frozenset[threading.Thread]:
    """The process's threads, but for those that an event loop's own executor keeps.

    asyncio starts one more whenever its idle ones have not said yet that they are idle, so how many
    there are (for `getaddrinfo`, for `asyncio.to_thread` in an SDK) depends on the machine's load.
    See `ThreadPoolExecutor._adjust_thread_count` in CPython's concurrent/futures/thread.py.
    """
    return frozenset(
        thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")
    )


def descriptors(server: ReplayServer) -> int:
    """The process's file descriptors, without both ends of the connections that are open."""
    return len(list(Path("/dev/fd").iterdir())) - 2 * server.open_connections


async def is_alone() -> bool:
    """Whether no other task is left once the loop has turned a few times.

    The SDKs' nested generators, when dropped, are ended by the loop: a turn or two for each.
    """
    for _ in range(TURNS):
        if len(asyncio.all_tasks()) == 1:
            return True
        await asyncio.sleep(0)
    return False


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it comes true in time. Only for what the kernel or another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True
