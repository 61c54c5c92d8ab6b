"""`partwise ask` and `partwise demo`, through the vendor that a test plays."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from partwise_conformance import ReplayServer, chat_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODELS = "from pydantic import BaseModel\nclass User(BaseModel):\n    name: str\n    age: int\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


@pytest.fixture
def vendor() -> Iterator[ReplayServer]:
    with ReplayServer(chat_answer('{"name":"Ada","age":36}')) as server:
        yield server


def run(folder: Path, vendor: ReplayServer, *options: str, stdin: str = "") -> Any:
    command = [sys.executable, "-m", "partwise", "ask", "openai/gpt-4.1-mini"]
    command += ["--schema", "models.py:User", "--base-url", f"{vendor.url}/v1", *options]
    environment = {"OPENAI_API_KEY": "k", "PATH": ""}
    return subprocess.run(
        command,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_the_answer_and_the_question(folder: Path, vendor: ReplayServer) -> None:
    (folder / "notes.txt").write_text("from a file")
    done = run(folder, vendor, "Who?", "--file", "notes.txt", stdin="from a pipe")
    assert json.loads(done.stdout) == {"name": "Ada", "age": 36}, done.stderr
    (message,) = vendor.requests[0].json()["messages"]
    assert message["content"] == "Who?\n\nfrom a file\n\nfrom a pipe"


def test_patches_and_snapshots_line_by_line(folder: Path, vendor: ReplayServer) -> None:
    lines = run(folder, vendor, "Who?", "--output", "ndjson").stdout.splitlines()
    assert json.loads(lines[-1]) == {"name": "Ada", "age": 36}
    assert len(lines) > 1
    lines = run(folder, vendor, "Who?", "--output", "patches").stdout.splitlines()
    assert json.loads(lines[0])[0]["path"] == ""


def test_no_question(folder: Path, vendor: ReplayServer) -> None:
    failed = run(folder, vendor)
    assert failed.returncode == 2
    assert "no question: give PROMPT, --file or standard input." in failed.stderr


def test_the_demo() -> None:
    command = [sys.executable, "-m", "partwise", "demo"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "budget: 50000" in shown
