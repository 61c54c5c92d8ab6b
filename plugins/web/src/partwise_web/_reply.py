"""An answer as the parts of any framework's response: status, headers and a body in pieces.

    @app.get("/answer")
    def answer():
        parts = reply(client.create_partial(Meeting, messages))
        return Response(parts.body, parts.status, parts.headers)  # Flask

With Django it is `StreamingHttpResponse(parts.body, status=parts.status, headers=parts.headers)`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from ._encoders import Encoder, compact, encoder_of
from ._problems import headers_of, problem_of
from ._thread import END, ReadingThread
from ._updates import (
    TRY_SECONDS,
    Attempt,
    Done,
    Failed,
    Silence,
    place_of,
    update_of,
    usage_of,
    view_of,
    watch_attempts,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from concurrent.futures import Future

    from partwise import PartialStream

    from ._updates import Update


HEARTBEAT: Final = 15.0
"""Seconds of silence after which a heartbeat is sent: proxies close idle connections after 30."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The parts of a response.

    Attributes:
        body: the pieces as text. Closing it, as servers do when the client has left, closes the
            stream.
    """

    status: int
    headers: dict[str, str]
    body: Iterator[str]


def reply(
    stream: PartialStream[Any],
    *,
    protocol: str | Encoder = "sse",
    throttle: float | None = None,
    by_alias: bool | None = None,
    heartbeat: float = HEARTBEAT,
) -> Reply:
    """Read a stream up to its first update: the response, or the one that tells of an error.

    The stream is read by a thread of its own.

    Args:
        stream: a sync one that nobody has read yet.
        protocol: as in `PartialResponse`.
        throttle: seconds between two updates, at least.
        by_alias: as in pydantic's `model_dump`.
        heartbeat: seconds of silence after which a sign of life is sent. Servers like Flask's
            notice only then that the client has left.

    Raises:
        ConfigurationError: there is no protocol of that name.
    """
    encoder = encoder_of(protocol)
    reading = _updates(stream, encoder, throttle, by_alias, heartbeat)
    first = _first_of(reading)
    if isinstance(first[-1], Failed):
        problem = first[-1].problem
        return Reply(problem["status"], headers_of(problem), iter([compact(problem)]))
    headers = {"content-type": encoder.media_type, **encoder.headers}
    return Reply(200, headers, _body(encoder, first, reading))


def _first_of(reading: Iterator[Update]) -> list[Update]:
    """The updates up to the first one with content, or with an error."""
    attempts: list[Update] = []
    for update in reading:
        if isinstance(update, Attempt):
            attempts = [update]
        elif not isinstance(update, Silence):
            return [*attempts, update]
    return attempts  # never: there is a last update


def _body(
    encoder: Encoder, first: list[Update], rest: Generator[Update, None, None]
) -> Iterator[str]:
    try:
        yield encoder.begin() + "".join(map(encoder.encode, first))
        for update in rest:
            if isinstance(update, Failed) and not encoder.tells_errors:
                raise update.error
            silent = isinstance(update, Silence)
            if text := encoder.heartbeat() if silent else encoder.encode(update):
                yield text
    finally:
        rest.close()


def _updates(
    stream: PartialStream[Any],
    encoder: Encoder,
    throttle: float | None,
    by_alias: bool | None,  # noqa: FBT001
    heartbeat: float,
) -> Generator[Update, None, None]:
    news: SimpleQueue[Attempt | Future[Any]] = SimpleQueue()
    watch_attempts(stream, lambda attempt: news.put(Attempt(attempt)))
    thread = ReadingThread(view_of(stream, encoder.form, throttle, by_alias))
    try:
        for item in _with_marks(thread, news, heartbeat):
            if isinstance(item, Attempt | Silence):
                yield item
            else:
                yield update_of(item, encoder.form, place_of(stream), by_alias)
    except Exception as error:  # noqa: BLE001 - the frontend is told
        yield Failed(problem_of(error), error)
    else:
        yield Done(usage_of(stream.usage), stream.attempt)
    finally:
        for _ in thread.close():
            time.sleep(TRY_SECONDS)


def _with_marks(
    thread: ReadingThread, news: SimpleQueue[Attempt | Future[Any]], heartbeat: float
) -> Iterator[Any]:
    """The items, and between them the attempts that begin and the silences."""
    thread.read().add_done_callback(news.put)
    while True:
        try:
            found = news.get(timeout=heartbeat)
        except Empty:
            yield Silence()
            continue
        if isinstance(found, Attempt):
            yield found
        elif (item := found.result()) is END:
            return
        else:
            yield item
            thread.read().add_done_callback(news.put)
