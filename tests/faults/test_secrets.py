"""The API key is shown nowhere, even by a vendor that repeats it to whoever used it."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import partwise
from partwise import Hooks, otel
from partwise_conformance import Drop, Reply, sse

from .faults import body
from .stand import KEY, Outcome, Stand
from .vendors import DELTAS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .vendors import Vendor

SAID = f"Incorrect API key provided: {KEY}. Ask for another."


def refused(status: int) -> Callable[[Vendor], Reply]:
    error = {"message": SAID, "code": status, "type": "invalid_request_error", "status": SAID}
    said = {"error": {**error, "details": [{"reason": SAID, "metadata": [SAID]}]}}
    return lambda _: Reply.of_json(said, status=status)


def in_the_stream(vendor: Vendor) -> Reply:
    overloaded = json.loads(vendor.overloaded.partition(b"data: ")[2])
    overloaded["error"]["message"] = SAID
    kind = "error" if vendor.name == "anthropic" else None
    return body(*vendor.half(), sse(overloaded, kind))


def page(_: Vendor) -> Reply:
    return Reply(body=[SAID.encode()], headers={"content-type": "text/html"}, framing="length")


def garbage(vendor: Vendor) -> Reply:
    kind = "content_block_delta" if vendor.name == "anthropic" else None
    return body(*vendor.half(), sse(SAID, kind))


REPLIES = {
    "401": refused(401),
    "403": refused(403),
    "400": refused(400),
    "500": refused(500),
    "error event": in_the_stream,
    "page": page,
    "garbage": garbage,
    "reset": lambda _: body(Drop()),
}


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from chain(error.__cause__)
        error = error.__context__


def rendered(outcome: Outcome) -> str:
    """All that is seen of an error by whoever prints, logs or reports it."""
    error = outcome.error
    assert error is not None
    shown = [*traceback.format_exception(error), repr(outcome.stream)]
    for each in chain(error):
        shown += [str(each), repr(each), repr(each.args), repr(vars(each))]
    return "\n".join(shown)


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_no_key_is_in_an_error(
    reply: Callable[[Vendor], Reply], stand: Stand, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[Any] = []
    hooks = Hooks()
    for name in ("completion:error", "parse:error", "completion:last_attempt", "stream:end"):
        hooks.on(name, heard.append)
    stand.server.reset()
    stand.server.enqueue(reply(vendor))

    outcome = stand.ask(hooks=hooks)

    shown = rendered(outcome)
    assert KEY not in shown
    assert KEY not in repr(heard)
    assert KEY not in caplog.text
    assert KEY in str(stand.server.requests[-1].headers)
    assert KEY.encode() not in pickle.dumps(str(outcome.error))


def test_a_key_that_is_repeated_is_masked_and_the_rest_is_kept(
    stand: Stand, vendor: Vendor
) -> None:
    stand.server.enqueue(refused(401)(vendor))
    outcome = stand.ask()
    assert isinstance(outcome.error, partwise.AuthenticationError)
    assert "Incorrect API key provided: ***. Ask for another" in str(outcome.error)
    assert outcome.error.__cause__ is not None


def test_no_key_is_in_a_payload_a_span_or_a_repr(stand: Stand, vendor: Vendor) -> None:
    spans, metrics = InMemorySpanExporter(), InMemoryMetricReader()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    payloads: list[Any] = []
    hooks = Hooks()
    hooks.on("completion:kwargs", lambda **payload: payloads.append(payload))
    observer = otel.instrument(
        tracer_provider=tracing, meter_provider=MeterProvider(metric_readers=[metrics])
    )
    headers = {"authorization": f"Bearer {KEY}"}
    google = {"config": {"http_options": {"headers": headers}}}
    options = google if vendor.name == "google" else {"extra_headers": headers}
    try:
        for reply in (Reply(body=vendor.whole()), refused(401)(vendor)):
            stand.server.enqueue(reply)
            stand.ask(hooks=hooks, **options)
    finally:
        otel.uninstrument(observer)

    finished = spans.get_finished_spans()
    assert len(finished) == 2
    told = metrics.get_metrics_data()
    assert told is not None
    seen = [payloads, stand.client, vars(stand.client), stand.client._calls.provider]
    assert KEY not in repr(seen)
    assert KEY not in "".join(span.to_json() for span in finished)
    assert KEY not in told.to_json()
    assert KEY in str(stand.server.requests[-1].headers)


def test_no_content_is_logged(
    stand: Stand, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "partwise")
    for reply in (Reply(body=vendor.whole()), body(*vendor.half(), Drop())):
        stand.server.enqueue(reply)
        stand.ask()
    ours = [record for record in caplog.records if record.name.startswith("partwise")]
    for record in ours:
        assert DELTAS[0][-2:] not in record.getMessage()
        assert "menu" not in record.getMessage()


def test_a_key_from_the_environment_is_as_secret(
    stand: Stand, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    if stand.way == "async":
        return
    monkeypatch.setenv(vendor.key_variable, KEY)
    stand.server.enqueue(refused(401)(vendor))
    client = partwise.from_provider(vendor.model, mode=vendor.mode, base_url=stand.server.url)
    with client, pytest.raises(partwise.AuthenticationError) as caught:
        client.create(dict[str, str], [{"role": "user", "content": "?"}])
    assert KEY not in "".join(traceback.format_exception(caught.value))
