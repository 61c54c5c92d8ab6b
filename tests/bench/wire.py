"""From the socket to the snapshot, through the vendors' SDKs on loopback.

Against it stands the same SDK's own typed iteration, which parses nothing of the answer. The server
is another process, and only this one's CPU time is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from statistics import median
from time import process_time
from typing import Any

from google.genai import types

import partwise

from .documents import Reply, deltas, reply
from .serving import replier

_ASK: list[dict[str, Any]] = [{"role": "user", "content": "Who was there?"}]
_MODELS = {
    "openai": "gpt-4.1-mini",
    "anthropic": "claude-sonnet-4-5",
    "google": "gemini-2.5-flash",
}

# What the SDK is asked matters: it dumps the whole request anew for each chunk.
_ASK_GOOGLE: dict[str, Any] = {
    "model": _MODELS["google"],
    "contents": "Who was there?",
    "config": {
        "response_mime_type": "application/json",
        "response_json_schema": Reply.model_json_schema(),
    },
}


def measure(*, quick: bool) -> dict[str, Any]:
    """Seconds of CPU a chunk, ours and the SDK's, by vendor, sync and async; medians of rounds."""
    rounds, chars = (3, 8_000) if quick else (9, 20_000)
    chunks = len(deltas(reply(chars)))
    with replier("tests.bench.replier", str(chars)) as url:
        return {
            f"{vendor}, {kind}": _compare(_runs(vendor, kind, url), rounds, chunks)
            for vendor in _MODELS
            for kind in ("sync", "async")
        }


def _compare(runs: dict[str, Callable[[], None]], rounds: int, chunks: int) -> dict[str, float]:
    found: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = process_time()
            run()
            if turn:  # the first loads the SDK
                found[name].append((process_time() - start) / chunks)
    ratios = [ours / theirs for ours, theirs in zip(found["ours"], found["sdk"], strict=True)]
    return {**{name: median(times) for name, times in found.items()}, "ratio": median(ratios)}


def _runs(vendor: str, kind: str, url: str) -> dict[str, Callable[[], None]]:
    if kind == "sync":
        return {"ours": _ours(vendor, url), "sdk": _SDKS[vendor](url)}
    return {"ours": _awaited(_ours_async(vendor, url)), "sdk": _awaited(_ASYNC_SDKS[vendor](url))}


def _awaited(run: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    async def once() -> None:
        await run()

    return lambda: asyncio.run(once())


def _base(vendor: str, url: str) -> str:
    return f"{url}/v1" if vendor == "openai" else url


def _name(vendor: str) -> str:
    return f"{vendor}/{_MODELS[vendor]}"


def _options(vendor: str) -> dict[str, Any]:
    return {"max_tokens": 8_000} if vendor == "anthropic" else {}


def _ours(vendor: str, url: str) -> Callable[[], None]:
    client = partwise.from_provider(_name(vendor), api_key="none", base_url=_base(vendor, url))

    def run() -> None:
        for _ in client.create_partial(response_model=Reply, messages=_ASK, **_options(vendor)):
            pass

    return run


def _ours_async(vendor: str, url: str) -> Callable[[], Awaitable[None]]:
    client = partwise.from_provider(
        _name(vendor), async_client=True, api_key="none", base_url=_base(vendor, url)
    )

    async def run() -> None:
        stream = client.create_partial(response_model=Reply, messages=_ASK, **_options(vendor))
        async for _ in stream:
            pass

    return run


def _openai(url: str) -> Callable[[], None]:
    from openai import OpenAI

    client: Any = OpenAI(api_key="none", base_url=_base("openai", url))

    def run() -> None:
        for _ in client.chat.completions.create(
            model=_MODELS["openai"], messages=_ASK, stream=True
        ):
            pass

    return run


def _openai_async(url: str) -> Callable[[], Awaitable[None]]:
    from openai import AsyncOpenAI

    async def run() -> None:
        client: Any
        async with AsyncOpenAI(api_key="none", base_url=_base("openai", url)) as client:
            stream = await client.chat.completions.create(
                model=_MODELS["openai"], messages=_ASK, stream=True
            )
            async for _ in stream:
                pass

    return run


def _anthropic(url: str) -> Callable[[], None]:
    from anthropic import Anthropic

    client: Any = Anthropic(api_key="none", base_url=url)

    def run() -> None:
        for _ in client.messages.create(
            model=_MODELS["anthropic"], messages=_ASK, max_tokens=8_000, stream=True
        ):
            pass

    return run


def _anthropic_async(url: str) -> Callable[[], Awaitable[None]]:
    from anthropic import AsyncAnthropic

    async def run() -> None:
        client: Any
        async with AsyncAnthropic(api_key="none", base_url=url) as client:
            stream = await client.messages.create(
                model=_MODELS["anthropic"], messages=_ASK, max_tokens=8_000, stream=True
            )
            async for _ in stream:
                pass

    return run


def _google_client(url: str) -> Any:
    from google.genai import Client

    return Client(api_key="none", http_options=types.HttpOptions(base_url=url))


def _google(url: str) -> Callable[[], None]:
    client = _google_client(url)

    def run() -> None:
        for _ in client.models.generate_content_stream(**_ASK_GOOGLE):
            pass

    return run


def _google_async(url: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        client = _google_client(url)
        stream = await client.aio.models.generate_content_stream(**_ASK_GOOGLE)
        async for _ in stream:
            pass
        await client.aio.aclose()

    return run


_SDKS = {"openai": _openai, "anthropic": _anthropic, "google": _google}
_ASYNC_SDKS = {
    "openai": _openai_async,
    "anthropic": _anthropic_async,
    "google": _google_async,
}
