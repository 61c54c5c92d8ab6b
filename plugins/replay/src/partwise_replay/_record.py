"""The provider `record`: another one, whose streams are kept in files.

The file is written when the stream is left, however it is left, so that a stream that broke is
kept as it broke. Each further stream of one client goes to a file of its own: `meeting-2.sse`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, Final

from partwise.provider import (
    Capabilities,
    Decoder,
    Fallback,
    Provider,
    ProviderConfig,
    ProviderError,
    Request,
    find_factory,
)

from ._inner import option, split
from ._recording import RecordingError
from ._tape import Tape

_EXAMPLE: Final = 'from_provider("record/openai/gpt-4.1-mini", to="meeting.sse")'


class RecordProvider:
    """Asks the provider that the model names first, and keeps its events.

    Raises:
        ConfigurationError: there is no `to=`, the file to write.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._path = Path(str(option(config, "to", _EXAMPLE)))
        options = {name: value for name, value in config.options.items() if name != "to"}
        self._config = replace(config, options=options)
        self._secrets = config.secrets
        self._inner: dict[str, Provider] = {}
        self._lock = Lock()
        self._count = 0

    def capabilities(self, model: str) -> Capabilities:
        """Those of the provider that is recorded."""
        inner, rest = self._of(model)
        return inner.capabilities(rest)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """That provider's payload, and the request for the recording."""
        inner, model = self._of(request.model)
        asked = replace(request, model=model)
        return {"provider": request.model, "request": asked, "payload": inner.build_request(asked)}

    def decoder(self, request: Request) -> Decoder:
        """That provider's decoder."""
        inner, model = self._of(request.model)
        return inner.decoder(replace(request, model=model))

    def map_error(self, error: Exception) -> ProviderError | None:
        """That provider's mapping of it."""
        mapped = (inner.map_error(error) for inner in self._inner.values())
        return next((each for each in mapped if each is not None), None)

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach that it would try next."""
        inner, model = self._of(request.model)
        find = getattr(inner, "fallback", None)
        found: Fallback | None = find(replace(request, model=model), error) if find else None
        return found

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """That provider's events, kept as they pass. The file is written at the end."""
        inner, _ = self._of(payload["provider"])
        with self._tape(payload, inner) as tape, inner.open(payload["payload"]) as events:
            yield _Kept(tape, events)

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """The same, for asyncio."""
        inner, _ = self._of(payload["provider"])
        with self._tape(payload, inner) as tape:
            async with inner.aopen(payload["payload"]) as events:
                yield _AsyncKept(tape, events)

    def close(self) -> None:
        """Close that provider."""
        for inner in self._inner.values():
            inner.close()

    async def aclose(self) -> None:
        """Close that provider."""
        for inner in self._inner.values():
            await inner.aclose()

    def _of(self, model: str) -> tuple[Provider, str]:
        """The provider that is recorded, made once, and its own name of the model."""
        name, rest = split(model, _EXAMPLE)
        with self._lock:
            if name not in self._inner:
                self._inner[name] = find_factory(name, self._config.plugin)(
                    replace(self._config, name=name)
                )
        return self._inner[name], rest

    @contextmanager
    def _tape(self, payload: Mapping[str, Any], inner: Provider) -> Iterator[Tape]:
        with self._lock:
            self._count += 1
            path = _numbered(self._path, self._count)
        try:
            # Before anything is asked: tokens that nobody keeps would be lost.
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordingError(f"the recording can't be written: {error}") from error
        name, _ = split(payload["provider"], _EXAMPLE)
        tape = Tape(path, name, payload["request"], inner, self._secrets)
        try:
            yield tape
        except Exception as error:
            tape.fail(error)
            raise
        finally:
            tape.write()


def _numbered(path: Path, count: int) -> Path:
    return path if count == 1 else path.with_stem(f"{path.stem}-{count}")


class _Kept(Iterator[Any]):
    """A stream's events, each put on the tape before it is handed on."""

    def __init__(self, tape: Tape, events: Iterator[Any]) -> None:
        self._tape = tape
        self._events = events

    def __next__(self) -> Any:
        try:
            return self._tape.keep(next(self._events))
        except Exception as error:
            self._tape.fail(error)
            self._tape.write()
            raise


class _AsyncKept(AsyncIterator[Any]):
    """The same, for asyncio."""

    def __init__(self, tape: Tape, events: AsyncIterator[Any]) -> None:
        self._tape = tape
        self._events = events

    async def __anext__(self) -> Any:
        try:
            return self._tape.keep(await anext(self._events))
        except Exception as error:
            self._tape.fail(error)
            self._tape.write()
            raise
