"""What goes wrong at the vendor and on the way: each is one of partwise's errors, rightly told."""

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

from ..reply import Close, Drop, Hold, Reply
from ..stand import patience
from ..subject import ANSWER, KEY, half, payload
from ..verdict import expect, fail, require
from ..wire import StreamError

if TYPE_CHECKING:
    from partwise.provider import Provider

    from ..stand import Stand, Way

# The error, and whether to try again. Vendors differ in whether a conflict passes.
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
    def test_http_error(self, stand: Stand, way: Way, status: int) -> None:
        """Each HTTP status is the right error, with the vendor's message and its exception."""
        kind, retryable = _STATUSES[status]
        stand.answer_with(Reply.of_json(stand.wire.error(status, _MESSAGE), status=status))
        error = _error(stand, way, f"status {status}")
        expect(type(error), kind, f"`map_error` must tell status {status} as {kind.__name__}")
        expect(error.status_code, status, "give the error its `status_code`")
        expect(error.provider, stand.name, "give the error the provider's name: `config.name`")
        if retryable is not None:
            expect(error.retryable, retryable, f"status {status}: `retryable` is wrong")
        require(_MESSAGE in str(error), f"the vendor's message is not in the error's text: {error}")
        require(KEY not in str(error), "the error's text has the API key in it")
        require(error.__cause__, "the SDK's exception is the error's `__cause__`")

    def test_retry_after(self, stand: Stand, way: Way) -> None:
        """The time that the vendor asks to wait is told."""
        body, headers = stand.wire.error(429, _MESSAGE), {"retry-after": "7"}
        stand.answer_with(Reply.of_json(body, status=429, headers=headers))
        error = _error(stand, way, "a rate limit")
        expect(error.retry_after, 7.0, "give the error `retry_after`, from the header Retry-After")

    def test_error_in_the_stream(self, stand: Stand, way: Way) -> None:
        """What the vendor reports after it has begun to answer is an error, worth another try."""
        stand.needs_a_stream()
        mode = stand.default_mode
        parts = [*half(payload(mode)), StreamError(_MESSAGE)]
        stand.answer_with(stand.reply(*stand.segments(mode, parts)[:-1]))
        error = _error(stand, way, "an error in the stream")
        require(error.retryable, "an overloaded vendor may answer later: `retryable` must be True")
        require(_MESSAGE in str(error), f"the vendor's message is not in the error's text: {error}")

    def test_drop(self, stand: Stand, way: Way) -> None:
        """A connection that is reset in mid-stream is a ProviderConnectionError."""
        self._break(stand, way, Drop())

    def test_body_without_its_end(self, stand: Stand, way: Way) -> None:
        """A connection that is closed in mid-stream is a ProviderConnectionError."""
        self._break(stand, way, Close())

    def _break(self, stand: Stand, way: Way, fault: Drop | Close) -> None:
        mode = stand.default_mode
        segments = stand.segments(mode, half(payload(mode)))[:-1]
        stand.answer_with(stand.reply(b"".join(segments), fault))
        error = _error(stand, way, "a connection that breaks")
        advice = "`map_error` must know what the SDK, or the HTTP library under it, raises then"
        expect(type(error), ProviderConnectionError, advice)
        require(error.retryable, "a broken connection may not break again: `retryable` is True")

    def test_what_came_is_kept(self, stand: Stand, way: Way) -> None:
        """An error in mid-stream carries the text and the snapshot that came before it."""
        stand.needs_a_stream()
        mode = stand.default_mode
        segments = stand.segments(mode, half(payload(mode)))[:-1]
        exchange = stand.server.enqueue(stand.reply(b"".join(segments), Hold(), Drop()))
        with patience(exchange, stand.at_once):
            error = stand.create(mode, way, on_snapshot=exchange.release_all).error
        require(isinstance(error, ProviderError), f"this must be a ProviderError: {error!r}")
        text = getattr(error, "text", "")
        require(
            text and ANSWER.startswith(text) and getattr(error, "snapshot", None) is not None,
            "what came before the fault is lost: yield each event as it comes",
        )

    def test_no_connection(self, stand: Stand, way: Way) -> None:
        """A server that is not there is a ProviderConnectionError."""
        provider = stand.make(api_key=KEY, base_url=f"http://127.0.0.1:9{stand.wire.base_path}")
        try:
            error = _error(stand, way, "a server that is not there", provider=provider)
        finally:
            stand.close(provider)
        advice = "`map_error` must know the SDK's error for a connection that fails"
        expect(type(error), ProviderConnectionError, advice)
        require(error.retryable, "the server may be back later: `retryable` must be True")

    def test_read_timeout(self, stand: Stand) -> None:
        """A server that falls silent is a ProviderTimeoutError after `request.read_timeout`."""
        mode = stand.default_mode
        segments = stand.segments(mode, half(payload(mode)))[:-1]
        exchange = stand.server.enqueue(stand.reply(b"".join(segments), Hold(), Drop()))
        with patience(exchange, after=stand.at_once * 2) as waiting:
            error = _error(stand, "sync", "a server that falls silent", timeout=_READ_TIMEOUT)
        require(
            not waiting.ended,
            "the SDK went on waiting: pass `request.read_timeout` as its timeout for reads",
        )
        expect(type(error), ProviderTimeoutError, "`map_error` must know the SDK's timeout")
        require(error.retryable, "silence may pass: `retryable` must be True")

    def test_event_that_is_no_json(self, stand: Stand, way: Way) -> None:
        """An event that can't be read is a ProviderError."""
        mode = stand.default_mode
        segments = stand.segments(mode, half(payload(mode)))[:-1]
        stand.answer_with(stand.reply(b"".join(segments), stand.wire.garbage()))
        _error(stand, way, "an event that is not JSON")

    def test_page_in_place_of_a_stream(self, stand: Stand, way: Way) -> None:
        """A proxy's page with status 200 is a ProviderError, and no empty answer."""
        stand.answer_with(Reply(body=[_PAGE], headers={"content-type": "text/html"}))
        error = _error(stand, way, "an HTML page")
        require(error.status_code in (None, 200), "the page came with status 200")

    def test_errors_of_others(self, stand: Stand) -> None:
        """What neither the SDK nor the network raised is left alone."""
        for error in (KeyError("a bug"), ZeroDivisionError(), RuntimeError("of the user's")):
            mapped = stand.provider.map_error(error)
            expect(mapped, None, f"`map_error({error!r})` is none of the SDK's: return None")


def _error(  # noqa: RET503 - `fail` returns nothing
    stand: Stand,
    way: Way,
    what: str,
    *,
    provider: Provider | None = None,
    timeout: float | None = None,
) -> ProviderError:
    """What the plugin raises, which must be a ProviderError."""
    __tracebackhide__ = True
    try:
        heard = stand.listen(stand.default_mode, way, provider=provider, read_timeout=timeout)
    except ProviderError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not what it should be
        advice = "`map_error` must turn it into a ProviderError"
        fail(f"{what} raised {error!r}: {advice}")
    fail(f"{what} raised nothing, and gave {heard.chunks[-3:]}: let the SDK's errors through")
