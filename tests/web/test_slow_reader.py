"""A reader that is slow over HTTP, beside ten that are not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from .browser_tools import ROOT
from .slow_server import LINE, LINES
from .test_demo import free_port, wait_until_it_answers

pytestmark = pytest.mark.full

WHOLE = "".join(f"{number} {LINE} " for number in range(LINES))
FAST = 10


class Reader:
    """Reads the answer; a slow one 1 KB a second, until it is told to read the rest."""

    def __init__(self, port: int, *, is_slow: bool = False) -> None:
        self.snapshots: list[str] = []
        self.has_ended = False
        self.seconds = 0.0
        self.may_go_on = threading.Event()
        if not is_slow:
            self.may_go_on.set()
        self._thread = threading.Thread(target=self._read, args=(port,))
        self._thread.start()

    def join(self) -> None:
        self.may_go_on.set()
        self._thread.join()

    def _read(self, port: int) -> None:
        begun, found = time.monotonic(), b""
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /answer HTTP/1.0\r\nhost: here\r\n\r\n")
            while piece := client.recv(65536 if self.may_go_on.is_set() else 102):
                found += piece
                self.may_go_on.wait(0.1)
        self.seconds = time.monotonic() - begun
        for line in found.decode().splitlines():
            if line.startswith('data: {"type":"data-answer"'):
                self.snapshots.append(json.loads(line[6:])["data"])
            self.has_ended |= line == "data: [DONE]"


def run(slow: int) -> tuple[list[Reader], list[Reader], int]:
    """Ten fast readers and so many slow ones, and the bytes by which the server grows."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.web.slow_server", str(port)]
    with subprocess.Popen(command, cwd=ROOT) as server:
        wait_until_it_answers(f"{url}/memory")
        httpx.get(f"{url}/begin")
        fast = [Reader(port) for _ in range(FAST)]
        late = [Reader(port, is_slow=True) for _ in range(slow)]
        before = httpx.get(f"{url}/memory").json()
        for reader in fast:
            reader.join()
        grown = httpx.get(f"{url}/memory").json() - before
        for reader in late:
            reader.join()
        server.terminate()
    return fast, late, grown


def test_a_slow_reader_costs_nobody_anything() -> None:
    alone, _, grown_alone = run(slow=0)
    fast, (slow,), grown = run(slow=1)
    for reader in [*alone, *fast, slow]:
        assert reader.snapshots[-1] == WHOLE
        assert reader.has_ended
    queued = sum(map(len, fast[0].snapshots[len(slow.snapshots) :]))
    assert grown - grown_alone < queued / 4
    assert len(slow.snapshots) < len(fast[0].snapshots) / 4  # it has got the newest, not each
    usual = sum(reader.seconds for reader in alone) / FAST
    assert all(reader.seconds < 1.5 * usual + 1 for reader in fast)
