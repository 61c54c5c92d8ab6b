"""`Instructor` and `AsyncInstructor`: Instructor's calls over partwise's clients."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Mapping,
)
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Self, get_args, get_origin

import partwise
from partwise import AsyncClient, Client

from . import _plain
from ._cached import CachedAnswer, CacheOptions
from ._messages import plain_message
from ._raw import of_completion
from .cache import BaseCache
from .exceptions import ConfigurationError, translated
from .mode import Mode, own_mode
from .processing.multimodal import plain_messages
from .templating import rendered

_RESPONSES = "responses"


class _Call(NamedTuple):
    """One call in partwise's terms."""

    messages: list[Any]
    options: dict[str, Any]
    is_stream: bool
    cache: CacheOptions

    def translated(self) -> AbstractContextManager[None]:
        """Raise partwise's errors as Instructor's."""
        return translated(self.messages, self.options)


class _Calls:
    """The calls that are the same in sync and in async, and how each is put in partwise's terms."""

    client: Any

    def __init__(
        self, client: Any, mode: str | None = None, defaults: dict[str, Any] | None = None
    ) -> None:
        self.client = client
        self.hooks: partwise.Hooks = client.hooks
        self.on, self.off, self.clear = client.on, client.off, client.clear
        self._mode = mode
        self._defaults = defaults or {}

    @property
    def chat(self) -> Self:
        return self

    completions = messages = chat

    @property
    def responses(self) -> Self:
        """The same calls on OpenAI's Responses API."""
        return type(self)(self.client, _RESPONSES, self._defaults)

    def create_partial(self, response_model: Any, messages: Any = None, **keywords: Any) -> Any:
        """Snapshots; the last is the validated answer."""
        return self._stream("create_partial", response_model, self._call(messages, keywords))

    def create_iterable(self, response_model: Any, messages: Any = None, **keywords: Any) -> Any:
        """Answers one by one."""
        return self._stream("create_iterable", response_model, self._call(messages, keywords))

    def _stream(self, name: str, response_model: Any, call: _Call) -> Any:
        create = getattr(self.client, name)
        return self._read(create(response_model, messages=call.messages, **call.options), call)

    def _place(self, response_model: Any, call: _Call) -> CachedAnswer:
        return CachedAnswer(
            call.cache, response_model, call.messages, call.options, self.client.model
        )

    def _read(self, items: Any, call: _Call) -> Any:
        """The items of a stream or a view, with Instructor's errors."""
        raise NotImplementedError

    def _call(self, messages: Any, keywords: Mapping[str, Any]) -> _Call:
        given = {**self._defaults, **keywords}
        if messages is None:
            messages = given.pop("input", None)
        if messages is None:
            raise ConfigurationError("no messages given")
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        messages = list(map(plain_message, messages))
        if isinstance(given.get("system"), str):  # as Anthropic's and Google's calls have it
            messages.insert(0, {"role": "system", "content": given.pop("system")})
        for name, value in given.pop("generation_config", {}).items():  # Google's
            given["max_output_tokens" if name == "max_tokens" else name] = value
        context = given.get("context") or given.get("validation_context")
        mode = own_mode(given.pop("mode", None)) or self._mode
        detects = given.pop("autodetect_images", False)
        plain = plain_messages(rendered(messages, context), detects_media=detects)
        is_stream, cache = given.pop("stream", False), CacheOptions.taken_from(given)
        return _Call(plain, given if mode is None else {**given, "mode": mode}, is_stream, cache)


class Instructor(_Calls):
    """Asks one provider.

    Attributes:
        client: partwise's own client.
        hooks: the handlers.
        chat, completions, messages, responses: namespaces with the same calls.
    """

    client: Client

    def create(self, response_model: Any = None, messages: Any = None, **keywords: Any) -> Any:
        """The validated answer, which has the vendor's as `_raw_response`.

        With `stream=True` and `Partial[M]` or `Iterable[M]`, an iterator. With
        `response_model=None`, the vendor's answer.
        """
        call = self._call(messages, keywords)
        if response_model is None:
            with call.translated():
                return _plain.ask(self.client, call.messages, call.options)
        if (many := element_of(response_model)) is not None:
            return self._stream("create_iterable", many, call)
        if call.is_stream:
            return self._stream("create_partial", response_model, call)
        return self._create(response_model, call)[0]

    def create_with_completion(
        self, response_model: Any = None, messages: Any = None, **keywords: Any
    ) -> tuple[Any, Any]:
        """The validated answer, and the vendor's in the shape of OpenAI's."""
        return self._create(response_model, self._call(messages, keywords))

    def _create(self, response_model: Any, call: _Call) -> tuple[Any, Any]:
        place = self._place(response_model, call)
        if (kept := place.load()) is not None:
            return kept
        with call.translated():
            value, completion = self.client.create_with_completion(
                response_model, messages=call.messages, **call.options
            )
        return place.store(value, of_completion(completion))

    def _read(self, items: Iterable[Any], call: _Call) -> Iterable[Any]:
        with call.translated():
            yield from items

    def close(self) -> None:
        """Release the connections."""
        self.client.close()


