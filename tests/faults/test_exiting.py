"""A program that ends in the middle of a stream: at once, quietly, and with the connection closed.

No `with`, no `close`: a script that falls off its end, and one that leaves its event loop.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from partwise_conformance import Hold, Reply

from .faults import body
from .vendors import ONE_VENDOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise_conformance import ReplayServer

    from .vendors import Vendor

PROMPTLY = 10.0

HEAD = """
import asyncio, sys, partwise
from pydantic import BaseModel

class Note(BaseModel):
    title: str
    count: int
    tags: list[str]

name, mode, url = sys.argv[1:]
options = {"mode": mode, "base_url": url, "api_key": "none"}
call = {"response_model": Note, "messages": [{"role": "user", "content": "?"}]}
"""
SYNC = """
stream = partwise.from_provider(name, **options).create_partial(**call)
next(stream)
print("leaving", flush=True)
"""
EXIT = """
for _ in partwise.from_provider(name, **options).create_partial(**call):
    print("leaving", flush=True)
    sys.exit()
"""
ASYNC = """
async def main():
    global stream
    stream = partwise.from_provider(name, async_client=True, **options).create_partial(**call)
    await anext(stream)
    print("leaving", flush=True)

asyncio.run(main())
"""


FORK = """
import os
stream = partwise.from_provider(name, **options).create_partial(**call)
next(stream)
child = os.fork()
if child == 0:
    note = partwise.from_provider(name, **options).create(Note, call["messages"])
    os._exit(note.count)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), flush=True)
sys.stdin.readline()
print(stream.result().title)
"""


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The process, which ends at the latest with the test."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("vendor", ONE_VENDOR, indirect=True)
@pytest.mark.parametrize("script", [SYNC, EXIT, ASYNC], ids=["end", "sys.exit", "end of loop"])
def test_a_program_that_ends(script: str, vendor: Vendor, server: ReplayServer) -> None:
    exchange = server.enqueue(body(*vendor.half(), Hold()))
    command = [sys.executable, "-W", "error", "-c", HEAD + script]
    with running([*command, vendor.model, vendor.mode, server.url]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leaving\n"
        said, complained = process.communicate(timeout=PROMPTLY)
    assert (process.returncode, said, complained) == (0, "", "")
    exchange.wait_disconnected()


@pytest.mark.skipif(sys.platform == "win32", reason="needs os.fork")
@pytest.mark.parametrize("vendor", ONE_VENDOR, indirect=True)
def test_a_child_process_reads_a_stream_of_its_own(vendor: Vendor, server: ReplayServer) -> None:
    exchange = server.enqueue(body(*vendor.half(), Hold(), *vendor.deltas()[2:], *vendor.tail()))
    server.enqueue(Reply(body=vendor.whole()))
    command = [sys.executable, "-c", HEAD + FORK]
    with running([*command, vendor.model, vendor.mode, server.url]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "3\n"
        exchange.release()
        said, complained = process.communicate("go on\n", timeout=PROMPTLY)
    assert (process.returncode, said, complained) == (0, "Café\n", "")
