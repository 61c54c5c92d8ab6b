"""Answers as responses, read by a real HTTP client from a real server, the vendor on a socket."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from partwise import ConfigurationError, Partial
from partwise_conformance import ReplayServer, Reply, chat_answer
from partwise_web.starlette import PartialResponse

from ..core.client.test_wire_document import fold
from ..timing import assert_in_time
from .conftest import FINAL, TEXT, Team, closing, serving

if TYPE_CHECKING:
    from collections.abc import Callable


def app(make: Callable[..., Any], **options: Any) -> Starlette:
    async def answer(request: Any) -> PartialResponse:
        stream = make()
        return PartialResponse(stream, background=closing(stream), **options)

    return Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])


def events(text: str) -> list[dict[str, str]]:
    """Server-sent events, field by field."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in fields:
            found.append(fields)
    return found


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_sse(ask: Any, is_async: bool) -> None:
    with serving(app(lambda: ask(is_async=is_async))) as url:
        reply = httpx.get(url)
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["cache-control"] == "no-cache, no-transform"
    *patches, done = events(reply.text)
    document, path = None, ""
    for event in patches:
        document, path = fold(document, json.loads(event["data"]), path)
    assert document == FINAL
    assert [int(event["id"].removeprefix("1.")) for event in patches][-1] <= len(TEXT)
    assert done["event"] == "done"
    assert json.loads(done["data"])["attempts"] == 1
    assert json.loads(done["data"])["usage"]["output_tokens"] > 0
    assert done["id"] == "end"


def test_ndjson(ask: Any) -> None:
    with serving(app(ask, protocol="ndjson")) as url:
        lines = [json.loads(line) for line in httpx.get(url).text.splitlines()]
    document, path = None, ""
    for line in lines[:-1]:
        assert line["type"] == "patch"
        document, path = fold(document, line["patch"], path)
    assert document == FINAL
    assert lines[-1]["type"] == "done"


def test_the_text_for_use_object(ask: Any) -> None:
    with serving(app(ask, protocol="text")) as url:
        assert httpx.get(url).json() == FINAL


@pytest.mark.parametrize("protocol", ["sse", "ndjson", "ai-sdk", "text", "ag-ui"])
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_a_vendor_s_error_is_an_http_error(
    vendor: ReplayServer, ask: Any, protocol: str, is_async: bool
) -> None:
    vendor.enqueue(Reply.of_json({"error": {"message": "bad key"}}, status=401))
    with serving(app(lambda: ask(is_async=is_async), protocol=protocol)) as url:
        reply = httpx.get(url)
    assert reply.status_code == 502
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["error"] == "AuthenticationError"
    assert problem["provider"] == "openai"
    assert "bad key" in problem["detail"]


def test_a_rate_limit_says_when_to_come_back(vendor: ReplayServer, ask: Any) -> None:
    limited = Reply.of_json({"error": {}}, status=429, headers={"retry-after": "7"})
    vendor.enqueue(limited)
    with serving(app(ask)) as url:
        reply = httpx.get(url)
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "7"


def test_an_error_after_the_beginning_is_told_in_the_protocol(
    vendor: ReplayServer, ask: Any
) -> None:
    whole = chat_answer(TEXT[:-20])
    vendor._handler = whole
    with serving(app(ask)) as url:
        *patches, error = events(httpx.get(url).text)
    assert patches
    assert error["event"] == "error"
    assert json.loads(error["data"])["error"] == "IncompleteOutputError"


