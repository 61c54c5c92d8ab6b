"""One row: its request, again and again while only the vendor is in the way, and its outcome.

The core's session sees to answers that are invalid: it asks again with the faults. What the vendor
refuses or fails at is seen to here, where all rows of the key can be held back together: refusals
for their number (429) for as long as the patience lasts, other failures so many times.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

from partwise import (
    Hooks,
    InvalidOutputError,
    PartwiseError,
    Settings,
    Usage,
)

from ._errors import from_record, is_final, is_rate_limit, is_retryable, last_of
from ._outcome import Outcome
from ._pace import backoff
from ._playback import PLAYED, CapturedError, PlayingProvider
from ._prompts import CHARS_PER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from partwise import AsyncClient, AsyncPartialStream

    from ._checkpoint import Kept
    from ._clients import Clients
    from ._clock import Clock
    from ._pace import Pace
    from ._pricing import Prices
    from ._prompts import Messages
    from ._rates import Sent
    from ._rows import Row

T = TypeVar("T")

PATIENCE: Final = 3600.0
"""Seconds for which a row is asked again while the vendor answers 429."""

MAX_FAILURES: Final = 10
"""Failures of the vendor, other than 429, after which a row is given up."""

_REFUSED_WAIT: Final = 2.0
"""Seconds that a row which was refused waits by itself, at most."""

_LONGEST_WAIT: Final = 60.0
"""Seconds that a row waits because a vendor that failed asked for it, at most."""


@dataclass(slots=True)
class Savings:
    """Output tokens that were not written, since answers stopped at their first invalid field."""

    answers: int = 0
    output_tokens: int = 0
    stopped: int = 0
    stopped_tokens: int = 0

    def count_answer(self, usage: Usage | None) -> None:
        """An answer came to its end."""
        if usage is not None:
            self.answers += 1
            self.output_tokens += usage.output_tokens

    def count_stop(self, error: Exception) -> None:
        """An attempt failed."""
        if isinstance(error, InvalidOutputError) and error.early:
            self.stopped += 1
            self.stopped_tokens += len(error.text) // CHARS_PER_TOKEN

    @property
    def tokens(self) -> int:
        """An estimate: as if each answer that was stopped would have had the mean length."""
        if not self.answers:
            return 0
        mean = self.output_tokens / self.answers
        return max(0, round(mean * self.stopped) - self.stopped_tokens)


class Troubles:
    """The vendor's failures at one request, which is sent again while only it is in the way."""

    def __init__(self, clock: Clock, patience: float) -> None:
        self._clock = clock
        self._patience = patience
        self._start = clock.time()
        self._refusals = 0
        self._failures = 0

    @property
    def seconds(self) -> float:
        """Since the request was first sent."""
        return self._clock.time() - self._start

    def may_ask_again(self, error: Exception) -> bool:
        """Count the error: whether the request is worth another try."""
        if is_rate_limit(error):
            self._refusals += 1
        else:
            self._failures += 1
        may_pass = self.seconds < self._patience and self._failures < MAX_FAILURES
        return is_retryable(error) and may_pass

    def pause(self, error: Exception, *, is_paced: bool) -> float:
        """Seconds to wait before that; `is_paced`: the pace holds refused requests back."""
        asked = getattr(last_of(error), "retry_after", None)
        if not is_rate_limit(error):
            return backoff(self._failures) if asked is None else min(asked, _LONGEST_WAIT)
        tries = min(self._refusals + self._failures, 10)  # no float holds two to the 1024th
        if is_paced:
            return backoff(tries, _REFUSED_WAIT) if asked is None else 0.0
        return max(asked or 0.0, backoff(tries))


