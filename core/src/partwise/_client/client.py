"""The clients: calls in the forms that users know, each a line around a session and a stream.

Beside the response model and the messages a call takes:
- `model` and `mode`, in place of the client's own,
- the keywords of `partwise.Settings`: `max_retries`, `context` (or `validation_context`),
  `strict`, `hooks`, `on_restart`, `resume`, `token_budget`, `timeout`, `idle_timeout`, `limits`,
- `stream=True`, which changes nothing,
- anything else, which goes to the vendor.

A call that can't be made raises `ConfigurationError` at once; the request is sent when the
stream is first read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from .._errors import ConfigurationError
from .async_stream import AsyncPartialStream
from .response_types import element_of, is_partial, streams
from .stream import PartialStream
from .warm import warm, warm_in_thread

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import TypeForm

    from .._providers.hookspecs import HookName
    from .._providers.protocol import ProviderConfig, ProviderWrapper
    from .._session.hooks import Completion, Handler, Hooks
    from .async_stream import AsyncView
    from .call_factory import CallFactory
    from .selectors import OnInvalid
    from .stream import View

T = TypeVar("T")
C = TypeVar("C")

Messages: TypeAlias = Sequence[Mapping[str, Any]]
"""A conversation in OpenAI's chat form: `[{"role": "user", "content": "…"}]`."""


class Chat(Generic[C]):
    """`client.chat`, whose `completions` take the calls of the client."""

    def __init__(self, completions: C) -> None:
        self.completions = completions


class _Configured:
    """A client's configuration and handlers."""

    _calls: CallFactory

    def __init__(self, calls: CallFactory) -> None:
        self._calls = calls

    @property
    def config(self) -> ProviderConfig:
        """The provider's name and settings."""
        return self._calls.config

    @property
    def hooks(self) -> Hooks:
        """The handlers, which `on`, `off` and `clear` change."""
        return self._calls.hooks

    @property
    def model(self) -> str | None:
        """The vendor's name of the model; None if each call has to name one."""
        return self._calls.model

    def with_config(self, *, cache: ProviderWrapper | None = None, **changes: Any) -> Self:
        """Another client for the same model and mode, with these fields of `config` changed.

        `cache` takes the place of the client's own.

        It has connections of its own, to be closed by itself, and the same handlers.

        Raises:
            ConfigurationError: the provider can't be made so.
        """
        return type(self)(self._calls.with_config(cache, changes))

    def on(self, name: HookName, handler: Handler) -> None:
        """Call the handler whenever this happens in a call of this client.

        Raises:
            ConfigurationError: there is no hook of that name.
        """
        self._calls.hooks.on(name, handler)

    def off(self, name: HookName, handler: Handler) -> None:
        """Stop calling the handler."""
        self._calls.hooks.off(name, handler)

    def clear(self, name: HookName | None = None) -> None:
        """Forget the handlers of that name; all, if none is given."""
        self._calls.hooks.clear(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._calls!r}>"


class Completions:
    """The calls."""

    def __init__(self, calls: CallFactory) -> None:
        self._calls = calls

    def create_partial(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Any
    ) -> PartialStream[T]:
        """Ask for an answer, to be read in snapshots while it is being written."""
        return PartialStream(self._calls.session(response_model, messages, keywords))

    def create_iterable(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        *,
        on_invalid: OnInvalid = "raise",
        **keywords: Any,
    ) -> View[T]:
        """Ask for any number of answers, to be read one by one, each complete and valid.

        An item that was given can't be taken back: from the first answer on, a failed attempt is
        not tried again, and its error is raised.
        """
        stream = self.create_partial(_list_of(response_model), messages, **keywords)
        return stream.elements("", on_invalid=on_invalid)

    def create(self, response_model: TypeForm[T], messages: Messages, **keywords: Any) -> T:
        """Ask for an answer and wait for its end: the validated value.

        With `stream=True`, `Partial[M]` gives the stream of `create_partial` and `Iterable[M]` that
        of `create_iterable`.

        Raises:
            PartwiseError: there is none.
        """
        if keywords.pop("stream", False):
            return self._stream(response_model, messages, keywords)  # type: ignore[no-any-return]
        value, _ = self._create(response_model, messages, keywords, keep=False)
        return value

    def create_with_completion(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Any
    ) -> tuple[T, Completion]:
        """The same, and the vendor's completion.

        Raises:
            PartwiseError: there is no value.
        """
        return self._create(response_model, messages, keywords, keep=True)

    def _stream(self, response_model: Any, messages: Messages, keywords: dict[str, Any]) -> Any:
        if streams(response_model) is not None:
            return self.create_iterable(response_model, messages, **keywords)
        if is_partial(response_model):
            return self.create_partial(response_model, messages, **keywords)
        raise ConfigurationError(
            "create() gives one value: use create_partial() for its snapshots, or pass "
            "response_model=Partial[…] or Iterable[…] with stream=True"
        )

    def _create(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        keywords: dict[str, Any],
        *,
        keep: bool,
    ) -> tuple[T, Completion]:
        keywords.pop("stream", None)
        session = self._calls.session(response_model, messages, keywords, keeps_vendor_events=keep)
        with PartialStream[T](session) as stream:
            return stream.result(), stream.completion


