"""The Python in the READMEs and on the page about snapshots runs, and prints what they say."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import partwise
from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEAM = '{"users":[{"name":"Ada","age":36},{"name":"Alan","age":41}],"budget":50000}'
USER = '{"name":"Jason","age":12}'
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY")
PLUGINS = ("openai", "anthropic", "google", "mistral", "bedrock", "replay", "fake")
FOLDERS = ["core", *(f"plugins/{name}" for name in PLUGINS), "conformance"]
PAGES = ["README.md", *(f"{name}/README.md" for name in FOLDERS), "docs/snapshots.md"]
_block = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def answer(request: RecordedRequest) -> Reply:
    return chat_answer(TEAM if b'"Team"' in request.body else USER)(request)


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplayServer]:
    with ReplayServer(answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        for key in KEYS:
            monkeypatch.setenv(key, "any will do")
        yield server


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """Where a page's Python runs: one module for all its blocks. Its clients are closed."""
    monkeypatch.chdir(tmp_path)
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    yield module
    for value in vars(module).values():
        if isinstance(value, partwise.Client):
            value.close()


@pytest.mark.parametrize("page", PAGES)
def test_its_python_runs_and_prints_what_it_says(
    root: Path, page: str, module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, text in _block.findall((root / page).read_text()):
        if language == "python":
            exec(compile(text, page, "exec"), vars(module))  # noqa: S102  (it is ours)
        else:
            assert_in_order(text.splitlines(), capsys.readouterr().out.splitlines())

    assert "partwise" in vars(module)


def assert_in_order(said: list[str], printed: list[str]) -> None:
    """The lines that are said were printed, in that order.

    `…` stands for any lines, and at the end of one for the rest of it.
    """
    rest = iter(printed)
    for line in said:
        if line != "…":
            start = line.removesuffix("…")
            found = any(each == line or (start != line and each.startswith(start)) for each in rest)
            assert found, f"not printed, or not there: {line}"