@dataclass(kw_only=True)
class Asker(Generic[T]):
    """Asks about rows, one at a time or many at once.

    Attributes:
        clients: whom to ask. Their SDK should not retry by itself: that would hide 429s.
        response_model: any type that pydantic validates.
        pace: the pace of the client's key.
        prices: of the client's model.
        options: further keywords of each call.
        on_snapshot: called with the row and each snapshot.
        on_field: called with the row, and the path and value of each field that is complete.
        patience: seconds for which a row is asked again while the vendor answers 429.
    """

    clients: Clients
    response_model: Any
    pace: Pace
    prices: Prices
    options: Mapping[str, Any] = field(default_factory=dict)
    on_snapshot: Callable[[Any, Any], object] | None = None
    on_field: Callable[[Any, str, Any], object] | None = None
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        self.savings = Savings()
        self.column: Any = None  # of Arrow, for those who need it
        self._adapter: TypeAdapter[T] = TypeAdapter(self.response_model)
        self.schema = self._adapter.json_schema()
        self.output_schema = self._adapter.json_schema(mode="serialization")
        self._has_object_root = self.schema.get("type") == "object"
        self.client = self.clients.first
        self._player = self.client.with_config(cache=PlayingProvider)
        self._keywords = dict(self.options)
        Settings.split(self._keywords)  # a wrong one is an error at once, and not each row's
        self._user_hooks: Hooks = self._keywords.pop("hooks", None) or Hooks()
        self._hooks = self._with_counters()

    def _with_counters(self) -> Hooks:
        hooks = Hooks() + self._user_hooks
        hooks.on("parse:error", self.savings.count_stop)
        # The session's own further attempts run on the permit of the first.
        for name in ("stream:restart", "stream:resume"):
            hooks.on(name, self._count_attempt)
        return hooks

    def _count_attempt(self, attempt: int, error: Exception) -> None:
        del attempt
        self.pace.count_request(error)

    async def ask(self, row: Row, messages: Messages, permit: Sent, tokens: int) -> Outcome[T]:
        """The outcome of a row, whatever comes. `permit` is for the first request."""
        outcome: Outcome[T] = Outcome(row=row.content, key=row.key, index=row.index)
        troubles = self.troubles()
        while True:
            with self.clients.one() as client:
                error = await self._try(client, outcome, messages, permit)
            outcome.seconds = troubles.seconds
            if error is None:
                break
            if not troubles.may_ask_again(error):
                self._give_up(outcome, error)
                break
            await self.pace.clock.sleep(troubles.pause(error, is_paced=True))
            permit = await self.pace.acquire(tokens, again=True)
        outcome.cost = self.prices.cost(outcome.usage)
        return outcome

    def troubles(self) -> Troubles:
        """The count of one request's troubles, from now on."""
        return Troubles(self.pace.clock, self.patience)

    async def _try(
        self, client: AsyncClient, outcome: Outcome[T], messages: Messages, permit: Sent
    ) -> Exception | None:
        """Ask once: the error, if there is no value."""
        usage: Usage | None = None
        stream: AsyncPartialStream[T] | None = None
        try:
            stream = client.create_partial(
                self.response_model, messages, hooks=self._hooks_for(outcome), **self._keywords
            )
            outcome.value = await self._read(stream, outcome.row)
            outcome.error = None
        except Exception as error:  # noqa: BLE001 - each row ends in an outcome, whatever happens
            if isinstance(last := last_of(error), PartwiseError):
                self.pace.fail(last)
            return error
        else:
            self.pace.succeed()
            self.savings.count_answer(stream.completion.usage)
            return None
        finally:
            if stream is not None:
                usage = stream.usage
                outcome.attempts += stream.attempt
                outcome.text = stream.text
                if usage is not None:
                    outcome.usage = usage if outcome.usage is None else outcome.usage + usage
            self.pace.release(permit, None if usage is None else usage.total_tokens)

    async def _read(self, stream: AsyncPartialStream[T], row: Any) -> T:
        if self.on_snapshot is None:
            return await stream.result()
        async for snapshot in stream:
            try:
                self.on_snapshot(row, snapshot)
            except Exception as error:  # noqa: BLE001 - the answer must not suffer
                told = f"on_snapshot raised {type(error).__name__}: {error}"
                warnings.warn(told, RuntimeWarning, stacklevel=1)
        return await stream.result()

    def _hooks_for(self, outcome: Outcome[T]) -> Hooks:
        if self.on_field is None:
            return self._hooks
        on_field, row = self.on_field, outcome.row
        hooks = self._with_counters()
        hooks.on("stream:field_complete", lambda path, value: on_field(row, path, value))
        return hooks

    def _give_up(self, outcome: Outcome[T], error: Exception) -> None:
        outcome.error = error
        outcome.final = is_final(error)

    async def revive(self, row: Row, kept: Kept) -> Outcome[T] | None:
        """The outcome as it was kept; None if its text is not valid any more."""
        outcome: Outcome[T] = Outcome(
            row=row.content,
            key=row.key,
            index=row.index,
            text=kept.text,
            attempts=kept.attempts,
            usage=kept.usage,
            cost=kept.cost,
            seconds=kept.seconds,
            resumed=True,
            final=kept.final,
        )
        if kept.error is not None:
            outcome.error = from_record(kept.error, await self._snapshot_of(kept.text))
            return outcome
        try:
            outcome.value = await self.value_of(kept.text)
        except Exception:  # noqa: BLE001 - a validator has changed, and may raise anything
            return None
        return outcome

    async def value_of(self, text: str) -> T:
        """The value of an answer's text, validated as a stream's would be.

        Raises:
            Exception: it is not valid.
        """
        if self._has_object_root and text.startswith("{"):
            context = self._keywords.get("context", self._keywords.get("validation_context"))
            strict = self._keywords.get("strict")
            return self._adapter.validate_json(text, context=context, strict=strict)
        return await self.played(text).result()

    def played(self, answer: Any) -> AsyncPartialStream[T]:
        """The stream of an answer that is there: its text, or its chunks."""
        keywords = {name: value for name, value in self._keywords.items() if name in _ABOUT_READING}
        return self._player.create_partial(
            self.response_model, [], max_retries=0, **keywords, **{PLAYED: answer}
        )

    async def payload(self, messages: Messages) -> Mapping[str, Any]:
        """The payload of the provider for these messages.

        Raises:
            Exception: the request can't be made so.
        """
        stream = self._player.create_partial(
            self.response_model, messages, **{**self._keywords, "max_retries": 0}
        )
        try:
            await stream.result()
        except CapturedError as captured:
            return captured.payload
        raise AssertionError("an answer, though nothing was sent")

    async def outcome_of(self, answer: Any, key: Any) -> Outcome[T]:
        """The outcome of a row whose answer is there."""
        outcome: Outcome[T] = Outcome(row=None, key=key, index=-1, attempts=1)
        stream = self.played(answer)
        try:
            outcome.value = await stream.result()
        except Exception as error:  # noqa: BLE001 - each row ends in an outcome
            self._give_up(outcome, error)
        outcome.text, outcome.usage = stream.text, stream.usage
        outcome.cost = self.prices.cost(outcome.usage)
        return outcome

    async def _snapshot_of(self, text: str) -> Any:
        if not text:
            return None
        try:
            return await self.played(text).result()
        except Exception as error:  # noqa: BLE001 - it failed before, too
            return getattr(error, "snapshot", None)

    def dump(self, value: T) -> Any:
        """The value as plain JSON data, under the names that the vendor was asked for."""
        return self._adapter.dump_python(value, mode="json", by_alias=True, warnings=False)


_ABOUT_READING: Final = frozenset({"context", "limits", "mode", "strict", "validation_context"})
