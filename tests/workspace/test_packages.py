"""The packages' metadata agrees with itself and with the workspace."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def manifest(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text())


def test_the_dev_group_has_every_member(root: Path, members: list[Path]) -> None:
    group = manifest(root)["dependency-groups"]["dev"]

    wanted = {requirement.split("[")[0] for requirement in group}
    assert {manifest(member)["project"]["name"] for member in members} <= wanted


def test_the_packages_agree_on_what_they_share(root: Path, members: list[Path]) -> None:
    projects = [manifest(member)["project"] for member in members]

    for key in ("version", "license", "license-files", "requires-python", "authors"):
        assert all(project[key] == projects[0][key] for project in projects), key
    licence = (root / "LICENSE").read_text()
    assert all((member / "LICENSE").read_text() == licence for member in members)


def test_every_dependency_says_the_oldest_version_that_will_do(members: list[Path]) -> None:
    for member in members:
        project = manifest(member)["project"]
        loose = [r for r in project.get("dependencies", []) if ">=" not in r]
        assert loose == [], project["name"]


def test_the_changelog_speaks_of_this_version(root: Path) -> None:
    version = manifest(root / "core")["project"]["version"]

    assert f"## {version}" in (root / "CHANGELOG.md").read_text()
