"""The provider: one `genai.Client` for threads and one for each event loop, kept alive.

Keeping them matters: a client closes its connections when it is garbage collected, under a stream
that is still being read too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

from partwise.provider import (
    Capabilities,
    ClientPool,
    ConfigurationError,
    Fallback,
    MissingKeyError,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
)

from ._decoder import GoogleDecoder
from ._errors import map_error
from ._options import has_retries, split_http_options, with_defaults
from ._profiles import profile_of
from ._request import OPTIONAL, build_request

if TYPE_CHECKING:
    from collections.abc import Generator

    from google import genai
    from google.genai.types import GenerateContentConfig

# In the SDK's own order.
_KEY_VARIABLES: Final = ("GOOGLE_API_KEY", "GEMINI_API_KEY")

_BARE_REFUSAL: Final = "Request contains an invalid argument"
"""Gemini's words, and all of them, for some schemas that it can't compile: those with several
`maxItems`, say (https://github.com/vercel/ai/issues/21192)."""


class GoogleProvider:
    """Google's models, on the Gemini API (`google`) or on Vertex AI (`vertex`).

    Further options of `from_provider` go to `genai.Client`: `http_options`, say, and for Vertex AI
    `project`, `location` and `credentials`, which the SDK else finds in the environment.
    `timeout` (in seconds) and `max_retries` are as in other vendors' SDKs.

    Raises:
        MissingKeyError: the Gemini API is asked for without a key. Vertex AI's sign-in is only
            tried with the first request.
    """

    models_url: Final = "https://ai.google.dev/gemini-api/docs/models"

    def __init__(self, config: ProviderConfig) -> None:
        config.check_client()
        self._name = config.name
        self.telemetry_name = "gcp.vertex_ai" if config.name.startswith("vertex") else "gcp.gemini"
        self._given: Any = config.client
        self._arguments = {} if config.client is not None else _client_arguments(config)
        self._stops_retries = config.caller_retries and config.client is not None
        self._has_retries = not config.caller_retries and has_retries(self._retry_options)
        self._owns_client = config.client is None
        self._clients: ClientPool[genai.Client, genai.Client] = ClientPool(
            self._client, self._client
        )

    def capabilities(self, model: str) -> Capabilities:
        """The modes of this model, best first."""
        return profile_of(model).capabilities

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of `generate_content_stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> GoogleDecoder:  # noqa: ARG002 - all modes are alike
        """A new decoder."""
        return GoogleDecoder(self._name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's error in partwise's terms."""
        mapped = map_error(error, self._name)
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

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """The events of an answer. The request is sent when the first one is asked for."""
        from . import _sdk

        models = self._clients.get().models
        stream = models.generate_content_stream(**self._arguments_for(payload))
        with closing(_sdk.Events(cast("Generator[Any]", stream), self._name)) as events:
            yield events

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """The same, for asyncio."""
        from . import _sdk

        client: Any = self._clients.get_async()
        # The user's own may be the asynchronous half alone.
        models = getattr(client, "aio", client).models
        request = self._arguments_for(payload)
        limit = _take_timeout(request) if _may_be_timed_as_a_whole() else None
        stream = await models.generate_content_stream(**request)
        events = _sdk.AsyncEvents(stream, self._name, limit)
        try:
            yield events
        finally:
            await events.aclose()

    def _arguments_for(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        request = _validated(payload)
        return _without_retries(request) if self._stops_retries else request

    def warm(self, *, is_async: bool) -> None:
        """Import the SDK, and make the client of the first request, in any thread."""
        from . import _sdk

        self._clients.warm("models", is_async=is_async)
        _sdk.build_models()

    def close(self) -> None:
        """Close the connections of `open`, unless the client is the user's own."""
        client = self._clients.pop()
        if self._owns_client and client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the connections of `aopen` in this event loop, unless the client is the user's."""
        client = self._clients.pop_async()
        if self._owns_client and client is not None:
            await client.aio.aclose()

    @property
    def _retry_options(self) -> Any:
        if self._given is None:
            return self._arguments["http_options"].get("retry_options")
        # The SDK shows its client's options nowhere else.
        inner = getattr(self._given, "_api_client", None)
        return getattr(getattr(inner, "_http_options", None), "retry_options", None)

    def _client(self) -> genai.Client:
        from . import _sdk

        client = self._given
        if client is None:
            client = _new_client(self._name, self._arguments)
        made: genai.Client = _sdk.prepare(client)
        return made


def _client_arguments(config: ProviderConfig) -> dict[str, Any]:
    retries = {"max_retries": 0} if config.caller_retries else {}
    options, http_options = split_http_options({**config.options, **retries})
    # GOOGLE_GEMINI_BASE_URL and its sibling are the SDK's to find.
    if (url := config.url()) is not None:
        http_options["base_url"] = url
    if config.http_client is not None:
        is_async = hasattr(config.http_client, "aclose")
        http_options["httpx_async_client" if is_async else "httpx_client"] = config.http_client
    on_vertex = options.pop("vertexai", config.name in ("vertex", "vertexai"))
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
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"google-genai does not take this: {error}") from error


def _may_be_timed_as_a_whole() -> bool:
    """Whether the SDK's timeout may be for a whole answer: so it is over aiohttp, if installed."""
    return find_spec("aiohttp") is not None


def _take_timeout(request: dict[str, Any]) -> float | None:
    """The seconds that one read may take, which are then kept from the SDK."""
    config = request["config"]
    options = config.http_options
    if options is None or not options.timeout:
        return None
    untimed = options.model_copy(update={"timeout": None})
    request["config"] = config.model_copy(update={"http_options": untimed})
    return float(options.timeout) / 1000


def _without_retries(request: dict[str, Any]) -> dict[str, Any]:
    """The request, which a client of the user's own sends once, whatever its own options are."""
    from google.genai.types import HttpOptions, HttpRetryOptions

    config = request["config"]
    options = (config.http_options or HttpOptions()).model_copy(
        update={"retry_options": HttpRetryOptions(attempts=1)}
    )
    return {**request, "config": config.model_copy(update={"http_options": options})}


def _validated(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload in the SDK's types, so that a mistake in it is not mistaken for the vendor's.

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
    return {"model": payload["model"], "contents": contents, "config": _unparsed(config)}


def _unparsed(config: GenerateContentConfig) -> GenerateContentConfig:
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
