"""Checks with hostile input: whatever is sent, the result is a value or an error of partwise's."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, Any, Final, get_args

import partwise
from partwise import OutputError, PartwiseError
from partwise.provider import (
    Finish,
    FinishReason,
    KeepAlive,
    ProviderError,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from ..assertions import fail, require
from ..fixtures import KEY, MESSAGES, answer, half, payload
from ..mutation import damaged, odd_shape
from ..reply import Reply
from ..wire import NotOnThisWireError, StreamError, events_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from partwise.provider import Chunk, Mode

    from ..harness import Harness, Style
    from ..wire import Part

_MESSAGE: Final = "the lighthouse is closed"

_CONFIGURATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "not-a-url": {"base_url": "not a url"},
    "port-99999": {"base_url": "http://127.0.0.1:99999"},
    "open-bracket": {"base_url": "http://[::1"},
    "other-scheme": {"base_url": "gopher://127.0.0.1:9"},
    "line-break-in-key": {"api_key": f"{KEY}\r\nx-admin: 1"},
    "letters-in-key": {"api_key": "schlüssel-鍵"},
}
_RETRY_AFTER: Final = (
    *("inf", "nan", "-1", "1e999", "soon", "9" * 400, ""),
    *("Fri, 31 Dec 99999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -9999"),
)
_TYPES: Final[Mapping[type, Mapping[str, tuple[type, ...]]]] = {
    TextDelta: {"text": (str,), "item": (int,)},
    ReasoningDelta: {"text": (str,)},
    RefusalDelta: {"text": (str,)},
    ToolCallDelta: {
        "index": (int,),
        "arguments": (str,),
        "id": (str, type(None)),
        "name": (str, type(None)),
    },
    Usage: dict.fromkeys(
        ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens"), (int,)
    ),
    Finish: {"reason": (str,), "raw": (str, type(None)), "message": (str, type(None))},
    KeepAlive: {},
}
"""The types that a chunk's fields must have."""


class RobustnessChecks:
    """Hostile input becomes a value or a PartwiseError."""

    def test_odd_shapes(self, harness: Harness, mode: Mode) -> None:
        """Events of odd shapes end in chunks or in a ProviderError, never in a builtin error.

        Source: `docs/security.md`: whatever a vendor sends, the user meets partwise's errors alone.
        """
        random = Random(f"shapes {mode}")  # noqa: S311 - no secret is made of it
        for parts in _scenarios(mode):
            for _ in range(harness.suite.mutations):
                _expect_typed(harness, mode, _odd_body(harness, mode, parts, random))

    def test_damaged_bytes(self, harness: Harness, mode: Mode) -> None:
        """Damaged bodies end in chunks or in a ProviderError, never in a builtin error.

        Source: `docs/security.md`: whatever a vendor sends, the user meets partwise's errors alone.
        """
        random = Random(f"bytes {mode}")  # noqa: S311 - as above
        body = b"".join(harness.segments(mode, answer(mode)))
        for _ in range(harness.suite.mutations):
            _expect_typed(harness, mode, damaged(body, random))

    def test_damaged_answers(self, harness: Harness, style: Style) -> None:
        """For the user, a damaged answer is a value or a PartwiseError.

        Source: `docs/security.md`: whatever a vendor sends, the user meets partwise's errors alone.
        """
        random = Random(f"answers {style}")  # noqa: S311 - as above
        mode = harness.default_mode
        body = b"".join(harness.segments(mode, answer(mode)))
        for number in range(harness.suite.mutations):
            odd = _odd_body(harness, mode, answer(mode), random)
            mutated = damaged(body, random) if number % 2 else odd
            harness.answer_with(harness.reply(mutated))
            error = harness.create(mode, style).error
            require(
                error is None or isinstance(error, PartwiseError),
                f"reading this body raised {error!r}, which is not a PartwiseError\n  {mutated!r}",
            )
            require(
                "failed: map_error" not in str(error),
                f"map_error has no error for this body: {error}\n  {mutated!r}",
            )

    def test_failures_are_the_vendors(self, harness: Harness, style: Style) -> None:
        """A failure that the vendor reports in its stream is never sent to the model as its own.

        Source: `docs/retries.md`: only the model's own faults are shown to it.
        """
        harness.require_streaming()
        mode = harness.default_mode
        whole = payload(mode)
        for begun in ([], half(whole), whole):
            segments = harness.segments(mode, [*begun, StreamError(_MESSAGE)])[:-1]
            harness.answer_with(harness.reply(b"".join(segments)))
            error = harness.create(mode, style).error
            require(
                isinstance(error, ProviderError) and not isinstance(error, OutputError),
                f"after {len(begun)} deltas the vendor reported a failure, and the call ended with "
                f"{error!r}: raise a ProviderError for it, wherever in the stream it comes",
            )

    def test_odd_configuration(self, harness: Harness) -> None:
        """A URL or a key that can't be used is a PartwiseError, when it is given or used.

        Source: `ProviderConfig` of `partwise.provider`.
        """
        for name, given in _CONFIGURATIONS.items():
            error = _error_of(harness, {"api_key": KEY, "base_url": harness.base_url, **given})
            require(
                isinstance(error, PartwiseError),
                f"{name}: this must end in a ConfigurationError or a ProviderError, and ended in "
                f"{error!r}: map the exception that the SDK raises for it",
            )
            require(
                not getattr(error, "retryable", False),
                f"{name}: trying again can't help, so `retryable` must be False",
            )

    def test_odd_retry_after(self, harness: Harness) -> None:
        """A Retry-After that can't be read is ignored, or is a finite number of seconds.

        Source: RFC 9110, 10.2.3.
        """
        for value in _RETRY_AFTER:
            body = harness.wire.error(429, _MESSAGE)
            headers = {"retry-after": value}
            harness.answer_with(Reply.of_json(body, status=429, headers=headers))
            try:
                harness.receive(harness.default_mode)
            except ProviderError as error:
                seconds = error.retry_after
                right = seconds is None or (math.isfinite(seconds) and seconds >= 0)
                require(right, f"Retry-After: {value} became {seconds!r}: see `retry_after`")
            except Exception as error:  # noqa: BLE001 - any other error is the wrong one
                fail(f"Retry-After: {value} raised {error!r}: see `partwise.provider.retry_after`")