class AsyncInstructor(_Calls):
    """The same for asyncio."""

    client: AsyncClient

    async def create(
        self, response_model: Any = None, messages: Any = None, **keywords: Any
    ) -> Any:
        """The validated answer; with `stream=True`, an async iterator. See `Instructor.create`."""
        call = self._call(messages, keywords)
        if response_model is None:
            with call.translated():
                return await _plain.aask(self.client, call.messages, call.options)
        if (many := element_of(response_model)) is not None:
            elements = self._stream("create_iterable", many, call)
            return elements if call.is_stream else [each async for each in elements]
        if call.is_stream:
            return self._stream("create_partial", response_model, call)
        return (await self._create(response_model, call))[0]

    async def create_with_completion(
        self, response_model: Any = None, messages: Any = None, **keywords: Any
    ) -> tuple[Any, Any]:
        """The validated answer, and the vendor's in the shape of OpenAI's."""
        return await self._create(response_model, self._call(messages, keywords))

    async def _create(self, response_model: Any, call: _Call) -> tuple[Any, Any]:
        place = self._place(response_model, call)
        if (kept := place.load()) is not None:
            return kept
        with call.translated():
            value, completion = await self.client.create_with_completion(
                response_model, messages=call.messages, **call.options
            )
        return place.store(value, of_completion(completion))

    def _read(self, items: AsyncIterable[Any], call: _Call) -> _AsyncItems:
        return _AsyncItems(items, call)

    async def close(self) -> None:
        """Release the connections."""
        await self.client.close()


class _AsyncItems:
    """Snapshots or elements, one by one. Awaiting it gives itself, as Instructor's calls do."""

    def __init__(self, items: AsyncIterable[Any], call: _Call) -> None:
        self._items = items
        self._call = call

    async def __aiter__(self) -> AsyncIterator[Any]:
        with self._call.translated():
            async for item in self._items:
                yield item

    def __await__(self) -> Generator[Any, None, _AsyncItems]:
        return self
        yield


def element_of(response_model: Any) -> Any:
    """The type of the elements, if `Iterable[X]` is asked for."""
    if get_origin(response_model) in (Iterable, AsyncIterable):
        return get_args(response_model)[0]
    return None


# Making a client ------------------------------------------------------------------------------


def from_provider(
    model: str,
    async_client: bool = False,  # noqa: FBT001, FBT002 - Instructor's own signature
    mode: Mode | str | None = None,
    hooks: partwise.Hooks | None = None,
    **options: Any,
) -> Any:
    """A client for a provider and a model: see `partwise.from_provider`.

    A mode that partwise does not have for this model, as JSON mode at Google, is its best one.
    A `cache=` of `instructor.cache` holds the answers of `create`.
    """
    defaults = {} if hooks is None else {"hooks": hooks}
    if isinstance(options.get("cache"), BaseCache):
        defaults["cache"] = options.pop("cache")
    if "azure_endpoint" in options:
        options["base_url"] = options.pop("azure_endpoint")
    with translated((), options):
        made = partwise.from_provider(model, async_client=async_client, **options)
        modes = made._calls.provider.capabilities(made.model or "").modes  # noqa: SLF001
    own = own_mode(mode)
    known = own is None or own in modes or own not in [*partwise.Mode]
    return _wrapped(made, defaults, own if known else None)


def from_openai(
    client: Any, model: str | None = None, mode: Mode | str | None = None, **defaults: Any
) -> Any:
    """A client around an `openai.OpenAI` or `AsyncOpenAI`; `defaults` go into each call."""
    return _around(partwise.from_openai, client, model, mode, defaults)


def patch(client: Any = None, mode: Mode | str | None = None, **left_out: Any) -> Any:
    """A client around an SDK's: of OpenAI's, or of Anthropic's.

    Raises:
        ConfigurationError: `patch(create=…)`, a function, which has no events to read.
    """
    if client is None or left_out:
        raise ConfigurationError("patch takes an SDK's client: use from_openai(OpenAI())")
    is_anthropic = type(client).__module__.partition(".")[0] == "anthropic"
    return (from_anthropic if is_anthropic else from_openai)(client, mode=mode)


apatch = patch


def from_anthropic(
    client: Any, model: str | None = None, mode: Mode | str | None = None, **defaults: Any
) -> Any:
    """A client around an `anthropic.Anthropic` or `AsyncAnthropic`."""
    return _around(partwise.from_anthropic, client, model, mode, defaults)


def from_genai(
    client: Any,
    model: str | None = None,
    mode: Mode | str | None = None,
    use_async: bool = False,  # noqa: FBT001, FBT002 - Instructor's own signature
    **defaults: Any,
) -> Any:
    """A client around a `google.genai.Client`."""
    return _around(partwise.from_google, client.aio if use_async else client, model, mode, defaults)


def from_litellm(completion: Any, **_: Any) -> Any:
    """LiteLLM's function has no events that partwise could read: its proxy has.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(
        f"{completion!r} is not a client: run LiteLLM's proxy, and use "
        'from_provider("litellm/<model>", base_url=…)'
    )


def _around(make: Any, client: Any, model: str | None, mode: Any, defaults: dict[str, Any]) -> Any:
    with translated((), defaults):
        return _wrapped(make(client, model, mode=own_mode(mode)), defaults)


def _wrapped(client: Any, defaults: dict[str, Any], mode: str | None = None) -> Any:
    kind: Any = AsyncInstructor if isinstance(client, AsyncClient) else Instructor
    return kind(client, mode, defaults)
