"""The client for asyncio, line for line as that of `client`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from pydantic import BaseModel

from .._providers.plugin_calls import only_logged
from .._sentinels import MISSING
from .async_stream import AsyncPartialStream
from .configured import Chat, Configured
from .keywords import flag
from .mixups import AsyncOnly
from .response_types import check_streams, list_of, streams_elements
from .warm import warm_in_thread

if TYPE_CHECKING:
    from typing_extensions import TypeForm, Unpack

    from .._session.hooks import Completion
    from .async_reader import AsyncView
    from .call_factory import CallFactory
    from .completeness import HasPartial
    from .keywords import (
        CallKeywords,
        CompletionCall,
        IterableCall,
        Messages,
        PartialCall,
        StreamCall,
        ValueCall,
    )
    from .selectors import OnInvalid

T = TypeVar("T")
P = TypeVar("P")
M = TypeVar("M", bound=BaseModel)


class AsyncCompletions:
    """The calls, for asyncio."""

    def __init__(self, calls: CallFactory) -> None:
        self._calls = calls

    @overload
    def create_partial(
        self, response_model: HasPartial[P, T], messages: Messages, **keywords: Unpack[PartialCall]
    ) -> AsyncPartialStream[P, T]: ...
    @overload
    def create_partial(
        self,
        response_model: type[Sequence[HasPartial[P, T]]],
        messages: Messages,
        **keywords: Unpack[PartialCall],
    ) -> AsyncPartialStream[list[P], list[T]]: ...
    @overload
    def create_partial(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[PartialCall]
    ) -> AsyncPartialStream[T]: ...
    @overload
    def create_partial(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[PartialCall]
    ) -> AsyncPartialStream[T]: ...
    def create_partial(
        self,
        response_model: Any = MISSING,
        messages: Any = MISSING,
        *,
        stream: bool = True,
        **keywords: Unpack[CallKeywords],
    ) -> Any:
        """Ask for an answer, to be read in snapshots. See `Client.create_partial`.

        Example:
            ```python
            stream = client.create_partial(Team, "Who is in the team?", max_retries=2)
            async for team in stream:
                print(team)
            team = await stream.result()
            ```
        """
        check_streams(stream)
        return AsyncPartialStream(self._calls.session(response_model, messages, keywords))

    @overload
    def create_iterable(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[IterableCall]
    ) -> AsyncView[T]: ...
    @overload
    def create_iterable(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[IterableCall]
    ) -> AsyncView[T]: ...
    def create_iterable(
        self,
        response_model: Any = MISSING,
        messages: Any = MISSING,
        *,
        on_invalid: OnInvalid = "raise",
        stream: bool = True,
        **keywords: Unpack[CallKeywords],
    ) -> Any:
        """Ask for any number of answers, to be read one by one. See `Client.create_iterable`.

        Example:
            ```python
            async for user in client.create_iterable(User, "List the users."):
                print(user.name)
            ```
        """
        check_streams(stream)
        session = self._calls.session(list_of(response_model), messages, keywords)
        return AsyncPartialStream(session).elements("", on_invalid=on_invalid)

    @overload
    async def create(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[ValueCall]
    ) -> T: ...
    @overload
    async def create(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[ValueCall]
    ) -> T: ...
    @overload
    async def create(
        self, response_model: HasPartial[P, T], messages: Messages, **keywords: Unpack[StreamCall]
    ) -> AsyncPartialStream[P, T]: ...
    @overload
    async def create(  # type: ignore[overload-overlap]  # a model iterates over its fields
        self, response_model: type[M], messages: Messages, **keywords: Unpack[StreamCall]
    ) -> AsyncPartialStream[M]: ...
    @overload
    async def create(
        self,
        response_model: TypeForm[Iterable[T]],
        messages: Messages,
        **keywords: Unpack[StreamCall],
    ) -> AsyncView[T]: ...
    async def create(
        self,
        response_model: Any = MISSING,
        messages: Any = MISSING,
        *,
        stream: bool = False,
        **keywords: Unpack[CallKeywords],
    ) -> Any:
        """Ask for an answer and wait for its end: the validated value. See `Client.create`.

        Example:
            `team = await client.create(Team, "Who is in the team?", timeout=60)`
        """
        if flag("stream", stream):
            if streams_elements(response_model):
                return self.create_iterable(response_model, messages, **keywords)
            return self.create_partial(response_model, messages, **keywords)
        value, _ = await self._create(response_model, messages, keywords, keep=False)
        return value

    @overload
    async def create_with_completion(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[CompletionCall]
    ) -> tuple[T, Completion]: ...
    @overload
    async def create_with_completion(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[CompletionCall]
    ) -> tuple[T, Completion]: ...
    async def create_with_completion(
        self,
        response_model: Any = MISSING,
        messages: Any = MISSING,
        *,
        stream: bool = False,  # noqa: ARG002 - the answer is streamed anyway
        **keywords: Unpack[CallKeywords],
    ) -> Any:
        """Ask for an answer and wait for its end: the value, and the vendor's side of it.

        See `Client.create_with_completion`.

        Example:
            `team, completion = await client.create_with_completion(Team, "Who?")`
        """
        return await self._create(response_model, messages, keywords, keep=True)

    async def _create(
        self, response_model: Any, messages: Any, keywords: CallKeywords, *, keep: bool
    ) -> tuple[Any, Completion]:
        session = self._calls.session(response_model, messages, keywords, keeps_vendor_events=keep)
        async with AsyncPartialStream[Any](session) as stream:
            return await stream.result(), stream.completion


class AsyncClient(AsyncCompletions, Configured, AsyncOnly):
    """Asks one provider, for asyncio. `chat.completions` and `messages` take the same calls.

    `partwise.from_provider(…, async_client=True)` makes it. It is an asynchronous context manager
    that closes itself.
    """

    def __init__(self, calls: CallFactory) -> None:
        super().__init__(calls)
        self.messages = AsyncCompletions(calls)
        self.chat = Chat(self.messages)

    async def close(self) -> None:
        """Release the provider's connections. An SDK client that the user gave stays open."""
        with only_logged(self._calls.name, "aclose"):
            await self._calls.provider.aclose()

    async def warm(self) -> None:
        """Load the vendor's SDK in a thread now, which the first request would do otherwise."""
        await warm_in_thread(self._calls.provider)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
