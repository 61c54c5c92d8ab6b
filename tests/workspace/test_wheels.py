"""The wheels alone, in an empty environment, do what the checkout does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("wheels")]  # built once, by one worker


@pytest.fixture(scope="module")
def python(
    wheels: list[Path], uv: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The interpreter of an environment outside the checkout that has the wheels in it."""
    environment = tmp_path_factory.mktemp("outside") / "venv"
    uv("venv", "--python", sys.executable, "--no-project", environment)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    core = next(wheel for wheel in wheels if wheel.name.startswith("partwise-"))
    others = [wheel for wheel in wheels if wheel != core]
    uv(
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        f"partwise[rich] @ {core.as_uri()}",
        *others,
    )
    return python


def test_a_user_who_has_only_the_wheels_can_parse_and_stream(
    python: Path, root: Path, tmp_path: Path
) -> None:
    script = Path(__file__).with_name("installed.py")
    command = [str(python), "-I", "-W", "error", str(script), str(root)]

    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.stderr == ""
    assert run.stdout.endswith("snapshots\n")


def test_each_wheel_has_its_licence_its_types_and_nothing_but_its_package(
    wheels: list[Path], root: Path
) -> None:
    licence = (root / "LICENSE").read_text()
    for path in wheels:
        with ZipFile(path) as wheel:
            names = wheel.namelist()
            (licence_name,) = [name for name in names if name.endswith("/licenses/LICENSE")]
            package = path.name.split("-")[0]
            assert wheel.read(licence_name).decode() == licence
            assert f"{package}/py.typed" in names
            assert {name.split("/")[0].split("-")[0] for name in names} == {package}


def test_each_readme_on_an_index_links_to_files_that_are_there(
    wheels: list[Path], root: Path
) -> None:
    found = [link for wheel in wheels for link in re.findall(r"\]\(([^)#]+)", description(wheel))]
    ours = [match for link in found if (match := re.fullmatch(OWN_LINK, link))]
    assert len(ours) >= 4
    assert [link for link in found if "://" not in link] == []
    assert [link[0] for link in ours if not (root / link["path"]).is_file()] == []


OWN_LINK = r"https://(github\.com/partwise/partwise/blob|raw\.\S+/partwise)/v[\d.]+/(?P<path>.+)"


def description(path: Path) -> str:
    with ZipFile(path) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        return str(HeaderParser().parsestr(wheel.read(name).decode()).get_payload())
