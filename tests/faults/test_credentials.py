"""A credential is shown nowhere, wherever it was put: one sweep over places, vendors and replies.

A marker goes into each place in which a vendor's SDK takes a credential. A server repeats all that
it received, plainly and escaped, in every kind of failure. Then everything that a program may log,
trace, record or report is searched for the marker.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from botocore.config import Config
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import partwise
from partwise import Hooks, otel
from partwise_conformance import Drop, ReplayServer, Reply, sse

if TYPE_CHECKING:
    from pathlib import Path

    from partwise_conformance import RecordedRequest

MARKER = "Zx7qMarkerW9kd2"
QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "Who?"}]


@dataclass(frozen=True, slots=True)
class Place:
    """One place for a credential: keywords of `from_provider`, of a call, and the environment."""

    vendor: str
    options: dict[str, Any] = field(default_factory=dict)
    call: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    url: str = "{url}"
    headers: dict[str, str] | None = None
    cookies: dict[str, str] | None = None
    auth: Any = None
    proxy: bool = False


class OwnAuth(httpx2.Auth):
    """Signs in as the user's company does it."""

    def __init__(self) -> None:
        self._pass = MARKER

    def auth_flow(self, request: httpx2.Request) -> Iterator[httpx2.Request]:  # type: ignore[override]
        request.headers["x-company"] = self._pass
        yield request


HEADER = {"x-team": MARKER}
IN_ALL = {
    "key": {"options": {"api_key": MARKER}},
    "password in the address": {"url": "{scheme}team:" + MARKER + "@{host}"},
    "user in the address": {"url": "{scheme}" + MARKER + ":x@{host}"},
    "query in the address": {"url": "{url}?key=" + MARKER},
    "nameless query in the address": {"url": "{url}?" + MARKER},
    "HTTP client's headers": {"headers": HEADER},
    "HTTP client's cookies": {"cookies": {"session": MARKER}},
    "HTTP client's auth": {"auth": ("team", MARKER)},
    "HTTP client's own auth": {"auth": OwnAuth()},
    "HTTP client's proxy": {"url": "http://vendor.invalid", "proxy": True},
    "proxy in the environment": {
        "url": "http://vendor.invalid",
        "environment": {"http_proxy": "http://team:" + MARKER + "@{host}"},
    },
}
BY_SDK = {
    "call's headers": {"call": {"extra_headers": HEADER}},
    "call's cookie": {"call": {"extra_headers": {"cookie": f"a=b; session={MARKER}"}}},
    "default headers": {"options": {"default_headers": HEADER}},
    "default query": {"options": {"default_query": {"team": MARKER}}},
    "call's query": {"call": {"extra_query": {"team": MARKER}}},
    "call's body": {"call": {"extra_body": {"a": [{"credentials": {"user": {"b": MARKER}}}]}}},
}
PLACES: dict[str, Place] = {
    **{
        f"{vendor}: {name}": Place(vendor, **given)  # type: ignore[arg-type]
        for vendor in ("openai", "anthropic", "google", "mistral")
        for name, given in IN_ALL.items()
    },
    **{
        f"{vendor}: {name}": Place(vendor, **given)  # type: ignore[arg-type]
        for vendor in ("openai", "anthropic")
        for name, given in BY_SDK.items()
    },
    "openai: organization": Place("openai", options={"organization": MARKER}),
    "openai: project": Place("openai", options={"project": MARKER}),
    "openai: custom headers": Place(
        "openai", environment={"OPENAI_CUSTOM_HEADERS": f"x-a: {MARKER}"}
    ),
    "openai: organization in the environment": Place(
        "openai", environment={"OPENAI_ORG_ID": MARKER}
    ),
    "anthropic: auth token": Place("anthropic", options={"auth_token": MARKER, "api_key": None}),
    "anthropic: auth token in the environment": Place(
        "anthropic", options={"api_key": None}, environment={"ANTHROPIC_AUTH_TOKEN": MARKER}
    ),
    "anthropic: custom headers": Place(
        "anthropic", environment={"ANTHROPIC_CUSTOM_HEADERS": f"x-a: b\nx-team: {MARKER}"}
    ),
    "google: HTTP options": Place("google", options={"http_options": {"headers": HEADER}}),
    "google: call's HTTP options": Place("google", call={"http_options": {"headers": HEADER}}),
    "google: call's config": Place(
        "google", call={"config": {"http_options": {"headers": HEADER}}}
    ),
    "google: call's headers": Place("google", call={"extra_headers": HEADER}),
    "mistral: call's headers": Place("mistral", call={"http_headers": HEADER}),
    "bedrock: key": Place("bedrock", options={"api_key": MARKER}),
    "bedrock: secret": Place("bedrock", options={"aws_secret_access_key": MARKER}),
    "bedrock: key id": Place("bedrock", options={"aws_access_key_id": MARKER}),
    "bedrock: session token": Place("bedrock", options={"aws_session_token": MARKER}),
    "bedrock: session token in the environment": Place(
        "bedrock",
        options={"aws_access_key_id": None, "aws_secret_access_key": None},
        environment={
            "AWS_ACCESS_KEY_ID": "AKIAQQQQQQQQQQQQQQQQ",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
            "AWS_SESSION_TOKEN": MARKER,
        },
    ),
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "openai": {"max_retries": 0},
    "anthropic": {"max_retries": 0},
    "google": {"max_retries": 0},
    "mistral": {},
    "bedrock": {
        "region_name": "eu-west-1",
        "aws_access_key_id": "no-key-at-all",
        "aws_secret_access_key": "no-secret-at-all",
        "config": Config(retries={"total_max_attempts": 1}),
    },
}
MODELS = {
    "openai": "openai/gpt-4.1-mini",
    "anthropic": "anthropic/claude-haiku-4-5",
    "google": "google/gemini-2.5-flash",
    "mistral": "mistral/mistral-small-latest",
    "bedrock": "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0",
}


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def echo(request: RecordedRequest) -> str:
    """All that was received, and the marker as a server may write it."""
    basic = base64.b64encode(f"team:{MARKER}".encode()).decode()
    bearer = base64.b64encode(f"Bearer {MARKER}".encode()).decode()
    in_html = "".join(f"&#{ord(char)};" for char in MARKER)
    spellings = f"{MARKER} {escaped(MARKER)} {basic} {bearer} {in_html}"
    return f"denied: {request.path} {dict(request.headers)} {request.body!r} {spellings}"


