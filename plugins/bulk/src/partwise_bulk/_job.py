"""All that a caller says of a run, and what is opened for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from partwise import AsyncClient, ConfigurationError, Settings, from_provider

from ._ask import PATIENCE, Asker
from ._batch.run import BatchRun
from ._batch.vendor import vendor_of
from ._checkpoint import Checkpoint
from ._clients import clients_like
from ._money import CostLimit
from ._outputs import not_written, open_output
from ._pace import Pace, pace_of_key
from ._pricing import BATCH_DISCOUNT, Prices
from ._progress import Progress, new_progress
from ._prompts import Prompt, question_digest
from ._rows import KeyOf, Rows, Source, count_rows
from ._run import Plan, Run

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig

    from ._outputs import Output

T = TypeVar("T")

_VIAS: Final = ("stream", "whole", "batch")
_OF_CALLS: Final = {"mode", *(each.name for each in fields(Settings))}
_ALIKE: Final = 0.85

_WINDOWS = 20
"""So many times as many rows are between reading and handing out as may be asked at a time."""


@dataclass(kw_only=True)
class Job(Generic[T]):
    """All that was said of a run. `extract` has the meaning of each field."""

    model: str | AsyncClient
    response_model: Any
    rows: Rows
    prompt: Prompt = None
    system: str | None = None
    key: KeyOf | None = None
    checkpoint: str | Path | None = None
    output: str | Path | None = None
    overwrite: bool = False
    concurrency: int = 200
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_cost: float | Decimal | None = None
    price: tuple[float, float] | None = None
    ordered: bool = True
    only_failed: bool = False
    on_snapshot: Callable[[Any, Any], object] | None = None
    on_field: Callable[[Any, str, Any], object] | None = None
    patience: float = PATIENCE
    via: Literal["stream", "whole", "batch"] = "stream"
    progress: bool | Progress = False
    shared_pace: Pace | None = None
    api_key: str | None = None
    base_url: str | None = None
    cache: Any = None
    note: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


class Opened(Generic[T]):
    """The resources that a job has open while it runs."""

    def __init__(self, job: Job[T], source: Source, *, in_loop: bool) -> None:
        self._job = job
        self.source = source
        check(job)
        if job.via == "batch" and job.checkpoint is None:
            raise ConfigurationError('via="batch" needs checkpoint=, to find its batches again')
        given = _client_of(job)
        pace = job.shared_pace or _pace_of(job, given.config, in_loop=in_loop)
        # The SDK's own retries would hide 429s, and wait for each row apart.
        changes = {
            "caller_retries": True,
            "on_headers": pace.heed,
            "streams": job.via != "whole",
        }
        self._clients = clients_like(given, changes)
        self._client = self._clients.first
        prices = Prices(
            self._client.config.name,
            _model_of(job, self._client),
            price=job.price,
            factor=BATCH_DISCOUNT if job.via == "batch" else Decimal(1),
        )
        self._limit = CostLimit(job.max_cost, prices)
        self._asker: Asker[T] = Asker(
            clients=self._clients,
            response_model=job.response_model,
            pace=pace,
            prices=prices,
            options=job.options,
            on_snapshot=job.on_snapshot,
            on_field=job.on_field,
            patience=job.patience,
        )
        self._checkpoint = None if job.checkpoint is None else Checkpoint(job.checkpoint)
        self._output: Output | None = None
        self._progress: Progress | None = None
        try:
            self._progress = _progress_of(job)
            self._output = None if job.output is None else self._open_output(job.output)
        except BaseException:
            self._close_files()
            raise
        if self._checkpoint is not None:
            for name, value in job.note.items():
                self._checkpoint.note(name, value)

    def _open_output(self, path: str | Path) -> Output:
        may_replace = self._job.overwrite or self._checkpoint is not None
        asker = self._asker
        return open_output(path, asker.dump, asker.output_schema, may_replace=may_replace)

    def start(self, next_batch: Callable[[], Any]) -> Run[T]:
        """Begin the run, in the event loop that is running."""
        job = self._job
        model = f"{self._client.config.name}/{_model_of(job, self._client)}"
        plan = Plan(
            source=self.source,
            asker=self._asker,
            prompt=job.prompt,
            system=job.system,
            common=question_digest(model, self._asker.schema, job.options),
            limit=self._limit,
            checkpoint=self._checkpoint,
            output=self._output,
            ordered=job.ordered,
            window=job.concurrency * _WINDOWS,
            only_failed=job.only_failed,
            next_batch=next_batch,
            progress=self._progress,
        )
        if job.via == "batch":
            return BatchRun(plan, vendor_of(self._client.config))
        return Run(plan)

    async def aclose(self) -> None:
        """Close all that was opened."""
        try:
            self._close_files()
        finally:
            await self._clients.aclose()

    def _close_files(self) -> None:
        if self._progress is not None:
            self._progress.close()
        try:
            if self._output is not None:
                self._close_output(self._output)
        finally:
            if self._checkpoint is not None:
                self._checkpoint.close()

    def _close_output(self, output: Output) -> None:
        try:
            output.close()
        except OSError as error:
            has_checkpoint = self._checkpoint is not None
            raise not_written(output, error, has_checkpoint=has_checkpoint) from error


def check(job: Job[Any]) -> None:
    """Do nothing if the job makes sense.

    Raises:
        ConfigurationError: it does not.
    """
    if job.via not in _VIAS:
        raise ConfigurationError(f"unknown via {job.via!r}; choose one of {', '.join(_VIAS)}")
    if job.max_cost is not None and not job.max_cost >= 0:
        raise ConfigurationError(f"max_cost must be dollars >= 0, got {job.max_cost}")
    if not job.patience >= 0:
        raise ConfigurationError(f"patience must be seconds >= 0, got {job.patience}")
    if job.only_failed and job.checkpoint is None:
        raise ConfigurationError(
            "only_failed=True needs checkpoint=, by which the rows that failed are known"
        )
    _check_price(job.price)
    _check_files(job)
    own = {each.name for each in fields(job)} - {"note", "options"}
    for name in job.options.keys() - _OF_CALLS:
        meant = get_close_matches(name, own, n=1, cutoff=_ALIKE)
        if meant:
            raise ConfigurationError(f"extract() has no keyword {name}=; did you mean {meant[0]}=?")


def _check_price(price: Sequence[float] | None) -> None:
    if price is not None and not (len(price) == 2 and min(price) >= 0):  # noqa: PLR2004
        raise ConfigurationError(
            f"price must be (input, output) in dollars per million tokens, got {price}"
        )


def _check_files(job: Job[Any]) -> None:
    """No file is written over another one of the run, or into the directory that is read."""
    files = {name: Path(path).resolve() for name, path in _paths(job) if path is not None}
    for name in files.keys() - {"rows"}:
        for other in files.keys() - {name}:
            if files[name] == files[other]:
                raise ConfigurationError(f"{name} and {other} are the same file, {files[name]}")
        if "rows" in files and files["rows"] in files[name].parents:
            raise ConfigurationError(
                f"{name} is in the directory that the rows are read from, where the next run "
                f"would take it for rows: {files[name]}"
            )


def _paths(job: Job[Any]) -> list[tuple[str, str | Path | None]]:
    rows = job.rows if isinstance(job.rows, str | Path) else None
    return [("rows", rows), ("checkpoint", job.checkpoint), ("output", job.output)]


def _progress_of(job: Job[Any]) -> Progress | None:
    if isinstance(job.progress, bool):
        return new_progress(count_rows(job.rows)) if job.progress else None
    return job.progress


def _model_of(job: Job[Any], client: AsyncClient) -> str:
    model = job.options.get("model") or client.model
    if model is None:
        raise ConfigurationError("no model given: pass model= or a client that has one")
    return str(model)


def _client_of(job: Job[Any]) -> AsyncClient:
    """The caller's client, or one for the model that they named."""
    if isinstance(job.model, AsyncClient):
        if job.api_key is not None or job.base_url is not None or job.cache is not None:
            raise ConfigurationError(
                "api_key=, base_url= and cache= are for a model's name: give them to the client"
            )
        return job.model
    if not isinstance(job.model, str):
        raise ConfigurationError(
            'the model is a name like "openai/gpt-4.1-mini" or an AsyncClient (from_provider(…, '
            f"async_client=True)), got {type(job.model).__name__}"
        )
    return from_provider(
        job.model,
        async_client=True,
        api_key=job.api_key,
        base_url=job.base_url,
        cache=job.cache,
    )


def _pace_of(job: Job[Any], config: ProviderConfig, *, in_loop: bool) -> Pace:
    """The pace of the key: the same for all runs in one event loop that have the same limits."""

    def make() -> Pace:
        return Pace(
            job.concurrency,
            requests_per_minute=job.requests_per_minute,
            tokens_per_minute=job.tokens_per_minute,
        )

    if not in_loop:
        return make()
    limits = (job.concurrency, job.requests_per_minute, job.tokens_per_minute)
    key = (config.name, config.base_url, config.api_key, id(config.client), *limits)
    return pace_of_key(key, make)
