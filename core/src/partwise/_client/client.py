"""The client: calls in the forms that users know, each a line around a session and a stream.

Beside the response model and the messages a call takes:
- `model` and `mode`, in place of the client's own,
- the keywords of `partwise.Settings`: `max_retries`, `context` (or `validation_context`),
  `strict`, `hooks`, `on_restart`, `resume`, `token_budget`, `timeout`, `idle_timeout`, `limits`,
- `stream=True`, which changes nothing but for `create`,
- the vendor's own keywords, such as `temperature`, and any more of them in `options={…}`.

A call that can't be made raises `ConfigurationError` at once; the request is sent when the
stream is first read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pydantic import BaseModel

from .._providers.plugin_calls import only_logged
from .._sentinels import MISSING
from .configured import Chat, Configured
from .keywords import flag
from .mixups import SyncOnly
from .response_types import check_streams, list_of, streams_elements
from .stream import PartialStream
from .warm import warm

if TYPE_CHECKING:
    from typing_extensions import TypeForm, Unpack

    from .._session.hooks import Completion
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
    from .reader import View
    from .selectors import OnInvalid

T = TypeVar("T")
P = TypeVar("P")
M = TypeVar("M", bound=BaseModel)


class Completions:
    """The calls."""

    def __init__(self, calls: CallFactory) -> None:
        self._calls = calls

    @overload
    def create_partial(
        self, response_model: HasPartial[P, T], messages: Messages, **keywords: Unpack[PartialCall]
    ) -> PartialStream[P, T]: ...
    @overload
    def create_partial(
        self,
        response_model: type[Sequence[HasPartial[P, T]]],
        messages: Messages,
        **keywords: Unpack[PartialCall],
    ) -> PartialStream[list[P], list[T]]: ...
    @overload
    def create_partial(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[PartialCall]
    ) -> PartialStream[T]: ...
    @overload
    def create_partial(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[PartialCall]
    ) -> PartialStream[T]: ...
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
            ConfigurationError: an argument is missing or invalid, or a keyword is mistyped. Raised
                at once; all other errors come when the stream is read.

        Example:
            ```python
            stream = client.create_partial(Team, "Who is in the team?", max_retries=2)
            for team in stream:
                print(team)
            team = stream.result()
            ```
        """
        check_streams(stream)
        return PartialStream(self._calls.session(response_model, messages, keywords))

    @overload
    def create_iterable(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[IterableCall]
    ) -> View[T]: ...
    @overload
    def create_iterable(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[IterableCall]
    ) -> View[T]: ...
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
            ConfigurationError: an argument is missing or invalid.

        Example:
            ```python
            for user in client.create_iterable(User, "List the users."):
                print(user.name)
            ```
        """
        check_streams(stream)
        session = self._calls.session(list_of(response_model), messages, keywords)
        return PartialStream(session).elements("", on_invalid=on_invalid)

    @overload
    def create(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[ValueCall]
    ) -> T: ...
    @overload
    def create(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[ValueCall]
    ) -> T: ...
    @overload
    def create(
        self, response_model: HasPartial[P, T], messages: Messages, **keywords: Unpack[StreamCall]
    ) -> PartialStream[P, T]: ...
    @overload
    def create(  # type: ignore[overload-overlap]  # a model iterates over its fields
        self, response_model: type[M], messages: Messages, **keywords: Unpack[StreamCall]
    ) -> PartialStream[M]: ...
    @overload
    def create(
        self,
        response_model: TypeForm[Iterable[T]],
        messages: Messages,
        **keywords: Unpack[StreamCall],
    ) -> View[T]: ...
    def create(
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
            ConfigurationError: an argument is missing or invalid.
            PartwiseError: there is no value: the error has the text and the snapshot so far.

        Example:
            `team = client.create(Team, "Who is in the team?", timeout=60)`
        """
        if flag("stream", stream):
            if streams_elements(response_model):
                return self.create_iterable(response_model, messages, **keywords)
            return self.create_partial(response_model, messages, **keywords)
        value, _ = self._create(response_model, messages, keywords, keep=False)
        return value

    @overload
    def create_with_completion(
        self, response_model: type[T], messages: Messages, **keywords: Unpack[CompletionCall]
    ) -> tuple[T, Completion]: ...
    @overload
    def create_with_completion(
        self, response_model: TypeForm[T], messages: Messages, **keywords: Unpack[CompletionCall]
    ) -> tuple[T, Completion]: ...
    def create_with_completion(
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
            stream: has no effect.
            keywords: as in `create_partial`.

        Raises:
            ConfigurationError: an argument is missing or invalid.
            PartwiseError: there is no value: the error has the text and the snapshot so far.

        Example:
            `team, completion = client.create_with_completion(Team, "Who?")`
        """
        return self._create(response_model, messages, keywords, keep=True)

    def _create(
        self, response_model: Any, messages: Any, keywords: CallKeywords, *, keep: bool
    ) -> tuple[Any, Completion]:
        session = self._calls.session(response_model, messages, keywords, keeps_vendor_events=keep)
        with PartialStream[Any](session) as stream:
            return stream.result(), stream.completion


class Client(Completions, Configured, SyncOnly):
    """Asks one provider. `chat.completions` and `messages` take the same calls as the client.

    `partwise.from_provider` makes it. It is a context manager that closes itself.
    """

    def __init__(self, calls: CallFactory) -> None:
        super().__init__(calls)
        self.messages = Completions(calls)
        self.chat = Chat(self.messages)

    def close(self) -> None:
        """Release the provider's connections. An SDK client that the user gave stays open."""
        with only_logged(self._calls.name, "close"):
            self._calls.provider.close()

    def warm(self) -> None:
        """Load the vendor's SDK now, which the first request would do otherwise."""
        warm(self._calls.provider, self._calls.name)
