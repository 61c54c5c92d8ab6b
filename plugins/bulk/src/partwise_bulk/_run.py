"""One run over all rows, in asyncio: rows in, outcomes out, in a window of bounded size.

A row is read, looked up in the checkpoint, and waits for leave from the pace; then a task of its
own asks about it. Its outcome is committed to the checkpoint, put into the order of the rows, and
handed out. The window is how many rows may be between the reading and the handing out, so memory
does not depend on how many rows there are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._outcome import Outcome, Summary, failed
from ._outputs import not_written
from ._prompts import estimate_tokens, fingerprint, messages_of

if TYPE_CHECKING:
    from partwise import PartwiseError

    from ._ask import Asker
    from ._checkpoint import Checkpoint
    from ._money import CostLimit
    from ._outputs import Output
    from ._progress import Progress
    from ._prompts import Messages, Prompt
    from ._rows import Row, Source

T = TypeVar("T")

HANDED_OUT_AT_ONCE = 64
"""Outcomes: few enough that a slow reader of them does not keep rows from being read."""


@dataclass(kw_only=True)
class Plan(Generic[T]):
    """The parts of a run.

    Attributes:
        source: the rows.
        asker: asks about them.
        prompt, system: the question.
        common: the beginning of all fingerprints.
        limit: of the cost.
        checkpoint, output: where outcomes are kept and written; None for nowhere.
        ordered: whether outcomes are handed out in the order of the rows.
        window: rows between the reading and the handing out.
        only_failed: whether only rows are asked that the checkpoint has as failed.
        next_batch: reads the source.
        progress: told of the summary; None for nobody.
    """

    source: Source
    asker: Asker[T]
    prompt: Prompt
    system: str | None
    common: bytes
    limit: CostLimit
    checkpoint: Checkpoint | None
    output: Output | None
    ordered: bool
    window: int
    only_failed: bool
    next_batch: Callable[[], Awaitable[list[Row]]]
    progress: Progress | None = None


@dataclass(slots=True)
class Question:
    """A row with its messages, and where its outcome is kept."""

    row: Row
    messages: Messages
    fingerprint: bytes = b""
    nth: int = 0


class Run(Generic[T]):
    """A run that is going on.

    Attributes:
        summary: of the outcomes that were handed out.
    """

    def __init__(self, plan: Plan[T]) -> None:
        self.summary = Summary()
        self._plan = plan
        self._window = asyncio.Semaphore(plan.window)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: dict[int, Outcome[T] | None] = {}
        self._next = 0
        self._ready: deque[Outcome[T]] = deque()
        self._changed = asyncio.Event()
        self._left = 0
        self._stopped = False
        self._is_over = False
        self._failure: BaseException | None = None
        self._output_failure: PartwiseError | None = None
        self._start = plan.asker.pace.clock.time()
        self._feeder = asyncio.get_running_loop().create_task(self._feed())
        self._feeder.add_done_callback(self._fed)

    async def next_batch(self) -> list[Outcome[T]]:
        """The next outcomes; none when all were handed out.

        Raises:
            PartwiseError: the checkpoint or the output can't be written.
            Exception: that of the source. What had ended before was handed out before.
        """
        while not self._ready and not self._has_ended:
            self._changed.clear()
            await self._changed.wait()
        if self._output_failure is not None:
            raise self._output_failure
        ready = self._ready
        batch = [ready.popleft() for _ in range(min(len(ready), HANDED_OUT_AT_ONCE))]
        if not batch and self._failure is not None:
            raise self._failure
        for outcome in batch:
            self.summary.add(outcome)
        self._bring_up_to_date()
        if batch and self._plan.output is not None:
            self._write(self._plan.output, batch)
        if self._plan.progress is not None:
            self._plan.progress.update(self.summary)
        return batch

    def _write(self, output: Output, batch: list[Outcome[T]]) -> None:
        try:
            output.write(batch)
        except OSError as error:
            # These outcomes are still handed out; the error comes in the place of the next.
            has_checkpoint = self._plan.checkpoint is not None
            self._output_failure = not_written(output, error, has_checkpoint=has_checkpoint)
            self._output_failure.__cause__ = error
            self._feeder.cancel()

    def consumed(self, count: int) -> None:
        """So many outcomes are done with: as many further rows may be read."""
        for _ in range(count):
            self._window.release()

    async def aclose(self) -> None:
        """Stop. Rows on their way are given up; finished ones are in the checkpoint."""
        if not self._has_ended:
            self.summary.stopped = "closed"
            self.summary.left = None
        tasks = [self._feeder, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._bring_up_to_date()

    @property
    def _has_ended(self) -> bool:
        return self._is_over and not self._tasks and not self._ready

    def _bring_up_to_date(self) -> None:
        summary, asker = self.summary, self._plan.asker
        summary.rate_limited = asker.pace.rate_limited
        summary.tokens_saved = asker.savings.tokens
        summary.seconds = asker.pace.clock.time() - self._start
        if self._left and summary.stopped is None:
            summary.stopped = "max_cost" if self._stopped else "only_failed"
        if self._left:
            summary.left = self._left if self._plan.source.is_finite else None

    # Reading ------------------------------------------------------------------------------------

    async def _feed(self) -> None:
        while rows := await self._plan.next_batch():
            for row in rows:
                if self._stopped and not self._plan.source.is_finite:
                    return
                await self._window.acquire()
                await self._take(row)

    def _fed(self, feeder: asyncio.Task[None]) -> None:
        if not feeder.cancelled() and feeder.exception() is not None:
            self._failure = self._failure or feeder.exception()
        self._is_over = True
        self._changed.set()

    async def _take(self, row: Row) -> None:
        plan, asker = self._plan, self._plan.asker
        found = await self._question_of(row)
        if not isinstance(found, Question):
            self._end_early(row, found)
            return
        tokens = estimate_tokens(found.messages)
        if self._stopped or not await plan.limit.may_ask(tokens):
            # Rows that are done are still handed out, and those that are not are counted.
            self._stopped = True
            self._left += 1
            self._skip(row)
            return
        permit = await asker.pace.acquire(tokens)
        task = asyncio.get_running_loop().create_task(self._ask(found, permit, tokens))
        self._tasks.add(task)
        task.add_done_callback(self._asked)

    def _end_early(self, row: Row, outcome: Outcome[T] | None) -> None:
        """The row is not asked: it has its outcome already, or is to have none."""
        if outcome is None:
            self._left += 1
            self._skip(row)
            return
        if outcome.resumed:
            self._plan.limit.end(outcome.cost, asked=False)
        self._end(row.index, outcome)

    async def _question_of(self, row: Row) -> Question | Outcome[T] | None:
        """The question about the row; its outcome, if it has one; None if it is not to be asked."""
        plan = self._plan
        if row.error is not None:
            return failed(row, row.error)
        try:
            messages = await messages_of(row.content, plan.prompt, plan.system)
        except Exception as error:  # noqa: BLE001 - of the caller's function, or of the row's
            return failed(row, error)
        question = Question(row, messages)
        return question if plan.checkpoint is None else await self._unless_done(question)

    async def _unless_done(self, question: Question) -> Question | Outcome[T] | None:
        plan, row, checkpoint = self._plan, question.row, self._plan.checkpoint
        assert checkpoint is not None  # noqa: S101 - the caller has looked
        key = row.key if row.named else None
        question.fingerprint = fingerprint(plan.common, question.messages, key)
        question.nth = checkpoint.claim(question.fingerprint)
        kept = checkpoint.get(question.fingerprint, question.nth)
        if kept is None:
            return None if plan.only_failed else question
        if kept.error is not None and (plan.only_failed or not kept.final):
            return question
        return await plan.asker.revive(row, kept) or question

    # Asking -------------------------------------------------------------------------------------

    async def _ask(self, question: Question, permit: Any, tokens: int) -> None:
        plan = self._plan
        outcome = await plan.asker.ask(question.row, question.messages, permit, tokens)
        if plan.checkpoint is not None:
            plan.checkpoint.put(question.fingerprint, question.nth, outcome)
        plan.limit.end(outcome.cost)
        self._end(question.row.index, outcome)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # The checkpoint can't be written: nothing more is to be asked that can't be kept.
            self._failure = self._failure or task.exception()
            self._feeder.cancel()
        self._changed.set()

    def _skip(self, row: Row) -> None:
        self._end(row.index, None)
        self._window.release()

    def _end(self, index: int, outcome: Outcome[T] | None) -> None:
        """Put an outcome in its place; None for a row that has none."""
        if not self._plan.ordered:
            self._ready.extend([] if outcome is None else [outcome])
        else:
            self._ended[index] = outcome
            while self._next in self._ended:
                ended = self._ended.pop(self._next)
                self._next += 1
                if ended is not None:
                    self._ready.append(ended)
        self._changed.set()
