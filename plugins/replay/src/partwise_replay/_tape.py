"""One stream while it is being recorded."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from partwise.provider import (
    ProviderError,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)

from ._events import to_plain
from ._recording import Event, Fault, Recording, RecordingError

if TYPE_CHECKING:
    from pathlib import Path

    from partwise.provider import Chunk, Provider, Request

    from ._secrets import Secrets

T = TypeVar("T")


class Tape:
    """Notes the events of a stream, and their times; `write` puts it into the file, once.

    A secret in one event is scrubbed there. One that the model spells out over several events
    can't be, so such a stream is not written at all: a second decoder listens for that.
    """

    def __init__(
        self, path: Path, provider: str, request: Request, inner: Provider, secrets: Secrets
    ) -> None:
        self._path = path
        self._inner = inner
        self._secrets = secrets
        self._decoder = inner.decoder(request)
        self._said: dict[object, str] = defaultdict(str)
        self._written = False
        self._last = time.monotonic()
        self._recording = Recording(
            provider=provider,
            model=request.model,
            mode=request.mode,
            granularity=inner.capabilities(request.model).modes[request.mode],
            name=request.name,
            recorded=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._fault: Fault | None = None

    def keep(self, event: T) -> T:
        """Note that this event has come, and hand it on.

        Raises:
            RecordingError: such an event can't be put in words.
        """
        data, kind = to_plain(event)
        self._recording.events.append(Event(self._delay(), self._secrets.scrub(data), kind))
        self._listen(event)
        return event

    def fail(self, error: Exception) -> None:
        """Note that the stream ended so; an end that is none of the provider's is just an end."""
        known = error if isinstance(error, ProviderError) else self._inner.map_error(error)
        if known is not None and self._fault is None:
            fault = Fault.of(known, self._delay())
            self._fault = replace(fault, message=self._secrets.scrub(fault.message))

    def write(self) -> None:
        """Write the file.

        Raises:
            RecordingError: it can't be written, or the answer has a key in it.
        """
        if self._written:
            return
        self._written = True
        if any(self._secrets.are_in(text) for text in self._said.values()):
            raise RecordingError("the answer spells out a key: nothing was written")
        try:
            text = replace(self._recording, fault=self._fault).dumps()
            self._path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise RecordingError(f"the recording can't be written: {error}") from error

    def _listen(self, event: Any) -> None:
        try:
            for chunk in self._decoder.feed(event):
                self._hear(chunk)
        except ProviderError:
            pass  # the vendor's error, which its reader gets

    def _hear(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text) | ReasoningDelta(text) | RefusalDelta(text):
                self._said[type(chunk)] += self._secrets.scrub(text)
            case ToolCallDelta(index, arguments):
                self._said[index] += self._secrets.scrub(arguments)

    def _delay(self) -> float:
        now = time.monotonic()
        passed, self._last = now - self._last, now
        return passed