def refused(status: int) -> Callable[[RecordedRequest], Reply]:
    def answer(request: RecordedRequest) -> Reply:
        words = echo(request)
        details = [{"reason": words, "metadata": [words]}]
        error = {"message": words, "type": "invalid_request_error", "code": status}
        body = {"error": {**error, "details": details}, "message": words, "type": "error"}
        return Reply.of_json(body, status=status, headers={"x-echo": MARKER, "set-cookie": MARKER})

    return answer


def page(request: RecordedRequest) -> Reply:
    body = f"<html>{echo(request)}</html>".encode()
    return Reply(body=[body], headers={"content-type": "text/html"}, framing="length")


def in_the_stream(request: RecordedRequest) -> Reply:
    error = {
        "message": echo(request),
        "type": "overloaded_error",
        "code": 503,
        "status": echo(request),
    }
    event = {"type": "error", "object": "error", "message": echo(request), "error": error}
    return Reply(body=[sse(event, "error" if "messages" in request.path else None)])


def garbage(request: RecordedRequest) -> Reply:
    return Reply(body=[sse(f"{{{echo(request)}", None)])


REPLIES: dict[str, Callable[[RecordedRequest], Reply]] = {
    "401": refused(401),
    "400": refused(400),
    "503": refused(503),
    "page": page,
    "in the stream": in_the_stream,
    "garbage": garbage,
    "reset": lambda _: Reply(before_head=[Drop()]),
}


