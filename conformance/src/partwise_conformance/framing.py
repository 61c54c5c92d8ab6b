"""Framings of events in an HTTP body: server-sent events, lines of JSON, or one document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Protocol

from .reply import sse

_UNKNOWN_KIND: Final = "unknown_kind"


class EventFraming(Protocol):
    """Puts one event after the other into a body.

    For a binary format, write one of these: `frame` has all the freedom.
    """

    @property
    def content_type(self) -> str:
        """The body's content type."""

    def frame(self, event: Any) -> bytes:
        """The bytes of one event. `bytes` are passed through, anything else is written as JSON."""

    def garbage(self) -> bytes:
        """An event that is framed well, and whose data is not JSON."""

    def unknown(self) -> bytes:
        """An event of a kind not known yet. Empty if a body has no place for one."""


@dataclass(frozen=True, slots=True)
class SSE:
    """Server-sent events. A `str` is an event's data, unchanged, such as `[DONE]`.

    Attributes:
        named_by: the key of an event whose value is the event's name too, as `type` is at
            Anthropic's; None if events have no names.
    """

    named_by: str | None = None
    content_type: str = "text/event-stream; charset=utf-8"

    def frame(self, event: Any) -> bytes:
        if isinstance(event, bytes):
            return event
        return sse(event, event.get(self.named_by) if isinstance(event, dict) else None)

    def garbage(self) -> bytes:
        return sse('{"not": json')

    def unknown(self) -> bytes:
        return self.frame({self.named_by or "type": _UNKNOWN_KIND})


@dataclass(frozen=True, slots=True)
class NDJSON:
    """A line of JSON for each event."""

    content_type: str = "application/x-ndjson"

    def frame(self, event: Any) -> bytes:
        return event if isinstance(event, bytes) else _written(event) + b"\n"

    def garbage(self) -> bytes:
        return b'{"not": json\n'

    def unknown(self) -> bytes:
        return self.frame({"type": _UNKNOWN_KIND})


@dataclass(frozen=True, slots=True)
class PlainJSON:
    """One JSON document, for vendors that do not stream: the wire yields it at the end."""

    content_type: str = "application/json"

    def frame(self, event: Any) -> bytes:
        return event if isinstance(event, bytes) else _written(event)

    def garbage(self) -> bytes:
        return b'{"not": json'

    def unknown(self) -> bytes:
        return b""


def _written(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()
