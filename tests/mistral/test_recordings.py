"""Every recorded stream, through the real SDK over loopback, ends as its description says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from partwise.provider import ProviderConfig, Request, Usage
from partwise_conformance import ReplayServer, Reply
from partwise_mistral import MistralProvider

from ..recorded import Answer, areplay, body_of, cases, check, meta_of, pieces, replay

CASES = cases("mistral-chat")


@pytest.fixture(scope="module")
def provider(server: ReplayServer) -> Iterator[MistralProvider]:
    config = ProviderConfig(name="mistral", api_key="no key", base_url=server.url)
    provider = MistralProvider(config)
    yield provider
    provider.close()


# While this lives, all tests of the module share one event loop, and so their connections.
@pytest.fixture(scope="module")
async def aprovider(provider: MistralProvider) -> AsyncIterator[MistralProvider]:
    yield provider
    await provider.aclose()


@pytest.mark.usefixtures("recordings")
def test_recordings_are_found() -> None:
    assert len(CASES) == 8


every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_cut = pytest.mark.parametrize("size", [1, 7, None])


@pytest.mark.sampled
@every_cut
@every_case
def test_sync(
    case: Path,
    size: int | None,
    server: ReplayServer,
    provider: MistralProvider,
    request_for: Callable[..., Request],
) -> None:
    server.enqueue(Reply(body=pieces(body_of(case), size)))

    check_all(replay(provider, request_for()), meta_of(case))


@pytest.mark.sampled
@every_cut
@every_case
async def test_async(
    case: Path,
    size: int | None,
    server: ReplayServer,
    aprovider: MistralProvider,
    request_for: Callable[..., Request],
) -> None:
    server.enqueue(Reply(body=pieces(body_of(case), size)))

    check_all(await areplay(aprovider, request_for()), meta_of(case))


def check_all(answer: Answer, meta: dict[str, Any]) -> None:
    check(answer, meta)
    assert answer.finishes[0].reason == meta["finish_reason"]
    spent = meta["usage"]
    cached = spent.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    assert answer.usage == Usage(spent["prompt_tokens"], spent["completion_tokens"], cached)
