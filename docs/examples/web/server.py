"""The demo as a page: `make web`.

    python docs/examples/web/server.py                         a server here plays the vendor
    python docs/examples/web/server.py openai/gpt-4.1-mini     the vendor itself, with your key

With --redis the vendor is asked by a process of its own, and the answer survives this one. Without,
a task of this process does it, and the log is in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from answering import Meeting, ask, playing
from demo import TEXT
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from partwise_web import CLIENT_JS
from partwise_web.log import MemoryLog, follow, write
from partwise_web.starlette import PartialResponse

if TYPE_CHECKING:
    from starlette.requests import Request

HERE = Path(__file__).parent
HEARTBEAT = 2.0


class Demo:
    """Starts workers, and shows their answers."""

    def __init__(self, model: str, address: str | None, redis_url: str | None) -> None:
        self._model = model
        self._address = address
        self._redis_url = redis_url
        self._workers: dict[str, Any] = {}
        self._log: Any = MemoryLog(heartbeat=HEARTBEAT) if redis_url is None else None

    @property
    def log(self) -> Any:
        """The log, connected in the loop that uses it."""
        if self._log is None:
            from redis.asyncio import Redis  # noqa: PLC0415 - the demo runs without it

            from partwise_web.log.redis import RedisLog  # noqa: PLC0415

            redis = Redis.from_url(str(self._redis_url))
            self._log = RedisLog(redis, heartbeat=HEARTBEAT)
        return self._log

    async def begin(self, _: Request) -> JSONResponse:
        """Let a worker ask for a new answer."""
        answer = uuid.uuid4().hex[:8]
        if self._redis_url is None:
            work = write(ask(self._model, self._address), self.log, answer)
            self._workers[answer] = asyncio.create_task(work)
        else:
            words = [self._redis_url, answer, self._model, *filter(None, [self._address])]
            command = [sys.executable, str(HERE / "worker.py"), *words]
            self._workers[answer] = subprocess.Popen(command)  # noqa: ASYNC220, S603 - it returns at once
        return JSONResponse({"id": answer})

    async def show(self, request: Request) -> PartialResponse:
        """The answer as it is written."""
        stream = follow(self.log, request.path_params["answer"], Meeting, wait=20)
        return PartialResponse(stream, protocol="sse", throttle=0.02)

    async def kill(self, request: Request) -> JSONResponse:
        """End the worker in the midst of it."""
        worker = self._workers.get(request.path_params["answer"])
        if isinstance(worker, asyncio.Task):
            worker.cancel()
        elif worker is not None:
            worker.kill()
        return JSONResponse({})

    def close(self) -> None:
        """End the workers' processes."""
        for worker in self._workers.values():
            if isinstance(worker, subprocess.Popen):
                worker.kill()
                worker.wait()

    async def text(self, _: Request) -> JSONResponse:
        """The text that the answer is about."""
        return JSONResponse({"text": TEXT.strip()})

    def app(self) -> Starlette:
        """The site."""
        return Starlette(
            routes=[
                Route("/", lambda _: FileResponse(HERE / "page.html")),
                Route("/client.js", lambda _: FileResponse(CLIENT_JS)),
                Route("/text", self.text),
                Route("/answers", self.begin, methods=["POST"]),
                Route("/answers/{answer}", self.show),
                Route("/answers/{answer}/kill", self.kill, methods=["POST"]),
            ]
        )


def main() -> None:
    """Read the command line, and serve."""
    parser = argparse.ArgumentParser(description="The demo as a page.")
    parser.add_argument("model", nargs="?", help="such as openai/gpt-4.1-mini; needs its key")
    parser.add_argument("--pace", type=float, default=0.03, help="seconds a delta of the server's")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--redis", help="the address of a Redis server, for the log")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        address = None if arguments.model else stack.enter_context(playing(arguments.pace))
        model = arguments.model or "openai/gpt-4.1-mini"
        print(f"http://127.0.0.1:{arguments.port}", flush=True)
        demo = Demo(model, address, arguments.redis)
        stack.callback(demo.close)
        uvicorn.run(demo.app(), host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
