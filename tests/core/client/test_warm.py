"""The first asynchronous call loads the vendor's SDK beside the event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from partwise.provider import Finish, Mode, Request, TextDelta
from partwise_conformance import RecordedRequest, ReplayServer, Reply
from partwise_conformance.wire import write

from ...anthropic.wire import AnthropicWire
from ...google.wire import GoogleWire
from ...mistral.wire import MistralWire
from ...openai.wire import OpenAIWire

if TYPE_CHECKING:
    from pathlib import Path

    from partwise_conformance import Wire

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
        pytest.param("anthropic/claude-sonnet-4-5", "anthropic", marks=pytest.mark.full),
        pytest.param("mistral/mistral-small-latest", "mistralai", marks=pytest.mark.full),
        pytest.param("google/gemini-2.5-flash", "google.genai", marks=pytest.mark.full),
    ],
)
def test_warm_loads_the_sdk(model: str, module: str) -> None:
    code = WARM.format(model=model, module=module)
    subprocess.run([sys.executable, "-c", code], check=True)


LATE = """
import asyncio, sys, partwise
client = partwise.from_provider("google/gemini-2.5-flash", api_key="k", async_client=True)
asyncio.run(client.warm())
from google.genai import types
assert "anyio._backends._asyncio" in sys.modules
assert types.GenerateContentResponse.__pydantic_complete__
assert types.GenerateContentConfig.__pydantic_complete__
"""


def test_warm_does_all_that_the_sdk_and_its_http_library_put_off() -> None:
    subprocess.run([sys.executable, "-c", LATE], check=True)


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


def test_calls_that_begin_at_once_warm_once(asynchronous: Any, kit: Any) -> None:
    may_end, has_begun = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    threads: list[int] = []

    def load(*, is_async: bool) -> None:
        threads.append(threading.get_ident())
        loops[0].call_soon_threadsafe(has_begun.set)
        may_end.wait(10)

    async def main(client: Any) -> None:
        loops.append(asyncio.get_running_loop())
        asynchronous.provider.warm = load
        message = [{"role": "user", "content": "Who?"}]
        calls = [
            asyncio.ensure_future(client.create(kit.User, message, mode="json_schema"))
            for _ in range(3)
        ]
        await has_begun.wait()
        calls.pop(0).cancel()  # the one that has begun it
        await asyncio.sleep(0)
        may_end.set()
        assert [user.name for user in await asyncio.gather(*calls)] == ["Ada", "Ada"]

    script = [*kit.text('{"name": "Ada", "age": 36}'), Finish("stop", "stop")]
    with asynchronous.client(script, script) as client:
        asyncio.run(main(client))
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
    kept: list[list[int]] = []

    def load(*, is_async: bool) -> None:
        assert is_async
        kept.extend([each] for each in range(50_000))

    gc.freeze()  # and all stays so, as for the other tests
    with asynchronous.client() as client:
        asynchronous.provider.warm = load
        asyncio.run(client.warm())
    assert gc.get_freeze_count()


VENDORS = {
    "openai/gpt-4.1-mini": OpenAIWire(),
    "anthropic/claude-sonnet-4-5": AnthropicWire(),
    "google/gemini-2.5-flash": GoogleWire(),
    "mistral/mistral-small-latest": MistralWire(),
}
ASKED = Request(mode=Mode.JSON_SCHEMA, model="m", messages=[], schema={}, name="User")


def answering(wire: Wire) -> Any:
    """A handler of a server that plays this vendor."""
    body = write(wire, [TextDelta('{"name": "Ada", "age": 36}'), Finish("stop")], ASKED)

    def answer(_: RecordedRequest) -> Reply:
        headers = {"content-type": wire.framing.content_type}
        return Reply(body=[each for each in body if each], headers=headers)

    return answer


@pytest.mark.full
@pytest.mark.parametrize("model", VENDORS)
def test_the_first_call_of_a_process_stalls_the_loop_for_20_ms_at_most(
    model: str, root: Path
) -> None:
    wire = VENDORS[model]
    # Without it, all of the SDK would be compiled at each start, which holds the lock for longer.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "tests.core.client.first_call", model]
    stalls: list[float] = []
    with ReplayServer(answering(wire)) as server:
        while len(stalls) < 5 and min(stalls, default=1) > 0.02:
            run = [*command, server.url + wire.base_path]
            done = subprocess.run(
                run, cwd=root, env=environment, check=True, capture_output=True, text=True
            )
            stalls.append(float(done.stdout))
    assert min(stalls) <= 0.02, stalls
