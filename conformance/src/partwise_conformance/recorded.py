"""Recorded streams, to be put on the wire again: a vendor's bytes, or a recording of partwise's.

`partwise record` keeps the vendor's events and not its bytes. The suite's wire knows how events
are in a body, so they reach the plugin's real SDK over a socket again, whatever the framing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from partwise.provider import ProviderConnectionError, ProviderError, ProviderTimeoutError
from partwise_replay import FIRST_LINE, Recording

from .reply import Drop, Reply
from .transcript import Transcript
from .wire import StreamError, write

if TYPE_CHECKING:
    from pathlib import Path

    from partwise.provider import Request

    from .harness import Harness
    from .reply import Step

_BROKEN = (ProviderConnectionError.__name__, ProviderTimeoutError.__name__)


class Recorded(Protocol):
    """A stream that was recorded.

    Attributes:
        body: the vendor's bytes.
        fails: whether the stream ended badly, so that reading it raises an error.
        request: a request to which it can be the answer.
    """

    body: bytes
    fails: bool
    request: Request

    def reply(self, *pieces: bytes) -> Reply:
        """The vendor's reply: the body in these pieces, and its end."""

    def direct(self) -> Transcript | None:
        """The chunks of the events, decoded without an SDK; None if the SDK makes its own."""


class Bytes:
    """A body as it was on the wire."""

    fails = False

    def __init__(self, harness: Harness, path: Path) -> None:
        self.body = path.read_bytes()
        self.request = harness.request(harness.suite.recording_mode(path) or harness.default_mode)
        self._harness = harness

    def reply(self, *pieces: bytes) -> Reply:
        return self._harness.reply(*pieces)

    def direct(self) -> Transcript | None:
        return None


class Events:
    """The vendor's events, as `partwise record` keeps them."""

    def __init__(self, harness: Harness, path: Path) -> None:
        recording = Recording.load(path)
        self._fault = recording.fault
        self.request = harness.request(recording.mode, name=recording.name)
        self._events = recording.events
        self.body = b"".join(harness.wire.framing.frame(event.plain) for event in self._events)
        self._harness = harness
        self._direct: Transcript | None = None
        self.fails = recording.fault is not None
        if not self.fails and not any(event.kind for event in self._events):
            try:
                self._direct = self._decoded()
            except ProviderError:  # one of the events is an error
                self.fails = True

    def reply(self, *pieces: bytes) -> Reply:
        fault, wire = self._fault, self._harness.wire
        if fault is not None and fault.status_code and not self._events:
            document = wire.error(fault.status_code, fault.message)
            return Reply.of_json(document, status=fault.status_code)
        end: list[Step] = []
        if fault is not None and fault.error in _BROKEN:
            end = [Drop()]
        elif fault is not None:
            end += write(wire, [StreamError(fault.message)], self.request)[:-1]
        return self._harness.reply(*pieces, *end)

    def direct(self) -> Transcript | None:
        return self._direct

    def _decoded(self) -> Transcript:
        decoder = self._harness.provider.decoder(self.request)
        chunks: list[Any] = [c for event in self._events for c in decoder.feed(event.plain)]
        return Transcript([*chunks, *decoder.close()])


def recorded(harness: Harness, path: Path) -> Recorded:
    """The stream in that file."""
    with path.open("rb") as file:
        ours = file.read(len(FIRST_LINE)) == FIRST_LINE.encode()
    return Events(harness, path) if ours else Bytes(harness, path)
