"""Requests sent through boto3, which has no asyncio: its streams are read by threads there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, closing, contextmanager, suppress
from operator import methodcaller
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from partwise.provider import ConfigurationError, ServerError, open_in_thread

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig

_CALL: Final = "bedrock-runtime.ConverseStream"
_EVENTS: Final = "application/vnd.amazon.eventstream"
_EXCERPT_BYTES: Final = 200


def client(config: ProviderConfig) -> Any:
    """The user's own client of the SDK, or one as the user configured it.

    Raises:
        ConfigurationError: boto3 does not know an option.
    """
    made = config.client or _new_client(config)
    hooks = made.meta.events
    hooks.register(f"provide-client-params.{_CALL}", _take_timeout, unique_id="partwise-time")
    hooks.register(f"before-send.{_CALL}", _Signing(config), unique_id="partwise-key")
    return made


def has_retries(config: ProviderConfig) -> bool:
    """Whether boto3 sends a request again by itself: not unless the user asked it to.

    Nobody can stop the retries of a client that is there already.
    """
    if config.client is None:
        retries = {} if config.caller_retries else _given_retries(config)
    else:
        retries = config.client.meta.config.retries or {"mode": "legacy"}
    # The older name does not count the first attempt (botocore.config.Config).
    attempts = retries.get("total_max_attempts", retries.get("max_attempts", 1) + 1)
    return bool(retries) and attempts > 1


@contextmanager
def stream(
    client: Any, payload: Mapping[str, Any], config: ProviderConfig
) -> Iterator[Iterator[Any]]:
    """The events of the answer to this payload, as plain data.

    Raises:
        ServerError: the answer is no stream of events.
    """
    with closing(_send(client, payload, config)) as events:
        yield iter(events)


def astream(
    get_client: Callable[[], Any], payload: Mapping[str, Any], config: ProviderConfig
) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
    """The same for asyncio. The client is asked for in the thread: to make it takes a while."""
    return open_in_thread(lambda: _send(get_client(), payload, config), methodcaller("interrupt"))


def _new_client(config: ProviderConfig) -> Any:
    options = dict(config.options)
    session = boto3.Session(profile_name=options.pop("profile_name", None))
    if config.api_key is not None:
        unsigned = Config(signature_version=UNSIGNED)
        options["config"] = unsigned.merge(options.get("config") or unsigned)
    if config.caller_retries or not _given_retries(config):
        # The first attempt counts here.
        once = Config(retries={"total_max_attempts": 1})
        options["config"] = (options.get("config") or once).merge(once)
    try:
        return session.client("bedrock-runtime", endpoint_url=config.base_url, **options)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"boto3 does not take this: {error}") from error


def _given_retries(config: ProviderConfig) -> dict[str, Any]:
    return getattr(config.options.get("config"), "retries", None) or {}


def _take_timeout(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["read_timeout"] = params.pop("read_timeout", None)


class _Signing:
    """Called with each signed request just before it is sent."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config

    def __call__(self, request: Any, **_: Any) -> None:
        headers: Mapping[str, Any] = request.headers
        # Those of a role come from a machine or a service, and are not known before.
        self._config.secrets.add(_as_str(headers.get("X-Amz-Security-Token")))
        if self._config.api_key is not None:
            # botocore takes such a key from the environment alone, and would log it if it came
            # earlier.
            request.headers["Authorization"] = f"Bearer {self._config.api_key}"


def _as_str(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value or "")


def _send(client: Any, payload: Mapping[str, Any], config: ProviderConfig) -> _Events:
    response = client.converse_stream(**payload)
    events = _Events(response["stream"], config.name)
    headers = response["ResponseMetadata"].get("HTTPHeaders", {})
    media_type = headers.get("content-type", _EVENTS)
    if not media_type.startswith(_EVENTS):
        with closing(events):
            raise events.not_events(media_type)
    return events


class _Events:
    """The events of one stream. boto3 raises Python's own errors for events of odd shapes."""

    def __init__(self, stream: Any, provider: str) -> None:
        self._stream = stream
        self._provider = provider

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._stream
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            message = f"boto3 can't read an event ({type(error).__name__}: {error})"
            raise ServerError(message, provider=self._provider, retryable=True) from error

    def not_events(self, media_type: str) -> ServerError:
        """The error for another body, whose beginning is read for it."""
        # botocore shows the response nowhere else.
        start = self._stream._raw_stream.read(_EXCERPT_BYTES)  # noqa: SLF001
        message = (
            f"{self._provider} answered with {media_type!r} in place of a stream of events; "
            f"is the base URL right? It begins: {start.decode(errors='replace')!r}"
        )
        return ServerError(message, provider=self._provider, status_code=200)

    def close(self) -> None:
        """Release the connection."""
        self._stream.close()

    def interrupt(self) -> None:
        """End the read that a thread is in, for which `close` would wait."""
        with suppress(OSError, RuntimeError, ValueError):  # it has just come to its end by itself
            self._stream._raw_stream.shutdown()  # noqa: SLF001 - as above
