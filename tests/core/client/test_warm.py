"""The first asynchronous call loads the vendor's SDK beside the event loop."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from typing import Any

import pytest

from partwise.provider import Finish

WARM = """
import sys, partwise
client = partwise.from_provider("{model}", api_key="k")
assert "{module}" not in sys.modules
client.warm()
assert "{module}" in sys.modules
"""


@pytest.mark.parametrize(
    ("model", "module"),
    [
        ("openai/gpt-4.1-mini", "openai.resources.chat"),
        ("anthropic/claude-sonnet-4-5", "anthropic"),
        ("mistral/mistral-small-latest", "mistralai"),
        ("google/gemini-2.5-flash", "google.genai"),
    ],
)
def test_warm_loads_the_sdk(model: str, module: str) -> None:
    code = WARM.format(model=model, module=module)
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_asynchronous_call_warms_in_a_thread_and_once(asynchronous: Any, kit: Any) -> None:
    threads: list[int] = []

    async def main(client: Any) -> None:
        asynchronous.provider.warm = lambda is_async: threads.append(threading.get_ident())
        for _ in range(2):
            await client.create(kit.User, [{"role": "user", "content": "Who?"}], mode="json_schema")
        await client.warm()

    script = [*kit.text('{"name": "Ada", "age": 36}'), Finish("stop", "stop")]
    with asynchronous.client(script, script) as client:
        asyncio.run(main(client))
    assert threading.get_ident() not in threads
    assert len(threads) == 1


@pytest.mark.parametrize("collects", [True, False])
def test_meanwhile_no_garbage_is_collected_and_the_lock_changes_hands_often(
    asynchronous: Any,
    collects: bool,
) -> None:
    meanwhile: list[tuple[bool, bool]] = []
    full: list[str] = []
    interval = sys.getswitchinterval()

    def load(*, is_async: bool) -> None:
        assert is_async
        meanwhile.append((gc.isenabled(), sys.getswitchinterval() < interval))
        load.kept = [[each] for each in range(200_000)]  # type: ignore[attr-defined]
        raise ImportError

    def note(phase: str, info: dict[str, int]) -> None:
        if info["generation"] == 2:
            full.append(phase)

    async def main(client: Any) -> None:
        await client.warm()
        _ = [[each] for each in range(2_000)]  # young ones are collected again

    gc.collect()
    gc.callbacks.append(note)
    if not collects:
        gc.disable()
    try:
        with asynchronous.client() as client:
            asynchronous.provider.warm = load
            asyncio.run(main(client))
        assert gc.isenabled() is collects
    finally:
        gc.callbacks.remove(note)
        gc.enable()
    assert meanwhile == [(False, True)]
    assert full == []
    assert sys.getswitchinterval() == interval


def test_what_the_user_has_frozen_stays_so(asynchronous: Any) -> None:
    gc.freeze()
    try:
        with asynchronous.client() as client:
            asynchronous.provider.warm = lambda is_async: None
            asyncio.run(client.warm())
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()
