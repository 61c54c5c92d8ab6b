"""A reader's side: plays a logged answer as a provider does, so that it is a stream like any."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import partwise
from partwise.provider import (
    Capabilities,
    Chunk,
    ConfigurationError,
    Finish,
    Granularity,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    TextDelta,
    Usage,
)

from .._errors import AnswerFailedError, UnknownAnswerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from typing_extensions import TypeForm

    from partwise import AsyncPartialStream

    from ._contract import Entry, Log

T = TypeVar("T")

_ENVELOPE_KEY: Final = "value"
"""As in `answer_schema` of partwise."""
_MANY: Final = 1_000_000
"""Attempts: the worker decides how many there are."""


def follow(
    log: Log, answer: str, response_model: TypeForm[T], *, wait: float = 0.0, **keywords: Any
) -> AsyncPartialStream[T]:
    """A stream of an answer in the log: all of it, however late one comes.

    Reading raises `UnknownAnswerError`, `WorkerLostError`, or `AnswerFailedError` if the answer
    failed at its worker.

    Args:
        log: where the answer is.
        answer: its name.
        response_model: the type that the worker asked for.
        wait: seconds for which an answer is waited for that no worker has begun yet, if the log's
            own heartbeat is too short for that.
        keywords: `context`, `strict`, `hooks` and `limits`, as in a client's calls.
    """
    client = partwise.from_provider(
        f"log/{answer}", async_client=True, options={"log": log, "wait": wait}
    )
    return client.create_partial(response_model, [], **{"max_retries": _MANY, **keywords})


class LogProvider:
    """The provider `log/<answer>`; the option `log` says where the answer is.

    Each request of a session plays one attempt of the logged answer.
    """

    def __init__(self, config: ProviderConfig) -> None:
        options = dict(config.options)
        self._log: Log | None = options.pop("log", None)
        self._wait: float = options.pop("wait", 0.0)
        if self._log is None or options:
            message = 'write from_provider("log/<answer>", async_client=True, log=…)'
            raise ConfigurationError(message)
        self._passed = 0  # entries that earlier requests, or this one, have played
        self._attempt_has_ended = True
        self._is_over = False

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002
        """The text of an answer, in pieces."""
        return Capabilities({Mode.JSON_SCHEMA: Granularity.TOKEN, Mode.MD_JSON: Granularity.TOKEN})

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The name of the answer."""
        return {"answer": request.model}

    def decoder(self, request: Request) -> _Decoder:
        """Entries are chunks."""
        return _Decoder(has_envelope=_is_envelope(request.schema))

    def map_error(self, error: Exception) -> ProviderError | None:  # noqa: ARG002
        """A log's errors are partwise's."""
        return None

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """Logs are read by asyncio.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(f"follow {payload['answer']!r} with async_client=True")

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Entry]]:
        """The entries of the next attempt."""
        if self._log is None:
            raise ConfigurationError("there is no log")
        if self._is_over:
            message = "the answer in the log is not valid for this type"
            raise AnswerFailedError(message, kind="InvalidOutputError")
        # Read anew for each attempt, so that nothing is open once the stream is closed.
        async with _closing(_read(self._log, payload["answer"], self._wait)) as entries:
            for _ in range(self._passed):
                await anext(entries)
            if not self._attempt_has_ended:
                await self._skip_attempt(entries)
            self._attempt_has_ended = False
            yield self._one_attempt(entries)

    async def _skip_attempt(self, entries: AsyncIterator[Entry]) -> None:
        async for entry in entries:
            self._passed += 1
            _raise_failure(entry)
            if "attempt" in entry:
                return
        self._is_over = True

    async def _one_attempt(self, entries: AsyncIterator[Entry]) -> AsyncIterator[Entry]:
        async for entry in entries:
            self._passed += 1
            _raise_failure(entry)
            if "attempt" in entry:
                self._attempt_has_ended = True
                raise _AttemptFailedError
            self._is_over = "done" in entry
            yield entry

    def close(self) -> None:
        """Nothing is kept."""

    async def aclose(self) -> None:
        """Nothing is kept."""


class _AttemptFailedError(ProviderError):
    """The worker began another attempt."""

    retried = False

    def __init__(self) -> None:
        message = "the attempt failed at its worker"
        super().__init__(message, provider="log", retryable=True, retry_after=0.0)


@asynccontextmanager
async def _closing(entries: AsyncIterator[Entry]) -> AsyncIterator[AsyncIterator[Entry]]:
    """As `contextlib.aclosing`, also of an iterator that can't be closed: a log may give one."""
    try:
        yield entries
    finally:
        if (close := getattr(entries, "aclose", None)) is not None:
            await close()


async def _read(log: Log, answer: str, wait: float) -> AsyncIterator[Entry]:
    """The entries, of an answer that may begin only so many seconds later."""
    deadline = time.monotonic() + wait
    while True:
        try:
            async with _closing(log.read(answer)) as entries:
                async for entry in entries:
                    deadline = 0.0
                    yield entry
        except UnknownAnswerError:
            if time.monotonic() > deadline:
                raise
        else:
            return


def _raise_failure(entry: Entry) -> None:
    if "error" in entry:
        told = entry["error"]
        raise AnswerFailedError(told["message"], kind=told["kind"], status=told["status"])


class _Decoder:
    """Makes chunks of entries.

    Args:
        has_envelope: whether the answer is read out of an object around it. If no vendor has put
            one there, it is put there here.
    """

    def __init__(self, *, has_envelope: bool) -> None:
        self._has_envelope = has_envelope
        self._is_open = False

    def feed(self, event: Entry) -> Iterable[Chunk]:
        if "text" in event:
            self._is_open |= self._has_envelope and "bare" in event
            begin = f'{{"{_ENVELOPE_KEY}":' if "bare" in event and self._is_open else ""
            return (TextDelta(begin + event["text"]),)
        return tuple(self._end(event["done"])) if "done" in event else ()

    def close(self) -> Iterable[Chunk]:
        return ()

    def _end(self, done: Mapping[str, Any]) -> Iterator[Chunk]:
        if self._is_open:
            yield TextDelta("}")
        if done["usage"] is not None:
            yield Usage(**done["usage"])
        if done["finish_reason"] is not None:
            yield Finish(done["finish_reason"], done["finish_reason"])


def _is_envelope(schema: Mapping[str, Any]) -> bool:
    """Whether the schema is the one that partwise puts around a root which is not an object.

    A model's own schema has a title.
    """
    return [*schema.get("properties", ())] == [_ENVELOPE_KEY] and "title" not in schema
