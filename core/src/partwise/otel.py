"""OpenTelemetry spans and metrics for every call of the process: `partwise.otel.instrument()`.

Needs `pip install "partwise[otel]"`. Names and units follow OpenTelemetry's semantic conventions
for generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/); names that they lack begin
with `partwise.`.

A span covers a whole call, from its first request until its stream ends: with a value, with an
error, or because its reader left. It carries no content of prompts or answers.

    gen_ai.client.operation.duration              s        from the first request to the end
    gen_ai.client.operation.time_to_first_chunk   s        until the vendor's first event
    gen_ai.client.token.usage                     {token}  of all attempts, input and output
    partwise.stream.time_to_first_field           s        until the first value was complete
    partwise.stream.attempts                      {attempt}
    partwise.stream.early_aborts                  {attempt}  ended before the answer's end
    partwise.stream.saved_tokens                  {token}    estimated, see `_saved_tokens`
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ._errors import InvalidOutputError, ProviderError
from ._providers.hookspecs import hookimpl
from ._providers.registry import register, unregister

try:
    from opentelemetry import metrics, trace
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ImportError as error:
    raise ImportError('partwise.otel needs OpenTelemetry: pip install "partwise[otel]"') from error

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from ._providers.hookspecs import CallInfo, HookName
    from ._session.hooks import Completion, StreamEnd

_CHARACTERS_PER_TOKEN: Final = 4
_SECONDS: Final = tuple(0.01 * 2**power for power in range(14))
_TOKENS: Final = tuple(4**power for power in range(14))
"""The bucket boundaries that the conventions ask for."""


def instrument(
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> object:
    """Observe every call from now on, with the given providers or the process's own.

    Durations are in seconds, usage in tokens. Each call of this function adds an observer, so to
    call it twice counts twice. `parse` and `aparse` ask no vendor and are not observed.

    Args:
        tracer_provider: makes the spans; None, the default, takes OpenTelemetry's global one.
        meter_provider: makes the metrics; None, the default, takes the global one.

    Returns:
        The observer, for `uninstrument`.

    Example:
        ```python
        observer = partwise.otel.instrument()
        team = client.create(Team, "Who is in the team?")  # a span and its metrics
        partwise.otel.uninstrument(observer)
        ```
    """
    observer = _Observer(
        trace.get_tracer("partwise", tracer_provider=tracer_provider),
        metrics.get_meter("partwise", meter_provider=meter_provider),
    )
    register(observer)
    return observer


def uninstrument(observer: object) -> None:
    """Observe no call from now on.

    Args:
        observer: as `instrument` returned it.

    Raises:
        ConfigurationError: it is no observer, or observes no longer.
    """
    unregister(observer)


@dataclass(slots=True)
class _Call:
    """The state of a call that is under way."""

    span: Span
    attributes: dict[str, Any]
    started: float = field(default_factory=time.perf_counter)
    first_chunk: float | None = None
    first_field: float | None = None
    aborted: list[int] = field(default_factory=list)  # characters of each answer cut short
    finish_reason: str | None = None
    answer_tokens: int = 0  # of the answer that brought the value

    def elapsed(self) -> float:
        return time.perf_counter() - self.started


class _Observer:
    """Receives every hook of every call, and keeps the calls that are under way."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._calls: dict[CallInfo, _Call] = {}
        self._instruments = _Instruments(meter)
        self._handlers: dict[str, Any] = {
            "completion:response": self._on_response,
            "stream:first_chunk": self._on_first_chunk,
            "stream:field_complete": self._on_field,
            "parse:error": self._on_error,
            "completion:error": self._on_error,
            "stream:end": self._on_end,
        }

    @hookimpl
    def observe(self, name: HookName, call: CallInfo, detail: tuple[Any, ...]) -> None:
        """Record a hook of a call."""
        if name == "completion:kwargs" and call not in self._calls:
            self._calls[call] = self._begin(call)
        state = self._calls.get(call)
        if state is not None and name in self._handlers:
            self._handlers[name](call, state, *detail)

    def _begin(self, call: CallInfo) -> _Call:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": call.telemetry_name or call.provider,
            "gen_ai.request.model": call.model,
        }
        span = self._tracer.start_span(
            f"chat {call.model}",
            kind=SpanKind.CLIENT,
            attributes={
                **attributes,
                "gen_ai.output.type": "json",
                "gen_ai.request.stream": True,
                "partwise.mode": call.mode.value,
                "partwise.response_model": call.response_model,
            },
        )
        return _Call(span, attributes)

    def _on_first_chunk(self, _: CallInfo, state: _Call) -> None:
        if state.first_chunk is None:
            state.first_chunk = state.elapsed()

    def _on_field(self, _: CallInfo, state: _Call, *__: Any) -> None:
        if state.first_field is None:
            state.first_field = state.elapsed()

    def _on_error(self, _: CallInfo, state: _Call, error: BaseException) -> None:
        state.span.add_event("partwise.attempt_failed", {"error.type": _type_of(error)})
        if isinstance(error, InvalidOutputError) and error.early:
            state.aborted.append(len(error.text))

    def _on_response(self, _: CallInfo, state: _Call, completion: Completion) -> None:
        state.finish_reason = completion.raw_finish_reason or completion.finish_reason
        state.answer_tokens = completion.usage.output_tokens if completion.usage else 0

    def _on_end(self, call: CallInfo, state: _Call, end: StreamEnd) -> None:
        del self._calls[call]
        saved = _saved_tokens(state)
        _describe_end(state, end, saved)
        self._instruments.record(state, end, saved)
        state.span.end()


