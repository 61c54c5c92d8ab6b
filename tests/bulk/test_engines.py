"""Daft on its two runners, and Ray Data: the real engines, in environments of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_events

pytestmark = pytest.mark.xdist_group("engines")

SCRIPTS = Path(__file__).parent / "engines"
CONCURRENCY = 32  # of the scripts
PACKAGES = {
    "daft": ["daft>=0.7.10"],
    "ray": ["daft[ray]>=0.7.10", "ray[data]>=2.50"],
}


class Environments:
    """An environment for each engine, made once and kept, so that nobody else has to have it.

    Attributes:
        may_lack: whether a test is skipped, and does not fail, if that can't be done.
    """

    def __init__(self, root: Path, *, may_lack: bool) -> None:
        self._root = root
        self._uv = root / ".uv" / "bin" / "uv"
        self.may_lack = may_lack

    def python(self, name: str) -> str:
        """The interpreter that has this engine."""
        folder = self._root / ".engines" / name
        ready, engines = folder / ".ready", PACKAGES[name]
        if not ready.exists() or ready.read_text() != str(engines):
            self._make(folder, engines)
            ready.write_text(str(engines))
        return str(folder / "bin" / "python")

    def _make(self, folder: Path, engines: list[str]) -> None:
        members = ["core", "conformance", *(f"plugins/{name}" for name in ("bulk", "openai"))]
        editable = [part for member in members for part in ("-e", str(self._root / member))]
        self._run("venv", "-q", "--clear", "--python", sys.executable, str(folder))
        self._run("pip", "install", "-q", "--python", str(folder), *engines, "pyarrow", *editable)

    def _run(self, *arguments: str) -> None:
        if self.may_lack and not self._uv.exists():
            pytest.skip(f"there is no {self._uv} to install the engine with")
        try:
            subprocess.run(
                [self._uv, *arguments], capture_output=True, text=True, check=True, timeout=200
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            told = f"the engine can't be installed here: {error}\n{error.stderr!s}"
            (pytest.skip if self.may_lack else pytest.fail)(told)


@pytest.fixture(scope="session")
def environments(root: Path, pytestconfig: pytest.Config) -> Environments:
    return Environments(root, may_lack=not pytestconfig.getoption("--full"))


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
    environments: Environments, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """It has no workers: the same command again is the way on, and the cache has the answers."""
    # A row costs both processes some 3 ms, so that `make test` has few.
    count = 5000 if pytestconfig.getoption("--full") else 400
    vendor = Vendor(kill_after=count * 2 // 5)
    with vendor.server:
        python = environments.python("daft")
        command = (python, f"{vendor.server.url}/v1", count, "native", tmp_path / "answers.db")
        with start("daft_rows.py", *command) as process:
            vendor.victim = process.pid
        assert process.returncode == -signal.SIGKILL
        answered = vendor.answered.copy()
        found = run("daft_rows.py", *command)

    check(found, count)
    assert "tags" in found["type"]
    # Valid answers are asked again only if they were on their way when it was killed.
    twice = [n for n, times in vendor.answered.items() if times > 1 and n % 100 != 7]
    assert count * 0.38 > len(answered) - CONCURRENCY > count * 0.2
    assert len(twice) <= CONCURRENCY


@pytest.mark.full
def test_daft_on_ray_with_a_worker_killed(environments: Environments, tmp_path: Path) -> None:
    vendor = Vendor(kill_after=2000)
    with vendor.server:
        python = environments.python("ray")
        command = (python, f"{vendor.server.url}/v1", 5000, "ray", tmp_path / "answers.db")
        found = run("daft_rows.py", *command)

    check(found, 5000)
    assert vendor.killed
    assert len(vendor.processes) > 1


@pytest.mark.full
def test_ray_data_with_a_worker_killed(environments: Environments) -> None:
    vendor = Vendor(kill_after=800)
    with vendor.server:
        python = environments.python("ray")
        found = run("ray_rows.py", python, f"{vendor.server.url}/v1", 2000)

    check(found, 2000)
    assert vendor.killed
    assert len(vendor.processes) > 1
