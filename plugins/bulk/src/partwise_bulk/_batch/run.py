"""A run through a batch endpoint: submit the requests, wait, and hand out the outcomes.

Rows wait in a file, not in memory. The checkpoint knows which row is in which batch before the
vendor does, so a process that is killed at any moment is followed by one that goes on: batches that
were submitted are waited for, and one that may have been is looked for at the vendor's.
"""

from __future__ import annotations

import json
import pickle
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final, Self, TypeVar

from partwise import ConfigurationError, PartwiseError, ServerError
from partwise.provider import find_factory

from .._errors import is_rate_limit
from .._outcome import Outcome, failed
from .._prompts import estimate_tokens
from .._rows import Row
from .._run import Question, Run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from partwise.provider import ProviderError

    from .._checkpoint import Batch, Checkpoint
    from .._run import Plan
    from .vendor import BatchVendor, Line, Result

T = TypeVar("T")
R = TypeVar("R")

_FIRST_POLL: Final = 5.0
_LONGEST_POLL: Final = 60.0
"""Seconds between two questions whether a batch has ended."""

_RESULTS_ARE_KEPT: Final = 29 * 86_400
"""Seconds from a batch's creation: 29 days at Anthropic's, 30 at OpenAI's.

Sources: the guides to batches that `openai` and `anthropic` beside this file name.
"""


@dataclass(slots=True)
class _Waiting:
    """A row that waits, with its place in the checkpoint or the outcome that it has already."""

    row: Row
    fingerprint: bytes = b""
    nth: int = 0
    outcome: Outcome[Any] | None = None


