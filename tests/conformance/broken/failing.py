"""Faults in how errors are mapped."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from partwise.provider import (
    BadRequestError,
    Chunk,
    ProviderError,
    RateLimitError,
    Request,
    ServerError,
)

from .acme import AcmeDecoder, AcmeProvider, Event
from .fault import fault

if TYPE_CHECKING:
    import httpx2

# Statuses ------------------------------------------------------------------------------------


class _Mistaken(AcmeProvider):
    """Takes some statuses for others."""

    taken_for: ClassVar[Mapping[int, type[ProviderError]]] = {}

    def kind_of(self, status: int) -> type[ProviderError]:
        return self.taken_for.get(status) or super().kind_of(status)


@fault("test_http_error[401]", "test_http_error[403]", message="AuthenticationError")
class TakesAWrongKeyForABadRequest(_Mistaken):
    """Maps what is wrong with a key to BadRequestError."""

    taken_for: ClassVar = {401: BadRequestError, 403: BadRequestError}


@fault(
    *(f"test_http_error[{status}]" for status in (404, 409, 413)),
    message="must make status 404 a BadRequestError",
)
class KnowsOnlyCommonStatuses(_Mistaken):
    """Maps unknown statuses to ProviderError."""

    taken_for: ClassVar = {404: ProviderError, 409: ProviderError, 413: ProviderError}


@fault("test_http_error[408]", "test_http_error[429]", message="RateLimitError")
class TakesALimitForABadRequest(_Mistaken):
    """Maps what is the caller's fault only for now to BadRequestError."""

    taken_for: ClassVar = {408: BadRequestError, 429: BadRequestError}


@fault(*(f"test_http_error[{status}]" for status in (500, 503, 529)), message="ServerError")
class TakesTheVendorsFaultForTheCallers(_Mistaken):
    """Maps the vendor's own failures to other errors."""

    taken_for: ClassVar = {500: BadRequestError, 503: RateLimitError, 529: RateLimitError}


@fault(
    *(f"test_http_error[{status}]" for status in (400, 401, 403, 404, 408, 413, 422)),
    *(f"test_http_error[{status}]" for status in (429, 500, 503, 529)),
    message="`retryable` is wrong",
)
class TriesAgainWhatIsFinal(AcmeProvider):
    """Takes each final status for a passing one, and each passing one for final."""

    def is_retryable(self, status: int) -> bool:
        return not super().is_retryable(status)


@fault("test_retry_after", message="Retry-After")
class LosesRetryAfter(AcmeProvider):
    """Does not tell how long to wait."""

    def retry_after(self, response: httpx2.Response) -> float | None:
        return None


class _ChangesErrors(AcmeProvider):
    """Does something to the errors that come of statuses."""

    def of_status(self, response: httpx2.Response) -> ProviderError:
        return self.change(super().of_status(response))

    def change(self, error: ProviderError) -> ProviderError:
        return error


@fault("test_http_error", message="the vendor's message is not in")
class LosesTheMessage(_ChangesErrors):
    """Has a message of its own for each status."""

    def change(self, error: ProviderError) -> ProviderError:
        error.args = (f"status {error.status_code}",)
        return error


@fault("test_http_error", message="has the API key in it")
class QuotesTheKey(_ChangesErrors):
    """Quotes the request in its errors."""

    def change(self, error: ProviderError) -> ProviderError:
        error.args = (f"{error} (headers: {self.headers()})",)
        return error


# Statuses and streams that are swallowed ------------------------------------------------------


@fault("test_http_error", "test_retry_after", message="raised nothing")
class SwallowsStatuses(AcmeProvider):
    """Takes each answer for a stream, whatever its status."""

    def check(self, response: httpx2.Response) -> None:
        if response.status_code == 200:
            super().check(response)


@fault("test_page_in_place_of_a_stream", message="raised nothing")
class TakesAPageForAStream(AcmeProvider):
    """Takes each answer with status 200 for a stream."""

    def check(self, response: httpx2.Response) -> None:
        response.raise_for_status()


@fault("test_error_in_the_stream", "test_failures_are_the_vendors", message="raised nothing")
class IgnoresErrorsInTheStream(AcmeDecoder):
    """Ignores the vendor's own error events."""

    def error(self, event: Event) -> Iterable[Chunk]:
        return ()


class _Swallows(AcmeProvider):
    """Lets a stream end where an error should be raised."""

    def swallowed(self) -> type[Exception]:
        raise NotImplementedError

    def events(self, response: httpx2.Response) -> Iterator[Any]:
        try:
            yield from super().events(response)
        except self.swallowed():
            return

    async def aevents(self, response: httpx2.Response) -> AsyncIterator[Any]:
        try:
            async for event in super().aevents(response):
                yield event
        except self.swallowed():
            return


@fault(
    "test_drop",
    "test_body_without_its_end",
    "test_what_came_is_kept",
    "test_read_timeout",
    message="let the SDK's errors through",
)
class TakesADropForTheEnd(_Swallows):
    """Takes a connection that breaks for the end of the stream."""

    def swallowed(self) -> type[Exception]:
        import httpx2

        return httpx2.TransportError


@fault("test_event_that_is_no_json", message="let the SDK's errors through")
class SwallowsWhatIsNoJson(_Swallows):
    """Takes an event that can't be read for the end of the stream."""

    def swallowed(self) -> type[Exception]:
        return json.JSONDecodeError


class _KnowsFewer(AcmeProvider):
    """Does not know some of the errors that it can meet."""

    def unknown(self) -> Any:
        raise NotImplementedError

    def map_error(self, error: Exception) -> ProviderError | None:
        return None if isinstance(error, self.unknown()) else super().map_error(error)


@fault(
    "test_drop",
    "test_body_without_its_end",
    "test_what_came_is_kept",
    message="`map_error` must turn it into a ProviderError",
)
class KnowsNoBrokenConnections(_KnowsFewer):
    """Lets through what the HTTP library raises in mid-stream."""

    def unknown(self) -> Any:
        import httpx2

        return (httpx2.ReadError, httpx2.RemoteProtocolError)


@fault("test_no_connection", message="`map_error` must turn it into a ProviderError")
class KnowsNoMissingServer(_KnowsFewer):
    """Lets through what the HTTP library raises where nobody answers."""

    def unknown(self) -> Any:
        import httpx2

        return httpx2.ConnectError


@fault("test_errors_of_others", message="return None")
class MapsEverything(AcmeProvider):
    """Takes each error for one of the vendor's."""

    def map_error(self, error: Exception) -> ProviderError | None:
        return super().map_error(error) or ServerError(str(error), provider=self.name)


@fault("test_read_timeout", message="pass `request.read_timeout`", at_once=0.15)
class WaitsForever(AcmeProvider):
    """Does not keep to the call's read timeout."""

    def build_request(self, request: Request) -> Mapping[str, Any]:
        return {**super().build_request(request), "timeout": None}
