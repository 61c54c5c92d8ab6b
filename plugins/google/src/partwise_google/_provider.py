"""The provider: one `genai.Client` for threads and one for each event loop, kept alive.

Keeping them matters: a client closes its connections when it is garbage collected, under a stream
that is still being read too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    Capabilities,
    ClientPool,
    Decoder,
    Fallback,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
)

from ._decoder import GoogleDecoder
from ._errors import map_error
from ._options import client_arguments, has_retries
from ._profiles import profile_of
from ._request import OPTIONAL, build_request

if TYPE_CHECKING:
    from google import genai

_BARE_REFUSAL: Final = "Request contains an invalid argument"
"""Gemini's words, and all of them, for some schemas that it can't compile: those with several
`maxItems`, say (https://github.com/vercel/ai/issues/21192)."""


class GoogleProvider:
    """Google's models, on the Gemini API (`google`) or on Vertex AI (`vertex`).

    Options of `from_provider` go to `genai.Client`: `http_options`, say, and for Vertex AI
    `project`, `location` and `credentials`, which the SDK else finds in the environment.
    `timeout` (in seconds) and `max_retries` are as in other vendors' SDKs.

    Raises:
        MissingKeyError: the Gemini API is asked for without a key. Vertex AI's sign-in is only
            tried with the first request.
    """

    models_url: Final = "https://ai.google.dev/gemini-api/docs/models"

    def __init__(self, config: ProviderConfig) -> None:
        config.check_client()
        self.telemetry_name = "gcp.vertex_ai" if config.name.startswith("vertex") else "gcp.gemini"
        self._config = config
        self._arguments = client_arguments(config)
        self._has_retries = has_retries(config, self._arguments)
        self._clients: ClientPool[genai.Client, genai.Client] = ClientPool(
            self._client, self._client, is_owned=config.client is None
        )

    def capabilities(self, model: str) -> Capabilities:
        """The modes of this model, best first."""
        return profile_of(model).capabilities

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of the SDK's `generate_content_stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> Decoder:  # noqa: ARG002 - all modes are alike
        """A new decoder for the answer to that request."""
        return GoogleDecoder(self._config.name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's exception in partwise's terms, or None if it is not the SDK's."""
        mapped = map_error(error, self._config.name)
        if mapped is not None:
            mapped.retried = self._has_retries
        return mapped

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one."""
        known = self.capabilities(request.model)
        found = next_approach(request, error, known, optional=OPTIONAL)
        is_bare = str(error).startswith(_BARE_REFUSAL) and request.strict and not request.plain
        if found is None and is_bare and request.mode is not Mode.MD_JSON:
            unstrict = replace(request.approach, strict=False, schema_in_prompt=True)
            return Fallback(unstrict, "schema")
        return found

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """The events of an answer. The request is sent when the first one is asked for."""
        from . import _sdk

        return _sdk.stream(self._clients.get(), payload, self._config)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same for asyncio."""
        from . import _sdk

        return _sdk.astream(self._clients.get_async(), payload, self._config)

    def warm(self, *, is_async: bool) -> None:
        """Import the SDK, and make the client of the first request, in any thread."""
        from . import _sdk

        self._clients.warm("models", is_async=is_async)
        _sdk.build_models()

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        if (client := self._clients.pop()) is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        if (client := self._clients.pop_async()) is not None:
            await client.aio.aclose()

    def _client(self) -> genai.Client:
        from . import _sdk

        return _sdk.client(self._config, self._arguments)
