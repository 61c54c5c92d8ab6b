"""One row at a time, for engines that have the rows themselves: Daft, Ray Data, Spark.

A `RowFunction` can be pickled and sent to workers. In each process and event loop it makes its
client and its pace when it is first called, and keeps them.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter

from partwise import ConfigurationError, from_provider

from ._ask import PATIENCE, Asker
from ._clients import clients_like
from ._outcome import Outcome, failed
from ._outputs import error_of
from ._pace import Pace
from ._pricing import Prices
from ._prompts import Prompt, estimate_tokens, messages_of
from ._rows import Row

if TYPE_CHECKING:
    from partwise import AsyncClient

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RowFunction:
    """Asks about one row: the outcome as plain data, whatever comes.

        ask = RowFunction(model="openai/gpt-4.1-mini", response_model=Invoice, prompt="…{text}")
        await ask({"text": "…"})
        # {"value": {…}, "error": None, "usage": {…}, "attempts": 1, "cost": 0.0001}

    Attributes:
        model, response_model, prompt, system: as in `extract`.
        concurrency, requests_per_minute, tokens_per_minute: of all workers together.
        workers: how many processes share these limits; each keeps to its part.
        redis: the URL of a Redis server; the limits a minute are then kept there for all workers.
        patience, api_key, base_url, cache, options: as in `extract`. `cache` is a path.
    """

    model: str
    response_model: Any
    prompt: Prompt = None
    system: str | None = None
    concurrency: int = 200
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    workers: int = 1
    redis: str | None = None
    patience: float = PATIENCE
    price: tuple[float, float] | None = None
    api_key: str | None = None
    base_url: str | None = None
    cache: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if not isinstance(self.model, str):
            raise ConfigurationError(
                "workers make their own clients, so the model is a name like "
                f'"openai/gpt-4.1-mini", got {type(self.model).__name__}'
            )
        if self.workers < 1:
            raise ConfigurationError(f"workers must be at least 1, got {self.workers}")

    async def __call__(self, row: Any) -> dict[str, Any]:
        """The outcome of a row. It never raises."""
        asker = _asker_of(self)
        outcome = await self._outcome(asker, row)
        return _record(outcome, asker)

    async def _outcome(self, asker: Asker[Any], row: Any) -> Outcome[Any]:
        try:
            messages = await messages_of(row, self.prompt, self.system)
        except Exception as error:  # noqa: BLE001 - it is the row's outcome
            return failed(Row(0, None, row), error)
        tokens = estimate_tokens(messages)
        permit = await asker.pace.acquire(tokens)
        return await asker.ask(Row(0, None, row), messages, permit, tokens)

    def many(self, rows: list[Any]) -> list[dict[str, Any]]:
        """The outcomes of many rows, for code that is not async: those of a batch, say."""
        return _loop_of_process().run(self._many(rows))

    async def _many(self, rows: list[Any]) -> list[dict[str, Any]]:
        return list(await asyncio.gather(*map(self, rows)))

    @property
    def arrow_type(self) -> Any:
        """The Arrow type of an outcome, inferred from the response model."""
        from ._arrow import outcome_column

        adapter: TypeAdapter[Any] = TypeAdapter(self.response_model)
        return outcome_column(adapter.json_schema(mode="serialization")).type

    def _new_asker(self) -> Asker[Any]:
        pace = self._new_pace()
        given: AsyncClient = from_provider(
            self.model,
            async_client=True,
            api_key=self.api_key,
            base_url=self.base_url,
            cache=self.cache,
        )
        name, _, model = self.model.partition("/")
        return Asker(
            clients=clients_like(given, {"caller_retries": True, "on_headers": pace.heed}),
            response_model=self.response_model,
            pace=pace,
            prices=Prices(name, model, price=self.price),
            options=self.options,
            patience=self.patience,
        )

    def _new_pace(self) -> Pace:
        concurrency = self._part(self.concurrency)
        if self.redis is None:
            return Pace(
                concurrency or 1,
                requests_per_minute=self._part(self.requests_per_minute),
                tokens_per_minute=self._part(self.tokens_per_minute),
            )
        from ._redis import RedisPace

        return RedisPace(
            self.redis,
            self.model,
            concurrency or 1,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )

    def _part(self, limit: int | None) -> int | None:
        return None if limit is None else max(1, limit // self.workers)


_askers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Asker[Any]]] = WeakKeyDictionary()


def _asker_of(function: RowFunction) -> Asker[Any]:
    askers = _askers.setdefault(asyncio.get_running_loop(), {})
    if function.id not in askers:
        askers[function.id] = function._new_asker()  # noqa: SLF001 - a part of it
    return askers[function.id]


def _record(outcome: Outcome[Any], asker: Asker[Any]) -> dict[str, Any]:
    from ._arrow import outcome_column

    usage = outcome.usage
    record = {
        "value": asker.dump(outcome.value) if outcome.error is None else None,
        "error": None if outcome.error is None else error_of(outcome),
        "usage": None
        if usage is None
        else {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        "attempts": outcome.attempts,
        "cost": None if outcome.cost is None else float(outcome.cost),
    }
    if asker.column is None:
        asker.column = outcome_column(asker.output_schema)
    conformed: dict[str, Any] = asker.column.conform(record)
    return conformed


class _Loop:
    """An event loop in a thread of its own, for callers that are not async."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(
            target=self._loop.run_forever, name="partwise-bulk-rows", daemon=True
        ).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


_lock = threading.Lock()
_loops: list[_Loop] = []


def _loop_of_process() -> _Loop:
    with _lock:
        if not _loops:
            _loops.append(_Loop())
        return _loops[0]
