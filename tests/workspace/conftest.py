"""The packages of the workspace, and the commands that build and install them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Uv = Callable[..., None]


@pytest.fixture(scope="session")
def members(root: Path) -> list[Path]:
    """The folder of each package."""
    return sorted(path.parent for path in root.glob("*/pyproject.toml")) + sorted(
        path.parent for path in root.glob("plugins/*/pyproject.toml")
    )


@pytest.fixture(scope="session")
def uv_command(root: Path) -> str:
    """The program uv."""
    local = root / ".uv" / "bin" / "uv"
    command = str(local) if local.exists() else shutil.which("uv")
    if command is None:
        pytest.skip("uv is not installed: `make setup` does it")
    return command


@pytest.fixture(scope="session")
def uv(uv_command: str) -> Uv:
    """Runs uv, from its cache alone where that has all it needs."""
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}

    def run(*arguments: str | Path) -> None:
        words = [uv_command, "--quiet", *map(str, arguments)]
        offline = environment | {"UV_OFFLINE": "1"}
        if subprocess.run(words, env=offline, capture_output=True, check=False).returncode:
            subprocess.run(words, env=environment, check=True)

    return run


@pytest.fixture(scope="session")
def wheels(
    root: Path, members: list[Path], uv: Uv, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """A wheel of each package, freshly built."""
    folder = tmp_path_factory.mktemp("wheels")
    uv("build", "--all-packages", "--wheel", "--out-dir", folder, root)
    built = sorted(folder.glob("*.whl"))
    assert len(built) == len(members)
    return built
