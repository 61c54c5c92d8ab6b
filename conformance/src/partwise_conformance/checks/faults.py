"""Checks of failures, the vendor's and the network's: each is the right error of partwise's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)

from ..assertions import expect, fail, require
from ..fixtures import ANSWER, KEY, half, payload
from ..harness import release_if_idle
from ..reply import Close, Drop, Hold, Reply
from ..wire import StreamError

if TYPE_CHECKING:
    from partwise.provider import Provider

    from ..harness import Harness, Style

# The error, and whether to try again. Vendors differ on conflicts.
_STATUSES: dict[int, tuple[type[ProviderError], bool | None]] = {
    400: (BadRequestError, False),
    401: (AuthenticationError, False),
    403: (AuthenticationError, False),
    404: (BadRequestError, False),
    408: (ProviderTimeoutError, True),
    409: (BadRequestError, None),
    413: (BadRequestError, False),
    422: (BadRequestError, False),
    429: (RateLimitError, True),
    500: (ServerError, True),
    503: (ServerError, True),
    529: (ServerError, True),
}
_MESSAGE = "the lighthouse is closed"
_PAGE = b"<!DOCTYPE html><title>Sign in</title><p>Welcome to the hotel's network"
_READ_TIMEOUT = 0.05


class FaultChecks:
    """Faults become errors."""

    @pytest.mark.parametrize("status", _STATUSES)
    def test_http_error(self, harness: Harness, style: Style, status: int) -> None:
        """Each HTTP status is the right error, with the vendor's message and its exception.

        Source: RFC 9110, 15, as `error_of_status` of `partwise.provider` reads it.
        """
        kind, retryable = _STATUSES[status]
        harness.answer_with(Reply.of_json(harness.wire.error(status, _MESSAGE), status=status))
        error = _error(harness, style, f"status {status}")
        expect(type(error), kind, f"`map_error` must make status {status} a {kind.__name__}")
        expect(error.status_code, status, "give the error its `status_code`")
        expect(error.provider, harness.name, "give the error the provider's name: `config.name`")
        if retryable is not None:
            expect(error.retryable, retryable, f"status {status}: `retryable` is wrong")
        require(_MESSAGE in str(error), f"the vendor's message is not in the error's text: {error}")
        require(KEY not in str(error), "the error's text has the API key in it")
        require(error.__cause__, "the SDK's exception is the error's `__cause__`")

    def test_retry_after(self, harness: Harness, style: Style) -> None:
        """The vendor's Retry-After is on the error.

        Source: RFC 9110, 10.2.3.
        """
        body, headers = harness.wire.error(429, _MESSAGE), {"retry-after": "7"}
        harness.answer_with(Reply.of_json(body, status=429, headers=headers))
        error = _error(harness, style, "a rate limit")
        expect(error.retry_after, 7.0, "give the error `retry_after`, from the header Retry-After")

    def test_error_in_the_stream(self, harness: Harness, style: Style) -> None:
        """An error that the vendor reports in mid-stream is a ProviderError, worth another try.

        Source: `Provider.map_error` of `partwise.provider`.
        """
        harness.require_streaming()
        mode = harness.default_mode
        parts = [*half(payload(mode)), StreamError(_MESSAGE)]
        harness.answer_with(harness.reply(*harness.segments(mode, parts)[:-1]))
        error = _error(harness, style, "an error in the stream")
        require(error.retryable, "an overloaded vendor may answer later: `retryable` must be True")
        require(_MESSAGE in str(error), f"the vendor's message is not in the error's text: {error}")

    def test_drop(self, harness: Harness, style: Style) -> None:
        """A connection that is reset in mid-stream is a ProviderConnectionError.

        Source: `Provider.map_error` of `partwise.provider`.
        """
        self._break(harness, style, Drop())

    def test_body_without_its_end(self, harness: Harness, style: Style) -> None:
        """A connection that is closed in mid-stream is a ProviderConnectionError.

        Source: RFC 9112, 8: such a message is incomplete.
        """
        self._break(harness, style, Close())

    def _break(self, harness: Harness, style: Style, fault: Drop | Close) -> None:
        mode = harness.default_mode
        segments = harness.segments(mode, half(payload(mode)))[:-1]
        harness.answer_with(harness.reply(b"".join(segments), fault))
        error = _error(harness, style, "a connection that breaks")
        advice = "`map_error` must know the SDK's errors for it, and the HTTP library's"
        expect(type(error), ProviderConnectionError, advice)
        require(error.retryable, "a broken connection may not break again: `retryable` is True")

    def test_what_came_is_kept(self, harness: Harness, style: Style) -> None:
        """An error in mid-stream carries the text and the snapshot that came before it.

        Source: `docs/errors.md`: nothing received is lost.
        """
        harness.require_streaming()
        mode = harness.default_mode
        segments = harness.segments(mode, half(payload(mode)))[:-1]
        exchange = harness.server.enqueue(harness.reply(b"".join(segments), Hold(), Drop()))
        with release_if_idle(exchange, harness.at_once):
            error = harness.create(mode, style, on_snapshot=exchange.release_all).error
        require(isinstance(error, ProviderError), f"this must be a ProviderError: {error!r}")
        text = getattr(error, "text", "")
        require(
            text and ANSWER.startswith(text) and getattr(error, "snapshot", None) is not None,
            "the text before the fault is lost: yield each event as it comes",
        )

    def test_no_connection(self, harness: Harness, style: Style) -> None:
        """A server that is not there is a ProviderConnectionError.

        Source: `Provider.map_error` of `partwise.provider`.
        """
        provider = harness.make(api_key=KEY, base_url=f"http://127.0.0.1:9{harness.wire.base_path}")
        try:
            error = _error(harness, style, "a server that is not there", provider=provider)
        finally:
            harness.close(provider)
        advice = "`map_error` must know the SDK's error for a connection that fails"
        expect(type(error), ProviderConnectionError, advice)
        require(error.retryable, "the server may be back later: `retryable` must be True")

    def test_read_timeout(self, harness: Harness) -> None:
        """A server that falls silent is a ProviderTimeoutError after `request.read_timeout`.

        Source: `Request.read_timeout` of `partwise.provider`.
        """
        mode = harness.default_mode
        segments = harness.segments(mode, half(payload(mode)))[:-1]
        exchange = harness.server.enqueue(harness.reply(b"".join(segments), Hold(), Drop()))
        with release_if_idle(exchange, after=harness.at_once * 2) as waiting:
            error = _error(harness, "sync", "a server that falls silent", timeout=_READ_TIMEOUT)
        require(
            not waiting.released,
            "the SDK went on waiting: pass `request.read_timeout` as its timeout for reads",
        )
        expect(type(error), ProviderTimeoutError, "`map_error` must know the SDK's timeout")
        require(error.retryable, "silence may pass: `retryable` must be True")

    def test_event_that_is_no_json(self, harness: Harness, style: Style) -> None:
        """An event that can't be read is a ProviderError.

        Source: `Provider.map_error` of `partwise.provider`.
        """
        mode = harness.default_mode
        segments = harness.segments(mode, half(payload(mode)))[:-1]
        harness.answer_with(harness.reply(b"".join(segments), harness.wire.garbage()))
        _error(harness, style, "an event that is not JSON")

    def test_page_in_place_of_a_stream(self, harness: Harness, style: Style) -> None:
        """A proxy's page with status 200 is a ProviderError, not an empty answer.

        Source: a proxy's sign-in page, of which openai's and anthropic's SDKs make an empty stream.
        """
        harness.answer_with(Reply(body=[_PAGE], headers={"content-type": "text/html"}))
        error = _error(harness, style, "an HTML page")
        require(error.status_code in (None, 200), "the page came with status 200")

    def test_errors_of_others(self, harness: Harness) -> None:
        """Errors that neither the SDK nor the network raised are left alone.

        Source: `Provider.map_error` of `partwise.provider`.
        """
        for error in (KeyError("a bug"), ZeroDivisionError(), RuntimeError("of the user's")):
            mapped = harness.provider.map_error(error)
            expect(mapped, None, f"`map_error({error!r})` is not the SDK's: return None")


def _error(  # noqa: RET503 - `fail` returns nothing
    harness: Harness,
    style: Style,
    situation: str,
    *,
    provider: Provider | None = None,
    timeout: float | None = None,
) -> ProviderError:
    """The error that the plugin raises, which must be a ProviderError."""
    __tracebackhide__ = True
    try:
        transcript = harness.receive(
            harness.default_mode, style, provider=provider, read_timeout=timeout
        )
    except ProviderError as error:
        return error
    except Exception as error:  # noqa: BLE001 - any other error is the wrong one
        advice = "`map_error` must turn it into a ProviderError"
        fail(f"{situation} raised {error!r}: {advice}")
    fail(f"{situation} raised nothing: let the SDK's errors through\n  {transcript.chunks[-3:]}")