def test_an_error_breaks_the_connection_of_a_protocol_without_errors(
    vendor: ReplayServer, ask: Any
) -> None:
    vendor._handler = chat_answer(TEXT[:-20])
    with (
        serving(app(ask, protocol="text")) as url,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        httpx.get(url)


def test_attempts_are_marked(vendor: ReplayServer, ask: Any) -> None:
    bad, good = chat_answer(TEXT.replace('"Ada"', "1")), chat_answer(TEXT)
    answers = iter([bad, good])
    vendor._handler = lambda request: next(answers)(request)  # noqa: PLW0108
    with serving(app(lambda: ask(max_retries=1))) as url:
        found = events(httpx.get(url).text)
    names = [each.get("event") for each in found]
    assert names.count("attempt") == 1
    after = json.loads(found[names.index("attempt") + 1]["data"])
    assert after[0]["path"] == ""
    assert json.loads(found[-1]["data"])["attempts"] == 2


def test_whoever_has_seen_the_end_gets_no_more(vendor: ReplayServer, ask: Any) -> None:
    with serving(app(ask)) as url:
        reply = httpx.get(url, headers={"last-event-id": "end"})
    assert reply.status_code == 204
    assert vendor.exchanges == []


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_a_head_asks_no_vendor(vendor: ReplayServer, ask: Any, is_async: bool) -> None:
    with serving(app(lambda: ask(is_async=is_async))) as url:
        reply = httpx.head(url)
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert vendor.exchanges == []


def test_an_old_client_gets_all_of_it(ask: Any) -> None:
    with serving(app(ask)) as url:
        where, text = httpx.URL(url), b""
        with socket.create_connection((where.host, where.port)) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while piece := client.recv(65536):
                text += piece
    assert b"chunked" not in text
    assert events(text.decode().partition("\r\n\r\n")[2])[-1]["event"] == "done"


def release(vendor: ReplayServer, count: int) -> threading.Thread:
    """Let the vendor send so many events of the next request, beside the test."""

    def work() -> None:
        deadline = time.monotonic() + 10
        while not vendor.exchanges and time.monotonic() < deadline:
            time.sleep(0.002)
        vendor.exchanges[0].release(count)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def assert_closed_in_time(vendor: ReplayServer, leave: Callable[[], float]) -> None:
    """The vendor's connection is closed within 100 ms of the time that `leave` gives."""

    def once() -> float:
        vendor.reset()
        left = leave()
        return vendor.exchanges[0].wait_disconnected() - left

    assert_in_time(0.1, once, tolerance=0.0)


def leave_half_way(vendor: ReplayServer, url: str) -> float:
    """When a client has left an answer whose vendor is silent."""
    release(vendor, 12)
    with httpx.stream("GET", url) as reply:
        parts = reply.iter_bytes()
        next(parts)
        return time.monotonic()


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("throttle", [None, 0.01])
def test_who_leaves_closes_the_vendor_s_connection(
    vendor: ReplayServer, ask: Any, is_async: bool, throttle: float | None
) -> None:
    vendor._handler = chat_answer(TEXT, gated=True)
    with serving(app(lambda: ask(is_async=is_async), throttle=throttle)) as url:
        assert_closed_in_time(vendor, lambda: leave_half_way(vendor, url))


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_who_leaves_before_the_beginning_closes_the_connection_too(
    vendor: ReplayServer, ask: Any, is_async: bool
) -> None:
    def leave() -> float:
        releasing, where = release(vendor, 1), httpx.URL(url)
        with socket.create_connection((where.host, where.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            releasing.join()  # the vendor has been asked
            return time.monotonic()

    vendor._handler = chat_answer(TEXT, gated=True)
    with serving(app(lambda: ask(is_async=is_async))) as url:
        assert_closed_in_time(vendor, leave)


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("protocol", ["ndjson", "ai-sdk", "text", "ag-ui"])
def test_who_leaves_is_noticed_in_every_protocol(
    vendor: ReplayServer, ask: Any, protocol: str, is_async: bool
) -> None:
    vendor._handler = chat_answer(TEXT, gated=True)
    with serving(app(lambda: ask(is_async=is_async), protocol=protocol)) as url:
        assert_closed_in_time(vendor, lambda: leave_half_way(vendor, url))


def test_a_silent_vendor_leaves_a_heartbeat(vendor: ReplayServer, ask: Any) -> None:
    vendor._handler = chat_answer(TEXT, gated=True)
    with serving(app(ask, heartbeat=0.02)) as url:
        release(vendor, 12)
        with httpx.stream("GET", url) as reply:
            lines = reply.iter_lines()
            assert any(line == ":" for line in lines)
            vendor.exchanges[0].release_all()
            assert "event: done" in list(lines)


def test_an_unknown_protocol(ask: Any) -> None:
    with pytest.raises(ConfigurationError, match="unknown protocol 'ssee'; choose one of sse, nd"):
        PartialResponse(ask(), protocol="ssee")


# FastAPI's own way


def fast(vendor: ReplayServer, ask: Any) -> FastAPI:
    api = FastAPI()

    @api.get("/lines")
    async def lines() -> AsyncIterable[Partial[Team]]:  # type: ignore[type-arg]
        stream = ask()
        async for team in stream:
            yield team
        await stream.client.close()

    @api.get("/answer")
    async def answer() -> PartialResponse:
        stream = ask()
        return PartialResponse(stream, background=closing(stream))

    return api


def test_fastapi_s_own_way(vendor: ReplayServer, ask: Any) -> None:
    with serving(fast(vendor, ask)) as url:
        reply = httpx.get(f"{url}/lines")
        lines = [json.loads(line) for line in reply.text.splitlines()]
        schema = httpx.get(f"{url}/openapi.json").json()
    assert lines[-1] == FINAL
    assert lines[0]["people"] is None
    (content,) = schema["paths"]["/lines"]["get"]["responses"]["200"]["content"].items()
    assert content[0] == "application/jsonl"
    reference = content[1]["itemSchema"]["$ref"].rpartition("/")[2]
    properties = schema["components"]["schemas"][reference]["properties"]
    assert {"type": "null"} in properties["title"]["anyOf"]


def test_fastapi_takes_the_response(vendor: ReplayServer, ask: Any) -> None:
    with serving(fast(vendor, ask)) as url:
        assert events(httpx.get(f"{url}/answer").text)[-1]["event"] == "done"
