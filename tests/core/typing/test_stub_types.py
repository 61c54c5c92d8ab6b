"""The stubs of `partwise stubs` tell each type checker what a snapshot has and what it may lack."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from .checkers import BIN, CHECKERS, HERE, findings, marked

if TYPE_CHECKING:
    from pathlib import Path

SHARED = """\
from pydantic import BaseModel


class Address(BaseModel):
    street: str
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stubs")
    (folder / "models.py").write_text((HERE / "stub_models.txt").read_text())
    (folder / "shared.py").write_text(SHARED)
    (folder / "use.py").write_text((HERE / "stub_use.txt").read_text())
    command: list[str | Path] = [BIN / "partwise", "stubs", "models.py", "shared.py"]
    subprocess.run(command, cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("checker", CHECKERS)
def test_snapshots_have_partial_types(folder: Path, checker: str) -> None:
    found = findings(checker, folder, "use.py")
    assert found.keys() == marked((folder / "use.py").read_text(), "error").keys(), found


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_stub_itself_is_right(folder: Path, checker: str) -> None:
    assert findings(checker, folder, "models.pyi") == {}