class _Instruments:
    """The metrics."""

    def __init__(self, meter: Meter) -> None:
        def seconds(name: str, description: str) -> Any:
            return meter.create_histogram(
                name, "s", description, explicit_bucket_boundaries_advisory=_SECONDS
            )

        self._duration = seconds("gen_ai.client.operation.duration", "Time of a whole call")
        self._first_chunk = seconds(
            "gen_ai.client.operation.time_to_first_chunk", "Time until the vendor's first event"
        )
        self._first_field = seconds(
            "partwise.stream.time_to_first_field", "Time until the first value was complete"
        )
        self._usage = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Tokens of a call",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._attempts = meter.create_counter("partwise.stream.attempts", "{attempt}", "Attempts")
        self._aborts = meter.create_counter(
            "partwise.stream.early_aborts", "{attempt}", "Attempts ended before the answer's end"
        )
        self._saved = meter.create_counter(
            "partwise.stream.saved_tokens", "{token}", "Estimate of tokens that early aborts saved"
        )

    def record(self, state: _Call, end: StreamEnd, saved: int) -> None:
        """Record the metrics of a call that has ended."""
        attributes = dict(state.attributes)
        if end.error is not None:
            attributes["error.type"] = _type_of(end.error)
        self._duration.record(state.elapsed(), attributes)
        if state.first_chunk is not None:
            self._first_chunk.record(state.first_chunk, attributes)
        if state.first_field is not None:
            self._first_field.record(state.first_field, attributes)
        if end.usage is not None:
            for kind in ("input", "output"):
                tokens = getattr(end.usage, f"{kind}_tokens")
                self._usage.record(tokens, {**attributes, "gen_ai.token.type": kind})
        self._attempts.add(end.attempts, attributes)
        self._aborts.add(len(state.aborted), attributes)
        self._saved.add(saved, attributes)


def _describe_end(state: _Call, end: StreamEnd, saved: int) -> None:
    usage, reason = end.usage, state.finish_reason
    error_type = _type_of(end.error) if end.error is not None else None
    attributes: dict[str, Any] = {
        "partwise.outcome": end.outcome,
        "partwise.attempts": end.attempts,
        "partwise.usage_complete": end.usage_complete,
        "partwise.early_aborts": len(state.aborted),
        "partwise.saved_tokens": saved,
        "gen_ai.response.finish_reasons": [reason] if reason is not None else None,
        "gen_ai.response.time_to_first_chunk": state.first_chunk,
        "partwise.time_to_first_field": state.first_field,
        "gen_ai.usage.input_tokens": usage.input_tokens if usage else None,
        "gen_ai.usage.output_tokens": usage.output_tokens if usage else None,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_input_tokens if usage else None,
        "error.type": error_type,
    }
    state.span.set_attributes({k: v for k, v in attributes.items() if v is not None})
    if error_type is not None:
        state.span.set_status(Status(StatusCode.ERROR, error_type))


def _saved_tokens(state: _Call) -> int:
    """An estimate of the output tokens that early ends of attempts saved.

    An attempt that was ended early would have been about as long as the one that brought the
    value. If the call brought none, the estimate is 0.
    """
    spent = (characters // _CHARACTERS_PER_TOKEN for characters in state.aborted)
    return sum(max(0, state.answer_tokens - tokens) for tokens in spent)


def _type_of(error: BaseException) -> str:
    if isinstance(error, ProviderError) and error.status_code is not None:
        return str(error.status_code)
    return type(error).__qualname__