def _scenarios(mode: Mode) -> list[list[Part]]:
    """An answer, and one with a failure in it."""
    return [answer(mode), [*half(payload(mode)), StreamError(_MESSAGE)]]


def _odd_body(harness: Harness, mode: Mode, parts: Sequence[Part], random: Random) -> bytes:
    """The body of these parts with one odd value; without it, if the wire or its frame has none."""
    try:
        events = odd_shape(events_of(harness.wire, parts, harness.request(mode)), random)
        return b"".join(map(harness.wire.framing.frame, events))
    except (NotOnThisWireError, TypeError, ValueError):
        return b"".join(harness.segments(mode, answer(mode)))


def _expect_typed(harness: Harness, mode: Mode, body: bytes) -> None:
    """The decoder makes chunks of the right types of it, or raises a PartwiseError."""
    request = harness.request(mode)
    decoder = harness.provider.decoder(request)
    harness.answer_with(harness.reply(body))
    try:
        with harness.provider.open(harness.provider.build_request(request)) as events:
            for event in events:
                _expect_chunks(_decoded(decoder.feed, event), body)
    except PartwiseError:
        return
    except Exception:  # noqa: BLE001 - the SDK's own error, which the core turns into one of ours
        return
    _expect_chunks(_decoded(lambda _: decoder.close(), None), body)


def _decoded(decode: Any, event: object) -> list[Chunk]:
    try:
        return list(decode(event))
    except PartwiseError:
        raise
    except Exception as error:  # noqa: BLE001 - any other error is the plugin's fault
        fail(
            f"the decoder raised {error!r}: check the types of the values read, and raise "
            f"`unreadable_event(…)`, from `partwise.provider`, for the rest\n  {event!r}"
        )


def _expect_chunks(chunks: Sequence[Chunk], body: bytes) -> None:
    for chunk in chunks:
        types = _TYPES.get(type(chunk))
        require(types is not None, f"{chunk!r} is not a chunk\n  {body!r}")
        for name, expected in (types or {}).items():
            value = getattr(chunk, name, None)
            right = isinstance(value, expected) and not isinstance(value, bool)
            require(right, f"{name} of {chunk!r} has the wrong type: check it in the decoder")
        if isinstance(chunk, Usage):
            counts = [getattr(chunk, name) for name in _TYPES[Usage]]
            require(min(counts) >= 0, f"{chunk!r} has a count below 0")
        if isinstance(chunk, Finish):
            reasons = get_args(FinishReason)
            require(chunk.reason in reasons, f"{chunk!r}: the reason is one of {reasons}")


def _error_of(harness: Harness, given: Mapping[str, Any]) -> Exception | None:
    """The error of a call with that configuration, which can't reach the vendor."""
    harness.answer_with(Reply.of_json(harness.wire.error(401, _MESSAGE), status=401))
    keywords = {**harness.suite.client_options, **given}
    try:
        with partwise.from_provider(harness.suite.provider, **keywords) as client:
            client.create(dict[str, str], list(MESSAGES), max_retries=0)
    except Exception as error:  # noqa: BLE001 - it is the result
        return error
    return None
