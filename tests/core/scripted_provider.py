"""A provider that plays scripts, and a player that runs them in sync and in async."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import partwise
from partwise._client import driver
from partwise.provider import (
    Capabilities,
    Granularity,
    Mode,
    TextDelta,
    ToolCallDelta,
    hookimpl,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncIterator, Callable, Iterator

Step = Any
"""What a script's stream does next: give a chunk, give several at once, or raise an error."""


class User(BaseModel):
    name: str
    age: int


class StrangerError(Exception):
    """An error of the vendor's that `ScriptedProvider.map_error` does not know."""


@dataclass
class ScriptedProvider:
    """Each call of `open` plays the next script. It is real: it only has no network under it."""

    scripts: list[list[Step]]
    config: Any = None
    payloads: list[Any] = field(default_factory=list)
    held: int = 0
    released: int = 0
    closed: int = 0
    read: int = 0

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(dict.fromkeys(Mode, Granularity.TOKEN))

    def build_request(self, request: Any) -> dict[str, Any]:
        return {"request": request, **request.options}

    def decoder(self, request: Any) -> Decoder:
        return Decoder()

    def map_error(self, error: Exception) -> partwise.ProviderError | None:
        if not isinstance(error, ConnectionError):
            return None
        return partwise.ProviderConnectionError(str(error), provider="scripted", retryable=True)

    @contextmanager
    def open(self, payload: Any) -> Iterator[Iterator[Step]]:
        script = self._begin(payload)
        try:
            yield iter(self._play(script))
        finally:
            self._end()

    @asynccontextmanager
    async def aopen(self, payload: Any) -> AsyncIterator[AsyncIterator[Step]]:
        script = self._begin(payload)
        try:
            yield aiter(self._aplay(script))
        finally:
            await asyncio.sleep(0)
            self._end()

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1

    def _begin(self, payload: Any) -> list[Step]:
        self.payloads.append(payload)
        script = self.scripts[len(self.payloads) - 1]
        if script and isinstance(script[0], Refused):
            raise script[0].error
        self.held += 1
        return script

    def _end(self) -> None:
        self.held -= 1
        self.released += 1

    def _play(self, script: list[Step]) -> Iterator[Step]:
        for step in script:
            self.read += 1
            if isinstance(step, Exception):
                raise step
            yield step() if callable(step) else step

    async def _aplay(self, script: list[Step]) -> AsyncIterator[Step]:
        for step in self._play(script):
            yield await step if asyncio.isfuture(step) or asyncio.iscoroutine(step) else step
            await asyncio.sleep(0)


@dataclass
class Refused:
    """The connection is refused with this error."""

    error: Exception


class Decoder:
    """An event is a chunk, a list of chunks, or an error that the vendor sent in band."""

    def feed(self, event: Any) -> list[Any]:
        if isinstance(event, InBand):
            raise event.error
        if isinstance(event, Last):
            self._last = event.chunks
            return []
        return event if isinstance(event, list) else [event]

    _last: list[Any] = []  # noqa: RUF012

    def close(self) -> list[Any]:
        return self._last


@dataclass
class InBand:
    error: Exception


@dataclass
class Last:
    """Chunks that the decoder gives only when the stream has ended."""

    chunks: list[Any]


class Plugin:
    def __init__(self, provider: ScriptedProvider) -> None:
        self._provider = provider

    @hookimpl
    def register_providers(self, register: Callable[[str, Any], None]) -> None:
        register("scripted", self._make)

    def _make(self, config: Any) -> ScriptedProvider:
        self._provider.config = config
        return self._provider


@dataclass
class Outcome:
    provider: ScriptedProvider
    stream: Any
    snapshots: list[Any]
    error: Exception | None

    @property
    def value(self) -> Any:
        assert self.error is None, self.error
        return self.snapshots[-1]


class Player:
    """Runs a script to its end, in sync or in async, and tells what a user sees."""

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async
        self.provider: ScriptedProvider

    def __call__(self, *scripts: list[Step], view: Any = iter, **call: Any) -> Outcome:
        """Read all that `view` makes of the stream."""
        with self.client(*scripts) as client:
            call.setdefault("response_model", User)
            call.setdefault("messages", [{"role": "user", "content": "Who?"}])
            call.setdefault("max_retries", 0)
            return (
                asyncio.run(self._aread(client, view, call))
                if self.is_async
                else self._read(client, view, call)
            )

    @contextmanager
    def client(self, *scripts: list[Step]) -> Iterator[Any]:
        self.provider = ScriptedProvider([list(script) for script in scripts])
        plugin = Plugin(self.provider)
        partwise.register(plugin)
        try:
            yield partwise.from_provider("scripted/model", async_client=self.is_async)
        finally:
            partwise.unregister(plugin)

    def _read(self, client: Any, view: Any, call: dict[str, Any]) -> Outcome:
        stream = client.create_partial(**call)
        items: list[Any] = []
        error = None
        try:
            for item in stream if view is iter else view(stream):
                items.append(item)  # noqa: PERF402 - what came before an error counts
        except Exception as caught:  # noqa: BLE001
            error = caught
        return Outcome(self.provider, stream, items, error)

    async def _aread(self, client: Any, view: Any, call: dict[str, Any]) -> Outcome:
        stream = client.create_partial(**call)
        items: list[Any] = []
        error = None
        try:
            async for item in stream if view is iter else view(stream):
                items.append(item)  # noqa: PERF401 - likewise
        except Exception as caught:  # noqa: BLE001
            error = caught
        return Outcome(self.provider, stream, items, error)


@pytest.fixture(params=["sync", "async"])
def play(request: pytest.FixtureRequest) -> Player:
    return Player(is_async=request.param == "async")


@pytest.fixture
def sync() -> Player:
    return Player(is_async=False)


@pytest.fixture
def asynchronous() -> Player:
    return Player(is_async=True)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were to be waited; nobody waits."""
    waited: list[float] = []

    async def asleep(seconds: float, _real: Any = asyncio.sleep) -> None:
        if seconds:
            waited.append(seconds)
        await _real(0)

    def pause(seconds: float, is_closed: threading.Event) -> None:
        if seconds:
            waited.append(seconds)

    monkeypatch.setattr(driver, "pause", pause)
    monkeypatch.setattr(asyncio, "sleep", asleep)
    return waited


@pytest.fixture
def kit() -> Any:
    """The words that scripts are written in."""
    return Kit


class Kit:
    Refused = Refused
    InBand = InBand
    Last = Last
    Stranger = StrangerError
    User = User
    Provider = ScriptedProvider
    Plugin = Plugin
    Decoder = Decoder

    @staticmethod
    def call(text: str, size: int = 5, *, index: int = 0, name: str | None = "User") -> list[Any]:
        """A tool call, its arguments cut into pieces, its name in the first one."""
        head = ToolCallDelta(index, "", id=f"id{index}", name=name)
        return [head, *(ToolCallDelta(index, piece) for piece in cut(text, size))]

    @staticmethod
    def text(text: str, size: int = 5) -> list[Any]:
        return [TextDelta(piece) for piece in cut(text, size)]


def cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
