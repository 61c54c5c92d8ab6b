"""One stream while it is being recorded."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

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

    from partwise.provider import Chunk, Provider, Request, Secrets


T = TypeVar("T")

SCRUBBED: Final = "[scrubbed]"
_OWNER_ONLY: Final = 0o600


class Tape:
    """Notes the events of a stream, and their times; `write` puts it into the file, once.

    A secret in one event is scrubbed there. One that the model spells out over several events
    can't be, so such a stream is not written at all: a second decoder reads it for that.
    """

    def __init__(
        self, path: Path, provider: str, request: Request, inner: Provider, secrets: Secrets
    ) -> None:
        self._path = path
        self._inner = inner
        self._secrets = secrets
        self._decoder = inner.decoder(request)
        self._texts: dict[object, str] = defaultdict(str)
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
        self._recording.events.append(Event(self._delay(), self._scrubbed(data), kind))
        self._read(event)
        return event

    def fail(self, error: Exception) -> None:
        """Note that the stream ended so; an end that is none of the provider's is just an end."""
        known = error if isinstance(error, ProviderError) else self._inner.map_error(error)
        if known is not None and self._fault is None:
            self._secrets.add_sent_with(error)
            fault = Fault.of(known, self._delay())
            self._fault = replace(fault, message=self._scrubbed(fault.message))

    def write(self) -> None:
        """Write the file.

        Raises:
            RecordingError: it can't be written, or the answer has a key in it.
        """
        if self._written:
            return
        self._written = True
        if any(self._secrets.are_in(text) for text in self._texts.values()):
            raise RecordingError("the answer spells out a key: nothing was written")
        try:
            self._write(replace(self._recording, fault=self._fault).dumps())
        except OSError as error:
            raise RecordingError(f"the recording can't be written: {error}") from error

    def _write(self, text: str) -> None:
        # For its owner alone: an answer may be as private as a key.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - of this mode
            self._path.chmod(_OWNER_ONLY)
            file.write(text)

    def _scrubbed(self, value: Any) -> Any:
        return self._secrets.masked(value, SCRUBBED)

    def _read(self, event: Any) -> None:
        try:
            for chunk in self._decoder.feed(event):
                self._note(chunk)
        except ProviderError:
            pass  # the vendor's error, which its reader gets

    def _note(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text) | ReasoningDelta(text) | RefusalDelta(text):
                self._texts[type(chunk)] += self._scrubbed(text)
            case ToolCallDelta(index, arguments):
                self._texts[index] += self._scrubbed(arguments)

    def _delay(self) -> float:
        now = time.monotonic()
        passed, self._last = now - self._last, now
        return passed
