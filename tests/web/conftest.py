"""A vendor that the test plays, an app on a real socket, and a Redis server for the log."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from pydantic import BaseModel
from starlette.background import BackgroundTask

import partwise
from partwise_conformance import ReplayServer, chat_answer

from .system import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Person(BaseModel):
    name: str
    role: str = "guest"


class Team(BaseModel):
    title: str
    people: list[Person]


TEXT = '{"title":"The analysts","people":[{"name":"Ada"},{"name":"Charles","role":"host"}]}'
FINAL = {
    "title": "The analysts",
    "people": [{"name": "Ada", "role": "guest"}, {"name": "Charles", "role": "host"}],
}
ASK: dict[str, Any] = {"response_model": Team, "messages": [{"role": "user", "content": "Who?"}]}


@pytest.fixture(scope="session", autouse=True)
def sdk() -> None:
    """The SDK is there before an HTTP client waits for the first answer."""
    with partwise.from_provider("openai/gpt-4.1-mini", api_key="k") as client:
        client.warm()


@pytest.fixture
def vendor() -> Iterator[ReplayServer]:
    with ReplayServer(chat_answer(TEXT)) as server:
        yield server


@pytest.fixture
def ask(vendor: ReplayServer) -> Callable[..., Any]:
    """Makes a stream of the vendor's answer."""

    def make(*, is_async: bool = True, **call: Any) -> Any:
        client = partwise.from_provider(
            "openai/gpt-4.1-mini",
            async_client=is_async,
            api_key="k",
            base_url=f"{vendor.url}/v1",
            max_retries=0,
        )
        stream: Any = client.create_partial(**{"max_retries": 0, **ASK, **call})
        stream.client = client
        return stream

    return make


def closing(stream: Any) -> BackgroundTask:
    """Closes the client of a stream that `ask` made."""
    return BackgroundTask(stream.client.close)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The app on a loopback socket: its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of this test run's own."""
    binary = program("redis-server")
    path = tmp_path_factory.mktemp("redis") / "redis.sock"
    command = [binary, "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=path.parent) as server:
        wait_for(path)
        yield f"unix://{path}"
        server.terminate()


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