class BatchRun(Run[T]):
    """A run whose rows are asked together."""

    def __init__(self, plan: Plan[T], vendor: BatchVendor) -> None:
        assert plan.checkpoint is not None  # noqa: S101 - `extract` has looked
        self._vendor = vendor
        self._checkpoint: Checkpoint = plan.checkpoint
        self._lines: list[Line] = []
        self._members: list[tuple[bytes, int, str]] = []
        self._bytes = 0
        super().__init__(plan)

    async def _feed(self) -> None:
        try:
            await self._go_through()
        except Exception as error:
            raise self._mapped(error) or error from error

    def _mapped(self, error: Exception) -> ProviderError | None:
        config = self._plan.asker.client.config
        return find_factory(config.name)(config).map_error(error)

    async def _patiently(self, call: Callable[[], Awaitable[R]]) -> R:
        """The vendor's answer; a vendor that is in trouble is asked again, as for a row."""
        asker = self._plan.asker
        troubles = asker.troubles()
        while True:
            try:
                return await call()
            except Exception as error:
                found = self._mapped(error)
                if found is None or not troubles.may_ask_again(found):
                    raise
                pause = troubles.pause(found, is_paced=False)
            await asker.pace.clock.sleep(pause)

    async def _go_through(self) -> None:
        await self._find_lost_batches()
        with Spool() as spool:
            while rows := await self._plan.next_batch():
                for row in rows:
                    await self._sort(row, spool)
            await self._submit()
            await self._fetch_all()
            for waiting in spool:
                await self._window.acquire()
                await self._hand_out(waiting)

    async def aclose(self) -> None:
        await super().aclose()
        await self._vendor.aclose()

    # Submitting ---------------------------------------------------------------------------------

    async def _find_lost_batches(self) -> None:
        """Look for those of which a process that is gone did not learn whether they arrived."""
        for batch in self._checkpoint.batches():
            if batch.id is not None:
                continue
            found = await self._find(batch.token, batch.size, batch.created)
            if found is None:
                self._checkpoint.end_batch(batch.token)
            else:
                self._checkpoint.name_batch(batch.token, found)

    async def _find(self, token: str, size: int, created: float) -> str | None:
        known = [batch.id for batch in self._checkpoint.batches() if batch.id is not None]
        return await self._patiently(lambda: self._vendor.find(token, size, created, known))

    async def _sort(self, row: Row, spool: Spool) -> None:
        found = await self._question_of(row)
        if not isinstance(found, Question):
            if found is None:
                self._left += 1
            else:
                spool.add(_Waiting(row, outcome=found))
            return
        if self._checkpoint.key_in_batch(found.fingerprint, found.nth) is None:
            tokens = estimate_tokens(found.messages)
            if self._stopped or not self._plan.limit.may_add(tokens):
                self._stopped = True
                self._left += 1
                return
            error = await self._add(found)
            if error is not None:
                spool.add(_Waiting(row, outcome=failed(row, error)))
                return
        spool.add(_Waiting(row, found.fingerprint, found.nth))

    async def _add(self, question: Question) -> Exception | None:
        """Put a row into the batch that is being filled: the error, if that can't be."""
        name = f"{question.fingerprint.hex()}-{question.nth}"
        try:
            line = self._vendor.line(name, await self._plan.asker.payload(question.messages))
            size = len(json.dumps(line))
        except Exception as error:  # noqa: BLE001 - it is the row's outcome
            return error
        if len(self._lines) >= self._vendor.most_requests or (
            self._lines and self._bytes + size > self._vendor.most_bytes
        ):
            await self._submit()
        self._lines.append(line)
        self._members.append((question.fingerprint, question.nth, str(question.row.key)))
        self._bytes += size
        return None

    async def _submit(self) -> None:
        if not self._lines:
            return
        lines, members, token = self._lines, self._members, uuid.uuid4().hex
        self._lines, self._members, self._bytes = [], [], 0
        created = time.time()
        self._checkpoint.begin_batch(token, members, created)
        try:
            id_ = await self._patiently(lambda: self._submit_once(lines, token, created))
        except PartwiseError:
            self._checkpoint.end_batch(token)
            raise
        self._checkpoint.name_batch(token, id_)

    async def _submit_once(self, lines: list[Line], token: str, created: float) -> str:
        """The batch's id. It may have arrived although the vendor, or the way to it, failed."""
        try:
            return await self._vendor.submit(lines, token)
        except Exception as error:
            mapped = self._mapped(error)
            if mapped is None or not mapped.retryable or is_rate_limit(mapped):
                raise
            found = await self._find(token, len(lines), created)
            if found is None:
                raise
            return found

    # Fetching -----------------------------------------------------------------------------------

    async def _fetch_all(self) -> None:
        """Wait for all batches that are not over, and keep their outcomes."""
        clock, pause = self._plan.asker.pace.clock, _FIRST_POLL
        while batches := self._checkpoint.batches():
            for batch in batches:
                if await self._is_fetched(batch):
                    self._checkpoint.end_batch(batch.token)
                    pause = _FIRST_POLL
            if self._checkpoint.batches():
                await clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_POLL)

    async def _is_fetched(self, batch: Batch) -> bool:
        """Whether the batch is over. If so, the outcomes of its rows are kept."""
        try:
            return await self._collect(batch.token, batch.id or "")
        except Exception as error:
            mapped = self._mapped(error)
            if mapped is None or mapped.status_code != HTTPStatus.NOT_FOUND:
                raise
            self._give_up(batch, error)
            return True

    def _give_up(self, batch: Batch, error: Exception) -> None:
        """The vendor does not have the batch: by its age it is gone, or one of another key."""
        told = f"the vendor does not have the batch {batch.id}, or no results of it any more"
        if time.time() - batch.created < _RESULTS_ARE_KEPT:
            raise ConfigurationError(
                f"{told}: go on with the key and address that it was submitted with; if it was "
                f"deleted, ask its rows with a checkpoint other than {self._checkpoint.path}"
            ) from error
        self._without_answers(batch.token, self._server_error(told))

    async def _collect(self, token: str, id_: str) -> bool:
        try:
            if not await self._patiently(lambda: self._vendor.has_ended(id_)):
                return False
        except PartwiseError as error:
            self._without_answers(token, error)
            return True
        await self._patiently(lambda: self._keep_all(id_))
        told = f"the batch {id_} has ended without an answer"
        self._without_answers(token, self._server_error(told))
        return True

    def _server_error(self, told: str) -> ServerError:
        return ServerError(told, provider=self._plan.asker.client.config.name, retryable=True)

    async def _keep_all(self, id_: str) -> None:
        try:
            async for result in self._vendor.results(id_):
                await self._keep(result)
        except ValueError as error:  # a line is not JSON: it was cut on its way
            told = f"the results of the batch {id_} can't be read: {error}"
            raise self._server_error(told) from error

    def _without_answers(self, token: str, error: PartwiseError) -> None:
        for fingerprint, nth, key in self._checkpoint.rows_in_batch(token):
            outcome = failed(Row(-1, key, None), error)
            outcome.final = False
            self._checkpoint.leave_batch(fingerprint, nth, outcome)

    async def _keep(self, result: Result) -> None:
        digest, _, number = result.name.partition("-")
        try:
            fingerprint, nth = bytes.fromhex(digest), int(number)
        except ValueError:
            return
        key = self._checkpoint.key_in_batch(fingerprint, nth)
        if key is None:
            return
        if result.events is None:
            outcome = failed(Row(-1, key, None), result.error or PartwiseError("no answer"))
            outcome.attempts = 1
        else:
            outcome = await self._plan.asker.outcome_of(result.events, key)
        self._checkpoint.leave_batch(fingerprint, nth, outcome)

    async def _hand_out(self, waiting: _Waiting) -> None:
        row, outcome = waiting.row, waiting.outcome
        if outcome is None:
            kept = self._checkpoint.get(waiting.fingerprint, waiting.nth)
            assert kept is not None  # noqa: S101 - each row of a batch that is over has an outcome
            outcome = await self._plan.asker.revive(row, kept)
            assert outcome is not None  # noqa: S101 - it was validated a moment ago
            outcome.resumed = False
        self._ready.append(outcome)
        self._changed.set()


class Spool:
    """Rows in a temporary file, to be read once, in the order in which they came.

    Those that can't be pickled are kept in memory.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed by `__exit__`
        self._kept: list[_Waiting] = []
        self._count = 0

    def add(self, waiting: _Waiting) -> None:
        try:
            data = pickle.dumps(waiting)
        except Exception:  # noqa: BLE001 - rows and errors may be of any class
            self._kept.append(waiting)
            data = pickle.dumps(len(self._kept) - 1)
        self._file.write(data)
        self._count += 1

    def __iter__(self) -> Iterator[_Waiting]:
        self._file.seek(0)
        for _ in range(self._count):
            found = pickle.load(self._file)  # noqa: S301 - this process has just written it
            yield self._kept[found] if isinstance(found, int) else found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
