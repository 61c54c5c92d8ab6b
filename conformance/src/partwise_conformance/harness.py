"""The harness of a plugin: a loopback server, the plugin, and both ways to drive it.

One harness serves all tests of a suite's class, so that SDK clients, which are slow to make, are
made once. The asynchronous half runs on one event loop for the same reason.
"""

from __future__ import annotations

import asyncio
import copy
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import pytest

import partwise
from partwise import PartwiseError
from partwise.provider import Chunk, Mode, ProviderConfig, Request, find_factory

from .assertions import raises_nothing, skip
from .fixtures import KEY, MESSAGES, SCHEMA, TOOL, Meeting, answer
from .reply import Reply
from .server import ReplayServer
from .transcript import Transcript
from .wire import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from partwise.provider import Provider

    from .exchange import Exchange, RecordedRequest
    from .reply import Step
    from .suite import ProviderConformance
    from .wire import Part

Style: TypeAlias = Literal["sync", "async"]
OnChunks: TypeAlias = "Callable[[list[Chunk]], bool]"
"""Receives the chunks of each event; returns whether to leave."""


@dataclass
class Outcome:
    """How one call through the public API went."""

    snapshots: list[Any] = field(default_factory=list)
    value: Any = None
    error: Exception | None = None
    text: str = ""
    reasoning: str = ""
    usage: partwise.Usage | None = None
    finish_reason: str | None = None
    on_snapshot: Callable[[], object] = lambda: None

    def add(self, snapshot: Any) -> None:
        """Keep a snapshot, and call `on_snapshot`."""
        self.snapshots.append(snapshot)
        self.on_snapshot()

    def note(self, stream: Any) -> None:
        """Keep the stream's text, reasoning, usage and finish reason."""
        self.text, self.reasoning = stream.text, stream.reasoning
        self.usage, self.finish_reason = stream.usage, stream.finish_reason


class Harness:
    """One plugin at a loopback server, for the suite's class that describes it."""

    def __init__(self, suite: type[ProviderConformance]) -> None:
        self.suite = suite
        self.wire = suite.wire
        self.name, _, self.model = suite.provider.partition("/")
        self.server = ReplayServer(self._reply)
        self._replies: list[Reply] = []
        self._runner = asyncio.Runner()
        self._clients: dict[Style, Any] = {}

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.provider = self.make(api_key=KEY)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.reset()
        try:
            self.close(self.provider)
            if "sync" in self._clients:
                self._clients["sync"].close()
            if "async" in self._clients:
                self._runner.run(self._clients["async"].close())
        finally:
            self._runner.close()
            self.server.__exit__(*exc_info)

    # The plugin -----------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        return self.server.url + self.wire.base_path

    @property
    def at_once(self) -> float:
        """Seconds that the plugin has for anything it must do at once."""
        return self.suite.at_once

    @property
    def modes(self) -> Mapping[Mode, partwise.Granularity]:
        return self.provider.capabilities(self.model).modes

    @property
    def default_mode(self) -> Mode:
        return self.provider.capabilities(self.model).default_mode

    def warm_up(self) -> None:
        """Let the plugin import its SDK, which may take seconds, before anything is timed."""
        for style in ("sync", "async"):
            # A test reports the errors of it.
            with suppress(Exception, pytest.fail.Exception):
                self.decode(self.default_mode, answer(self.default_mode), style)
        self.reset()

    def make(self, **given: Any) -> Provider:
        """The provider, as the core makes it."""
        config = {"base_url": self.base_url, "options": self.suite.client_options, **given}
        return find_factory(self.name)(ProviderConfig(name=self.name, **config))

    def close(self, provider: Provider, style: Style | None = None) -> None:
        """Close both halves of a provider, or one."""
        if style != "sync":
            self._runner.run(provider.aclose())
        if style != "async":
            provider.close()

    def client(self, style: Style) -> Any:
        """The client of the public API."""
        if style not in self._clients:
            self._clients[style] = partwise.from_provider(
                self.suite.provider,
                async_client=style == "async",
                api_key=KEY,
                base_url=self.base_url,
                **self.suite.client_options,
            )
        return self._clients[style]

    def request(self, mode: Mode, **changes: Any) -> Request:
        """The request that the core would make."""
        return Request(**{
            "model": self.model,
            "mode": mode,
            "messages": MESSAGES,
            "schema": copy.deepcopy(SCHEMA),
            "name": TOOL,
            **changes,
        })  # fmt: skip

    # The vendor's side ------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget the last test's replies and requests."""
        self._replies.clear()
        self.server.reset()

    def _reply(self, _request: RecordedRequest) -> Reply:
        """The next reply; the last one is given again and again, for SDKs that try again."""
        if not self._replies:
            return Reply.of_json(self.wire.error(404, "nothing is scripted"), status=404)
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def answer_with(self, *replies: Reply) -> None:
        """Give these replies, in order."""
        self._replies[:] = replies

    def require_streaming(self) -> None:
        """Skip the test if the vendor writes its whole answer at the end."""
        *early, _ = self.segments(self.default_mode, answer(self.default_mode))
        if not any(early):
            skip("the vendor does not stream, so nothing can happen in mid-stream")

    def segments(self, mode: Mode, parts: Sequence[Part]) -> list[bytes]:
        """The bytes of each part, and those of the stream's end."""
        with raises_nothing("the wire"):
            return write(self.wire, parts, self.request(mode))

    def reply(self, *steps: Step, **how: Any) -> Reply:
        """A reply with these steps."""
        content_type = {"content-type": self.wire.framing.content_type}
        return Reply(body=[step for step in steps if step != b""], headers=content_type, **how)

    def script(self, mode: Mode, parts: Sequence[Part]) -> Reply:
        """A reply with these parts, and the stream's end."""
        return self.reply(b"".join(self.segments(mode, parts)))

    # Driving the plugin -------------------------------------------------------------------------

    def decode(self, mode: Mode, parts: Sequence[Part], style: Style = "sync") -> Transcript:
        """The chunks that the plugin makes of a good answer of these parts."""
        self.answer_with(self.script(mode, parts))
        with raises_nothing("reading this answer"):
            return self.receive(mode, style)

    def receive(
        self,
        mode: Mode | None,
        style: Style = "sync",
        *,
        provider: Provider | None = None,
        read_timeout: float | None = None,
    ) -> Transcript:
        """The chunks that the plugin, or another provider of its kind, makes of the next reply.

        Raises:
            Exception: the plugin's error, as `map_error` has it.
        """
        transcript = Transcript()

        def on_chunks(chunks: list[Chunk]) -> bool:
            transcript.chunks += chunks
            return False

        request = self.request(mode or self.default_mode, read_timeout=read_timeout)
        self.read(request, style, on_chunks, provider)
        return transcript

    def read(
        self, request: Request, style: Style, on_chunks: OnChunks, provider: Provider | None = None
    ) -> None:
        """Send the request and pass on the chunks of each event, until `on_chunks` returns true."""
        provider = provider or self.provider
        try:
            if style == "sync":
                _read(provider, request, on_chunks)
            else:
                self._runner.run(aread(provider, request, on_chunks))
        except PartwiseError:
            raise
        except Exception as error:
            known = provider.map_error(error)
            if known is None:
                raise
            raise known from known.__cause__ or error

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine on the harness's event loop."""
        return self._runner.run(coroutine)

    # The public API -----------------------------------------------------------------------------

    def create(
        self,
        mode: Mode,
        style: Style = "sync",
        on_snapshot: Callable[[], object] = lambda: None,
        **keywords: Any,
    ) -> Outcome:
        """Call the public API, and read all snapshots. After each one `on_snapshot` is called."""
        keywords = {
            "response_model": Meeting,
            "messages": list(MESSAGES),
            "max_retries": 0,
            "mode": mode,
            **keywords,
        }
        outcome = Outcome(on_snapshot=on_snapshot)
        try:
            if style == "sync":
                create(self.client("sync"), outcome, keywords)
            else:
                self._runner.run(acreate(self.client("async"), outcome, keywords))
        except Exception as error:  # noqa: BLE001 - it is the outcome
            outcome.error = error
        return outcome

    def read_one_snapshot(self, mode: Mode, style: Style) -> None:
        """Call the public API, and break out of the loop at the first snapshot."""
        keywords: dict[str, Any] = {
            "response_model": Meeting,
            "messages": list(MESSAGES),
            "mode": mode,
        }
        if style == "async":
            self._runner.run(self._aread_one_snapshot(keywords))
            return
        stream = self.client("sync").create_partial(**keywords)
        for _ in stream:
            break

    async def _aread_one_snapshot(self, keywords: dict[str, Any]) -> None:
        async with self.client("async").create_partial(**keywords) as stream:
            async for _ in stream:
                break


