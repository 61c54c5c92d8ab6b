"""The command line, run in this process: what it prints, and its exit code."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from partwise._cli import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MODELS = """
from pydantic import BaseModel, Field


class User(BaseModel):
    name: str
    age: int = Field(ge=0)
    nick: str = "none"


class Team(BaseModel):
    users: list[User]
    budgets: dict[str, int]


class Group:
    User = User


Names = list[str]


def question(name: str) -> str: ...
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error."""
        assert self.out == ""
        assert self.err.startswith("partwise: ")
        assert self.err.count("\n") == 1, self.err
        return self.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, in which a module of models lies."""
    (tmp_path / "models_of_cli.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield tmp_path
    sys.path[:] = before
    sys.modules.pop("models_of_cli", None)


@pytest.fixture
def cli(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    def call(*arguments: object) -> Outcome:
        code = run([str(each) for each in arguments])
        return Outcome(code, *capsys.readouterr())

    return call
