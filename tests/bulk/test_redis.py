from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from partwise_bulk._redis import RedisPace

if TYPE_CHECKING:
    from .conftest import FakeClock


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A real server of its own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server is installed")
    path = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if "ready to accept connections" in line:
                break
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
        yield f"unix://{path}"
        server.terminate()
        server.stdout.read()


@pytest.mark.full
async def test_two_workers_keep_one_limit(redis_url: str, clock: FakeClock) -> None:
    paces = [
        RedisPace(redis_url, "openai/x", 10, requests_per_minute=60, tokens_per_minute=None)
        for _ in range(2)
    ]
    async with clock.running(every=0.0005):
        for pace in [*paces] * 3:
            pace.clock = clock
            pace.release(await pace.acquire(1000))

    # One a second, with a burst of a second's: the server's clock hardly moves meanwhile.
    assert [round(seconds) for seconds in clock.slept] == [0, 0, 1, 2, 3, 4]
    for pace in paces:
        await pace.aclose()


async def test_tokens_are_shared_too(redis_url: str, clock: FakeClock) -> None:
    pace = RedisPace(redis_url, "openai/y", 10, requests_per_minute=None, tokens_per_minute=6000)
    pace.clock = clock
    async with clock.running(every=0.0005):
        for _ in range(3):
            pace.release(await pace.acquire(300))

    assert [round(seconds) for seconds in clock.slept] == [0, 2, 5]
    await pace.aclose()
