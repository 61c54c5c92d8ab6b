"""From the events of one response to snapshots that are due.

An event is decoded into chunks, each chunk goes to the attempt, and each chunk that made the
visible answer grow makes one snapshot due. An event may hold several such chunks: the reader keeps
the rest of them until the snapshot before was shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._errors import PartwiseError, ServerError, described, malformed, shown
from .._paths import format_path
from .._providers.plugin_calls import only_logged
from .._snapshot.events import Closed
from .chunk_checks import PIECES, VENDOR_CHUNKS
from .foreign import as_raised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .._providers.protocol import Decoder
    from .attempt import Attempt
    from .call import Call
    from .deadline import Budget, Deadline
    from .feeds import Feeds

_SEQUENCES: Final = frozenset({tuple, list})
_NO_CHUNK: Final = object()
"""Returned in place of a chunk if the event has no more."""


class AbandonedError(Exception):
    """The stream was closed while an event was read, by a hook say. Never seen by users."""


class EventReader:
    """Reads the events of one response into an attempt.

    Attributes:
        has_pending_chunks: whether the event received last may hold more; `receive_rest` reads on.
        has_snapshot: whether there was a snapshot of this attempt, or of the one it resumes.
        saw_event: whether the vendor's stream has brought anything.
        vendor_events: the events as they were received, if they are kept.
    """

    __slots__ = (
        "_accept",
        "_attempt",
        "_budget",
        "_call",
        "_chunks",
        "_deadline",
        "_decoder",
        "_feeds",
        "_handlers",
        "_has_ended",
        "_has_limits",
        "_hooks",
        "_inspects_events",
        "_is_abandoned",
        "_is_plain",
        "_take_piece",
        "has_pending_chunks",
        "has_snapshot",
        "saw_event",
        "vendor_events",
    )

    _checks = VENDOR_CHUNKS

    def __init__(  # noqa: PLR0913 - the parts of one attempt
        self,
        call: Call,
        attempt: Attempt,
        decoder: Decoder,
        *,
        feeds: Feeds,
        deadline: Deadline,
        budget: Budget,
        accept: Callable[[], None],
    ) -> None:
        self._accept: Callable[[], None] | None = accept
        self._attempt = attempt
        self._decoder = decoder
        self._feeds = feeds
        self._deadline = deadline
        self._budget = budget
        self._has_limits = deadline.is_limited or budget.is_limited
        self._call = call
        self._hooks = call.hooks
        self._handlers = attempt.handlers()
        self._take_piece = self._handlers[str]
        self._chunks: Iterator[Any] = iter(())
        self._has_ended = False
        self._is_abandoned = False
        self._inspects_events = True
        self.saw_event = False
        self.has_snapshot = attempt.builder.snapshot() is not None  # of an answer that is resumed
        self._is_plain = self.has_snapshot and self._may_be_plain
        self.has_pending_chunks = False
        self.vendor_events: list[Any] = []

    def receive(self, event: Any) -> bool:
        """Read the next event. Whether a snapshot is due.

        Raises:
            ForeignError: a validator of the user's raised an error of partwise's.
            Exception: the attempt has failed, and this is why.
        """
        if self._inspects_events:
            self._inspect(event)
        try:
            chunks: Any = self._decoder.feed(event)
        except PartwiseError:
            raise
        except Exception as error:
            raise self._unreadable(error, event) from error
        if self._is_plain and type(chunks) in _SEQUENCES and len(chunks) == 1:
            # By far the most frequent event.
            grew = self._take(chunks[0])
            return grew and (self._is_plain or self._note_growth())
        return self._receive_chunks(chunks)

    def receive_end(self) -> bool:
        """Read the decoder's remaining chunks, when the events have ended; as `receive`."""
        if self._has_ended:
            return False
        self._has_ended = True
        try:
            chunks: Any = self._decoder.close()
        except PartwiseError:
            raise
        except Exception as error:
            raise self._unreadable(error, "the end of the stream") from error
        return self._receive_chunks(chunks)

    def _receive_chunks(self, chunks: Any) -> bool:
        try:
            self._chunks = iter(chunks)
        except Exception as error:
            raise self._unreadable(error, chunks) from error
        self.has_pending_chunks = True
        return self.receive_rest()

    def receive_rest(self) -> bool:
        """Read on in the event received last; as `receive`."""
        while (chunk := self._next_chunk()) is not _NO_CHUNK:
            grew = self._take(chunk)
            if self._accept is not None:  # the first chunk: the vendor answers
                self._accept()
                self._accept = None
            if grew and self._note_growth():
                return True
        self.has_pending_chunks = False
        if self._has_limits:
            self._check_limits()
        return False

    def _next_chunk(self) -> Any:
        try:
            return next(self._chunks, _NO_CHUNK)
        except PartwiseError:
            raise
        except Exception as error:
            raise self._unreadable(error, "the rest of an event") from error

    def _take(self, chunk: Any) -> bool:
        """Give the chunk to the attempt. Whether the answer grew."""
        kind = type(chunk)
        is_well_formed = self._checks.get(kind)
        if is_well_formed is None or not is_well_formed(chunk):
            raise self._unreadable(
                TypeError("not a chunk, or a chunk with fields of wrong types"), chunk
            )
        try:
            return self._handlers[kind](chunk)
        except PartwiseError as error:
            raise as_raised(error) from error.__cause__

    def _unreadable(self, error: Exception, found: Any) -> Exception:
        """The error for something that the decoder could not read."""
        excerpt = found if isinstance(found, str) else shown(self._call.secrets.masked(found))
        unreadable = ServerError(
            f"the vendor sent an event that can't be read ({described(error)}): {excerpt}",
            provider=self._call.info.provider,
            retryable=True,
        )
        unreadable.__cause__ = error
        return unreadable

    def finish(self) -> None:
        """The answer has proved to be complete and valid."""
        if not self.has_snapshot:
            self._note_first_snapshot()
        if self._records_events:
            self._collect_events()
        with only_logged(self._call.info.provider, "accept"):  # the answer is valid all the same
            if (accept := getattr(self._decoder, "accept", None)) is not None:
                accept()

    def restart_display(self) -> None:
        """The snapshots of the attempt are void."""
        self.has_snapshot = self._is_plain = False

    def abandon(self) -> None:
        """Nothing is to be read any more: the next event is refused."""
        self._chunks = iter(())
        self._is_abandoned = self._has_ended = self._inspects_events = True
        self._is_plain = False

    def _check_limits(self) -> None:
        """Check that the call has time left, and tokens, unless the answer is complete.

        Raises:
            ProviderTimeoutError, BudgetExceededError: it has not.
        """
        self._deadline.check()
        attempt = self._attempt
        is_over = attempt.builder.complete or attempt.finish_reason is not None
        if attempt.usage is not None and not is_over and self._budget.is_spent(attempt):
            raise self._budget.error()

    def _note_growth(self) -> bool:
        """The answer has grown. Whether there is a snapshot of it."""
        if not self.has_snapshot:
            if self._attempt.builder.snapshot() is None:
                return False
            self._note_first_snapshot()
        if self._records_events:
            self._collect_events()
        return True

    def _note_first_snapshot(self) -> None:
        self.has_snapshot = True
        self._is_plain = self._may_be_plain
        self._hooks.emit("stream:first_snapshot", self._attempt.builder.snapshot())

    @property
    def _may_be_plain(self) -> bool:
        """Whether nothing is to be done with a piece of the answer but to read it."""
        return not self._records_events and not self._has_limits

    @property
    def _records_events(self) -> bool:
        return self._feeds.records_events or self._hooks.listens_to_fields

    def _collect_events(self) -> None:
        """Give the views the events since the last snapshot, and the hooks the complete values."""
        events = self._attempt.builder.drain()
        self._feeds.add(events)
        if self._hooks.listens_to_fields:
            for event in events:
                if isinstance(event, Closed):
                    path = format_path(event.path)
                    self._hooks.emit("stream:field_complete", path, event.value)

    def _inspect(self, event: Any) -> None:
        if self._is_abandoned:
            raise AbandonedError
        if not self.saw_event:
            self.saw_event = True
            self._hooks.emit("stream:first_chunk")
        if self._call.keeps_vendor_events:
            self.vendor_events.append(event)
        self._inspects_events = self._call.keeps_vendor_events


class PieceReader(EventReader):
    """Reads pieces of the answer's text that come with no vendor around them."""

    __slots__ = ()

    _checks = PIECES

    def receive(self, event: Any) -> bool:
        is_text = type(event) is str
        if is_text and self._is_plain:
            take = self._take_piece
            try:
                grew = take(event)
            except PartwiseError as error:
                raise as_raised(error) from error.__cause__
            return grew and (self._is_plain or self._note_growth())
        if self._inspects_events:
            self._inspect(event)
        return self._receive_chunks((event,) if is_text else self._decoded(event))

    def _decoded(self, event: Any) -> Iterable[Any]:
        try:
            return self._decoder.feed(event)
        except UnicodeDecodeError as error:
            text = self._attempt.text + error.object[: error.start].decode()
            found = error.object[error.start : error.end]
            raise malformed(f"{found!r} is not UTF-8", text, len(text)) from error
