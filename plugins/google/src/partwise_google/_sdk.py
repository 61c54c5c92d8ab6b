"""Streams of Google's SDK: read, closed before their end, and their errors classified.

The SDK's generators are nested and do not close each other: closing the outermost one leaves the
connection open until a garbage collection. So a hook on the SDK's HTTP client notes the response of
the stream that is being read, and that response is closed. Over aiohttp, which has no such hook, a
read is cancelled instead, so that all generators end; if none is under way, one is begun for that.

Python's own errors, raised by the SDK, are not the vendor's. Before the first event it is about
the request, such as an option that Vertex AI lacks; later about an answer of an unexpected form.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, closing, contextmanager, suppress
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self, cast

from google import genai
from google.auth.exceptions import DefaultCredentialsError
from google.genai import types
from google.genai.errors import UnknownApiResponseError
from pydantic import ValidationError

from partwise.provider import (
    BadRequestError,
    ConfigurationError,
    MissingKeyError,
    ProviderError,
    ServerError,
    refuse_redirects,
)

from ._errors import error_of_document

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig

_READER: Final[ContextVar[AsyncEvents | None]] = ContextVar("partwise_google_reader", default=None)
"""The stream that the current task is reading."""

_UNREADABLE: Final = (UnknownApiResponseError, ValidationError)
_STUMBLES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

_LATE_MODELS: Final = (
    types.Part,
    types.Content,
    types.GenerateContentConfig,
    types.Candidate,
    types.GenerateContentResponse,
)
"""The models of a request and its answer, which pydantic builds when they are first used, in up to
30 ms each (`defer_build` in the SDK's types)."""


def client(config: ProviderConfig, arguments: Mapping[str, Any]) -> genai.Client:
    """The user's own client of the SDK, or one as the user configured it.

    Raises:
        ConfigurationError: the SDK does not know an option.
        MissingKeyError: there is no way to sign in to Vertex AI.
    """
    made: genai.Client = _prepared(config.client or _new_client(config.name, arguments))
    return made


@contextmanager
def stream(
    client: genai.Client, payload: Mapping[str, Any], config: ProviderConfig
) -> Iterator[Iterator[Any]]:
    """The events of the answer to this payload."""
    request = _request(payload, config)
    found = client.models.generate_content_stream(**request)
    with closing(Events(cast("Generator[Any]", found), config.name)) as events:
        yield events


@asynccontextmanager
async def astream(
    client: Any, payload: Mapping[str, Any], config: ProviderConfig
) -> AsyncIterator[AsyncIterator[Any]]:
    """The same for asyncio."""
    # The user's own may be the asynchronous half alone.
    models = getattr(client, "aio", client).models
    request = _request(payload, config)
    limit = _take_timeout(request) if _may_be_timed_as_a_whole() else None
    found = await models.generate_content_stream(**request)
    async with aclosing(AsyncEvents(found, config.name, limit)) as events:
        yield events


def build_models() -> None:
    """Build the models that the first request and its answer need."""
    for model in _LATE_MODELS:
        model.model_rebuild()


def _new_client(name: str, arguments: Mapping[str, Any]) -> genai.Client:
    try:
        return genai.Client(**arguments)
    except DefaultCredentialsError as error:
        raise MissingKeyError(
            f"no way to sign in for {name!r}: set up Application Default Credentials, "
            f'or pass from_provider("{name}/…", project=…, credentials=…) or api_key=…'
        ) from error
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"google-genai does not take this: {error}") from error


def _prepared(client: Any) -> Any:
    """The same client, whose responses are noted, and which is not redirected to another origin.

    The SDK shows its HTTP clients nowhere else. The client may be the asynchronous half alone.
    """
    inner = getattr(client, "_api_client", None)
    if (http_client := getattr(inner, "_httpx_client", None)) is not None:
        refuse_redirects(http_client)
    if (http_client := getattr(inner, "_async_httpx_client", None)) is not None:
        _add_hooks(http_client)
    of_aiohttp = getattr(inner, "_async_client_session_request_args", None)
    if isinstance(of_aiohttp, dict):
        of_aiohttp.setdefault("allow_redirects", False)
    return client


