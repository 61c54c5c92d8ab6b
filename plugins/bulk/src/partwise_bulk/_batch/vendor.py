"""A vendor's batch endpoint for the rest: a few steps, whatever its files look like."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from partwise import ConfigurationError

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig, ProviderError

    from .._playback import Events

Line: TypeAlias = Mapping[str, Any]
"""One request, as the vendor wants it in a batch: plain JSON data."""

TOKEN: Final = "partwise_batch"
"""The name under which a batch bears our token, if the vendor keeps such a thing."""

# They are about a stream, or about one HTTP request.
_NOT_IN_A_BATCH: Final = (
    "stream", "stream_options", "timeout", "extra_headers", "extra_query", "extra_body",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """How one request of a batch ended.

    Attributes:
        name: the name that the request had.
        events: its answer, as the events of a stream that the provider's decoder reads; None if
            there is none.
        error: why there is none.
    """

    name: str
    events: Events | None
    error: ProviderError | None = None


class BatchVendor(Protocol):
    """One vendor's batch endpoint.

    Attributes:
        most_requests: so many fit into one batch.
        most_bytes: so large may the requests of one batch be, as JSON.
    """

    most_requests: int
    most_bytes: int

    def line(self, name: str, payload: Mapping[str, Any]) -> Line:
        """The request with that name and the provider's payload."""

    async def submit(self, lines: Sequence[Line], token: str) -> str:
        """Hand in a batch: the vendor's id of it."""

    async def find(
        self, token: str, size: int, created: float, known: Collection[str]
    ) -> str | None:
        """The id of a batch that may have been handed in; it is none of those that are known."""

    async def has_ended(self, batch: str) -> bool:
        """Whether all requests of the batch have ended.

        Raises:
            ProviderError: the vendor will not carry it out.
        """

    def results(self, batch: str) -> AsyncIterator[Result]:
        """How its requests ended, in any order."""

    async def aclose(self) -> None:
        """Close the connections."""


def body_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of a streaming call that are the request itself."""
    body = {name: value for name, value in payload.items() if name not in _NOT_IN_A_BATCH}
    return {**body, **(payload.get("extra_body") or {})}


def vendor_of(config: ProviderConfig) -> BatchVendor:
    """The batch endpoint of a provider.

    Raises:
        ConfigurationError: it has none that is known.
    """
    if config.name == "openai":
        from .openai import OpenAIBatches

        return OpenAIBatches(config)
    if config.name == "anthropic":
        from .anthropic import AnthropicBatches

        return AnthropicBatches(config)
    if config.name == "google":
        from .google import GoogleBatches

        return GoogleBatches(config)
    raise ConfigurationError(
        f'via="batch" knows the batch endpoints of openai, anthropic and google, not {config.name}'
    )


def given_arguments(config: ProviderConfig) -> dict[str, Any]:
    """The keywords for a client of OpenAI's or Anthropic's SDK.

    It is made without retries: to submit a batch again before looking for it may pay it twice.
    """
    given = {
        "api_key": config.api_key,
        "base_url": config.base_url,
        "http_client": config.http_client,
        **config.options,
        "max_retries": 0,
    }
    return {name: value for name, value in given.items() if value is not None}
