"""The engine that `make engine` builds, serving its model of random weights on loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

FOLDER = Path(__file__).resolve().parents[2] / ".engine"
PROGRAM, MODEL = FOLDER / "build" / "bin" / "llama-server", FOLDER / "tiny.gguf"

START = 60.0
STOP = 10.0


class Engine:
    """A running llama-server.

    Attributes:
        url: what a client needs.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.url = f"{address}/v1"

    @property
    def is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self.address}/health").is_success
        except httpx2.TransportError:
            return False

    @property
    def is_writing(self) -> bool:
        """Whether it writes an answer now."""
        slots = httpx2.get(f"{self.address}/slots").raise_for_status().json()
        return any(slot["is_processing"] for slot in slots)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if not (PROGRAM.exists() and MODEL.exists()):
        pytest.skip("there is no engine here: `make engine` builds it")
    log = tmp_path_factory.mktemp("engine") / "log.txt"
    port = free_port()
    options = ["--jinja", "--parallel", "1", "--threads", "1", "--ctx-size", "8192", "--offline"]
    address = ["--host", "127.0.0.1", "--port", str(port)]
    command = [str(PROGRAM), "--model", str(MODEL), *address, *options]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as server,
    ):
        try:
            engine = Engine(f"http://127.0.0.1:{port}")
            deadline = time.monotonic() + START
            while not engine.is_ready:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield engine
        finally:
            server.terminate()
            server.wait(STOP)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
