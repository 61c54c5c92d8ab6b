"""A plugin made by the generator, built, installed and tested where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("wheels")  # built once, by one worker


def run(folder: Path, *command: str | Path) -> str:
    """What the command prints, in an environment that knows nothing of this one."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST_"))}
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_a_new_plugin_is_installed_and_passes_the_suite(
    wheels: list[Path], uv: Callable[..., None], tmp_path: Path
) -> None:
    environment = tmp_path / "venv"
    uv("venv", "--python", sys.executable, "--no-project", environment)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    by_name = {wheel.name.partition("-")[0]: wheel for wheel in wheels}
    core = f"partwise[cli] @ {by_name['partwise'].as_uri()}"
    install = ("pip", "install", "--python", programs / "python")
    uv(*install, core, by_name["partwise_conformance"])

    printed = run(tmp_path, programs / "partwise", "new-plugin", "Acme")
    project = tmp_path / "partwise-acme"
    uv("build", "--wheel", "--out-dir", tmp_path / "dist", project)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    uv(*install, wheel)
    report = "--partwise-report=conformance.md"
    tested = run(project, programs / "python", "-I", "-m", "pytest", "-q", report)

    assert 'from_provider("acme/…")' in printed
    assert " failed" not in tested
    assert " xfailed" not in tested
    (badge,) = [line for line in (project / "README.md").read_text().splitlines() if "![" in line]
    assert badge in (project / "conformance.md").read_text().splitlines()
    assert "partwise-acme  0.1.0    ready" in run(tmp_path, programs / "partwise", "providers")
