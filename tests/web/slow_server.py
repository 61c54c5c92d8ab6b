"""An app whose readers may be slow, in a process of its own: python slow_server.py PORT.

`/answer` is one answer, written once and read from a log; `/memory` is this process's in bytes.
Its protocol sends whole snapshots, so a queue of them would be long.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

import partwise
from partwise_web.log import MemoryLog, follow, write
from partwise_web.starlette import PartialResponse

LINES = 600
LINE = "a line of the answer, of about as many characters as a line has"
log = MemoryLog()
tasks: set[Any] = set()


async def lines() -> AsyncIterator[str]:
    yield '"'
    for number in range(LINES):
        yield f"{number} {LINE} "
        await asyncio.sleep(0.005)
    yield '"'


async def begin(_: Any) -> JSONResponse:
    tasks.add(asyncio.create_task(write(partwise.aparse(str, lines()), log, "a")))
    return JSONResponse({})


async def answer(_: Any) -> PartialResponse:
    return PartialResponse(follow(log, "a", str), protocol="ai-sdk", throttle=0.02)


async def memory(_: Any) -> JSONResponse:
    gc.collect()
    return JSONResponse(tracemalloc.get_traced_memory()[0])


def main(port: int) -> None:
    tracemalloc.start()
    routes = [Route("/begin", begin), Route("/answer", answer), Route("/memory", memory)]
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # little waits in the system
        config = uvicorn.Config(Starlette(routes=routes), log_level="error")
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
