"""The README's Python runs, and prints what it says."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from partwise_conformance import ReplayServer, chat_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER = '{"users":[{"name":"Ada","age":36},{"name":"Alan","age":41}],"budget":50000}'
_block = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplayServer]:
    with ReplayServer(chat_answer(ANSWER)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "any will do")
        yield server


def test_its_python_runs_and_prints_what_it_says(
    root: Path,
    server: ReplayServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = ModuleType("readme")
    monkeypatch.setitem(sys.modules, "readme", module)
    for language, text in _block.findall((root / "README.md").read_text()):
        if language == "python":
            exec(compile(text, "README.md", "exec"), vars(module))  # noqa: S102  (it is ours)
        else:
            assert_in_order(text.splitlines(), capsys.readouterr().out.splitlines())

    module.client.close()
    assert len(server.requests) == 1


def assert_in_order(said: list[str], printed: list[str]) -> None:
    """The lines that are said were printed, in that order; `…` stands for any lines."""
    rest = iter(printed)
    for line in said:
        if line != "…":
            assert line in rest, f"not printed, or not there: {line}"
