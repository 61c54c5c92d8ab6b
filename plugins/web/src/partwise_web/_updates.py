"""Reads a stream as updates for a frontend: the one layer that all protocols are written on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from partwise import AsyncPartialStream, PartialStream, Usage

from ._problems import problem_of

if TYPE_CHECKING:
    from ._problems import Problem

Stream: TypeAlias = "AsyncPartialStream[Any] | PartialStream[Any]"

Form: TypeAlias = Literal["patches", "standard patches", "snapshots", "json"]
"""The form in which a protocol shows an answer: `patches` know `append`, the standard ones do not;
`json` is the text of the answer's JSON."""

ENDED = "end"
"""The id of the last event: whoever comes back with it has seen everything."""

_END = object()
_TRIES, _TRY_SECONDS = 50, 0.01


@dataclass(frozen=True, slots=True)
class Patch:
    """The answer's JSON has changed so. `is_whole`: the patch puts the whole document in place."""

    operations: list[Any]
    id: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answer's JSON is this now."""

    value: Any
    id: str


@dataclass(frozen=True, slots=True)
class Text:
    """The JSON text has grown by this."""

    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt before failed, or was cut off; this one begins, or goes on."""

    number: int


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is complete and valid."""

    usage: dict[str, Any] | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer has ended in an error; its snapshots stay."""

    problem: Problem
    error: Exception


Update: TypeAlias = Patch | Snapshot | Text | Attempt | Done | Failed


async def updates(
    stream: Stream, form: Form, *, throttle: float | None = None, by_alias: bool | None = None
) -> AsyncGenerator[Update, None]:
    """Read a stream to its end, or until this is closed, which closes the stream.

    A sync stream is read by a thread of its own.

    Args:
        stream: one that nobody has read yet.
        form: the form in which the answer is shown.
        throttle: seconds between two updates, at least.
        by_alias: as in pydantic's `model_dump`.
    """
    items = _items(stream, form, throttle, by_alias)
    attempt = 1
    try:
        async for item in items:
            if stream.attempt != attempt:
                attempt = stream.attempt
                yield Attempt(attempt)
            yield update_of(item, form, f"{attempt}.{len(stream.text)}", by_alias)
    except Exception as error:  # noqa: BLE001 - the frontend is told
        yield Failed(problem_of(error), error)
    else:
        yield Done(usage_of(stream.usage), stream.attempt)
    finally:
        await items.aclose()


def usage_of(usage: Usage | None) -> dict[str, Any] | None:
    """The tokens as plain data, those that the vendor reported."""
    if usage is None:
        return None
    told = to_jsonable_python(usage)
    return {name: count for name, count in told.items() if count is not None}


def update_of(item: Any, form: Form, place: str, by_alias: bool | None) -> Update:  # noqa: FBT001
    if form == "json":
        return Text(item, place)
    if form == "snapshots":
        return Snapshot(as_json(item, by_alias=by_alias), place)
    return Patch(item, place, is_whole=item[0]["path"] == "")


def as_json(value: Any, *, by_alias: bool | None = None) -> Any:
    """A snapshot's JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=by_alias)
    return to_jsonable_python(value, by_alias=bool(by_alias))


def _items(
    stream: Stream,
    form: Form,
    throttle: float | None,
    by_alias: bool | None,  # noqa: FBT001
) -> _Items:
    view = view_of(stream, form, throttle, by_alias)
    if isinstance(stream, PartialStream):
        return _InThread(view)
    return _InLoop(view)


def view_of(
    stream: Any,
    form: Form,
    throttle: float | None,
    by_alias: bool | None,  # noqa: FBT001
) -> Any:
    if form == "snapshots":
        return stream.snapshots(throttle=throttle or 0.0)
    if form == "json":
        return stream.json_deltas(by_alias=by_alias, throttle=throttle)
    is_standard = form == "standard patches"
    return stream.patches(standard=is_standard, by_alias=by_alias, throttle=throttle)


class _InLoop(AsyncIterator[Any]):
    """The items of an async view."""

    def __init__(self, view: Any) -> None:
        self._view = view

    async def __anext__(self) -> Any:
        return await self._view.__anext__()

    async def aclose(self) -> None:
        await self._view.aclose()


class _InThread(AsyncIterator[Any]):
    """The items of a sync view, read by a thread, one when it is asked for."""

    def __init__(self, view: Any) -> None:
        self._view = view
        self._thread = ThreadPoolExecutor(1, "partwise-web")
        self._ident = 0

    async def __anext__(self) -> Any:
        item = await asyncio.get_running_loop().run_in_executor(self._thread, self._next)
        if item is _END:
            raise StopAsyncIteration
        return item

    def _next(self) -> Any:
        self._ident = threading.get_ident()
        return next(self._view, _END)

    async def aclose(self) -> None:
        """End the read that the thread is in, and let it close the stream."""
        closing = self._thread.submit(self._view.close)
        self._thread.shutdown(wait=False)
        for _ in range(_TRIES):
            if closing.done():
                return
            if self._ident:  # it may just be between two reads
                self._view.interrupt(self._ident)
            await asyncio.sleep(_TRY_SECONDS)


_Items: TypeAlias = _InLoop | _InThread
