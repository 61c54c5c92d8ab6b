"""The recipes of docs/web.md for Flask and Django, each served by its own test client."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import django
import flask
from django.conf import settings
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from partwise_conformance import Reply as VendorReply
from partwise_conformance import chat_answer
from partwise_web import reply

from ..core.client.test_wire_document import fold
from .conftest import FINAL, TEXT
from .test_log_readers import failing_first
from .test_starlette import assert_closed_in_time, events, release

if TYPE_CHECKING:
    from partwise_conformance import ReplayServer


def folded(text: str) -> Any:
    *patches, done = events(text)
    assert done["event"] == "done"
    document, path = None, ""
    for event in patches:
        document, path = fold(document, json.loads(event["data"]), path)
    return document


def app(ask: Any) -> flask.Flask:
    made = flask.Flask(__name__)

    @made.get("/answer")
    def answer() -> flask.Response:
        stream = ask(is_async=False)
        parts = reply(stream)
        response = flask.Response(parts.body, parts.status, parts.headers)
        response.call_on_close(stream.client.close)
        return response

    return made


def test_flask(ask: Any) -> None:
    with app(ask).test_client() as client, client.get("/answer") as response:
        assert response.content_type == "text/event-stream"
        assert folded(response.get_data(as_text=True)) == FINAL


def test_flask_tells_of_a_vendor_s_error(ask: Any, vendor: ReplayServer) -> None:
    vendor.enqueue(VendorReply.of_json({"error": {"message": "bad key"}}, status=401))
    with app(ask).test_client() as client, client.get("/answer") as response:
        assert response.status_code == 502
        assert response.content_type == "application/problem+json"
        assert response.get_json(force=True)["error"] == "AuthenticationError"
        assert "bad key" in response.get_json(force=True)["detail"]


def test_an_attempt_and_a_silence_are_told_at_once(ask: Any, vendor: ReplayServer) -> None:
    failing_first(vendor)
    stream = ask(is_async=False, max_retries=1)
    body = reply(stream, heartbeat=0.05).body
    while next(body) != 'event: attempt\ndata: {"attempt":2}\n\n':
        pass
    while next(body) != ":\n\n":
        pass
    vendor.exchanges[1].release_all()
    assert folded("".join(body)) == FINAL
    stream.client.close()


def test_who_leaves_while_the_vendor_is_silent(ask: Any, vendor: ReplayServer) -> None:
    def leave() -> float:
        stream = ask(is_async=False)
        release(vendor, 12)
        body = reply(stream, heartbeat=0.05).body
        while next(body) != ":\n\n":
            pass
        left = time.monotonic()
        body.close()  # type: ignore[attr-defined]
        stream.client.close()
        return left

    vendor._handler = chat_answer(TEXT, gated=True)
    assert_closed_in_time(vendor, leave)


def by_django(ask: Any, **options: Any) -> tuple[Any, str]:
    """The response of the recipe's view, and its text."""
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8", ALLOWED_HOSTS=["*"])
        django.setup()

    def answer(request: Any) -> StreamingHttpResponse:
        request.stream = ask(is_async=False)
        parts = reply(request.stream, **options)
        return StreamingHttpResponse(parts.body, status=parts.status, headers=parts.headers)

    request: Any = RequestFactory().get("/answer")
    response = answer(request)
    text = b"".join(response.streaming_content).decode()
    response.close()
    request.stream.client.close()
    return response, text


def test_django(ask: Any) -> None:
    response, text = by_django(ask, protocol="sse")
    assert response["content-type"] == "text/event-stream"
    assert folded(text) == FINAL


def test_django_tells_of_a_vendor_s_error(ask: Any, vendor: ReplayServer) -> None:
    limited = {"error": {"message": "slow down"}}
    vendor.enqueue(VendorReply.of_json(limited, status=429, headers={"retry-after": "7"}))
    response, text = by_django(ask)
    assert response.status_code == 503
    assert response["content-type"] == "application/problem+json"
    assert response["retry-after"] == "7"
    assert json.loads(text)["error"] == "RateLimitError"


def test_who_leaves_closes_the_stream(ask: Any, vendor: ReplayServer) -> None:
    stream = ask(is_async=False)
    parts = reply(stream)
    next(parts.body)
    parts.body.close()  # type: ignore[attr-defined]
    assert stream._session.closed
    stream.client.close()
