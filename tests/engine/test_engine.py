"""A real engine, with random weights and a grammar: what it writes nobody can foresee, but it fits.

llama.cpp's own server, through `from_provider("llamacpp/tiny")` and the OpenAI SDK.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

import partwise
from partwise import AsyncClient, Client, IncompleteOutputError, Mode

if TYPE_CHECKING:
    from .conftest import Engine

# One worker runs them all, with one engine.
pytestmark = pytest.mark.xdist_group("engine")

QUESTION = [{"role": "user", "content": "Write a note, in any words."}]
SEEDS = range(3)

# The two words that are a double quote: its byte, and the letter. See `tiny.py`.
NO_QUOTES = {"37": -100, "261": -100}


class Author(BaseModel):
    name: str = Field(max_length=8)
    age: int = Field(ge=0, le=120)


class Note(BaseModel):
    """A note."""

    title: str = Field(max_length=24)
    color: Literal["red", "green", "blue"]
    count: int = Field(ge=0, le=999)
    urgent: bool
    tags: list[Annotated[str, Field(max_length=6)]] = Field(max_length=3)
    author: Author


class Essay(BaseModel):
    text: str


@pytest.fixture(params=[Mode.TOOLS, Mode.JSON_SCHEMA], ids=str)
def mode(request: pytest.FixtureRequest) -> Mode:
    mode: Mode = request.param
    return mode


@pytest.fixture
def client(engine: Engine) -> Iterator[Client]:
    with partwise.from_provider("llamacpp/tiny", base_url=engine.url) as client:
        yield client


@pytest.fixture
def call(mode: Mode) -> dict[str, Any]:
    """What the calls here have in common."""
    return {"messages": QUESTION, "mode": mode, "max_retries": 0, "seed": 7}


def aclient(engine: Engine) -> AsyncClient:
    return partwise.from_provider("llamacpp/tiny", base_url=engine.url, async_client=True)


def check(stream: Any, snapshots: list[Any], mode: Mode) -> None:
    """The snapshots are those of an answer that came token by token."""
    assert snapshots[-1] == Note.model_validate_json(stream.text)
    assert type(snapshots[-1]) is Note
    assert all(isinstance(snapshot, Note) for snapshot in snapshots)
    titles = [snapshot.title for snapshot in snapshots if snapshot.title is not None]
    assert all(new.startswith(old) for old, new in pairwise(titles))
    assert len(set(titles)) > 2
    assert stream.finish_reason == ("tool_calls" if mode is Mode.TOOLS else "stop")
    assert stream.usage_complete
    assert stream.usage.input_tokens > 0
    assert stream.usage.output_tokens > len(stream.text) // 8


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer(seed: int, client: Client, call: dict[str, Any], mode: Mode) -> None:
    stream = client.create_partial(response_model=Note, **call | {"seed": seed})

    check(stream, list(stream), mode)


@pytest.mark.parametrize("seed", SEEDS)
async def test_an_answer_async(seed: int, engine: Engine, call: dict[str, Any], mode: Mode) -> None:
    async with aclient(engine) as client:
        stream = client.create_partial(response_model=Note, **call | {"seed": seed})

        check(stream, [snapshot async for snapshot in stream], mode)


def test_elements_as_they_are_complete(client: Client, call: dict[str, Any]) -> None:
    authors = list(client.create_iterable(response_model=Author, **call, max_tokens=400))

    assert all(type(author) is Author for author in authors)


def test_an_answer_that_never_ends(client: Client, call: dict[str, Any]) -> None:
    stream = client.create_partial(
        response_model=Essay, **call, max_tokens=200, logit_bias=NO_QUOTES
    )

    with pytest.raises(IncompleteOutputError) as caught:
        list(stream)
    check_cut_off(caught.value)


async def test_an_answer_that_never_ends_async(engine: Engine, call: dict[str, Any]) -> None:
    async with aclient(engine) as client:
        stream = client.create_partial(
            response_model=Essay, **call, max_tokens=200, logit_bias=NO_QUOTES
        )
        with pytest.raises(IncompleteOutputError) as caught:
            await stream.result()
    check_cut_off(caught.value)


def check_cut_off(error: IncompleteOutputError) -> None:
    assert error.finish_reason == "length"
    assert error.usage
    assert error.usage.output_tokens == 200
    assert error.snapshot.text
    assert error.text.startswith("{")


def stops(engine: Engine, seconds: float = 1.0) -> bool:
    """Whether the engine stops writing, long before it would by itself."""
    deadline = time.monotonic() + seconds
    while engine.is_writing:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def test_leaving_early(engine: Engine, client: Client, call: dict[str, Any]) -> None:
    for _ in client.create_partial(response_model=Essay, **call, logit_bias=NO_QUOTES):
        assert engine.is_writing
        break

    assert stops(engine)


async def test_cancelling(engine: Engine, call: dict[str, Any]) -> None:
    async with aclient(engine) as client:
        stream = client.create_partial(response_model=Essay, **call, logit_bias=NO_QUOTES)
        await anext(stream)
        assert engine.is_writing
        task = asyncio.ensure_future(stream.result())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await asyncio.to_thread(stops, engine)


def test_asking_again(client: Client, call: dict[str, Any]) -> None:
    """The engine takes back what it wrote, and the fault in it."""
    tries: list[str] = []

    class Picky(Author):
        @field_validator("name")
        @classmethod
        def is_new(cls, name: str) -> str:
            tries.append(name)
            if len(tries) == 1:
                raise ValueError("take another name")
            return name

    author = client.create(response_model=Picky, **call | {"max_retries": 1})

    assert author.name == tries[-1]
    assert len(tries) > 1


def test_the_default_mode(engine: Engine) -> None:
    with partwise.from_provider("llamacpp/tiny", base_url=engine.url) as client:
        author = client.create(response_model=Author, messages=QUESTION, seed=7)

    assert author == Author.model_validate(author.model_dump())
