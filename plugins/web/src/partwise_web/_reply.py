"""An answer as the parts of any framework's response: status, headers and a body in pieces.

@app.get("/answer")
def answer():
parts = reply(client.create_partial(Meeting, messages))
return Response(parts.body, parts.status, parts.headers)          # Flask
return StreamingHttpResponse(parts.body, status=parts.status, headers=parts.headers)  # Django
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._encoders import Encoder, compact, encoder_of
from ._problems import problem_of
from ._updates import Attempt, Done, Failed, update_of, usage_of, view_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from partwise import PartialStream

    from ._updates import Update


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
) -> Reply:
    """Read a stream up to its first update: the response, or the one that tells of an error.

    Args:
        stream: a sync one that nobody has read yet.
        protocol: as in `PartialResponse`.
        throttle: seconds between two updates, at least.
        by_alias: as in pydantic's `model_dump`.

    Raises:
        ConfigurationError: there is no protocol of that name.
    """
    encoder = encoder_of(protocol)
    reading = _updates(stream, encoder, throttle, by_alias)
    first = next(reading)
    if isinstance(first, Failed):
        headers = {"content-type": "application/problem+json"}
        if "retry_after" in first.problem:
            headers["retry-after"] = str(round(first.problem["retry_after"]))
        return Reply(first.problem["status"], headers, iter([compact(first.problem)]))
    headers = {"content-type": encoder.media_type, **encoder.headers}
    return Reply(200, headers, _body(encoder, first, reading))


def _body(encoder: Encoder, first: Update, rest: Generator[Update, None, None]) -> Iterator[str]:
    try:
        yield encoder.begin() + encoder.encode(first)
        for update in rest:
            if isinstance(update, Failed) and not encoder.tells_errors:
                raise update.error
            if text := encoder.encode(update):
                yield text
    finally:
        rest.close()


def _updates(
    stream: PartialStream[Any],
    encoder: Encoder,
    throttle: float | None,
    by_alias: bool | None,  # noqa: FBT001
) -> Generator[Update, None, None]:
    view = view_of(stream, encoder.form, throttle, by_alias)
    attempt = 1
    try:
        for item in view:
            if stream.attempt != attempt:
                attempt = stream.attempt
                yield Attempt(attempt)
            yield update_of(item, encoder.form, f"{attempt}.{len(stream.text)}", by_alias)
    except Exception as error:  # noqa: BLE001 - the frontend is told
        yield Failed(problem_of(error), error)
    else:
        yield Done(usage_of(stream.usage), stream.attempt)
    finally:
        view.close()
