"""Server-sent events (WHATWG HTML, 9.2.6), read from the bytes of a response.

The SDK calls `json()` on each event, also on those that have no data (`retry:`, `event:` or `id:`
alone), and fails. It has no public way around that, and a library for it wants httpx, where the
SDK has httpx2. Here an event is its data; names, ids and comments have no meaning on this wire.

A body that is one JSON document is read as one event: servers that ignore `stream` answer so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from partwise.provider import ServerError

from ._errors import reported_error

_BOM: Final = b"\xef\xbb\xbf"
_END: Final = b"[DONE]"
_FIELD: Final = re.compile(rb"(data|event|id|retry)?(:|\s|$)")
"""The beginning of a line of an event; a comment has no name."""

_NOTHING: Final = frozenset({b"", b"null"})
"""The data of events that only keep a connection alive."""

_EXCERPT_CHARS: Final = 200


class EventReader:
    """Takes a body piece by piece, and gives the data of its events.

    Attributes:
        ended: whether the server said that nothing follows.
    """

    def __init__(self, provider: str) -> None:
        self.ended = False
        self._provider = provider
        self._start: bytes | None = None
        self._has_events = False
        self._is_document = False
        self._open: list[bytes] = []
        self._data: list[bytes] = []
        self._skips_newline = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The data of the events that are complete now.

        Raises:
            ServerError: an event's data is not JSON.
        """
        if self._start is None:
            piece = self._begin(piece)
        if self._is_document or (b"\n" not in piece and b"\r" not in piece):
            self._open.append(piece)
            return
        for line in self._lines(piece):
            if line:
                self._read(line)
            elif self._data:
                yield from self._event()

    def close(self) -> Iterator[Any]:
        """The document that the body was, if it was one.

        An event that no blank line ends is no event.

        Raises:
            ServerError: the document is not JSON, or neither an answer nor an error; or the body
                is of another kind.
        """
        start = self._start or b":"
        if not (self._has_events or self._is_document or _FIELD.match(start)):
            raise self._error("text in place of events", start)
        if self._is_document:
            text = b"".join(self._open)
            document = self._parse(text)
            if not (reported_error(document) or _is_answer(document)):
                raise self._error("a document in place of events", text)
            yield document

    def _begin(self, piece: bytes) -> bytes:
        """Detect the kind of the body by its first character that is not white space."""
        piece = b"".join((*self._open, piece)).removeprefix(_BOM)
        self._open.clear()
        text = piece.lstrip()
        self._start = text[:_EXCERPT_CHARS] or None
        self._is_document = text[:1] in (b"{", b"[")
        if text[:1] == b"<":
            raise self._error("a page in place of events", text)
        return piece

    def _lines(self, piece: bytes) -> list[bytes]:
        """The lines that are complete now. CR, LF and CRLF end one."""
        if self._skips_newline and piece.startswith(b"\n"):
            piece = piece[1:]
        self._skips_newline = piece.endswith(b"\r")
        text = b"".join((*self._open, piece))
        lines = text.splitlines()
        is_whole = text.endswith((b"\n", b"\r")) or not text
        self._open = [] if is_whole else [lines.pop()]
        return lines

    def _read(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))

    def _event(self) -> Iterator[Any]:
        data = b"\n".join(self._data)
        self._data.clear()
        self._has_events = True
        if data.startswith(_END):
            self.ended = True
        if not self.ended and data.strip() not in _NOTHING:
            yield self._parse(data)

    def _parse(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except ValueError as error:  # UnicodeDecodeError is one
            failure = self._error("data that is not JSON", data)
            failure.retryable = True
            raise failure from error

    def _error(self, kind: str, data: bytes) -> ServerError:
        excerpt = data.decode("utf-8", errors="replace")[:_EXCERPT_CHARS]
        message = f"{self._provider} sent {kind}; is the base URL right? It begins: {excerpt!r}"
        return ServerError(message, provider=self._provider, status_code=200)


def _is_answer(document: Any) -> bool:
    return isinstance(document, Mapping) and not document.keys().isdisjoint({"choices", "output"})
