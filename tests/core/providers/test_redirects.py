"""A redirect to another origin is not followed; one that stays is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from partwise.provider import refuse_redirects
from partwise_conformance import ReplayServer, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def servers() -> Iterator[tuple[ReplayServer, ReplayServer]]:
    with ReplayServer() as home, ReplayServer() as stranger:
        stranger.enqueue(Reply(body=[b"stolen"]))
        yield home, stranger


def redirect(to: str) -> Reply:
    return Reply(status=307, headers={"location": to}, framing="length")


async def aget(url: str) -> httpx2.Response:
    async with refuse_redirects(httpx2.AsyncClient(follow_redirects=True)) as client:
        return await client.post(url, content=b"prompt", headers={"x-api-key": "key"})


def get(url: str) -> httpx2.Response:
    with refuse_redirects(refuse_redirects(httpx2.Client(follow_redirects=True))) as client:
        assert len(client.event_hooks["response"]) == 1
        return client.post(url, content=b"prompt", headers={"x-api-key": "key"})


@pytest.mark.parametrize("is_async", [False, True])
def test_another_origin_gets_nothing(
    servers: tuple[ReplayServer, ReplayServer], *, is_async: bool
) -> None:
    home, stranger = servers
    home.enqueue(redirect(f"{stranger.url}/v1"))
    url = f"{home.url}/v1"
    response = asyncio.run(aget(url)) if is_async else get(url)

    assert response.status_code == 307
    assert not stranger.requests


@pytest.mark.parametrize("is_async", [False, True])
def test_the_same_origin_is_followed(
    servers: tuple[ReplayServer, ReplayServer], *, is_async: bool
) -> None:
    home, _ = servers
    home.enqueue(redirect("/v1/"))
    home.enqueue(Reply(body=[b"hello"]))
    url = f"{home.url}/v1"
    response = asyncio.run(aget(url)) if is_async else get(url)

    assert response.text == "hello"
    assert home.requests[-1].headers["x-api-key"] == "key"