def _add_hooks(http_client: Any) -> None:
    # The SDK's own sends by an inner client for each event loop, made of the same arguments.
    for each in (http_client, *getattr(http_client, "_loop_clients", {}).values()):
        hooks = refuse_redirects(each).event_hooks
        if _note_response not in hooks["response"]:
            each.event_hooks = {**hooks, "response": [*hooks["response"], _note_response]}
    arguments = getattr(http_client, "_client_kwargs", None)
    if isinstance(arguments, dict):
        arguments["event_hooks"] = http_client.event_hooks


async def _note_response(response: Any) -> None:
    if (reader := _READER.get()) is not None:
        reader.response = response


def _request(payload: Mapping[str, Any], config: ProviderConfig) -> dict[str, Any]:
    request = _validated(payload)
    is_given = config.client is not None
    return _without_retries(request) if config.caller_retries and is_given else request


def _validated(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload in the SDK's types, so that a mistake in it is not mistaken for the vendor's.

    Raises:
        ConfigurationError: the SDK does not know an option, or a message is in neither form.
    """
    try:
        contents = [types.Content.model_validate(content) for content in payload["contents"]]
        config = types.GenerateContentConfig.model_validate(payload["config"])
    except ValidationError as error:
        raise ConfigurationError(f"google-genai does not take this request: {error}") from error
    return {"model": payload["model"], "contents": contents, "config": _unparsed(config)}


def _unparsed(config: types.GenerateContentConfig) -> types.GenerateContentConfig:
    """The same request, with the schema where the SDK sends it and does not look at it.

    Otherwise the SDK tries to parse each piece of an answer as if it were the whole: a fourth of
    all that it does with an event.
    """
    schema = config.response_json_schema
    if schema is None:
        return config
    options = config.http_options or types.HttpOptions()
    body = options.extra_body or {}
    generation = {"responseJsonSchema": schema, **body.get("generationConfig", {})}
    body = {**body, "generationConfig": generation}
    options = options.model_copy(update={"extra_body": body})
    return config.model_copy(update={"response_json_schema": None, "http_options": options})


def _without_retries(request: dict[str, Any]) -> dict[str, Any]:
    """The request, which a client of the user's own sends once, whatever its own options are."""
    config = request["config"]
    options = (config.http_options or types.HttpOptions()).model_copy(
        update={"retry_options": types.HttpRetryOptions(attempts=1)}
    )
    return {**request, "config": config.model_copy(update={"http_options": options})}


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


_NO_ANSWER: Final = frozenset({"sdk_http_response"})
"""Fields of an event that has nothing of the vendor's."""


def _media_type(event: types.GenerateContentResponse) -> str:
    headers = event.sdk_http_response.headers if event.sdk_http_response else None
    return (headers or {}).get("content-type", "of no type")


class _Errors:
    """Python's own errors of the SDK's, in partwise's terms."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.began = False
        # The body's type, if none of the events so far has a field.
        self._blank: str | None = None

    def note(self, event: types.GenerateContentResponse) -> None:
        """Remember that an event has come, and whether any has something of the vendor's."""
        if event.model_fields_set <= _NO_ANSWER:
            self._blank = None if self.began else _media_type(event)
        else:
            self._blank = None
        self.began = True

    def check_end(self) -> None:
        """Do nothing if the stream may end here.

        Raises:
            ServerError: it was one document, in which the SDK found no answer.
        """
        if self._blank is not None:
            raise error_of_document(self._blank, self.provider)

    def of(self, error: Exception) -> ProviderError | None:
        """The error to raise in place of this one; None to let it through."""
        message = f"google-genai: {error}"
        if not self.began and _raw(error).startswith("["):
            return error_of_document("it begins '['", self.provider)
        if isinstance(error, _UNREADABLE):
            return ServerError(message, provider=self.provider, retryable=self.began)
        if not isinstance(error, _STUMBLES) or isinstance(error, UnicodeError):
            return None
        if self.began:
            message = f"the SDK can't read an event ({type(error).__name__}: {error})"
            return ServerError(message, provider=self.provider, retryable=True)
        return BadRequestError(message, provider=self.provider)


def _raw(error: Exception) -> str:
    """The part of the body that the SDK took for an event, and that is no JSON."""
    is_unknown = isinstance(error, UnknownApiResponseError)
    return str(error).partition("Raw response: ")[2] if is_unknown else ""


def _is_end(error: Exception) -> bool:
    """Whether it is OpenAI's `[DONE]`, with which some proxies end every stream."""
    return _raw(error).strip() == "[DONE]"


class Events(Iterator[Any]):
    """The events of one stream, read by a thread."""

    def __init__(self, stream: Generator[Any], provider: str) -> None:
        self._stream = stream
        self._errors = _Errors(provider)

    def __next__(self) -> Any:
        try:
            event = next(self._stream)
        except StopIteration:
            self._errors.check_end()
            raise
        except Exception as error:
            if _is_end(error):
                raise StopIteration from None
            if (known := self._errors.of(error)) is not None:
                raise known from error
            raise
        self._errors.note(event)
        return event

    def close(self) -> None:
        # Closing the outermost of the SDK's generators drops, and so closes, those inside it.
        self._stream.close()


class AsyncEvents(AsyncIterator[Any]):
    """The events of one stream. `aclose` may be called by any task of the loop, at any time.

    Raises:
        TimeoutError: an event took longer than `limit` seconds; None leaves that to the SDK.
    """

    def __init__(
        self, stream: AsyncIterator[Any], provider: str, limit: float | None = None
    ) -> None:
        self.response: Any = None
        self._stream = stream
        self._errors = _Errors(provider)
        self._limit = limit
        # The task that waits for an event, and a future for whoever closes the stream under it.
        self._reader: asyncio.Task[Any] | None = None
        self._left: asyncio.Future[None] | None = None
        # Whether the SDK's generators are suspended, with the connection in their hands.
        self._holding = False
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._closed:
            raise StopAsyncIteration
        self._reader = reader = asyncio.current_task()
        others = reader.cancelling() if reader else 0
        self._holding = False
        try:
            event = await self._read()
        except asyncio.CancelledError:
            if self._left is None or reader is None or reader.uncancel() > others:
                raise
            raise StopAsyncIteration from None
        finally:
            self._reader = None
            if self._left is not None:
                self._left.set_result(None)
        self._holding = True
        self._errors.note(event)
        return event

    async def _read(self) -> Any:
        token = _READER.set(self)
        try:
            if self._limit is None:
                return await anext(self._stream)
            async with asyncio.timeout(self._limit):
                return await anext(self._stream)
        except StopAsyncIteration:
            self._errors.check_end()
            raise
        except Exception as error:
            # It ends the generators around the one that raised it, and leaves those inside.
            await self._close_response()
            if _is_end(error):
                raise StopAsyncIteration from None
            if (known := self._errors.of(error)) is not None:
                raise known from error
            raise
        finally:
            _READER.reset(token)

    async def aclose(self) -> None:
        """Release the connection. Whoever is waiting for an event sees the stream end."""
        self._closed = True
        if self._reader is not None and self._left is None:
            self._left = asyncio.get_running_loop().create_future()
            self._reader.cancel()
        if self._left is not None:
            await asyncio.shield(self._left)
        if self._holding:
            # This goes on to its end even if the task that waits for it is cancelled.
            await asyncio.shield(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        """Close the response, and let the SDK's generators end."""
        await self._close_response()
        with suppress(Exception):
            # Events that were received already are read without waiting, so one read may not do.
            while await self._cancelled_read():
                pass

    async def _close_response(self) -> None:
        if self.response is not None:
            with suppress(Exception):
                await self.response.aclose()

    async def _cancelled_read(self) -> Any:
        """The event of a read that is cancelled if it waits; None if the stream has ended."""
        read = asyncio.ensure_future(_next(self._stream))
        # One that has not begun would be cancelled before it reached the SDK.
        await asyncio.sleep(0)
        read.cancel()
        await asyncio.wait([read])
        return None if read.cancelled() else read.result()


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, None)
