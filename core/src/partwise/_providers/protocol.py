"""Provider plugins: the protocol, the request it gets, and the hook that registers it.

A plugin is a module that an entry point of the group `partwise` names. It implements the hook
`register_providers` and imports its vendor's SDK only inside `open`, `aopen` and `map_error`.
`build_request` and the decoder are pure, so they can be tested without a network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from .._errors import ConfigurationError, MissingKeyError, type_shown
from .approach import Approach, Fallback
from .redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .._errors import ProviderError
    from .chunks import Chunk
    from .mode import Granularity, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One attempt's request, in no vendor's terms.

    Attributes:
        model: the vendor's name of the model, which follows the first slash in `from_provider`.
        mode: how to ask for structure; one of the provider's own.
        messages: the conversation in OpenAI's chat form, or messages in the vendor's own form. A
            tool's message that reports faults has an `is_error`, which OpenAI itself has not, and
            an assistant's message with `tool_calls` may have the `reasoning_content` that led to
            them: sent only to a model that wants it back.
        schema: the JSON schema of the answer, as pydantic writes it. Its root is an object.
        name: the name of the answer's tool or schema: 1 to 64 of `A-Z a-z 0-9 _ -`.
        description: of the answer, for the model; None if its type has no docstring.
        options: everything else in the call, to be passed to the vendor as it is.
        plain: ask for plain text: no tool and no schema, whatever the mode. The rest of an answer
            that was cut off is asked for in this way. `mode` is as before, and may still say which
            of the vendor's interfaces to use.
        strict: whether the vendor is asked to enforce the schema, if the mode and the model can.
        forced: whether a tool call is demanded in a mode with a tool, or the tool only offered.
        schema_in_prompt: whether the messages hold the schema already, beside the mode's own way.
        omitted: names of parameters that the plugin would set by itself and must leave out, since
            the vendor refused them before.
        read_timeout: seconds without a byte after which the SDK should give up; None leaves it to
            the SDK. A plugin passes it as its SDK's read timeout for this request.
    """

    model: str
    mode: Mode
    messages: Sequence[Mapping[str, Any]]
    schema: Mapping[str, Any]
    name: str
    description: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    plain: bool = False
    strict: bool = True
    forced: bool = True
    schema_in_prompt: bool = False
    omitted: frozenset[str] = frozenset()
    read_timeout: float | None = None

    @property
    def approach(self) -> Approach:
        """How the structure is asked for."""
        return Approach(**{each.name: getattr(self, each.name) for each in fields(Approach)})


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The modes that a provider has with one model.

    Attributes:
        modes: the modes it has, best first, each with how finely it streams.
        prompted: the modes in which the vendor may not enforce the schema, so that the prompt is
            to hold it as well. `Mode.JSON` and `Mode.MD_JSON` always do and need not be listed.
    """

    modes: Mapping[Mode, Granularity]
    prompted: frozenset[Mode] = frozenset()

    @property
    def ranked(self) -> tuple[Mode, ...]:
        """The modes in the order in which to try them: first by granularity, then as listed."""
        finest = ("token", "parameter", "whole")
        return tuple(sorted(self.modes, key=lambda mode: finest.index(self.modes[mode])))

    @property
    def default_mode(self) -> Mode:
        """The best mode of those that stream most finely: by token before by parameter."""
        return self.ranked[0]


class Decoder(Protocol):
    """Turns one stream's events into chunks. Pure; a new one for each stream."""

    def feed(self, event: Any) -> Iterable[Chunk]:
        """The chunks in one event of the vendor's.

        Raises:
            ProviderError: the event is an error.
        """

    def close(self) -> Iterable[Chunk]:
        """The remaining chunks, when the vendor's stream has ended."""


class Provider(Protocol):
    """One vendor, ready to be asked. Made by a `ProviderFactory`, used by one client."""

    def capabilities(self, model: str) -> Capabilities:
        """The modes that this provider has with that model."""

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The payload that `open` sends. Pure.

        Raises:
            ConfigurationError: the request can't be put in this vendor's terms.
        """

    def decoder(self, request: Request) -> Decoder:
        """A new decoder for the answer to that request."""

    def map_error(self, error: Exception) -> ProviderError | None:
        """The vendor SDK's exception in partwise's terms, or None if it is not the SDK's."""

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """Send the payload. Leaving the context releases the connection at once."""

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same, for asyncio."""

    def close(self) -> None:
        """Release the clients of `open`. A client that the user gave stays open."""

    async def aclose(self) -> None:
        """Release the clients of `aopen`. A client that the user gave stays open."""


class SupportsAcceptance(Protocol):
    """A method that a decoder may have, for those who keep answers."""

    def accept(self) -> None:
        """The answer that was decoded has proved to be complete and valid."""


class SupportsFallback(Protocol):
    """A method that a provider may have: without it, a refused request is an error at once."""

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one; None if it does not.

        `partwise.provider.next_approach` serves most vendors.
        """


class SupportsModelsUrl(Protocol):
    """An attribute that a provider may have, for the error of a model that is not found."""

    models_url: str | None
    """The page that lists the vendor's models."""


