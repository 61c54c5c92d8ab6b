"""An answer as a response of Starlette or FastAPI: `pip install 'partwise-web[starlette]'`.

    @app.get("/answer")
    async def answer() -> PartialResponse:
        return PartialResponse(client.create_partial(Meeting, messages), protocol="sse")

- Nothing is sent before the answer has begun, so that an error of the vendor's is an HTTP error,
  with problem details (RFC 9457) as its body.
- When the client leaves, the vendor's connection is closed at once.
- A browser that comes back gets the document as it was there, and then the changes. One that has
  seen the end gets a 204, which ends it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from ._encoders import Encoder, compact, encoder_of
from ._problems import headers_of
from ._reply import HEARTBEAT
from ._updates import ENDED, Attempt, Failed, Silence, updates

try:
    from starlette.responses import Response
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "partwise_web.starlette needs Starlette: pip install 'partwise-web[starlette]'",
        name=error.name,
    ) from error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.background import BackgroundTask
    from starlette.types import Receive, Scope, Send

    from ._problems import Problem
    from ._updates import Stream, Update

    _Updates: TypeAlias = AsyncGenerator[Update, None]


class PartialResponse(Response):
    """Streams an answer in a protocol.

    Args:
        stream: a stream that nobody has read yet, sync or async.
        protocol: `sse`, `ndjson`, `ai-sdk`, `text`, `ag-ui`, or an encoder.
        throttle: seconds between two updates, at least; None sends each.
        by_alias: as in pydantic's `model_dump`.
        heartbeat: seconds of silence after which a sign of life is sent.

    Raises:
        ConfigurationError: there is no protocol of that name.
    """

    def __init__(  # noqa: PLR0913 - the response's own, and the stream's
        self,
        stream: Stream,
        *,
        protocol: str | Encoder = "sse",
        throttle: float | None = None,
        by_alias: bool | None = None,
        heartbeat: float = HEARTBEAT,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self._encoder = encoder_of(protocol)
        self._stream = stream
        self._throttle = throttle
        self._by_alias = by_alias
        self._heartbeat = heartbeat
        self.status_code = status_code
        self.background = background
        self.body = b""
        self.media_type = self._encoder.media_type
        self.init_headers({**self._encoder.headers, **(headers or {})})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, until its end or until the client leaves."""
        seen = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1")
        if seen == ENDED:
            await _send_whole(send, 204, b"", {})
            return
        try:
            if scope["method"] == "HEAD":  # routes of GET take it, and it must cost nothing
                await self._begin(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await self._answer_until_left(receive, send, seen)
        finally:
            if self.background is not None:
                await self.background()

    async def _answer_until_left(self, receive: Receive, send: Send, seen: str) -> None:
        answering = asyncio.create_task(self._answer(send, seen))
        leaving = asyncio.create_task(_until_left(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not answering.done():
                answering.cancel()
                with suppress(asyncio.CancelledError):
                    await answering
        if not answering.cancelled():
            answering.result()

    async def _answer(self, send: Send, seen: str) -> None:
        reading = updates(
            self._stream,
            self._encoder.form,
            throttle=self._throttle,
            by_alias=self._by_alias,
            heartbeat=self._heartbeat,
            seen=seen,
        )
        try:
            first = await _first_of(reading)
            if isinstance(first[-1], Failed):
                await _send_problem(send, first[-1].problem)
                return
            await self._send_all(send, first, reading)
        finally:
            await reading.aclose()

    async def _begin(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )

    async def _send_all(self, send: Send, first: list[Update], rest: _Updates) -> None:
        await self._begin(send)
        encode = self._encoder.encode
        await _send_text(send, self._encoder.begin() + "".join(map(encode, first)))
        async for update in rest:
            if isinstance(update, Silence):
                await _send_text(send, self._encoder.heartbeat())
            elif isinstance(update, Failed) and not self._encoder.tells_errors:
                raise update.error
            else:
                await _send_text(send, encode(update))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _first_of(reading: _Updates) -> list[Update]:
    """The updates up to the first one with content, or with an error."""
    attempts: list[Update] = []
    async for update in reading:
        if isinstance(update, Attempt):
            attempts = [update]
        elif not isinstance(update, Silence):
            return [*attempts, update]
    return attempts  # never: there is a last update


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_text(send: Send, text: str) -> None:
    if text:
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _send_problem(send: Send, problem: Problem) -> None:
    body = compact(problem).encode()
    await _send_whole(send, problem["status"], body, headers_of(problem))


async def _send_whole(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    headers["content-length"] = str(len(body))
    raw: list[Any] = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})
