"""The client for asyncio, line for line as that of `client`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from pydantic import BaseModel

from .._sentinels import MISSING
from .async_stream import AsyncPartialStream
from .configured import Chat, Configured
from .mixups import AsyncOnly
from .response_types import check_streams, list_of, streams_elements
from .warm import warm_in_thread

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import TypeForm, Unpack

    from .._session.hooks import Completion
    from .async_stream import AsyncView
    from .call_factory import CallFactory
    from .completeness import HasPartial
    from .keywords import CallKeywords, Messages
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
        self,
        response_model: HasPartial[P, T],
        messages: Messages,
        *,
        stream: Literal[True] = True,
        **keywords: Unpack[CallKeywords],
    ) -> AsyncPartialStream[P, T]: ...
    @overload
    def create_partial(
        self,
        response_model: type[Sequence[HasPartial[P, T]]],
        messages: Messages,
        *,
        stream: Literal[True] = True,
        **keywords: Unpack[CallKeywords],
    ) -> AsyncPartialStream[list[P], list[T]]: ...
    @overload
    def create_partial(
        self,
        response_model: type[T],
        messages: Messages,
        *,
        stream: Literal[True] = True,
        **keywords: Unpack[CallKeywords],
    ) -> AsyncPartialStream[T]: ...
    @overload
    def create_partial(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        *,
        stream: Literal[True] = True,
        **keywords: Unpack[CallKeywords],
    ) -> AsyncPartialStream[T]: ...
    def create_partial(
        self,
        response_model: Any = MISSING,
        messages: Any = MISSING,
        *,
        stream: bool = True,
        **keywords: Unpack[CallKeywords],
    ) -> Any:
        """Ask for an answer, to be read in snapshots while it is being written.

        Args:
            response_model: any type that pydantic validates: a model, a dataclass, `list[User]`,
                `User | Company`, a `TypedDict`, `int`.
            messages: the conversation in OpenAI's chat form, whichever the vendor; a text is one
                user message.
            stream: True; the call streams anyway.
            keywords: `model` and `mode`, in place of the client's own; the keywords of
                `partwise.Settings`, such as `max_retries` (3 unless given), `timeout` (seconds, no
                limit unless given) and `context`; the vendor's own, such as `temperature`; more of
                the vendor's in `options={…}`, which are not checked.

        Returns:
            The stream. Its request is sent when it is first read.

        Raises:
            ConfigurationError: the call can't be made so: no model is given, the response model
                is no type, a keyword is nearly one of ours, a value is of a wrong type. Raised at
                once; all other errors come when the stream is read.

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
        self,
        response_model: type[T],
        messages: Messages,
        *,
        on_invalid: OnInvalid = "raise",
        stream: Literal[True] = True,
        **keywords: Unpack[CallKeywords],
    ) -> AsyncView[T]: ...
    @overload
    def create_iterable(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        *,
        on_invalid: OnInvalid = "raise",
        stream: Literal[True] = True,
        **keywords: Unpack[CallKeywords],
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
        """Ask for any number of answers, to be read one by one, each complete and valid.

        An item that was given can't be taken back: from the first one on, a failed attempt is
        not tried again, and its error is raised.

        Args:
            response_model: the type of one answer; `Iterable[User]` and `list[User]` are the same
                as `User`.
            messages: as in `create_partial`.
            on_invalid: `"skip"` leaves invalid items out; the view's `invalid` has them.
            stream: True; the call streams anyway.
            keywords: as in `create_partial`.

        Raises:
            ConfigurationError: the call can't be made so.

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
        self,
        response_model: type[T],
        messages: Messages,
        *,
        stream: Literal[False] = False,
        **keywords: Unpack[CallKeywords],
    ) -> T: ...
    @overload
    async def create(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        *,
        stream: Literal[False] = False,
        **keywords: Unpack[CallKeywords],
    ) -> T: ...
    @overload
    async def create(
        self,
        response_model: HasPartial[P, T],
        messages: Messages,
        *,
        stream: Literal[True],
        **keywords: Unpack[CallKeywords],
    ) -> AsyncPartialStream[P, T]: ...
    @overload
    async def create(  # type: ignore[overload-overlap]  # a model iterates over its fields
        self,
        response_model: type[M],
        messages: Messages,
        *,
        stream: Literal[True],
        **keywords: Unpack[CallKeywords],
    ) -> AsyncPartialStream[M]: ...
    @overload
    async def create(
        self,
        response_model: TypeForm[Iterable[T]],
        messages: Messages,
        *,
        stream: Literal[True],
        **keywords: Unpack[CallKeywords],
    ) -> AsyncView[T]: ...
    async def create(
        self,
        response_model: Any = MISSING,
        messages: Any = MISSING,
        *,
        stream: bool = False,
        **keywords: Unpack[CallKeywords],
    ) -> Any:
        """Ask for an answer and wait for its end: the validated value.

        Args:
            response_model: as in `create_partial`.
            messages: as in `create_partial`.
            stream: True for the stream of `create_partial` if the response model is a
                `Partial[M]`, or for that of `create_iterable` if it is an `Iterable[M]`.
            keywords: as in `create_partial`.

        Raises:
            ConfigurationError: the call can't be made so.
            PartwiseError: there is no value: the error has the text and the snapshot so far.

        Example:
            `team = await client.create(Team, "Who is in the team?", timeout=60)`
        """
        if stream:
            if streams_elements(response_model):
                return self.create_iterable(response_model, messages, **keywords)
            return self.create_partial(response_model, messages, **keywords)
        value, _ = await self._create(response_model, messages, keywords, keep=False)
        return value

    @overload
    async def create_with_completion(
        self,
        response_model: type[T],
        messages: Messages,
        *,
        stream: bool = False,
        **keywords: Unpack[CallKeywords],
    ) -> tuple[T, Completion]: ...
    @overload
    async def create_with_completion(
        self,
        response_model: TypeForm[T],
        messages: Messages,
        *,
        stream: bool = False,
        **keywords: Unpack[CallKeywords],
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

        Args:
            response_model: as in `create_partial`.
            messages: as in `create_partial`.
            stream: no matter.
            keywords: as in `create_partial`.

        Raises:
            ConfigurationError: the call can't be made so.
            PartwiseError: there is no value: the error has the text and the snapshot so far.

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
