"""The recipes of docs/web.md for Flask and Django, each served by its own test client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import django
import flask
from django.conf import settings
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from partwise_conformance import Reply as VendorReply
from partwise_web import reply

from ..core.client.test_wire_document import fold
from .conftest import FINAL
from .test_starlette import events

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
        assert response.get_json(force=True)["error"] == "AuthenticationError"


def test_django(ask: Any) -> None:
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8", ALLOWED_HOSTS=["*"])
        django.setup()

    def answer(request: Any) -> StreamingHttpResponse:
        stream = ask(is_async=False)
        parts = reply(stream, protocol="sse")
        request.stream = stream
        return StreamingHttpResponse(parts.body, status=parts.status, headers=parts.headers)

    request = RequestFactory().get("/answer")
    response = answer(request)
    text = b"".join(response.streaming_content).decode()
    response.close()
    request.stream.client.close()
    assert response["content-type"] == "text/event-stream"
    assert folded(text) == FINAL


def test_who_leaves_closes_the_stream(ask: Any, vendor: ReplayServer) -> None:
    stream = ask(is_async=False)
    parts = reply(stream)
    next(parts.body)
    parts.body.close()  # type: ignore[attr-defined]
    assert stream._session.closed
    stream.client.close()
