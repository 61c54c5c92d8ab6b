"""One call as a state machine, from its first request to its value or error. Sans-I/O.

A driver asks for the next command, carries it out, and says that this succeeded (`receive`) or
failed (`fail`). It knows no rule, so the sync and the async one can't differ in one:

    Open ──> Read ──> Close ──> Show ──> Done      the answer was valid
      └────────┴──> Close ──> Pause ──> Open       the attempt failed, and another one follows
      └────────┴──> Close ──> Done                 it failed for good

`Read` names the reader of the attempt, which is given the events one by one and says when a
snapshot is due. A failed attempt is released before anything else happens. Its snapshots are void,
and the next attempt begins anew, unless it resumes the answer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from .._errors import (
    BudgetExceededError,
    ConfigurationError,
    IncompleteOutputError,
    OutputError,
    PartwiseError,
    ProviderError,
    RetriesExhaustedError,
)
from .._plan.plan import Plan
from .._plan.skipping import SkipInvalid
from .._providers.mode import Mode
from .._snapshot.events import Restarted, Resumed
from .attempt import Attempt
from .commands import Close, Done, Open, Pause, Read, Show
from .continuation import Continuation, is_resumable
from .deadline import Budget, Deadline
from .ending import Ending, drop_frames
from .failure import advice_on, enriched
from .feeds import Feeds
from .foreign import ForeignError, as_raised
from .hooks import Completion, StreamEnd
from .request_builder import RequestBuilder
from .retry import Retries, Retry

if TYPE_CHECKING:
    from .._paths import Path
    from .._plan.skipping import InvalidElement
    from .._providers.hookspecs import HookName
    from .._snapshot.builder import State
    from .._usage import Usage
    from .call import Call
    from .commands import Command
    from .ending import Outcome
    from .event_reader import EventReader
    from .feeds import Feed, Fold, S
    from .hooks import Handler


class Session:
    """The state of one call.

    Attributes:
        attempt: the one that is running, or was the last.
        call: the call.
        deadline: how long the driver may wait for the vendor.
        feeds: the views of the answer.
    """

    __slots__ = (
        "__weakref__",
        "_budget",
        "_command",
        "_ending",
        "_reader",
        "_requests",
        "_retries",
        "_retry",
        "attempt",
        "call",
        "deadline",
        "feeds",
    )

    def __init__(self, call: Call) -> None:
        settings = call.settings
        self.call = call
        self.deadline = Deadline(settings, call.info.provider)
        self.feeds = Feeds(forbids_restart=settings.on_restart == "raise")
        self._budget = Budget(settings.token_budget)
        self._retries = Retries(settings.max_retries, caller_retries=call.caller_retries)
        self._requests = RequestBuilder(call)
        self._reader: EventReader | None = None  # of the response that is open, or was
        self._retry: Retry | None = None
        self._ending: Ending | None = None
        self.attempt = self._new_attempt(1)
        self._command: Command = self._open()

    # The protocol with the driver ----------------------------------------------------------------

    def next_command(self) -> Command:
        """The next thing to do."""
        command = self._command
        if type(command) is Open:
            self._begin(command)
        elif type(command) is Show:
            self._command = Done()
            return command
        return self._command

    def receive(self) -> None:
        """The command was carried out; for `Read`, the events have ended."""
        try:
            self._proceed()
        except Exception as error:  # noqa: BLE001 - it is judged, and raised by `value`
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """The command failed, or an event ended the attempt: the session judges the error."""
        if self._ending is not None:  # closed by a hook in the meantime
            return
        self._command = Close()
        if isinstance(error, ForeignError):
            self.call.hooks.emit("completion:error", error.error)
            self._end("error", error=error.error)
            return
        error = self.deadline.as_its_own(error)
        self.call.secrets.mask(error)
        decision = self._decide(error)
        if isinstance(decision, Retry):
            self._retry = decision
        else:
            self._end("error", error=decision)

    def show(self) -> Any:
        """The snapshot for the user: once it was delivered, restarts must be announced."""
        self.feeds.delivered = True
        return self.attempt.builder.snapshot()

    def abandon(self) -> None:
        """The reader has left, or the driver was interrupted: nothing more will be read."""
        if self._ending is None:
            self._end("closed")
            if self._reader is not None:
                self._reader.abandon()
        self._command = Done()

    def value(self) -> Any:
        """The value of a session that has ended.

        Raises:
            Exception: the error that it ended with; an IncompleteOutputError if it was closed
                before its end.
        """
        ending = self._ending
        if ending is not None and ending.outcome == "value":
            return ending.value
        error = ending.take_error() if ending is not None else None
        if error is None:
            message = (
                "the stream was closed before the answer was complete: leaving a loop over it, or "
                "a with block, closes it; to stop and read on later, take snapshots by next(stream)"
                ", or by await anext(stream)"
            )
            error = self._enriched(IncompleteOutputError(message))
        try:
            raise error
        finally:
            del error, ending, self  # the error holds this frame: it must not hold the error

    # State ---------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Any:
        """The value if it is there, else the snapshot; None if there is none."""
        return self.attempt.builder.snapshot()

    @property
    def size(self) -> int:
        """The characters of the answer so far."""
        return self.attempt.builder.reader.size

    @property
    def usage(self) -> Usage | None:
        """The tokens of all attempts, as far as the vendor reported them; None if it did not."""
        return self._budget.usage(self.attempt)

    @property
    def usage_complete(self) -> bool:
        return self._budget.is_complete(self.attempt)

    @property
    def finished(self) -> bool:
        return self._ending is not None

    @property
    def closed(self) -> bool:
        """Whether the reader left before the end."""
        return self._ending is not None and self._ending.outcome == "closed"

    @property
    def completion(self) -> Completion:
        attempt = self.attempt
        return Completion(
            call=self.call.info,
            attempt=attempt.number,
            text=attempt.text,
            reasoning=attempt.reasoning,
            usage=attempt.usage,
            finish_reason=attempt.finish_reason,
            raw_finish_reason=attempt.raw_finish_reason,
            events=tuple(self._reader.vendor_events) if self._reader is not None else (),
        )

    def state(self, path: str) -> State:
        """The state of the value at the path."""
        return self.attempt.builder.state(path)

    def open_feed(self, fold: Fold[S]) -> Feed[S]:
        """The queue of a new view.

        Raises:
            ConfigurationError: events were read already that nobody has asked for.
        """
        feed = self.feeds.open(fold)
        if not self.feeds.is_frozen:
            self.attempt = self._new_attempt(1)
        return feed

    def on(self, name: HookName, handler: Handler) -> None:
        """Call the handler, too, whenever this happens in this call.

        Raises:
            ConfigurationError: there is no hook of that name.
        """
        self.call.hooks.on(name, handler)
        if not self.feeds.is_frozen:  # fields are noted from the beginning
            self.attempt = self._new_attempt(1)

    def skip_invalid(self, path: Path) -> None:
        """Leave out the invalid elements of the list at the path.

        Raises:
            ConfigurationError: the answer has been begun, or another list is skipped in already.
            ValueError: there is no list at the path.
        """
        call = self.call
        if self.feeds.is_frozen:
            raise ConfigurationError("create views before reading the stream")
        if call.skipping is not None:
            raise ConfigurationError('on_invalid="skip" is possible for one list of a stream')
        skipping = SkipInvalid(path, partial(call.hooks.emit, "stream:invalid_element"))
        plan = Plan(Annotated[call.response_type, skipping])
        plan.name = call.plan.name
        self.call = replace(call, plan=plan, skipping=skipping)
        self.attempt = self._new_attempt(1)

    @property
    def invalid(self) -> list[InvalidElement]:
        """The elements of this attempt that were left out."""
        skipping = self.call.skipping
        return [] if skipping is None else list(skipping.found.values())

    # An attempt ----------------------------------------------------------------------------------

    def _open(self) -> Open:
        request = self.deadline.with_read_timeout(self._requests.current)
        return Open(self.call.payload(request))

    def _begin(self, command: Open) -> None:
        """The request is about to be sent."""
        self._reader = None
        self.deadline.start()
        self.feeds.is_frozen = True
        try:
            self.deadline.check()
        except ProviderError as error:
            self.fail(error)
        else:
            self.call.hooks.emit_payload(command.payload)

    def _proceed(self) -> None:
        match self._command:
            case Open():
                self._command = Read(self._new_reader())
            case Read():
                self._command = Close()
            case Close() if self._ending is not None:
                self._command = Done()
            case Close() if self._retry is not None:
                self._command = Pause(self.deadline.clamp(self._retry.seconds))
            case Close():
                self._succeed()
                self._command = Show()
            case Pause():
                self._begin_next()
                self._command = self._open()

    def _new_attempt(self, number: int) -> Attempt:
        request = self._requests.current
        records = self.feeds.records_events or self.call.hooks.listens_to_fields
        return Attempt(
            number,
            partial(self.call.new_builder, record=records),
            tool=request.name if request.mode.uses_tool else None,
            lenient=self.call.lenient or request.mode is Mode.MD_JSON,
            patient=self.call.expects_finish,
            forced=request.forced,
            on_restart=self._restart_display,
        )

    def _restart_display(self, error: OutputError) -> None:
        """The answer of this attempt begins only now: its snapshots are void.

        Raises:
            OutputError: this one, if that can't be taken back.
        """
        if not self.feeds.void():
            raise error
        self._reader.restart_display()  # type: ignore[union-attr]  # which called this
        self._announce(Restarted(self.attempt.number, error), "stream:restart")

    def _new_reader(self) -> EventReader:
        self._reader = reader = self.call.reader(
            self.call,
            self.attempt,
            self.call.decoder(self._requests.current),
            feeds=self.feeds,
            deadline=self.deadline,
            budget=self._budget,
            accept=self._requests.approaches.prove,
        )
        return reader

    def _succeed(self) -> None:
        try:
            value = self.attempt.finish()
        except PartwiseError as error:
            raise as_raised(error) from error.__cause__
        self._reader.finish()  # type: ignore[union-attr]  # its events have ended
        self._report_usage()
        self.call.hooks.emit("completion:response", self.completion)
        self._end("value", value)

    # Failing, and trying again -------------------------------------------------------------------

    def _decide(self, error: Exception) -> Retry | Exception:
        """The next request after this error, or the error that ends the session."""
        try:
            if self._falls_back(error):
                return Retry(0.0, None)
            self._report(error)
            return self._decide_retry(error)
        except Exception as mistake:  # noqa: BLE001 - of the user's policy
            return mistake

    def _falls_back(self, error: Exception) -> bool:
        """Whether the approach was refused before it brought anything, and there is another."""
        has_shown = self._reader is not None and self._reader.has_snapshot
        return (
            isinstance(error, ProviderError) and not has_shown and self._requests.fall_back(error)
        )

    def _decide_retry(self, error: Exception) -> Retry | Exception:
        """The next attempt after this error, or the error that ends the session."""
        # Nothing is raised here: an error would hold this frame, which holds the error.
        if not isinstance(error, PartwiseError):
            return error
        may_go_on = self._resumes(error) or self.feeds.may_restart
        if not (may_go_on and self._retries.are_worth(error, began=self._has_begun)):
            return error
        seconds = self._retries.pause(self.attempt.number, error)
        if seconds is None:
            self.call.hooks.emit("completion:last_attempt", error)
            return self._enriched(self._retries.exhausted())
        if self._budget.is_spent(self.attempt):
            over = self._enriched(self._budget.error())
            over.__cause__ = error
            return over
        if not (self._resumes(error) or self.feeds.void()):
            return error
        drop_frames(error)
        return Retry(seconds, error)

    @property
    def _has_begun(self) -> bool:
        """Whether this attempt's stream has brought anything."""
        return self._reader is not None and self._reader.saw_event

    def _resumes(self, error: PartwiseError) -> bool:
        return self.call.settings.resume and is_resumable(self.attempt, error)

    def _begin_next(self) -> None:
        """Make the attempt ready that follows a failed one."""
        retry, self._retry = self._retry, None
        error = None if retry is None else retry.failure
        if error is None:
            self.attempt = self._new_attempt(self.attempt.number)
            return
        failed = self.attempt
        self._budget.settle(failed)
        if self._resumes(error):
            self.attempt = attempt = Continuation(failed)
            self._requests.resume(attempt)
            self._announce(Resumed(self.attempt.number, error), "stream:resume")
        else:
            self._requests.ask_again(failed, error)
            self.attempt = self._new_attempt(failed.number + 1)
            self._announce(Restarted(self.attempt.number, error), "stream:restart")

    def _announce(self, event: Restarted | Resumed, name: HookName) -> None:
        self.feeds.add([event])
        self.call.hooks.emit(name, event.attempt, event.error)

    def _report(self, error: Exception) -> None:
        if isinstance(error, PartwiseError):
            self._enriched(error)
            error.advice = error.advice or advice_on(
                error, self.call, self.attempt, has_begun=self._has_begun
            )
        if isinstance(error, OutputError):  # found in partwise's own frames, which hold the answer
            drop_frames(error)
        self._report_usage()
        name: HookName = "parse:error" if isinstance(error, OutputError) else "completion:error"
        self.call.hooks.emit(name, error)

    def _report_usage(self) -> None:
        if self.attempt.usage is not None:
            self.call.hooks.emit("completion:usage", self.attempt.usage)

    def _enriched(self, error: PartwiseError) -> PartwiseError:
        sums_up = isinstance(error, RetriesExhaustedError | BudgetExceededError)
        return enriched(error, self.attempt, self.usage if sums_up else self.attempt.usage)

    def _end(self, outcome: Outcome, value: Any = None, *, error: Exception | None = None) -> None:
        self._ending = Ending(outcome, value, error)
        self._retries.failures.clear()
        end = StreamEnd(
            outcome=outcome,
            attempts=self.attempt.number,
            usage=self.usage,
            usage_complete=self.usage_complete,
            error=error,
        )
        self.call.hooks.emit("stream:end", end)
