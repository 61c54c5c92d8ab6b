"""The provider `replay`: plays a recording through the decoder of the plugin that made it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from partwise.provider import (
    Capabilities,
    Chunk,
    ConfigurationError,
    Decoder,
    ProviderConfig,
    ProviderError,
    ProviderFactory,
    ProviderTimeoutError,
    Request,
    ToolCallDelta,
    find_factory,
)

from ._events import to_event
from ._inner import distribution_of
from ._recording import Recording, RecordingError

# No request is sent, so any will do.
_KEY: Final = "replay"
_ADDRESS: Final = "http://127.0.0.1:9"

Score: TypeAlias = "Iterator[tuple[float, Any]]"


class ReplayProvider:
    """Plays recordings: the name after `replay/` is the file, from the current folder.

    The option `speed` says how fast: 1 is the recording's own pace, 2 is twice as fast, and
    `math.inf` is at once.

    Args:
        recording: the one to play, whatever the model's name.
        plugin: makes the provider whose decoder reads it; that of the recorded name, if None.

    Raises:
        ConfigurationError: the speed is no positive number, or there is another option.
    """

    def __init__(
        self,
        config: ProviderConfig,
        recording: Path | None = None,
        plugin: ProviderFactory | None = None,
    ) -> None:
        self._recording = recording
        self._plugin = plugin
        options = dict(config.options)
        self._speed = _checked_speed(options.pop("speed", 1.0))
        if options:
            names = ", ".join(options)
            raise ConfigurationError(f"{config.name!r} has no option {names}; it has speed")

    def capabilities(self, model: str) -> Capabilities:
        """The mode in which the recording was made.

        Raises:
            RecordingError: there is no recording of that name.
        """
        recording = _load(self._path(model))
        return Capabilities({recording.mode: recording.granularity})

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """Which recording to play."""
        return {"recording": self._path(request.model), "read_timeout": request.read_timeout}

    def decoder(self, request: Request) -> Decoder:
        """The decoder of the plugin that the recording was made with."""
        recording = _load(self._path(request.model))
        config = ProviderConfig(name=recording.provider, api_key=_KEY, base_url=_ADDRESS)
        inner = (self._plugin or find_factory(recording.provider))(config)
        as_recorded = replace(request, model=recording.model, name=recording.name)
        return _Renaming(inner.decoder(as_recorded), recording.name, request.name)

    def map_error(self, error: Exception) -> ProviderError | None:  # noqa: ARG002 - none comes
        """A recording's faults are errors of partwise's already."""
        return None

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """The recorded events, each in its time."""
        yield _played(self._score(payload), time.monotonic())

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """The same, for asyncio."""
        yield _AsyncPlayed(self._score(payload), time.monotonic())

    def close(self) -> None:
        """There is nothing to let go of."""

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def _path(self, model: str) -> Path:
        return (self._recording or Path(model)).absolute()

    def _score(self, payload: Mapping[str, Any]) -> Score:
        return score(_load(payload["recording"]), self._speed, payload["read_timeout"])


def score(recording: Recording, speed: float, read_timeout: float | None) -> Score:
    """The schedule: seconds from the start, and the event or the error that is due then."""
    family = distribution_of(recording.provider) if any(e.kind for e in recording.events) else ""
    notes: list[tuple[float, Callable[[], Any]]] = [
        (event.delay, partial(to_event, event, family)) for event in recording.events
    ]
    if recording.fault is not None:
        notes.append((recording.fault.delay, partial(recording.fault.as_error, recording.provider)))
    now = 0.0
    for delay, make in notes:
        if read_timeout is not None and delay / speed > read_timeout:
            yield now + read_timeout, _timed_out(recording, read_timeout)
            return
        now += delay / speed
        yield now, make()


def _timed_out(recording: Recording, seconds: float) -> ProviderError:
    message = f"the recording is silent for more than {seconds:g} s"
    return ProviderTimeoutError(message, provider=recording.provider, retryable=True)


def _played(notes: Score, start: float) -> Iterator[Any]:
    for due, note in notes:
        if (pause := start + due - time.monotonic()) > 0:
            time.sleep(pause)
        yield _raised_or_given(note)


class _AsyncPlayed(AsyncIterator[Any]):
    """The same, for asyncio. No generator: whoever leaves it has nothing to close."""

    def __init__(self, notes: Score, start: float) -> None:
        self._notes = notes
        self._start = start

    async def __anext__(self) -> Any:
        for due, note in self._notes:
            await asyncio.sleep(max(0.0, self._start + due - time.monotonic()))
            return _raised_or_given(note)
        raise StopAsyncIteration


def _raised_or_given(note: Any) -> Any:
    if isinstance(note, ProviderError):
        raise note
    return note


class _Renaming(Decoder):
    """Gives the recorded answer's tool the name under which it is looked for now."""

    def __init__(self, inner: Decoder, recorded: str, wanted: str) -> None:
        self._inner = inner
        self._recorded = recorded
        self._wanted = wanted

    def feed(self, event: Any) -> Iterable[Chunk]:
        return map(self._renamed, self._inner.feed(event))

    def close(self) -> Iterable[Chunk]:
        return map(self._renamed, self._inner.close())

    def _renamed(self, chunk: Chunk) -> Chunk:
        if isinstance(chunk, ToolCallDelta) and chunk.name == self._recorded:
            return replace(chunk, name=self._wanted)
        return chunk


def _checked_speed(speed: object) -> float:
    if isinstance(speed, (int, float)) and speed > 0:
        return float(speed)
    raise ConfigurationError(f"speed is a positive number, math.inf for at once, not {speed!r}")


def _load(path: Path) -> Recording:
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RecordingError(f"no recording at {str(path)!r}: {reason}") from error


@lru_cache(maxsize=16)
def _loaded(path: Path, _changed: int) -> Recording:
    """Read once for the several questions that one call asks."""
    return Recording.load(path)
