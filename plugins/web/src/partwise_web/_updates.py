"""Reads a stream as updates for a frontend: the one layer that all protocols are written on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from partwise import AsyncPartialStream, PartialStream, Usage

from ._catch_up import CatchUp
from ._problems import problem_of
from ._thread import END, ReadingThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._problems import Problem

Stream: TypeAlias = "AsyncPartialStream[Any] | PartialStream[Any]"

Form: TypeAlias = Literal["patches", "standard patches", "snapshots", "json"]
"""The form in which a protocol shows an answer: `patches` know `append`, the standard ones do not;
`json` is the text of the answer's JSON."""

ENDED = "end"
"""The id of the last event: whoever comes back with it has seen everything."""

TRY_SECONDS = 0.01
"""Between two tries to end a read in a thread."""


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


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing has come for the time of a heartbeat."""


Update: TypeAlias = Patch | Snapshot | Text | Attempt | Silence | Done | Failed


async def updates(  # noqa: PLR0913 - the stream's own, and the reader's
    stream: Stream,
    form: Form,
    *,
    throttle: float | None = None,
    by_alias: bool | None = None,
    heartbeat: float | None = None,
    seen: str | None = None,
) -> AsyncGenerator[Update, None]:
    """Read a stream to its end, or until this is closed, which closes the stream.

    A sync stream is read by a thread of its own. An attempt is told of when it begins, and not only
    with its first content.

    Args:
        stream: one that nobody has read yet.
        form: the form in which the answer is shown.
        throttle: seconds between two updates, at least.
        by_alias: as in pydantic's `model_dump`.
        heartbeat: seconds after which a silence is told of; None tells of none.
        seen: the id of the last update that the reader has seen. The patches up to there come as
            one, which sets the whole document.
    """
    marks = _Marks(stream)
    view = view_of(stream, form, throttle, by_alias)
    items = _InThread(view) if isinstance(stream, PartialStream) else view
    held = CatchUp(seen if form == "patches" else None)
    last: Update | None = None
    try:
        async for item in _with_marks(items, marks, heartbeat):
            if isinstance(item, Attempt | Silence):
                yield item
                continue
            last = update_of(item, form, place_of(stream), by_alias)
            update = held.take(last) if isinstance(last, Patch) else last
            if update is not None:
                yield update
        if isinstance(last, Patch) and (rest := held.rest(last)):
            yield rest
    except Exception as error:  # noqa: BLE001 - the frontend is told
        yield Failed(problem_of(error), error)
    else:
        yield Done(usage_of(stream.usage), stream.attempt)
    finally:
        await items.aclose()


async def _with_marks(items: Any, marks: _Marks, heartbeat: float | None) -> AsyncIterator[Any]:
    """The items, and between them the attempts that begin and the silences."""
    following: asyncio.Task[Any] | None = None
    try:
        while True:
            following = following or asyncio.create_task(_next(items))
            mark = marks.next_one()
            await asyncio.wait(
                {following, mark}, timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED
            )
            if mark.done():
                yield Attempt(marks.take())
            elif not following.done():
                yield Silence()
            elif (item := following.result()) is END:
                return
            else:
                following = None
                yield item
    finally:
        if following is not None and not following.done():
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


async def _next(items: Any) -> Any:
    return await anext(items, END)


class _Marks:
    """The attempts that have begun, as the stream's hooks say, in whatever thread it is read."""

    def __init__(self, stream: Stream) -> None:
        self._loop = asyncio.get_running_loop()
        self._begun: deque[int] = deque(maxlen=1)
        self._future: asyncio.Future[None] = self._loop.create_future()
        watch_attempts(stream, self._note)

    def _note(self, attempt: int) -> None:
        self._begun.append(attempt)
        with suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self.next_one)

    def next_one(self) -> asyncio.Future[None]:
        """A future that is done once there is an attempt to be told of."""
        if self._begun and not self._future.done():
            self._future.set_result(None)
        return self._future

    def take(self) -> int:
        """The newest attempt."""
        self._future = self._loop.create_future()
        return self._begun.pop()


def watch_attempts(stream: Stream, note: Callable[[int], None]) -> None:
    """Call `note` with the number of each attempt that begins anew or goes on."""

    def begin(attempt: int, _: Exception) -> None:
        note(attempt)

    stream.on("stream:restart", begin)
    stream.on("stream:resume", begin)


def place_of(stream: Stream) -> str:
    """The id of the update that shows all of the stream so far."""
    return f"{stream.attempt}.{len(stream.text)}"


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
        return value.model_dump(mode="json", by_alias=by_alias, warnings=False)
    return to_jsonable_python(value, by_alias=bool(by_alias))


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


class _InThread(AsyncIterator[Any]):
    """The items of a sync view, read by a thread."""

    def __init__(self, view: Any) -> None:
        self._thread = ReadingThread(view)

    async def __anext__(self) -> Any:
        item = await asyncio.wrap_future(self._thread.read())
        if item is END:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        for _ in self._thread.close():
            await asyncio.sleep(TRY_SECONDS)
