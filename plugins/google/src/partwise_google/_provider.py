"""The provider: one `genai.Client`, made when it is first needed and kept alive.

Keeping it matters: a client closes its connections when it is garbage collected, under a stream
that is still being read too.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from partwise.provider import (
    Capabilities,
    ConfigurationError,
    Granularity,
    MissingKeyError,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
)

from ._decoder import GoogleDecoder
from ._errors import map_error
from ._events import Events
from ._options import split_http_options, with_defaults
from ._request import build_request

if TYPE_CHECKING:
    from google import genai
    from google.genai.types import GenerateContentConfig

# As tool arguments come whole unless Vertex AI is asked for more, the schema is best.
_MODES = {
    Mode.JSON_SCHEMA: Granularity.TOKEN,
    Mode.TOOLS: Granularity.WHOLE,
    Mode.MD_JSON: Granularity.TOKEN,
}

# In the SDK's own order.
_KEY_VARIABLES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")


class GoogleProvider:
    """Google's models, on the Gemini API (`google`) or on Vertex AI (`vertex`).

    Further options of `from_provider` go to `genai.Client`: `http_options`, say, and for Vertex AI
    `project`, `location` and `credentials`, which the SDK else finds in the environment.
    `timeout` (in seconds) and `max_retries` are as in other vendors' SDKs.

    Raises:
        MissingKeyError: the Gemini API is asked for without a key. Vertex AI's sign-in is only
            tried with the first request.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._own_client = config.client is None
        self._client: genai.Client | None = config.client
        self._arguments = _client_arguments(config) if self._own_client else {}
        self._lock = threading.Lock()

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all models are alike
        """The same for all models."""
        return Capabilities(_MODES)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of `generate_content_stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> GoogleDecoder:  # noqa: ARG002 - all modes are alike
        """A new decoder."""
        return GoogleDecoder(self._name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's error in partwise's terms."""
        return map_error(error, self._name)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """The events of an answer. The request is sent when the first one is asked for."""
        models = self._connect().models
        stream = models.generate_content_stream(**_validated(payload))
        # Closing the outermost of the SDK's generators drops, and so closes, those inside it.
        with closing(cast("Generator[Any]", stream)) as events:
            yield events

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """The same, for asyncio."""
        client: Any = self._connect()
        # The user's own may be the asynchronous half alone.
        models = getattr(client, "aio", client).models
        request = _validated(payload)
        limit = _take_timeout(request) if _may_be_timed_as_a_whole() else None
        events = Events(await models.generate_content_stream(**request), limit)
        try:
            yield events
        finally:
            await events.aclose()

    def close(self) -> None:
        """Close the connections of `open`, unless the client is the user's own."""
        if self._own_client and self._client is not None:
            self._client.close()

    async def aclose(self) -> None:
        """Close the connections of `aopen`, unless the client is the user's own."""
        if self._own_client and self._client is not None:
            await self._client.aio.aclose()

    def _connect(self) -> genai.Client:
        with self._lock:
            if self._client is None:
                self._client = _new_client(self._name, self._arguments)
            return self._client


def _client_arguments(config: ProviderConfig) -> dict[str, Any]:
    retries = {} if config.sdk_retries is None else {"max_retries": config.sdk_retries}
    options, http_options = split_http_options({**config.options, **retries})
    if config.base_url is not None:
        http_options["base_url"] = config.base_url
    if config.http_client is not None:
        is_async = hasattr(config.http_client, "aclose")
        http_options["httpx_async_client" if is_async else "httpx_client"] = config.http_client
    on_vertex = options.pop("vertexai", config.name == "vertex")
    arguments = {"enterprise": on_vertex, "http_options": with_defaults(http_options), **options}
    key = config.api_key if arguments["enterprise"] else config.key(*_KEY_VARIABLES)
    return {**arguments, "api_key": key}


def _new_client(name: str, arguments: Mapping[str, Any]) -> genai.Client:
    from google import genai
    from google.auth.exceptions import DefaultCredentialsError

    try:
        return genai.Client(**arguments)
    except DefaultCredentialsError as error:
        raise MissingKeyError(
            f"no way to sign in for {name!r}: set up Application Default Credentials, "
            f'or pass from_provider("{name}/…", project=…, credentials=…) or api_key=…'
        ) from error


def _may_be_timed_as_a_whole() -> bool:
    """Whether the SDK's timeout may be for a whole answer: where aiohttp is, it speaks by that."""
    return find_spec("aiohttp") is not None


def _take_timeout(request: dict[str, Any]) -> float | None:
    """The seconds that one read may take, which the SDK is then not told of."""
    config = request["config"]
    options = config.http_options
    if options is None or not options.timeout:
        return None
    untimed = options.model_copy(update={"timeout": None})
    request["config"] = config.model_copy(update={"http_options": untimed})
    return float(options.timeout) / 1000


def _validated(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload in the SDK's types, so that a mistake in it is not taken for the vendor's.

    Raises:
        ConfigurationError: the SDK does not know an option, or a message is in neither form.
    """
    from google.genai.types import Content, GenerateContentConfig
    from pydantic import ValidationError

    try:
        contents = [Content.model_validate(content) for content in payload["contents"]]
        config = GenerateContentConfig.model_validate(payload["config"])
    except ValidationError as error:
        raise ConfigurationError(f"google-genai does not take this request: {error}") from error
    return {"model": payload["model"], "contents": contents, "config": _unjudged(config)}


def _unjudged(config: GenerateContentConfig) -> GenerateContentConfig:
    """The same request, with the schema where the SDK sends it and does not look at it.

    Otherwise the SDK tries to parse each piece of an answer as if it were the whole: a fourth of
    all that it does with an event.
    """
    from google.genai.types import HttpOptions

    schema = config.response_json_schema
    if schema is None:
        return config
    options = config.http_options or HttpOptions()
    body = options.extra_body or {}
    generation = {"responseJsonSchema": schema, **body.get("generationConfig", {})}
    body = {**body, "generationConfig": generation}
    options = options.model_copy(update={"extra_body": body})
    return config.model_copy(update={"response_json_schema": None, "http_options": options})