class Client(Completions, _Configured):
    """Asks one provider. `chat.completions` and `messages` take the same calls as the client."""

    def __init__(self, calls: CallFactory) -> None:
        super().__init__(calls)
        self.messages = Completions(calls)
        self.chat = Chat(self.messages)

    def close(self) -> None:
        """Release the provider's connections. An SDK client that the user gave stays open."""
        self._calls.provider.close()

    def warm(self) -> None:
        """Load the vendor's SDK now, which the first request would do otherwise."""
        warm(self._calls.provider)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncCompletions:
    """The calls, for asyncio."""

    def __init__(self, calls: CallFactory) -> None:
        self._calls = calls

    def create_partial(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Any
    ) -> AsyncPartialStream[T]:
        """Ask for an answer, to be read in snapshots while it is being written."""
        return AsyncPartialStream(self._calls.session(response_model, messages, keywords))

    def create_iterable(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        *,
        on_invalid: OnInvalid = "raise",
        **keywords: Any,
    ) -> AsyncView[T]:
        """Ask for any number of answers, to be read one by one, each complete and valid.

        An item that was given can't be taken back: from the first answer on, a failed attempt is
        not tried again, and its error is raised.
        """
        stream = self.create_partial(_list_of(response_model), messages, **keywords)
        return stream.elements("", on_invalid=on_invalid)

    async def create(self, response_model: TypeForm[T], messages: Messages, **keywords: Any) -> T:
        """Ask for an answer and wait for its end: the validated value.

        With `stream=True`, `Partial[M]` gives the stream of `create_partial` and `Iterable[M]` that
        of `create_iterable`.

        Raises:
            PartwiseError: there is none.
        """
        if keywords.pop("stream", False):
            return self._stream(response_model, messages, keywords)  # type: ignore[no-any-return]
        value, _ = await self._create(response_model, messages, keywords, keep=False)
        return value

    async def create_with_completion(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Any
    ) -> tuple[T, Completion]:
        """The same, and the vendor's completion.

        Raises:
            PartwiseError: there is no value.
        """
        return await self._create(response_model, messages, keywords, keep=True)

    def _stream(self, response_model: Any, messages: Messages, keywords: dict[str, Any]) -> Any:
        if streams(response_model) is not None:
            return self.create_iterable(response_model, messages, **keywords)
        if is_partial(response_model):
            return self.create_partial(response_model, messages, **keywords)
        raise ConfigurationError(
            "create() gives one value: use create_partial() for its snapshots, or pass "
            "response_model=Partial[…] or Iterable[…] with stream=True"
        )

    async def _create(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        keywords: dict[str, Any],
        *,
        keep: bool,
    ) -> tuple[T, Completion]:
        keywords.pop("stream", None)
        session = self._calls.session(response_model, messages, keywords, keeps_vendor_events=keep)
        async with AsyncPartialStream[T](session) as stream:
            return await stream.result(), stream.completion


class AsyncClient(AsyncCompletions, _Configured):
    """Asks one provider, for asyncio. `chat.completions` and `messages` take the same calls."""

    def __init__(self, calls: CallFactory) -> None:
        super().__init__(calls)
        self.messages = AsyncCompletions(calls)
        self.chat = Chat(self.messages)

    async def close(self) -> None:
        """Release the provider's connections. An SDK client that the user gave stays open."""
        await self._calls.provider.aclose()

    async def warm(self) -> None:
        """Load the vendor's SDK in a thread now, which the first request would do otherwise."""
        await warm_in_thread(self._calls.provider)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _list_of(response_model: Any) -> Any:
    return list[element_of(response_model)]  # type: ignore[misc]
