"""The provider: one client of boto3's, which threads may share, those of `open_in_thread` too."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from functools import partial
from operator import methodcaller
from typing import Any, Final

from partwise.provider import (
    Capabilities,
    ConfigurationError,
    Fallback,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
    open_in_thread,
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
        config.url()
        self._config = config
        self._lock = threading.Lock()
        self._client: Any = None

    def capabilities(self, model: str) -> Capabilities:
        """The modes of this model, best first; Bedrock refuses those that it lacks."""
        return profile_of(model).capabilities

    def build_request(self, request: Request) -> dict[str, Any]:
        """The arguments of `converse_stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> BedrockDecoder:  # noqa: ARG002 - all modes are alike
        """A new decoder."""
        return BedrockDecoder(self._config.name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """boto3's error in partwise's terms."""
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
            known = Capabilities(modes, known.prompted)
        return next_approach(request, error, known, optional=OPTIONAL)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """Send the payload. Leaving the context closes the response at once."""
        with closing(self._send(payload)) as stream:
            yield iter(stream)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same, for asyncio, by a thread."""
        return open_in_thread(partial(self._send, payload), methodcaller("interrupt"))

    def close(self) -> None:
        """Close the client. One that the user gave stays open."""
        client, self._client = self._client, None
        if client is not None and self._config.client is None:
            client.close()

    async def aclose(self) -> None:
        """Close the client. One that the user gave stays open."""
        self.close()

    def _send(self, payload: Mapping[str, Any]) -> Any:
        from . import _sdk

        stream = self._connect().converse_stream(**payload)["stream"]
        return _sdk.Events(stream, self._config.name)

    def _connect(self) -> Any:
        from . import _sdk

        with self._lock:
            if self._client is None:
                self._client = _sdk.client(self._config)
            return self._client