def create(client: partwise.Client, outcome: Outcome, keywords: Mapping[str, Any]) -> None:
    """Make a call, and keep its snapshots, value and errors in the outcome.

    Raises:
        Exception: the call's own.
    """
    with client.create_partial(**keywords) as stream:
        try:
            for snapshot in stream:
                outcome.add(snapshot)
            outcome.value = stream.result()
        finally:
            outcome.note(stream)


async def acreate(
    client: partwise.AsyncClient, outcome: Outcome, keywords: Mapping[str, Any]
) -> None:
    """The same, for asyncio."""
    async with client.create_partial(**keywords) as stream:
        try:
            async for snapshot in stream:
                outcome.add(snapshot)
            outcome.value = await stream.result()
        finally:
            outcome.note(stream)


def _read(provider: Provider, request: Request, on_chunks: OnChunks) -> None:
    decoder = provider.decoder(request)
    with provider.open(provider.build_request(request)) as events:
        for event in events:
            if on_chunks(list(decoder.feed(event))):
                return
        on_chunks(list(decoder.close()))


async def aread(provider: Provider, request: Request, on_chunks: OnChunks) -> None:
    """Send the request and pass on the chunks of each event, until `on_chunks` returns true."""
    decoder = provider.decoder(request)
    async with provider.aopen(provider.build_request(request)) as events:
        async for event in events:
            if on_chunks(list(decoder.feed(event))):
                return
        on_chunks(list(decoder.close()))


class IdleWatch:
    """Releases a held reply after a while, so that a plugin that waits for it fails, not hangs.

    Attributes:
        released: whether that was needed.
    """

    def __init__(self, exchange: Exchange, after: float) -> None:
        self.released = False
        self._exchange = exchange
        self._after = after
        self._over = threading.Event()

    def watch(self) -> None:
        """Wait until the reply stops being sent, or the watch is over."""
        sent = self._exchange.sent
        while not self._over.wait(self._after):
            if self._exchange.sent == sent:
                self.released = True
                self._exchange.release_all()
                return
            sent = self._exchange.sent

    def stop(self) -> None:
        """Watch no longer."""
        self._over.set()


@contextmanager
def release_if_idle(exchange: Exchange, after: float) -> Iterator[IdleWatch]:
    """Release all held steps of the exchange when nothing was sent for so many seconds."""
    waiting = IdleWatch(exchange, after)
    watcher = threading.Thread(target=waiting.watch, name="partwise-release_if_idle")
    watcher.start()
    try:
        yield waiting
    finally:
        waiting.stop()
        watcher.join()
