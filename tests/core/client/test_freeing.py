"""The memory of a stream is free as soon as nobody refers to it: nothing waits for a collection."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, field_validator

import partwise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = '{"users": [{"name": "Jo", "tags": {"a": ["b'


class User(BaseModel):
    name: str
    tags: dict[str, list[str]] = {}


class Team(BaseModel):
    users: list[User]


class Picky(Team):
    @field_validator("users")
    @classmethod
    def _check(cls, users: list[User]) -> list[User]:
        raise LookupError("the validator's own")


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def break_off(stream: Any) -> None:
    for _ in stream:
        break


def read_one(stream: Any) -> None:
    next(stream)


def read_to_the_error(stream: Any) -> None:
    # No `pytest.raises`, which makes circles of its own.
    errors = 0
    for read in (list, methodcaller("result")):
        try:
            read(stream)
        except (partwise.PartwiseError, LookupError):
            errors += 1
    assert errors == 2


def close_a_view(stream: Any) -> None:
    view, other = stream.events(), stream.elements("users")
    next(view)
    view.close()
    other.close()


READ: list[Callable[[Any], None]] = [break_off, read_one, read_to_the_error, close_a_view]
TEXTS = [
    pytest.param(Team, [START, "c"], id="cut off"),
    pytest.param(Team, [START, "]"], id="malformed"),
    pytest.param(Team, [START, '"]}}, 7'], id="invalid"),
    pytest.param(Picky, [START, '"]}}]}'], id="a validator's own error"),
]


def parts_of(stream: Any) -> list[weakref.ref[Any]]:
    session = stream._session
    attempt = session.attempt
    return [weakref.ref(stream), weakref.ref(attempt), weakref.ref(attempt.builder)]


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize(("model", "pieces"), TEXTS)
def test_a_stream_that_was_left(model: Any, pieces: list[str], read: Any) -> None:
    stream = partwise.parse(model, pieces)
    parts = parts_of(stream)
    read(stream)
    parts += parts_of(stream)
    del stream
    assert [part() for part in parts] == [None] * len(parts)


async def abreak_off(stream: Any) -> None:
    async for _ in stream:
        break


async def aread_one(stream: Any) -> None:
    await anext(stream)


async def aread_to_the_error(stream: Any) -> None:
    errors = 0
    for read in (methodcaller("result"), methodcaller("result")):
        try:
            await read(stream)
        except (partwise.PartwiseError, LookupError):
            errors += 1
    assert errors == 2


@pytest.mark.parametrize("read", [abreak_off, aread_one, aread_to_the_error])
@pytest.mark.parametrize(("model", "pieces"), TEXTS)
def test_an_asynchronous_stream_that_was_left(model: Any, pieces: list[str], read: Any) -> None:
    async def main() -> None:
        stream = partwise.aparse(model, pieces)
        await read(stream)
        parts = parts_of(stream)
        del stream
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [part() for part in parts] == [None] * len(parts)

    asyncio.run(main())


def test_a_failed_attempt_is_freed_when_the_next_begins(sync: Any, kit: Any) -> None:
    script = kit.text('{"name": "Jo", "age": "x"}')
    with sync.client(script, kit.text('{"name": "Jo", "age": 2')) as client:
        stream = client.create_partial(kit.User, messages=[], mode="json_schema", max_retries=1)
        next(stream)
        first = weakref.ref(stream._session.attempt)
        while stream.attempt == 1:
            next(stream)
        assert first() is None


def test_a_client_s_stream_that_failed(sync: Any, kit: Any) -> None:
    def read(client: Any) -> list[weakref.ref[Any]]:
        stream = client.create_partial(kit.User, messages=[], max_retries=2)
        with suppress(partwise.RetriesExhaustedError):
            list(stream)
        return parts_of(stream)

    with sync.client(*[kit.text('{"name": "Jo", "age": "x"}')] * 3) as client:
        parts = read(client)
        assert [part() for part in parts] == [None] * len(parts)
