"""Making a client: from a provider's name, or around a vendor's SDK client that exists already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

from .._errors import ProviderNotFoundError
from .._providers.protocol import ProviderConfig
from .._providers.registry import known_names
from .async_client import AsyncClient
from .cache import provider_wrapper
from .call_factory import CallFactory, as_mode
from .client import Client
from .keywords import flag, sdk_options
from .sdk_clients import check_adopted, check_arguments, check_sdk_client, is_async_client

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from typing_extensions import Unpack

    from .._providers.mode import Mode
    from .cache import Cache
    from .keywords import ProviderKeywords


class SyncSDKClient(Protocol):
    """A vendor's sync client: `close` returns when it is closed."""

    def close(self) -> None: ...


class AsyncSDKClient(Protocol):
    """A vendor's async client: `close` has to be awaited."""

    def close(self) -> Coroutine[Any, Any, None]: ...


class AsyncGoogleClient(Protocol):
    """`genai.Client().aio`, structurally."""

    def aclose(self) -> Coroutine[Any, Any, None]: ...


@overload
def from_provider(
    model: str, *, async_client: Literal[False] = False, **keywords: Unpack[ProviderKeywords]
) -> Client: ...
@overload
def from_provider(
    model: str, *, async_client: Literal[True], **keywords: Unpack[ProviderKeywords]
) -> AsyncClient: ...
@overload
def from_provider(
    model: str, *, async_client: bool, **keywords: Unpack[ProviderKeywords]
) -> Client | AsyncClient: ...
def from_provider(  # noqa: PLR0913 - an option each
    model: str,
    *,
    async_client: bool = False,
    mode: Mode | str | None = None,
    api_key: str | None = None,
    base_url: str | None = None,
    client: Any = None,
    http_client: Any = None,
    cache: Cache | None = None,
    plugin: str | None = None,
    options: Mapping[str, Any] | None = None,
    **sdk_keywords: Any,
) -> Client | AsyncClient:
    """A client for a provider and a model, as in `from_provider("openai/gpt-4.1-mini")`.

    Args:
        model: the provider's name, a slash, and the vendor's name of the model.
        async_client: whether to make an `AsyncClient`.
        mode: how to ask for structure; the provider's best, if None.
        api_key: the key; if None, the provider looks into its environment variable.
        base_url: where to send requests, instead of the vendor's own address.
        client: the vendor's SDK client, to be used as it is, sync or async as asked.
        http_client: the HTTP client for the SDK client that the provider makes.
        cache: the file that keeps answers, True for the usual one of `partwise-bulk`, or a
            `ProviderWrapper`.
        plugin: the distribution of the plugin, such as `"partwise-openai"`, if several have the
            provider's name.
        options: further keywords for that SDK client, not checked.
        sdk_keywords: keywords of the SDK's client, such as `timeout` or `region_name`.

    Raises:
        ProviderNotFoundError: there is no slash, or no usable provider of that name.
        MissingKeyError: there is no API key.
        ConfigurationError: the provider has no such mode for this model, `client` is of the other
            kind than `async_client` says, or a keyword is mistyped or has a value of a wrong type.

    Example:
        `client = partwise.from_provider("ollama/llama3.2", base_url="http://127.0.0.1:11434/v1")`
    """
    check_arguments(model, api_key)
    is_async = flag("async_client", async_client)
    check_sdk_client(client, is_async=is_async)
    name, vendor_model = _provider_and_model(model)
    config = ProviderConfig(
        name=name,
        api_key=api_key,
        base_url=base_url,
        client=client,
        http_client=http_client,
        plugin=plugin,
        options=sdk_options(sdk_keywords, options),
    )
    return _client(config, vendor_model, mode, is_async=is_async, cache=cache)


def _provider_and_model(model: str) -> tuple[str, str]:
    """The parts before and after the first slash; the vendor's name may have others."""
    name, _, vendor_model = model.partition("/")
    if not (name and vendor_model):
        raise ProviderNotFoundError(
            f'{model!r} names no provider: write "name/model", as in "openai/gpt-4.1-mini"; '
            f"installed: {known_names()}. Others: pip install partwise-<name>"
        )
    return name, vendor_model


@overload
def from_openai(
    client: SyncSDKClient, model: str | None = None, *, mode: Mode | str | None = None
) -> Client: ...
@overload
def from_openai(
    client: AsyncSDKClient, model: str | None = None, *, mode: Mode | str | None = None
) -> AsyncClient: ...
def from_openai(
    client: Any, model: str | None = None, *, mode: Mode | str | None = None
) -> Client | AsyncClient:
    """A client around an `openai.OpenAI` or `AsyncOpenAI`, or a subclass such as Azure's.

    Args:
        client: the SDK's client. It stays the caller's: it is not closed.
        model: the vendor's name of the model. None, the default: each call must say one.
        mode: how to ask for structure; the provider's best, if None.

    Returns:
        A `Client`, or an `AsyncClient` if the SDK's is for asyncio.

    Raises:
        ProviderNotFoundError: the vendor's plugin, such as `partwise-openai`, is not installed.
        ConfigurationError: `client` is no SDK client, or the provider has no such mode.

    Example:
        `client = partwise.from_openai(openai.OpenAI(), "gpt-4.1-mini")`
    """
    return _adopt("openai", client, model, mode)


@overload
def from_anthropic(
    client: SyncSDKClient, model: str | None = None, *, mode: Mode | str | None = None
) -> Client: ...
@overload
def from_anthropic(
    client: AsyncSDKClient, model: str | None = None, *, mode: Mode | str | None = None
) -> AsyncClient: ...
def from_anthropic(
    client: Any, model: str | None = None, *, mode: Mode | str | None = None
) -> Client | AsyncClient:
    """A client around an `anthropic.Anthropic` or `AsyncAnthropic`: see `from_openai`.

    Example:
        `client = partwise.from_anthropic(anthropic.Anthropic(), "claude-sonnet-4-5")`
    """
    return _adopt("anthropic", client, model, mode)


@overload
def from_google(
    client: SyncSDKClient, model: str | None = None, *, mode: Mode | str | None = None
) -> Client: ...
@overload
def from_google(
    client: AsyncGoogleClient, model: str | None = None, *, mode: Mode | str | None = None
) -> AsyncClient: ...
def from_google(
    client: Any, model: str | None = None, *, mode: Mode | str | None = None
) -> Client | AsyncClient:
    """A client around a `google.genai.Client`, or its `aio` for asyncio: see `from_openai`.

    Example:
        `client = partwise.from_google(google.genai.Client(), "gemini-2.5-flash")`
    """
    return _adopt("google", client, model, mode)


def _adopt(
    name: str, client: Any, model: str | None, mode: Mode | str | None
) -> Client | AsyncClient:
    check_adopted(name, client)
    config = ProviderConfig(name=name, client=client)
    return _client(config, model, mode, is_async=is_async_client(client))


def _client(
    config: ProviderConfig,
    model: str | None,
    mode: Mode | str | None,
    *,
    is_async: bool,
    cache: Cache | None = None,
) -> Client | AsyncClient:
    calls = CallFactory(config, model, as_mode(mode), provider_wrapper(cache))
    return AsyncClient(calls) if is_async else Client(calls)
