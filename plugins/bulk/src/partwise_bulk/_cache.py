"""Answers in a SQLite file, played again as streams when the same is asked.

    client = partwise.from_provider("openai/gpt-4.1-mini", cache="answers.db")
    client = partwise.from_provider("openai/gpt-4.1-mini", cache=Cache("answers.db", pace=0.02))

An answer is kept once it has proved valid, as the chunks that its events were decoded to, so a hit
gives the same snapshots in the same steps, whoever the vendor is. An invalid answer is kept only
if it was corrected in the end: then the correction is played, too. A hit takes no tokens, and its
usage says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import astuple
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from partwise import ConfigurationError, Usage
from partwise.provider import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)

from ._prompts import as_json

if TYPE_CHECKING:
    from partwise.provider import (
        Capabilities,
        Chunk,
        Decoder,
        Fallback,
        Provider,
        ProviderConfig,
        ProviderError,
        Request,
    )

Events: TypeAlias = list[list["Chunk"]]
"""The chunks of an answer, those of each event together."""

_CHUNKS: Final[Mapping[str, Any]] = {
    kind.__name__: kind
    for kind in (Finish, KeepAlive, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta)
}

_PENDING: Final = 1000
"""Invalid answers that are remembered, until their correction has come."""

# They change the time of waiting, not the question.
_NOT_OF_THE_QUESTION: Final = frozenset({"timeout", "extra_headers"})


class Cache:
    """A file of answers: a `ProviderWrapper`, to be given as `cache=`. Threads may share it.

    Args:
        path: the file; `partwise/answers.db` in the user's folder for caches, if None.
        pace: seconds before each event of an answer that is played; 0 for at once.

    Raises:
        ConfigurationError: the file can't be used.
    """

    def __init__(self, path: str | Path | None = None, *, pace: float = 0.0) -> None:
        if pace < 0:
            raise ConfigurationError(f"pace must be seconds >= 0, got {pace}")
        self.path = _usual_path() if path is None else Path(path)
        self.pace = pace
        self._lock = Lock()
        self._pending: OrderedDict[bytes, Events] = OrderedDict()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, events TEXT NOT NULL) "
                "WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"{self.path} can't be used as a cache: {error}") from error

    def __call__(self, provider: Provider, config: ProviderConfig) -> Provider:
        """The provider, with this cache in front of it."""
        return CachingProvider(provider, config, self)

    def get(self, key: bytes) -> Events | None:
        """The answer under that key, or None."""
        with self._lock:
            found = self._connection.execute(
                "SELECT events FROM answers WHERE key = ?", (key,)
            ).fetchone()
        return None if found is None else _loaded(found[0])

    def put(self, key: bytes, events: Events) -> None:
        """Keep a valid answer."""
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, _dumped(events))
            )

    def remember(self, key: bytes, events: Events) -> None:
        """Keep an answer in mind that has not proved valid yet."""
        with self._lock:
            self._pending[key] = events
            while len(self._pending) > _PENDING:
                self._pending.popitem(last=False)

    def take_remembered(self, key: bytes) -> Events | None:
        """An answer that was kept in mind, which it is no longer."""
        with self._lock:
            return self._pending.pop(key, None)

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._connection.execute("DELETE FROM answers")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()


def open_cache(path: Path | None) -> Cache:
    """The cache that `cache=` names by a path, or as the usual one."""
    return Cache(path)


def _usual_path() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "partwise" / "answers.db"


class CachingProvider:
    """A provider that answers from a cache if it can, and fills it if not."""

    def __init__(self, inner: Provider, config: ProviderConfig, cache: Cache) -> None:
        self._inner = inner
        self._config = config
        self._cache = cache

    def capabilities(self, model: str) -> Capabilities:
        return self._inner.capabilities(model)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        payload = self._inner.build_request(request)
        events = self._cache.get(self._key(request, request.messages))
        return payload if events is None else _Hit(payload, events)

    def decoder(self, request: Request) -> Decoder:
        return _RecordingDecoder(self._inner.decoder(request), self, request)

    def map_error(self, error: Exception) -> ProviderError | None:
        return self._inner.map_error(error)

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        fallback = getattr(self._inner, "fallback", None)
        return None if fallback is None else fallback(request, error)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        if isinstance(payload, _Hit):
            yield _played(payload.events, self._cache.pace)
            return
        with self._inner.open(payload) as events:
            yield events

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        if isinstance(payload, _Hit):
            yield _AsyncPlayed(payload.events, self._cache.pace)
            return
        async with self._inner.aopen(payload) as events:
            yield events

    def close(self) -> None:
        self._inner.close()

    async def aclose(self) -> None:
        await self._inner.aclose()

    def keep(self, request: Request, events: Events) -> None:
        """Keep a valid answer, and the invalid ones that it is the correction of."""
        self._cache.put(self._key(request, request.messages), events)
        self._cache.take_remembered(self._key(request, request.messages))
        for count in range(len(request.messages)):
            key = self._key(request, request.messages[:count])
            corrected = self._cache.take_remembered(key)
            if corrected is not None:
                self._cache.put(key, corrected)

    def remember(self, request: Request, events: Events) -> None:
        """Keep an answer in mind, which may prove valid."""
        self._cache.remember(self._key(request, request.messages), events)

    def _key(self, request: Request, messages: Sequence[Mapping[str, Any]]) -> bytes:
        options = {
            name: value
            for name, value in request.options.items()
            if name not in _NOT_OF_THE_QUESTION
        }
        question = [
            self._config.name,
            self._config.base_url,
            request.model,
            str(request.mode),
            list(messages),
            request.schema,
            [request.plain, request.strict, request.forced, request.schema_in_prompt],
            options,
        ]
        return blake2b(as_json(question), digest_size=16).digest()


class _Hit(dict[str, Any]):
    """A payload that is not to be sent, since its answer is there."""

    def __init__(self, payload: Mapping[str, Any], events: Events) -> None:
        super().__init__(payload)
        self.events = events


class _Played(list["Chunk"]):
    """The chunks of an event that is played."""


class _RecordingDecoder:
    """Passes on played events; decodes and notes the vendor's."""

    def __init__(self, inner: Decoder, provider: CachingProvider, request: Request) -> None:
        self._inner = inner
        self._provider = provider
        self._request = request
        self._events: Events = []
        self._is_played = False

    def feed(self, event: Any) -> Iterable[Chunk]:
        if isinstance(event, _Played):
            self._is_played = True
            return event
        chunks = list(self._inner.feed(event))
        if chunks:
            if not self._events:
                # Not at the end: an answer that is found invalid is not read to its end.
                self._provider.remember(self._request, self._events)
            self._events.append(chunks)
        return chunks

    def close(self) -> Iterable[Chunk]:
        if self._is_played:
            return [Usage()]
        chunks = list(self._inner.close())
        if chunks:
            self._events.append(chunks)
        return chunks

    def accept(self) -> None:
        if not self._is_played:
            self._provider.keep(self._request, self._events)
        accept = getattr(self._inner, "accept", None)
        if accept is not None:
            accept()


def _played(events: Events, pace: float) -> Iterator[_Played]:
    for chunks in events:
        if pace:
            time.sleep(pace)
        yield _Played(chunks)


class _AsyncPlayed(AsyncIterator[_Played]):
    def __init__(self, events: Events, pace: float) -> None:
        self._events = iter(events)
        self._pace = pace

    async def __anext__(self) -> _Played:
        for chunks in self._events:
            if self._pace:
                await asyncio.sleep(self._pace)
            return _Played(chunks)
        raise StopAsyncIteration


def _dumped(events: Events) -> str:
    # The tokens were spent then, and are not spent by a hit.
    plain = [
        [[type(chunk).__name__, *astuple(chunk)] for chunk in chunks if type(chunk) is not Usage]
        for chunks in events
    ]
    return json.dumps(plain, separators=(",", ":"))


def _loaded(text: str) -> Events:
    return [[_CHUNKS[name](*values) for name, *values in chunks] for chunks in json.loads(text)]
