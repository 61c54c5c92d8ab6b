"""Sync and async confused, arguments of a client that can't be, and a stream that was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable
from typing import Any

import pytest

import partwise
from partwise import ConfigurationError
from partwise.provider import Finish, TextDelta

MESSAGES = "Who?"
JO = '{"name": "Jo", "age": 25}'
SCRIPT = [*(TextDelta(char) for char in JO), Finish("stop", "stop")]


@pytest.fixture
def made(play: Any, kit: Any) -> Any:
    """A client and a stream of it, of the kind that `play` has."""
    with play.client(SCRIPT) as client:
        yield client, client.create_partial(kit.User, MESSAGES, mode="json_schema")


def raises(message: str) -> Any:
    return pytest.raises(ConfigurationError, match=message)


def test_a_stream_of_the_other_kind(made: Any, play: Any) -> None:
    _, stream = made

    async def wrong() -> None:
        for each in (stream, stream.events()):
            with raises(f"async with with a {type(each).__name__}, which is sync: write with"):
                async with each:
                    pass

    if not play.is_async:
        asyncio.run(wrong())
        assert not isinstance(stream, AsyncIterable)
        return
    for each in (stream, stream.events()):
        kind = type(each).__name__
        with raises(f"for with an {kind}, which is for asyncio: write async for, or make a"):
            list(each)
        with raises(rf"next\(\) with an {kind}, which is for asyncio: write await anext"):
            next(each)
        with raises(f"with with an {kind}, which is for asyncio: write async with"), each:
            pass
        assert not isinstance(each, Iterable)


def test_a_client_of_the_other_kind(made: Any, play: Any) -> None:
    client, _ = made

    async def wrong() -> None:
        async with client:
            pass

    if play.is_async:
        with raises("with with an AsyncClient, which is for asyncio: write async with"), client:
            pass
    else:
        with raises(r"a Client, which is sync: write with, .*from_provider\(…, async_client=True"):
            asyncio.run(wrong())


def test_a_stream_that_was_left(made: Any, play: Any) -> None:
    _, stream = made
    message = "leaving a loop over it, or a with block, closes it; .* next"

    async def leave() -> None:
        async for _ in stream:
            break
        with pytest.raises(partwise.IncompleteOutputError, match=message):
            await stream.result()

    if play.is_async:
        asyncio.run(leave())
        return
    for _ in stream:
        break
    with pytest.raises(partwise.IncompleteOutputError, match=message):
        stream.result()


# Making a client --------------------------------------------------------------------------------


class SDK:
    """An SDK's sync client."""

    def close(self) -> None: ...


class AsyncSDK:
    """Its twin for asyncio."""

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": None}, 'the model is a text as in "openai/gpt-4.1-mini", got a value of type'),
        ({"api_key": 5}, "api_key= must be a text, got a value of type int"),
        ({"api_key": b"secret"}, "api_key= must be a text, got a value of type bytes"),
        ({"api_key": "secret "}, "api_key= begins or ends with a space: strip it"),
        ({"base_url": 8080}, "base_url= must be a text"),
        ({"plugin": SDK}, "plugin= must be a text"),
        ({"cache": 5}, "cache= must be True, the path of a file or a function, got a value of typ"),
        ({"client": AsyncSDK()}, "client= is an AsyncSDK, .* pass async_client=True as well"),
    ],
)
def test_arguments_that_can_t_be(arguments: dict[str, Any], message: str) -> None:
    with raises(message) as caught:
        partwise.from_provider(**{"model": "fake/ada", **arguments})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("sdk", "twin"), [("openai:OpenAI", "openai.AsyncOpenAI"), ("anthropic:Anthropic", "anthropic")]
)
def test_a_sync_sdk_client_for_an_async_client(sdk: str, twin: str) -> None:
    import importlib

    module, _, name = sdk.partition(":")
    client = getattr(importlib.import_module(module), name)(api_key="k")
    with raises(rf"client= is sync, and async_client=True .* pass {twin}"):
        partwise.from_provider(f"{module}/m", client=client, async_client=True)


@pytest.mark.parametrize("found", ["gpt-4.1-mini", SDK, None])
@pytest.mark.parametrize("name", ["openai", "anthropic", "google"])
def test_no_sdk_client_to_adopt(name: str, found: Any) -> None:
    adopt = getattr(partwise, f"from_{name}")
    with raises(rf"from_{name}\(\) takes a client of the vendor's SDK.*got .*from_provider"):
        adopt(found)


def test_arguments_in_the_wrong_order(play: Any, kit: Any) -> None:
    with play.client() as client, raises("this is a list; pass the type first"):
        client.create_partial([{"role": "user", "content": "Who?"}], kit.User)


def test_is_complete(kit: Any) -> None:
    stream = partwise.parse(list[kit.User], iter(f"[{JO}]"))
    seen = [partwise.is_complete(users[0]) for users in stream if users]
    assert seen[0] is False
    assert seen == sorted(seen)
    assert seen[-1] is True
    values: list[Any] = [[], "x", None, 5]
    for value in values:
        with pytest.raises(TypeError, match="is_complete takes a pydantic"):
            partwise.is_complete(value)
