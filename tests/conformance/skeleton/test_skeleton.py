from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from partwise_conformance.skeleton import PluginNameError, write_plugin

if TYPE_CHECKING:
    from pathlib import Path

FILES = [
    ".gitignore",
    "README.md",
    "pyproject.toml",
    "src/partwise_my_vendor/__init__.py",
    "src/partwise_my_vendor/_decoder.py",
    "src/partwise_my_vendor/_errors.py",
    "src/partwise_my_vendor/_messages.py",
    "src/partwise_my_vendor/_provider.py",
    "src/partwise_my_vendor/_request.py",
    "src/partwise_my_vendor/_schema.py",
    "src/partwise_my_vendor/_sdk.py",
    "src/partwise_my_vendor/py.typed",
    "tests/test_conformance.py",
    "tests/wire.py",
]


def test_a_whole_project_under_the_new_name(tmp_path: Path) -> None:
    name, files = write_plugin("My Vendor", tmp_path / "new")

    folder = tmp_path / "new" / "partwise-my-vendor"
    assert name.provider == "my-vendor"
    assert sorted(path.relative_to(folder).as_posix() for path in files) == FILES
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(files)
    text = "".join(path.read_text() for path in files)
    assert "acme" not in text.lower()
    assert re.search(r"@[A-Z]+@", text) is None
    assert "MY_VENDOR_API_KEY" in text
    assert "class MyVendorProvider:" in text
    assert 'my-vendor = "partwise_my_vendor"' in text


@pytest.mark.parametrize(
    ("given", "provider"),
    [
        ("acme", "acme"),
        ("Acme", "acme"),
        ("partwise-acme", "acme"),
        ("  My_Vendor.AI ", "my-vendor-ai"),
        ("a1", "a1"),
    ],
)
def test_names_are_made_plain(given: str, provider: str, tmp_path: Path) -> None:
    name, _ = write_plugin(given, tmp_path)

    assert name.provider == provider


@pytest.mark.parametrize("given", ["", "---", "01ai", "x" * 41, "../..", "日本"])
def test_names_that_can_not_be(given: str, tmp_path: Path) -> None:
    with pytest.raises(PluginNameError, match="no provider can be called"):
        write_plugin(given, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(PluginNameError, match=r"partwise-conformance .* is installed already"):
        write_plugin("Conformance", tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "partwise-acme" / "mine"
    mine.parent.mkdir()
    mine.write_text("mine")

    with pytest.raises(FileExistsError):
        write_plugin("acme", tmp_path)

    assert [*mine.parent.iterdir()] == [mine]


@pytest.mark.parametrize("given", ["acme", "my vendor", "io", "a-name-of-more-than-thirty-letters"])
def test_it_is_clean_by_its_own_rules(given: str, tmp_path: Path) -> None:
    name, _ = write_plugin(given, tmp_path)

    for command in (["check"], ["format", "--check", "--exclude", "*.md"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
            cwd=tmp_path / name.distribution,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout
