"""The first asynchronous call loads the vendor's SDK beside the event loop."""

from __future__ import annotations

import asyncio
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
