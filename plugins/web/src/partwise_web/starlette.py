"""An answer as a response of Starlette or FastAPI: `pip install 'partwise-web[starlette]'`.

    @app.get("/answer")
    async def answer() -> PartialResponse:
        return PartialResponse(client.create_partial(Meeting, messages), protocol="sse")

- Nothing is sent before the answer has begun, so that an error of the vendor's is an HTTP error,
  with problem details (RFC 9457) as its body.
- When the client leaves, the vendor's connection is closed at once.
- A browser that comes back with the id of the last event gets a 204, which ends it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._encoders import Encoder, compact, encoder_of
from ._updates import ENDED, Failed, updates

try:
    from starlette.responses import Response
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "partwise_web.starlette needs Starlette: pip install 'partwise-web[starlette]'",
        name=error.name,
    ) from error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from starlette.background import BackgroundTask
    from starlette.types import Receive, Scope, Send

    from ._problems import Problem
    from ._updates import Stream, Update

    _Updates: TypeAlias = AsyncGenerator[Update, None]

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a heartbeat is sent: proxies close idle connections after 30."""


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
        if (b"last-event-id", ENDED.encode()) in scope["headers"]:
            await _send_whole(send, 204, b"", {})
            return
        try:
            await self._answer_until_left(receive, send)
        finally:
            if self.background is not None:
                await self.background()

    async def _answer_until_left(self, receive: Receive, send: Send) -> None:
        answering = asyncio.create_task(self._answer(send))
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

    async def _answer(self, send: Send) -> None:
        reading = updates(
            self._stream, self._encoder.form, throttle=self._throttle, by_alias=self._by_alias
        )
        try:
            first = await anext(reading)
            if isinstance(first, Failed):
                await _send_problem(send, first.problem)
                return
            await self._send_all(send, first, reading)
        finally:
            await reading.aclose()

    async def _send_all(self, send: Send, first: Update, rest: _Updates) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await _send_text(send, self._encoder.begin() + self._encoder.encode(first))
        async for update in self._with_heartbeats(rest):
            if update is None:
                await _send_text(send, self._encoder.heartbeat())
            elif isinstance(update, Failed) and not self._encoder.tells_errors:
                raise update.error
            else:
                await _send_text(send, self._encoder.encode(update))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _with_heartbeats(self, rest: _Updates) -> AsyncIterator[Update | None]:
        """The updates, and None after each silence."""
        while True:
            following = asyncio.ensure_future(anext(rest, None))
            try:
                while not (await asyncio.wait({following}, timeout=self._heartbeat))[0]:
                    yield None
            finally:
                if not following.done():
                    following.cancel()
                    with suppress(asyncio.CancelledError):
                        await following
            update = following.result()
            if update is None:
                return
            yield update


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_text(send: Send, text: str) -> None:
    if text:
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _send_problem(send: Send, problem: Problem) -> None:
    headers = {"content-type": "application/problem+json"}
    if "retry_after" in problem:
        headers["retry-after"] = str(round(problem["retry_after"]))
    await _send_whole(send, problem["status"], compact(problem).encode(), headers)


async def _send_whole(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    headers["content-length"] = str(len(body))
    raw: list[Any] = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})
