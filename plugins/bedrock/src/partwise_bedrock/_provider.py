"""The provider: one client of boto3's, which threads may share, those of `open_in_thread` too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from typing import Any, Final

from partwise.provider import (
    Capabilities,
    ClientPool,
    ConfigurationError,
    Decoder,
    Fallback,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
)

from ._decoder import BedrockDecoder
from ._errors import map_error
from ._profiles import profile_of
from ._request import OPTIONAL, build_request
from ._schema import enforced


class BedrockProvider:
    """Amazon Bedrock. Options of `from_provider` go to boto3's `client`, or to its `Session`.

    Raises:
        ConfigurationError: an HTTP client was given, which boto3 can't use.
    """

    telemetry_name: Final = "aws.bedrock"
    models_url: Final = "https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html"

    def __init__(self, config: ProviderConfig) -> None:
        if config.http_client is not None:
            raise ConfigurationError(
                "boto3 does not support http_client=; pass a botocore Config as config="
            )
        config.check_client()
        config.url("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL")
        self._config = config
        self._clients: ClientPool[Any, Any] = ClientPool(
            self._client, self._client, is_owned=config.client is None
        )

    def capabilities(self, model: str) -> Capabilities:
        """The modes of this model, best first; Bedrock refuses those that it lacks."""
        return profile_of(model).capabilities

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of boto3's `converse_stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> Decoder:  # noqa: ARG002 - all modes are alike
        """A new decoder for the answer to that request."""
        return BedrockDecoder(self._config.name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's exception in partwise's terms, or None if it is not the SDK's."""
        from . import _sdk

        mapped = map_error(error, self._config.name)
        if mapped is not None:
            mapped.retried = _sdk.has_retries(self._config)
        return mapped

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one."""
        known = self.capabilities(request.model)
        if enforced(request.schema) is None and request.mode is not Mode.JSON_SCHEMA:
            modes = dict(known.modes)
            del modes[Mode.JSON_SCHEMA]
            known = replace(known, modes=modes)
        return next_approach(request, error, known, optional=OPTIONAL)

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """Send the payload. Leaving the context releases the connection at once."""
        from . import _sdk

        return _sdk.stream(self._clients.get(), payload, self._config)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same for asyncio, by a thread."""
        from . import _sdk

        return _sdk.astream(self._clients.get, payload, self._config)

    def warm(self, *, is_async: bool) -> None:  # noqa: ARG002 - there is one client for both
        """Import the SDK, and make the client of the first request, in any thread."""
        self._clients.get()

    def close(self) -> None:
        """Close the client. One that the user gave stays open."""
        if (client := self._clients.pop()) is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the client. One that the user gave stays open."""
        self.close()

    def _client(self) -> Any:
        from . import _sdk

        return _sdk.client(self._config)
