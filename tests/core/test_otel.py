"""Spans and metrics, as OpenTelemetry's own in-memory exporters get them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import BaseModel, Field

from partwise import otel
from partwise.provider import Finish, TextDelta, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan

STOP = Finish("stop", "end_turn")


class Person(BaseModel):
    name: str
    age: int = Field(lt=150)


GOOD = [TextDelta('{"name": "Jo", '), TextDelta('"age": 25}'), Usage(10, 40), STOP]
BAD = [TextDelta('{"age": 200, '), TextDelta('"name": "Jo"}'), Usage(10, 40), STOP]


class Telemetry:
    """What was exported."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])

    @property
    def span(self) -> ReadableSpan:
        (span,) = self.exporter.get_finished_spans()
        return span

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        metrics = data.resource_metrics[0].scope_metrics[0].metrics
        return [p for metric in metrics if metric.name == name for p in metric.data.data_points]


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    telemetry = Telemetry()
    observer = otel.instrument(tracer_provider=telemetry.tracers, meter_provider=telemetry.meters)
    yield telemetry
    otel.uninstrument(observer)
    telemetry.tracers.shutdown()
    telemetry.meters.shutdown()


def test_a_span_has_what_the_conventions_name(play: Any, telemetry: Telemetry) -> None:
    play(GOOD, response_model=Person, mode="json_schema")
    span = telemetry.span
    attributes = dict(span.attributes or {})
    assert span.name.startswith("chat ")
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.usage.input_tokens"] == 10
    assert attributes["gen_ai.usage.output_tokens"] == 40
    assert attributes["gen_ai.response.finish_reasons"] == ("end_turn",)
    assert attributes["partwise.attempts"] == 1
    assert attributes["partwise.outcome"] == "value"
    assert attributes["gen_ai.response.time_to_first_chunk"] >= 0  # type: ignore[operator]
    first_field = attributes["partwise.time_to_first_field"]
    assert attributes["gen_ai.response.time_to_first_chunk"] <= first_field  # type: ignore[operator]


def test_no_content_is_exported(play: Any, telemetry: Telemetry) -> None:
    play(BAD, GOOD, response_model=Person, mode="json_schema", max_retries=1)
    span = telemetry.span
    exported = f"{span.attributes} {[dict(event.attributes or {}) for event in span.events]}"
    assert "Jo" not in exported


def test_an_early_abort_and_the_tokens_it_saved(play: Any, telemetry: Telemetry) -> None:
    play(BAD, GOOD, response_model=Person, mode="json_schema", max_retries=1)
    attributes = dict(telemetry.span.attributes or {})
    assert attributes["partwise.attempts"] == 2
    assert attributes["partwise.early_aborts"] == 1
    # 13 characters were written of an answer that, in the end, took 40 tokens.
    assert attributes["partwise.saved_tokens"] == 40 - 13 // 4
    (event,) = telemetry.span.events
    assert dict(event.attributes or {}) == {"error.type": "InvalidOutputError"}


def test_an_error_is_on_the_span_and_on_the_metrics(play: Any, telemetry: Telemetry) -> None:
    play(BAD, response_model=Person, mode="json_schema", max_retries=0)
    span = telemetry.span
    assert span.status.status_code is StatusCode.ERROR
    assert dict(span.attributes or {})["error.type"] == "InvalidOutputError"
    (duration,) = telemetry.points("gen_ai.client.operation.duration")
    assert duration.attributes["error.type"] == "InvalidOutputError"


def test_metrics_add_up(play: Any, telemetry: Telemetry) -> None:
    for _ in range(2):
        play(GOOD, response_model=Person, mode="json_schema")
    tokens = {
        point.attributes["gen_ai.token.type"]: point.sum
        for point in telemetry.points("gen_ai.client.token.usage")
    }
    assert tokens == {"input": 20, "output": 80}
    (attempts,) = telemetry.points("partwise.stream.attempts")
    assert attempts.value == 2
    (first_chunk,) = telemetry.points("gen_ai.client.operation.time_to_first_chunk")
    assert first_chunk.count == 2


def test_a_span_is_open_until_its_stream_ends(sync: Any, telemetry: Telemetry) -> None:
    with sync.client(GOOD) as client:
        stream = client.create_partial(response_model=Person, messages=[], mode="json_schema")
        next(stream)
        assert telemetry.exporter.get_finished_spans() == ()
        stream.close()
    attributes = dict(telemetry.span.attributes or {})
    assert attributes["partwise.outcome"] == "closed"
    assert attributes["partwise.usage_complete"] is False
