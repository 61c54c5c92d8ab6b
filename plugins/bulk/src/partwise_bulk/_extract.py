"""`extract` and `aextract`: a caller's settings of a run, and the run as an iterator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from inspect import signature
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, Self, TypeVar

from ._ask import PATIENCE
from ._job import Job, Opened
from ._outcome import Outcome, Summary
from ._rows import KeyOf, Rows, Source

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from typing_extensions import TypeForm

    from partwise import AsyncClient

    from ._pace import Pace
    from ._progress import Progress
    from ._prompts import Prompt
    from ._rows import Row
    from ._run import Run

P = ParamSpec("P")
T = TypeVar("T")


class AsyncExtraction(Generic[T]):
    """A run in asyncio: an async iterator of outcomes, which begins with the first.

    Attributes:
        summary: of the outcomes so far.
    """

    def __init__(self, job: Job[T]) -> None:
        self._job = job
        self._source = Source(job.rows, job.key)
        self._opened: Opened[T] | None = None
        self._run: Run[T] | None = None
        self._batch: list[Outcome[T]] = []
        self._given = 0
        self._is_closed = False
        self.summary = Summary()

    def __aiter__(self) -> AsyncIterator[Outcome[T]]:
        return self

    async def __anext__(self) -> Outcome[T]:
        if self._given == len(self._batch):
            await self._next_batch()
        outcome = self._batch[self._given]
        self._given += 1
        return outcome

    async def _next_batch(self) -> None:
        if self._is_closed:
            raise StopAsyncIteration
        try:
            if self._run is None:
                self._begin()
            assert self._run is not None  # noqa: S101 - it has begun
            self._run.consumed(self._given)
            self._batch, self._given = await self._run.next_batch(), 0
        except BaseException:
            await self.aclose()
            raise
        if not self._batch:
            await self.aclose()
            raise StopAsyncIteration

    def _begin(self) -> None:
        self._opened = Opened(self._job, self._source, in_loop=True)
        self._run = self._opened.start(self._read)
        self.summary = self._run.summary

    async def _read(self) -> list[Row]:
        source = self._source
        return await source.anext_batch() if source.is_async else source.next_batch()

    async def run(self) -> Summary:
        """Go to the end, for those who only want the file.

        Raises:
            PartwiseError: the run can't go on. Finished rows are in the checkpoint and the output.
        """
        async for _ in self:
            pass
        return self.summary

    async def aclose(self) -> None:
        """Stop. Rows on their way are given up; those that have ended are in the checkpoint."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._run is not None:
                await self._run.aclose()
        finally:
            if self._opened is not None:
                await self._opened.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _Read:
    """The event loop's thread asks the caller's thread for rows."""

    def __init__(self, source: Source, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._loop = loop
        self.rows: asyncio.Future[list[Row]] = loop.create_future()

    def do(self) -> None:
        """Read, in the caller's thread."""
        try:
            rows = self._source.next_batch()
        except BaseException as error:  # noqa: BLE001 - it ends the run, and is raised there
            self._settle(self.rows.set_exception, error)
        else:
            self._settle(self.rows.set_result, rows)

    def _settle(self, settle: Callable[[Any], None], value: Any) -> None:
        def once() -> None:
            if not self.rows.done():
                settle(value)

        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(once)


class Extraction(Generic[T]):
    """A run: an iterator of outcomes, which begins with the first.

    The requests are made in a thread of their own, so that they go on while the caller looks at
    an outcome, and so that it works inside of a running event loop, as in a notebook. The rows are
    read in the caller's thread.

    Attributes:
        summary: of the outcomes so far.
    """

    def __init__(self, job: Job[T]) -> None:
        self._job = job
        self._source = Source(job.rows, job.key)
        self._outbox: SimpleQueue[Any] = SimpleQueue()
        self._has_begun = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._outcomes: Iterator[Outcome[T]] | None = None
        self.summary = Summary()

    def __iter__(self) -> Iterator[Outcome[T]]:
        return self

    def __next__(self) -> Outcome[T]:
        if self._outcomes is None:
            self._outcomes = self._iterate()
        return next(self._outcomes)

    def _iterate(self) -> Iterator[Outcome[T]]:
        # Errors of the arguments are raised here, in the caller's thread.
        opened = Opened(self._job, self._source, in_loop=False)
        self._thread = threading.Thread(
            target=self._work, args=(opened,), name="partwise-bulk", daemon=True
        )
        self._thread.start()
        self._has_begun.wait()
        try:
            while True:
                item = self._outbox.get()
                if isinstance(item, _Read):
                    item.do()
                elif isinstance(item, list):
                    yield from item
                    self._consumed(len(item))
                elif item is None:
                    return
                else:
                    raise item
        finally:
            self._stop()

    def _work(self, opened: Opened[T]) -> None:
        try:
            asyncio.run(self._supervise(opened))
        except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
            self._outbox.put(error)
        else:
            self._outbox.put(None)

    async def _supervise(self, opened: Opened[T]) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._has_begun.set()
        try:
            run = opened.start(self._read)
            self.summary = run.summary
            self._consume = run.consumed
            try:
                while batch := await run.next_batch():
                    self._outbox.put(batch)
            finally:
                await run.aclose()
        finally:
            await opened.aclose()

    async def _read(self) -> list[Row]:
        if self._source.is_async:
            return await self._source.anext_batch()
        assert self._loop is not None  # noqa: S101 - it runs this
        read = _Read(self._source, self._loop)
        self._outbox.put(read)
        return await read.rows

    def _consumed(self, count: int) -> None:
        assert self._loop is not None  # noqa: S101 - it gave the outcomes
        with suppress(RuntimeError):  # it has come to its end
            self._loop.call_soon_threadsafe(self._consume, count)

    def _stop(self) -> None:
        thread, loop, main = self._thread, self._loop, self._main
        if thread is not None and thread.is_alive():
            if loop is not None and main is not None:
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(main.cancel)
            thread.join()

    def run(self) -> Summary:
        """Go to the end, for those who only want the file.

        Raises:
            PartwiseError: the run can't go on. Finished rows are in the checkpoint and the output.
        """
        for _ in self:
            pass
        return self.summary

    def close(self) -> None:
        """Stop. Rows on their way are given up; those that have ended are in the checkpoint."""
        if self._outcomes is None:
            self._outcomes = iter(())
        elif hasattr(self._outcomes, "close"):
            self._outcomes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def extract(  # noqa: PLR0913 - an option each
    model: str | AsyncClient,
    response_model: TypeForm[T],
    rows: Rows,
    *,
    prompt: Prompt = None,
    system: str | None = None,
    key: KeyOf | None = None,
    checkpoint: str | Path | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    concurrency: int = 200,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    max_cost: float | Decimal | None = None,
    price: tuple[float, float] | None = None,
    ordered: bool = True,
    only_failed: bool = False,
    on_snapshot: Callable[[Any, Any], object] | None = None,
    on_field: Callable[[Any, str, Any], object] | None = None,
    patience: float = PATIENCE,
    via: Literal["stream", "whole", "batch"] = "stream",
    progress: bool | Progress = False,
    shared_pace: Pace | None = None,
    api_key: str | None = None,
    base_url: str | None = None,
    cache: Any = None,
    **options: Any,
) -> Extraction[T]:
    """Ask about each row: an iterator of outcomes, one a row, in the order of the rows.

    Args:
        model: a name as in `from_provider`, or an `AsyncClient`, which stays the caller's.
        response_model: any type that pydantic validates.
        rows: an iterable, async or not; the path of a JSONL, CSV or parquet file, or of a
            directory; a data frame.
        prompt: a function of the row that gives a text or messages, or a template such as
            `"Extract: {text}"` with the row's columns. Without one, a row is a text or messages
            itself, or has a column `messages`, `prompt` or `text`.
        system: instructions before each prompt.
        key: the name of a column, or a function of the row: for an outcome's `key`. With it,
            the checkpoint knows a row by its key and messages; without it, by its messages.
        checkpoint: a file in which outcomes are kept. Finished rows are not asked again.
        output: a file, `.jsonl` or `.parquet`, to which outcomes are written.
        overwrite: whether an output that is there may be replaced though there is no checkpoint.
        concurrency: requests at a time, at most. How many there are follows the vendor's 429s.
        requests_per_minute: the limit of the key, if it is known.
        tokens_per_minute: that of input and output tokens together.
        max_cost: US dollars. Once they are spent, no further row is asked, and the summary says
            how many are left.
        price: US dollars per million input tokens and per million output tokens, for a model
            whose price is not known.
        ordered: whether to keep the order of the rows; else outcomes come as they end.
        only_failed: whether to ask only rows that the checkpoint has as failed.
        on_snapshot: called with the row and each snapshot of its answer.
        on_field: called with the row, and the path and value of each field that is complete.
        patience: seconds for which a row is asked again while the vendor answers 429.
        via: `"whole"` asks OpenAI, and servers that speak like it, for answers in one piece: less
            CPU time, but none is stopped early. `"batch"` asks through the vendor's batch
            endpoint: half the price, up to a day.
        progress: whether to show on standard error how far the run is; or a function to call.
        shared_pace: the pace of other runs with the same key, to be kept together with them.
        api_key: as in `from_provider`.
        base_url: as in `from_provider`.
        cache: as in `from_provider`.
        options: further keywords of `create_partial`: those of `partwise.Settings`, `mode`, and
            the vendor's own.

    Raises:
        ConfigurationError: the run can't be made so. Raised here or with the first outcome; from
            then on a row's errors are its outcome.
    """
    return Extraction(Job(**locals()))


def _with_parameters_of(
    function: Callable[P, Extraction[T]],
) -> Callable[[Callable[..., AsyncExtraction[Any]]], Callable[P, AsyncExtraction[T]]]:
    """Give the twin of a function its parameters: for type checkers, editors and `help`.

    mypy, pyright and ty keep a function's type variables in a ParamSpec.
    """

    def give(twin: Callable[..., AsyncExtraction[Any]]) -> Callable[P, AsyncExtraction[T]]:
        returned = twin.__annotations__["return"]
        twin.__signature__ = signature(function).replace(  # type: ignore[attr-defined]
            return_annotation=returned
        )
        return twin

    return give


@_with_parameters_of(extract)
def aextract(*arguments: Any, **keywords: Any) -> AsyncExtraction[Any]:
    """The same for asyncio, with the parameters of `extract`: an async iterator of outcomes.

    A source that is not async is read in the event loop.
    """
    bound = signature(extract).bind(*arguments, **keywords)
    bound.apply_defaults()
    return AsyncExtraction(Job(**bound.arguments))
