"""What must not be committed: lock files, registries' names, this machine's paths, keys."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TOP_LEVEL = {
    *("pyproject.toml", "core", "plugins", "tests", "conformance", "docs"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Makefile"),
    *(".ci", ".github", ".gitignore"),
}
LOCK_FILE = re.compile(r"(^|/)([\w.-]+\.lock|package-lock\.json|pylock[\w.]*\.toml)$")
FORBIDDEN = {
    "a package registry's host": re.compile(r"\b(pypi|pythonhosted|npmjs)\.(org|com)\b"),
    "a machine's path": re.compile(r"(?<![\w.])/(work|root|home|Users)/\w"),
    "a key": re.compile(r"\b(sk-[A-Za-z0-9_-]{20,}|AIza[\w-]{30,}|gsk_\w{20,})"),
}


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0")[:-1] if (path := root / name).is_file()]


def test_nothing_else_is_at_the_top(tracked: list[Path], root: Path) -> None:
    names = {path.relative_to(root).parts[0] for path in tracked}

    assert names <= TOP_LEVEL


def test_no_lock_file(tracked: list[Path], root: Path) -> None:
    names = [path.relative_to(root).as_posix() for path in tracked]

    assert [name for name in names if LOCK_FILE.search(name)] == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_that_belongs_to_one_place_or_person(tracked: list[Path], what: str) -> None:
    found = {
        str(path): match.group()
        for path in tracked
        if (match := FORBIDDEN[what].search(path.read_text(errors="replace")))
    }

    assert found == {}
