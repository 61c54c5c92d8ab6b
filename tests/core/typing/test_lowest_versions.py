"""The oldest type checkers that work, each in an environment of its own: see docs/typing.md."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .checkers import HERE, findings, marked
from .test_stub_types import folder

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["folder"]

ROOT = HERE.parents[2]
OLDEST = {"mypy": "mypy==1.11.0", "pyright": "basedpyright==1.22.0", "ty": "ty==0.0.76"}
PROGRAMS = {"pyright": "basedpyright"}

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    found = shutil.which("uv", path=f"{ROOT / '.uv' / 'bin'}:{Path(sys.executable).parent}")
    uv = found or shutil.which("uv")
    if uv is None:
        pytest.skip("no uv")

    def install(checker: str) -> Path:
        place = tmp_path_factory.mktemp(checker) / "venv"
        for command in (
            ["venv", "--quiet", "--python", sys.executable, place],
            ["pip", "install", "--quiet", "--python", place, OLDEST[checker]],
        ):
            subprocess.run([uv, *map(str, command)], check=True)
        return place / "bin" / PROGRAMS.get(checker, checker)

    return install


@pytest.mark.parametrize("checker", OLDEST)
def test_the_oldest_versions(folder: Path, checker: str, install: Callable[[str], Path]) -> None:
    program = install(checker)
    (folder / "mistakes.py").write_text((HERE / "mistakes.txt").read_text())
    for file in ("mistakes.py", "use.py", "models.pyi"):
        found = findings(checker, folder, file, command=program)
        assert found.keys() == marked((folder / file).read_text(), "error").keys(), found


@pytest.mark.parametrize("checker", OLDEST)
def test_they_are_in_the_docs(checker: str) -> None:
    page = (ROOT / "docs" / "typing.md").read_text()
    name, _, version = OLDEST[checker].partition("==")
    assert f"{name} {version.removesuffix('.0')}" in page
