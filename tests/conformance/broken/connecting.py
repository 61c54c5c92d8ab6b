"""Faults in when things arrive, and in what is let go of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from .acme import AcmeProvider
from .fault import fault

if TYPE_CHECKING:
    import httpx2

    from partwise.provider import ProviderConfig

RELEASES = ("test_leaving_early", "test_break")


class _Sends(AcmeProvider):
    """Sends by hand, and closes nothing by itself."""

    def send(self, payload: Mapping[str, Any]) -> httpx2.Response:
        client = self.connect()
        request = client.build_request("POST", self.url, **self.sent(payload))
        response = client.send(request, stream=True)
        if response.status_code != 200:
            response.read()
        self.check(response)
        return response

    async def asend(self, payload: Mapping[str, Any]) -> httpx2.Response:
        client = self.aconnect()
        request = client.build_request("POST", self.url, **self.sent(payload))
        response = await client.send(request, stream=True)
        if response.status_code != 200:
            await response.aread()
        self.check(response)
        return response


@fault(*RELEASES, message="close the SDK's response", at_once=0.15)
class LeaksTheConnection(_Sends):
    """Never closes a response that was not read to its end."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self.kept: list[Any] = []

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        events = self.events(self.send(payload))
        self.kept.append(events)
        yield events

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        events = self.aevents(await self.asend(payload))
        self.kept.append(events)
        yield events


@fault(*RELEASES, message="close the SDK's response", at_once=0.15)
class ClosesLate(_Sends):
    """Closes a response when the next one is asked for."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self.sync_left: list[Any] = []
        self.async_left: list[Any] = []

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        while self.sync_left:
            self.sync_left.pop().close()
        response = self.send(payload)
        self.sync_left += [response, events := self.events(response)]
        yield events

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        while self.async_left:
            await self.async_left.pop().aclose()
        response = await self.asend(payload)
        self.async_left += [response, events := self.aevents(response)]
        yield events


@fault("test_close", message="must close the SDK's client", at_once=0.15)
class KeepsItsClients(AcmeProvider):
    """Has nothing to close, it thinks."""

    def close(self) -> None:
        return

    async def aclose(self) -> None:
        return


@fault(
    "test_each_delta_comes_at_once",
    "test_what_came_is_kept",
    *RELEASES,
    "test_cancelling",
    message="held back",
    at_once=0.05,
)
class BuffersTheWholeStream(AcmeProvider):
    """Reads the whole body before it tells of any event."""

    def events(self, response: httpx2.Response) -> Iterator[Any]:
        return iter(list(super().events(response)))

    async def aevents(self, response: httpx2.Response) -> AsyncIterator[Any]:
        for event in [event async for event in super().aevents(response)]:
            yield event


@fault("test_each_delta_comes_at_once", message="held back", at_once=0.15)
class IsOneEventBehind(AcmeProvider):
    """Tells of an event when the next one has come."""

    def events(self, response: httpx2.Response) -> Iterator[Any]:
        held: list[Any] = []
        for event in super().events(response):
            held.append(event)
            if len(held) > 1:
                yield held.pop(0)
        yield from held

    async def aevents(self, response: httpx2.Response) -> AsyncIterator[Any]:
        held: list[Any] = []
        async for event in super().aevents(response):
            held.append(event)
            if len(held) > 1:
                yield held.pop(0)
        for event in held:
            yield event


@fault(
    "test_other_tasks_go_on", "test_cancelling", message="the event loop was blocked", at_once=0.15
)
class BlocksTheLoop(AcmeProvider):
    """Reads the stream by its synchronous half, and calls that asynchronous."""

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        with self.open(payload) as events:
            yield _feigned(events)

    async def aclose(self) -> None:
        self.close()


async def _feigned(events: Iterator[Any]) -> AsyncIterator[Any]:
    for event in events:
        yield event


@fault("test_cancelling", message="let it through")
class SwallowsCancelling(AcmeProvider):
    """Takes being cancelled for the end of the stream."""

    async def aevents(self, response: httpx2.Response) -> AsyncIterator[Any]:
        try:
            async for event in super().aevents(response):
                yield event
        except asyncio.CancelledError:
            return


@fault(
    "test_sync_and_async_agree",
    "test_reasoning_of_the_stream[async]",
    message="`aopen` must yield the events that `open` yields",
)
class HearsThoughtsOneWayOnly(AcmeProvider):
    """Passes over the model's thoughts in its asynchronous half."""

    async def aevents(self, response: httpx2.Response) -> AsyncIterator[Any]:
        async for event in super().aevents(response):
            if "think" not in event:
                yield event
