"""The wire of one vendor, which the author of a plugin describes for the suite.

    class AcmeWire(Wire):
        framing = NDJSON()

        def events(self, chunks, request):
            for chunk in chunks:
                match chunk:
                    case TextDelta(text):
                        yield {"text": text}
                    case Finish(reason):
                        yield {"stopped": "limit" if reason == "length" else "done"}
                    case KeepAlive():
                        pass
                    case _:
                        raise NotOnThisWireError(chunk)

Chunks are handed over one by one. Events yielded before the next is taken belong to the one
taken last: so the suite knows which bytes carry which delta, and can hold back those after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from partwise.provider import Chunk

from .framing import SSE, EventFraming

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from partwise.provider import Request

    from .exchange import RecordedRequest


@dataclass(frozen=True, slots=True)
class StreamError:
    """The vendor reports in mid-stream that it failed, as when it is overloaded."""

    message: str


Part: TypeAlias = Chunk | StreamError


class NotOnThisWireError(Exception):
    """The vendor's format has no such thing. The test that needs it is to be an `xfail`."""

    def __init__(self, part: Part) -> None:
        super().__init__(f"this wire has no form for {part!r}")


class Wire(ABC):
    """Writes answers in one vendor's format.

    Attributes:
        framing: how events are framed in the body.
        base_path: the path after the server's address in the `base_url` of the SDK, such as `/v1`.
    """

    framing: EventFraming = SSE()
    base_path: str = ""

    @abstractmethod
    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        """The vendor's events for these chunks, in the answer to that request.

        `Finish.raw` is None: the vendor's word for the reason is the wire's to know. A vendor that
        sends a tool call whole is written so: collect the call, and yield it where it ends.

        Raises:
            NotOnThisWireError: the vendor has no such thing.
        """

    def error(self, status: int, message: str) -> Any:  # noqa: ARG002 - for vendors that repeat it
        """The JSON document that the vendor sends with an HTTP error."""
        return {"error": {"message": message}}

    def garbage(self) -> bytes:
        """An event that the vendor's SDK reads, and whose data is not JSON."""
        return self.framing.garbage()

    def unknown(self) -> bytes:
        """An event of a kind that the vendor may add one day, as the SDK lets it through.

        Empty if a body has no place for one.
        """
        return self.framing.unknown()

    def body(self, request: RecordedRequest) -> Any:
        """The body of a request, as JSON."""
        return request.json()

    def bears(self, request: RecordedRequest, key: str) -> bool:
        """Whether the request has the API key where the vendor looks for it.

        The default finds it in any header and in the query. Say which, for the suite to hold the
        plugin to it.
        """
        return key in request.path or any(key in value for value in request.headers.values())


def events_of(wire: Wire, parts: Sequence[Part], request: Request) -> list[Any]:
    """The events of the parts, before they are framed."""
    return [*wire.events(iter(parts), request)]


def write(wire: Wire, parts: Sequence[Part], request: Request) -> list[bytes]:
    """The bytes of each part, and at last those of the stream's end.

    Events that the wire yields before it takes the first part go with it.
    """
    segments = [b""] * (len(parts) + 1)
    taken = 0

    def hand_over() -> Iterator[Part]:
        nonlocal taken
        for part in parts:
            taken += 1
            yield part
        taken += 1

    for event in wire.events(hand_over(), request):
        segments[max(taken - 1, 0)] += wire.framing.frame(event)
    return segments