class SupportsTelemetry(Protocol):
    """An attribute that a provider may have, for `partwise.otel`."""

    telemetry_name: str
    """Its name in OpenTelemetry's conventions for generative AI, if that is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """The user's settings of a provider, for its factory.

    Attributes:
        name: the name under which the factory is called, as in `from_provider("name/…")`.
        api_key: the key that the user gave, if any. Never shown in a repr.
        base_url: where to send requests, instead of the vendor's own address. Never in a repr.
        client: the user's own SDK client, to be used as it is.
        http_client: the user's own HTTP client, for the SDK client that the provider makes.
        options: further keywords of `from_provider`, for the SDK client that the provider makes.
        plugin: the distribution whose plugin makes the provider, if the user named one.
        caller_retries: whether the caller sends failed requests again by itself, as a bulk job does
            that holds back all of its rows. Then no SDK does so, not even the user's own client,
            and the session does not before the first event.
        on_headers: called with the headers of each response that was accepted, by those providers
            whose vendor reports its rate limits in them.
        streams: whether answers are asked for as streams. If not, a provider that can asks for each
            as one document, which takes less CPU time, and nothing stops an answer early.
        secrets: the credentials that are masked in all errors of this provider's: those in any
            attribute here and in the environment, and any that the factory adds.
    """

    name: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = field(default=None, repr=False)
    client: Any = field(default=None, repr=False)
    http_client: Any = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    plugin: str | None = None
    caller_retries: bool = False
    on_headers: Callable[[Mapping[str, str]], None] | None = field(
        default=None, repr=False, compare=False
    )
    streams: bool = True
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check_types()
        self.secrets.add_environment()
        self.secrets.add(self.api_key)
        self.secrets.add_url(self.base_url or "")
        self.secrets.add_options({"client": self.client, "http_client": self.http_client})
        self.secrets.add_options(self.options)
        _check_key(self.api_key or "", "api_key=")

    def _check_types(self) -> None:
        for name in ("api_key", "base_url", "plugin"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ConfigurationError(f"{name}= must be a text, got {type_shown(value)}")

    @property
    def sdk_retries(self) -> int:
        """How often an SDK with an option `max_retries` sends a request again by itself.

        Never, unless the user asks for it by that option, or by a client of their own.
        """
        own: int = getattr(self.client, "max_retries", 0)
        return 0 if self.caller_retries else self.options.get("max_retries", own)

    def check_client(self) -> None:
        """Check that the user gave a client of the SDK, or settings for one, and not both.

        Raises:
            ConfigurationError: they gave both. Names the settings.
        """
        own = {name: getattr(self, name) for name in ("api_key", "base_url", "http_client")}
        given = [name for name, value in {**own, **self.options}.items() if value is not None]
        if self.client is not None and given:
            names = ", ".join(f"{name}=" for name in given)
            raise ConfigurationError(
                f"{self.name!r} was given client=, which is used as it is, and also {names}: "
                "set them where that client is made, or leave client= out"
            )

    def key(self, *variables: str) -> str:
        """The API key: the one given, else the first of these environment variables that is set.

        Raises:
            MissingKeyError: there is none. Names the variables.
            ConfigurationError: it has a character that no HTTP header can have.
        """
        if self.api_key:
            return self.api_key
        for variable in variables:
            if key := os.environ.get(variable):
                self.secrets.add(key)
                _check_key(key, variable)
                return key
        names = " or ".join(variables)
        raise MissingKeyError(
            f"no API key for {self.name!r}: set the environment variable {names}, "
            f'or pass from_provider("{self.name}/…", api_key=…)'
        )

    def url(self, *variables: str) -> str | None:
        """The base URL: the one given, else that in the first of these variables that is set.

        Raises:
            ConfigurationError: it is not the address of an HTTP server. Names the variable.
        """
        candidates = [("base_url=", self.base_url)]
        candidates += [(name, os.environ.get(name)) for name in variables]
        for source, candidate in candidates:
            if candidate:
                self.secrets.add_url(candidate)
                return self.checked_url(candidate, source)
        return None

    @staticmethod
    def checked_url(url: str, source: str) -> str:
        """The same address, which `source` has, such as an environment variable.

        Raises:
            ConfigurationError: it is not the address of an HTTP server. Names the source.
        """
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
            is_address = is_address and (parts.port is None or parts.port > 0)
        except ValueError as error:
            raise ConfigurationError(f"{source} is not an address: {error}") from None
        if not is_address:
            raise ConfigurationError(
                f'{source} is not an address: write it in full, as in "https://api.example.com/v1"'
                + _with_scheme(url)
            )
        _check_path(parts.path, source)
        return url


def _check_key(key: str, source: str) -> None:
    # RFC 9110, 5.5: a field's value is visible ASCII and spaces; httpx encodes no other.
    wrong = next((at for at, char in enumerate(key) if not " " <= char <= "~"), None)
    if wrong is not None:
        raise ConfigurationError(
            f"the key in {source} has a character that no HTTP header can have, such as a line "
            f"break, at index {wrong}"
        )


def _with_scheme(url: str) -> str:
    """A proposal for an address that lacks nothing but its scheme; it has no secret in it."""
    if not _HOST_AND_PORT.fullmatch(url):
        return ""
    is_local = url.startswith(("localhost", "127.", "0.0.0.0"))  # noqa: S104 - read, not bound
    return f"; did you mean '{'http' if is_local else 'https'}://{url}'?"


def _check_path(path: str, source: str) -> None:
    """Check that the address is not that of one endpoint: SDKs add its path by themselves."""
    for endpoint in ("/chat/completions", "/responses", "/messages"):
        if path.rstrip("/").endswith(endpoint):
            raise ConfigurationError(
                f"{source} ends in {endpoint}, which the SDK adds by itself: leave that out"
            )


_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._/-]*)?")


ProviderFactory: TypeAlias = Callable[[ProviderConfig], Provider]

ProviderWrapper: TypeAlias = Callable[[Provider, ProviderConfig], Provider]
"""Makes another provider of one, as a cache does that answers in its place if it can."""