def causes(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from causes(error.__cause__)
        yield from causes(error.__context__)


def shown_of(error: BaseException) -> Iterator[str]:
    """All that can be seen of an error by whoever prints, logs, pickles or takes it apart."""
    yield "".join(traceback.format_exception(error))
    for each in causes(error):
        yield from (str(each), repr(each), repr(each.args), repr(vars(each)))
        for name in ("response", "raw_response", "request"):
            yield from shown_of_message(vars(each).get(name))


def shown_of_message(message: Any, depth: int = 3) -> Iterator[str]:
    if message is None or depth == 0:
        return
    yield repr(message)
    for name in ("headers", "url", "content", "text", "body", "cookies"):
        try:
            yield f"{getattr(message, name, '')!r} {dict(getattr(message, name))!r}"
        except Exception:  # noqa: BLE001 - whatever of it can't be shown
            yield repr(vars(message).get(name, "")) if hasattr(message, "__dict__") else ""
    yield from shown_of_message(getattr(message, "__dict__", {}).get("_request"), depth - 1)


def http_clients(place: Place, host: str) -> dict[str, Any]:
    if not (place.headers or place.cookies or place.auth or place.proxy):
        return {}
    proxy = f"http://team:{MARKER}@{host}" if place.proxy else None
    client = httpx2.Client(
        headers=place.headers, cookies=place.cookies, auth=place.auth, proxy=proxy
    )
    return {"http_client": client}


def forms() -> list[str]:
    """The marker as it may be seen."""
    words = (f"team:{MARKER}", f"Bearer {MARKER}")
    encoded = [base64.b64encode(text.encode()).decode() for text in words]
    return [MARKER, escaped(MARKER), "".join(f"&#{ord(char)};" for char in MARKER), *encoded]


@contextmanager
def recording_client(place: Place, server: ReplayServer, folder: Path) -> Iterator[Any]:
    host = server.url.removeprefix("http://")
    url = place.url.format(url=server.url, host=host, scheme="http://")
    given: dict[str, Any] = {"api_key": "no key" if place.vendor != "bedrock" else None}
    given |= {
        "base_url": url,
        **DEFAULTS[place.vendor],
        **place.options,
        **http_clients(place, host),
    }
    given = {name: value for name, value in given.items() if value is not None}
    model = f"record/{MODELS[place.vendor]}"
    with partwise.from_provider(model, to=str(folder / "answer.sse"), **given) as client:
        yield client
    if "http_client" in given:
        given["http_client"].close()


def findings(client: Any, place: Place, folder: Path, caplog: Any) -> list[str]:
    """Where the marker is seen after a call that fails."""
    seen: list[Any] = []
    hooks = Hooks()
    hooks.on("completion:kwargs", lambda **payload: seen.append(payload))
    for name in ("completion:error", "parse:error", "completion:last_attempt", "stream:end"):
        hooks.on(name, seen.append)
    caplog.clear()
    with pytest.raises(partwise.PartwiseError) as caught:
        client.create(
            dict[str, str], QUESTION, hooks=hooks, max_retries=0, timeout=20, **place.call
        )
    ours = [each for each in caplog.records if each.name.startswith("partwise")]
    files = list(folder.glob("*.sse"))
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    texts = {
        "errors": "\n".join(shown_of(caught.value)),
        "hooks": repr(seen),
        "reprs": repr([client, vars(client)]),
        "log": "\n".join(record.getMessage() for record in ours),
        "recordings": "\n".join(file.read_text() for file in files),
    }
    return [name for name, text in texts.items() if any(form in text for form in forms())]


replying: dict[str, Callable[[RecordedRequest], Reply]] = {}


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    def answer(request: RecordedRequest) -> Reply:
        return replying["with"](request)

    with ReplayServer(answer) as server:
        yield server


def cases() -> Iterator[Any]:
    """Each place; those whose mechanism another one has too are left to `make test-all`."""
    first = {
        "key",
        "HTTP client's cookies",
        "session token",
        "organization",
        "auth token",
        "call's query",
        "HTTP client's proxy",
        "proxy in the environment",
    }
    for name, place in PLACES.items():
        is_first = name.partition(": ")[2] in first and "google" not in name
        yield pytest.param(place, id=name, marks=() if is_first else pytest.mark.full)


@pytest.mark.parametrize("place", list(cases()))
def test_a_credential_is_shown_nowhere(
    place: Place,
    server: ReplayServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "partwise")
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_TOKEN"))]:
        monkeypatch.delenv(name)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value.format(host=server.url.removeprefix("http://")))
    spans = InMemorySpanExporter()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    observer = otel.instrument(tracer_provider=tracing)
    found: dict[str, list[str]] = {}
    try:
        with recording_client(place, server, tmp_path) as client:
            for name, reply in REPLIES.items():
                server.reset()
                replying["with"] = reply
                found[name] = findings(client, place, tmp_path, caplog)
                assert server.requests
    finally:
        otel.uninstrument(observer)

    traced = "".join(span.to_json() for span in spans.get_finished_spans())
    assert {name: where for name, where in found.items() if where} == {}
    assert MARKER not in traced
    assert MARKER not in json.dumps(traced)
