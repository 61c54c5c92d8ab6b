"""One extraction, from its first request to its value or error. Sans-I/O.

`Session.run` is a generator: straight-line code that yields a command (see `_commands`) wherever
something has to be done to the world, and is resumed when that is done, or has the error thrown
in. A driver carries out the commands and knows no rule, so the sync and the async one can't differ
in one. Only the vendor's events are not handed to the generator but to `take`: to resume it twice
for each would cost more than all that is done with most of them.

An attempt that fails is closed on the wire first. Then the session decides: another attempt, with
the model's answer and its faults added to the conversation, or the error. What was shown of a
failed attempt is void; the next one begins anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from .._errors import (
    BudgetExceededError,
    ConfigurationError,
    IncompleteOutputError,
    OutputError,
    PartwiseError,
    RetriesExhaustedError,
)
from .._paths import format_path
from .._sentinels import MISSING
from .._snapshot.events import Closed, Restarted, Resumed
from .._usage import Usage
from .attempt import Attempt
from .commands import CLOSE, OPEN, READ, SHOW, Pause
from .continuation import Continuation, is_resumable
from .deadline import Deadline
from .hooks import Completion, StreamEnd
from .prompts import continuation, correction
from .retry import is_reasked, is_worth_retrying, make_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .._providers.hookspecs import HookName
    from .._snapshot.builder import State
    from .._snapshot.events import Event
    from .._usage import FinishReason
    from .call import Call
    from .commands import Flow

_SEQUENCES: Final = frozenset({tuple, list})


@dataclass(frozen=True, slots=True)
class _Retry:
    """Try again after so many seconds, because of this error."""

    seconds: float
    error: PartwiseError


class Session:
    """The state of one extraction.

    Attributes:
        provider: whom to ask.
        payload: what `OPEN` sends.
        patience: how long `OPEN` and `READ` may take.
        seen: whether any of it was given to the user, who can't unsee it.
        unfinished: whether there may be more in the event taken last, or nothing is to be taken
            any more.
    """

    __slots__ = (
        "_accept", "_asked", "_attempt", "_began", "_chunks", "_end", "_events", "_failures",
        "_feed", "_final", "_grow", "_guarded", "_heeding", "_is_plain", "_is_text", "_job",
        "_keeping", "_met", "_past", "_policy", "_recording", "_request", "_sighted",
        "_started", "_takers", "_value", "_vendor_events", "_watched", "patience", "payload",
        "provider", "seen", "unfinished",
    )  # fmt: skip

    def __init__(self, job: Call) -> None:
        self.provider = job.provider
        self.patience = Deadline(job.settings, job.call.provider)
        self.seen = False
        self.unfinished = False
        self._job = job
        self._policy = make_policy(job.settings.max_retries)
        self._guarded = job.settings.timeout is not None or job.settings.token_budget is not None
        self._watched = job.hook_dispatcher.listens("stream:field_complete")
        self._is_text = job.is_text
        self._recording = False
        self._keeping = False
        self._heeding = True  # the next event is to be looked at
        self._met = False  # an event of this attempt
        self._is_plain = False  # all there is to a chunk is that the answer grows
        self._grow: Callable[[Any], bool] | None = None  # takes a piece of text, if that is all
        self._chunks: Iterator[Any] = iter(())  # what is left of the event taken last
        self._final = job.settings.on_restart == "raise"
        self._started = False
        self._began = False
        self._sighted = False
        self._value: Any = MISSING
        self._end: StreamEnd | None = None
        self._events: deque[Event] = deque()
        self._vendor_events: list[Any] = []
        self._failures: list[PartwiseError] = []
        self._past: list[Attempt] = []
        self._request = self._asked = self.patience.timed(job.request)
        self.payload: Mapping[str, Any] = self.provider.build_request(self._asked)
        self._attempt = self._new_attempt()

    # What is known --------------------------------------------------------------------------

    @property
    def snapshot(self) -> Any:
        """The value, once it is there; the snapshot until then; None if there is none."""
        return self._attempt.engine.snapshot()

    def show(self) -> Any:
        """The same, for the user: what they have seen can't be taken back unnoticed."""
        self.seen = True
        return self.snapshot

    @property
    def make_snapshot(self) -> Callable[[], Any]:
        """What gives the snapshots of the attempt that is running, or was the last."""
        return self._attempt.engine.snapshot

    @property
    def attempt(self) -> int:
        return self._attempt.number

    @property
    def text(self) -> str:
        return self._attempt.text

    @property
    def reasoning(self) -> str:
        return self._attempt.reasoning

    @property
    def finish_reason(self) -> FinishReason | None:
        return self._attempt.finish_reason

    @property
    def usage(self) -> Usage | None:
        """The tokens of all attempts, as far as the vendor told; None if it told nothing."""
        told = [each.usage for each in self._attempts() if each.usage is not None]
        return sum(told, start=Usage()) if told else None

    @property
    def usage_complete(self) -> bool:
        return all(each.usage_complete for each in self._attempts())

    @property
    def finished(self) -> bool:
        return self._end is not None

    @property
    def closed(self) -> bool:
        """Whether the reader left before the end."""
        return self._end is not None and self._end.outcome == "closed"

    @property
    def completion(self) -> Completion:
        attempt = self._attempt
        return Completion(
            call=self._job.call,
            attempt=attempt.number,
            text=attempt.text,
            reasoning=attempt.reasoning,
            usage=attempt.usage,
            finish_reason=attempt.finish_reason,
            raw_finish_reason=attempt.raw_finish_reason,
            events=tuple(self._vendor_events),
        )

    def state(self, path: str) -> State:
        """How far the value at that path is."""
        return self._attempt.engine.state(path)

    def value(self) -> Any:
        """The value of a session that has ended.

        Raises:
            Exception: it ended otherwise: the error that it ended with, or, where it was closed
                before its end, an IncompleteOutputError.
        """
        if self._value is not MISSING:
            return self._value
        if self._end is not None and self._end.error is not None:
            raise self._end.error
        raise self._enriched(
            IncompleteOutputError("the stream was closed before the answer was complete")
        )

    # What can be asked before it starts -------------------------------------------------------

    def expect(self, path: str) -> None:
        """See that the answer may have something at the path.

        Raises:
            ValueError: it can't, or that is not a path.
        """
        self._job.plan.check_path(path)

    def record(self) -> None:
        """Keep the events of what is read, for `drain`.

        Raises:
            ConfigurationError: some of it was read already, and its events are gone.
        """
        if self._recording:
            return
        if self._started:
            raise ConfigurationError("ask for this view before the first snapshot is read")
        self._recording = True
        self._attempt = self._new_attempt()

    def keep_vendor_events(self) -> None:
        """Keep the vendor's own events for the `Completion`."""
        self._keeping = True

    def commit(self, *, for_good: bool) -> None:
        """Something was given to the user; `for_good` if it can't be taken back."""
        self.seen = True
        self._final = self._final or for_good

    def drain(self) -> list[Event]:
        """The events since the last call."""
        events = list(self._events)
        self._events.clear()
        return events

    # The extraction ---------------------------------------------------------------------------

    def run(self) -> Flow:
        """The whole extraction, as the commands that a driver has to carry out.

        Raises:
            PartwiseError: there is no value, and no further attempt.
            Exception: a validator of the user's, or an SDK, raised what nobody here knows.
        """
        self._started = True
        self.patience.start()
        while True:
            try:
                yield from self._ask()
            except Exception as error:  # noqa: BLE001 - it is judged, and raised if it is final
                retry = self._judge(error)
            else:
                return
            yield CLOSE
            yield Pause(self.patience.bounded(retry.seconds))
            self._retry(retry.error)

    def _ask(self) -> Flow:
        self._guard()
        self._job.hook_dispatcher.say_payload(self.payload)
        decoder = self.provider.decoder(self._asked)
        self._accept = getattr(decoder, "accept", None)
        self._feed, self._takers = decoder.feed, self._attempt.takers()
        self._heeding, self._met = True, False
        self._chunks, self.unfinished = iter(()), False  # of an attempt that failed in an event
        yield OPEN
        self._began = True
        yield READ
        self._chunks = iter(decoder.close())
        while self.more():
            yield SHOW
        yield CLOSE
        self._succeed(self._attempt.finish())
        yield SHOW

    def take(self, event: Any) -> bool:
        """Take the vendor's next event. Whether it brings a new snapshot, which is to be shown.

        Raises:
            Exception: what ends this attempt. It is to be thrown into `run`, which judges it.
        """
        if self._grow is not None and type(event) is str:
            # All that `parse` is given, but for bytes: nothing is to be seen to but that it grows.
            return self._grow(event)
        if self._heeding:
            self._heed(event)
        chunks: Any = (event,) if self._is_text and type(event) is str else self._feed(event)
        if self._is_plain and type(chunks) in _SEQUENCES and len(chunks) == 1:
            # By far the most frequent event of a vendor's: the same.
            return self._takers[type(chunks[0])](chunks[0])
        self.unfinished = True
        self._chunks = iter(chunks)
        return self.more()

    def more(self) -> bool:
        """Whether the event taken last brings another snapshot; to be asked while `unfinished`.

        Raises:
            Exception: as `take`.
        """
        for chunk in self._chunks:
            if self._takers[type(chunk)](chunk) and self._sight():
                return True
        self.unfinished = False
        if self._guarded:
            self._guard()
        return False

    def _heed(self, event: Any) -> None:
        if not self._met:
            self._met = True
            self._job.hook_dispatcher.say("stream:first_chunk")
        if self._keeping:
            self._vendor_events.append(event)
        self._heeding = self._keeping

    def _sight(self) -> bool:
        """Whether there is anything to show, now that the answer has grown."""
        if not self._sighted:
            if self.snapshot is None:
                return False
            self._sight_first()
        if self._noting:
            self._collect()
        return True

    def _sight_first(self) -> None:
        self._sighted = True
        self._is_plain = not self._noting and not self._guarded
        if self._is_plain and self._is_text and not self._keeping:
            self._grow = self._takers[str]
        self._job.hook_dispatcher.say("stream:first_snapshot", self.snapshot)

    def _collect(self) -> None:
        """Take over the engine's events, and tell of the values that are complete."""
        events = self._attempt.engine.drain()
        if self._recording:
            self._events.extend(events)
        if self._watched:
            for event in events:
                if isinstance(event, Closed):
                    path = format_path(event.path)
                    self._job.hook_dispatcher.say("stream:field_complete", path, event.value)

    def _succeed(self, value: Any) -> None:
        self._value = value
        if not self._sighted:
            self._sight_first()
        self._collect()
        if self._accept is not None:
            self._accept()
        self._tell_usage()
        self._job.hook_dispatcher.say("completion:response", self.completion)
        self._finish("value")

    # Failing, and trying again ----------------------------------------------------------------

    def translated(self, error: Exception) -> Exception:
        """What a driver met, in partwise's terms if the provider knows it."""
        known = None if isinstance(error, PartwiseError) else self.provider.map_error(error)
        if known is None:
            return error
        known.__cause__ = known.__cause__ or error
        return known

    def _judge(self, error: Exception) -> _Retry:
        """Why and when to try again.

        Raises:
            Exception: this error, if it is the end.
            RetriesExhaustedError: this was the last of several attempts.
            BudgetExceededError: the tokens are spent.
        """
        self._report(error)
        try:
            return self._next_try(error)
        except Exception as final:
            self._finish("error", final)
            raise

    def _next_try(self, error: Exception) -> _Retry:
        if not isinstance(error, PartwiseError) or not self._may_retry(error):
            raise error
        self._failures.append(error)
        seconds = self._policy.pause(self.attempt, error)
        if seconds is None:
            self._job.hook_dispatcher.say("completion:last_attempt", error)
            if len(self._failures) == 1:
                raise error
            raise self._exhausted() from error
        if self._is_over_budget:
            raise self._over_budget() from error
        return _Retry(seconds, error)

    def _may_retry(self, error: PartwiseError) -> bool:
        can_go_on = self._resumes(error) or not (self.seen and self._final)
        return can_go_on and is_worth_retrying(error, began=self._began)

    def _resumes(self, error: PartwiseError) -> bool:
        return self._job.settings.resume and is_resumable(self._attempt, error)

    def _report(self, error: Exception) -> None:
        self._job.secrets.mask(error)
        if isinstance(error, PartwiseError):
            self._enriched(error)
        self._tell_usage()
        name: HookName = "parse:error" if isinstance(error, OutputError) else "completion:error"
        self._job.hook_dispatcher.say(name, error)

    def _retry(self, error: PartwiseError) -> None:
        """Make the next attempt ready."""
        failed = self._attempt
        self._past.append(failed)
        self._began = False
        self._vendor_events.clear()
        if self._resumes(error):
            self._resume(failed, error)
        else:
            self._restart(failed, error)
        self.payload = self.provider.build_request(self._asked)

    def _restart(self, failed: Attempt, error: PartwiseError) -> None:
        if is_reasked(error):
            said = correction(self._request, failed, error)
            self._request = replace(self._request, messages=[*self._request.messages, *said])
        self._request = self._asked = self.patience.timed(self._request)
        self._attempt = self._new_attempt()
        self._sighted = self._is_plain = False
        self._grow = None
        self._tell(Restarted(self.attempt, error), "stream:restart")

    def _resume(self, failed: Attempt, error: PartwiseError) -> None:
        self._attempt = attempt = Continuation(failed)
        said = continuation(self._request, attempt.text, attempt.seam.ending)
        asked = replace(self._request, messages=[*self._request.messages, *said], plain=True)
        self._asked = self.patience.timed(asked)
        self._tell(Resumed(self.attempt, error), "stream:resume")

    def _tell(self, event: Restarted | Resumed, name: HookName) -> None:
        self._events.extend([event] if self._recording else ())
        self._job.hook_dispatcher.say(name, event.attempt, event.error)

    def _exhausted(self) -> PartwiseError:
        message = f"{len(self._failures)} attempts failed; the last: {self._failures[-1]}"
        return self._summed(RetriesExhaustedError(message, self._failures))

    def _enriched(self, error: PartwiseError) -> PartwiseError:
        """The error, with all that this attempt has brought."""
        error.snapshot = self.snapshot
        error.text = self.text
        error.reasoning = self.reasoning
        error.usage = self._attempt.usage
        error.finish_reason = self.finish_reason
        error.raw_finish_reason = self._attempt.raw_finish_reason
        error.attempt = self.attempt
        return error

    def _summed(self, error: PartwiseError) -> PartwiseError:
        """The error, with all that this attempt has brought, and the tokens of all attempts."""
        self._enriched(error)
        error.usage = self.usage
        return error

    # The end ------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The reader has left, or the driver was interrupted: nothing more will be read."""
        if self._end is None:
            self.unfinished = True
            self._finish("closed")

    def _tell_usage(self) -> None:
        if self._attempt.usage is not None:
            self._job.hook_dispatcher.say("completion:usage", self._attempt.usage)

    def _finish(
        self, outcome: Literal["value", "error", "closed"], error: Exception | None = None
    ) -> None:
        self._end = StreamEnd(
            outcome=outcome,
            attempts=self.attempt,
            usage=self.usage,
            usage_complete=self.usage_complete,
            error=error,
        )
        self._job.hook_dispatcher.say("stream:end", self._end)

    # Limits -------------------------------------------------------------------------------------

    def _guard(self) -> None:
        """Let no time or tokens be spent beyond what was given."""
        self.patience.check()
        over = self._attempt.engine.complete or self.finish_reason is not None
        if self._is_over_budget and not over:
            raise self._over_budget()

    @property
    def _is_over_budget(self) -> bool:
        budget, usage = self._job.settings.token_budget, self.usage
        return budget is not None and usage is not None and usage.total_tokens >= budget

    def _over_budget(self) -> PartwiseError:
        budget = self._job.settings.token_budget
        return self._summed(BudgetExceededError(f"the budget of {budget} tokens is spent"))

    # Making -------------------------------------------------------------------------------------

    def _new_attempt(self) -> Attempt:
        mode = self._request.mode
        return Attempt(
            len(self._past) + 1,
            partial(self._job.new_engine, record=self._noting),
            tool=self._request.name if mode.uses_tool else None,
            lenient=self._job.lenient,
            patient=self._job.patient,
        )

    @property
    def _noting(self) -> bool:
        return self._recording or self._watched

    def _attempts(self) -> Sequence[Attempt]:
        return [*self._past, self._attempt]
