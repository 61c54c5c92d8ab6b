"""Daft on its two runners, and Ray Data, each in an environment of its own with the real engine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_events

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("engines")]

SCRIPTS = Path(__file__).parent / "engines"
CONCURRENCY = 32  # of the scripts
PACKAGES = {"daft": ["daft[ray]>=0.7.10"], "ray": ["ray[data]>=2.50"]}


@pytest.fixture(scope="session")
def environments(root: Path) -> Path:
    """Where the engines are installed: nobody else is to have them."""
    return root / ".engines"


def python_with(name: str, root: Path, folder: Path) -> str:
    python = folder / name / "bin" / "python"
    if not python.exists():
        uv = str(root / ".uv" / "bin" / "uv")
        members = [root / "core", root / "conformance"]
        members += [root / "plugins" / plugin for plugin in ("bulk", "openai", "replay", "fake")]
        editable = [part for member in members for part in ("-e", str(member))]
        subprocess.run([uv, "venv", "-q", str(folder / name)], check=True)
        install = [uv, "pip", "install", "-q", "--python", str(folder / name)]
        subprocess.run([*install, *PACKAGES[name], "pyarrow", *editable], check=True)
    return str(python)


class Vendor:
    """Answers each row with its number, refuses one in ten, and may kill who asks."""

    def __init__(self, kill_after: int | None = None) -> None:
        self.asked: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()
        self.processes: set[int] = set()
        self.killed: list[int] = []
        self.victim: int | None = None
        self.most = 0
        self._kill_after = kill_after
        self.server = ReplayServer(self._answer)

    def _answer(self, request: RecordedRequest) -> Reply:
        body = request.json()
        found = re.search(r"process (\d+) row (\d+)", body["messages"][-1]["content"])
        assert found is not None
        process, number = self.victim or int(found[1]), int(found[2])
        self.asked[number] += 1
        self.processes.add(process)
        if self._kill_after and not self.killed and self.asked.total() >= self._kill_after:
            self.killed.append(process)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if number % 10 == 3 and self.asked[number] == 1:
            return Reply.of_json({"error": {"message": "no"}}, status=429)
        self.answered[number] += 1
        text = "no JSON" if number % 100 == 7 else json.dumps({"number": number, "tags": ["a"]})
        return Reply(body=[b"".join(chat_events([text], body))])


def start(script: str, python: str, *arguments: Any) -> subprocess.Popen[str]:
    # Ray asks for a token of its own since 2.5x, unless it is told not to.
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "DAFT_PROGRESS_BAR": "0"}
    command = [python, str(SCRIPTS / script), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


def run(script: str, python: str, *arguments: Any) -> Any:
    with start(script, python, *arguments) as process:
        output, errors = process.communicate(timeout=280)
    assert process.returncode == 0, errors[-3000:]
    return json.loads(output.splitlines()[-1])


def check(found: Any, count: int) -> None:
    assert found["rows"] == list(range(count))
    wanted = [None if n % 100 == 7 else n for n in range(count)]
    assert found["numbers"] == wanted
    assert found["errors"] == ["MalformedOutputError"] * wanted.count(None)


def test_daft_native_with_its_process_killed(
    root: Path, environments: Path, tmp_path: Path
) -> None:
    """It has no workers: the same command again is the way on, and the cache has the answers."""
    vendor = Vendor(kill_after=2000)
    with vendor.server:
        python = python_with("daft", root, environments)
        command = (python, f"{vendor.server.url}/v1", 5000, "native", tmp_path / "answers.db")
        with start("daft_rows.py", *command) as process:
            vendor.victim = process.pid
        assert process.returncode == -signal.SIGKILL
        answered = vendor.answered.copy()
        found = run("daft_rows.py", *command)

    check(found, 5000)
    assert "tags" in found["type"]
    # Valid answers are asked again only if they were on their way when it was killed.
    twice = [n for n, times in vendor.answered.items() if times > 1 and n % 100 != 7]
    assert 1900 > len(answered) - CONCURRENCY > 1000
    assert len(twice) <= CONCURRENCY


def test_daft_on_ray_with_a_worker_killed(root: Path, environments: Path, tmp_path: Path) -> None:
    vendor = Vendor(kill_after=2000)
    with vendor.server:
        python = python_with("daft", root, environments)
        command = (python, f"{vendor.server.url}/v1", 5000, "ray", tmp_path / "answers.db")
        found = run("daft_rows.py", *command)

    check(found, 5000)
    assert vendor.killed
    assert len(vendor.processes) > 1


def test_ray_data_with_a_worker_killed(root: Path, environments: Path) -> None:
    vendor = Vendor(kill_after=2000)
    with vendor.server:
        python = python_with("ray", root, environments)
        found = run("ray_rows.py", python, f"{vendor.server.url}/v1", 5000)

    check(found, 5000)
    assert vendor.killed
    assert len(vendor.processes) > 1
