"""The commands of a release: one version everywhere, and builds that are the same each time."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from ..release import dist
from ..release.version import bounds, manifests, set_version, with_release, with_version

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2027, 1, 31)
URLS = {"Source", "Documentation", "Changelog", "Issues"}


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """The files of the workspace that hold its version."""
    for path in [*manifests(root), root / "CHANGELOG.md", *root.glob("plugins/*/client/*.json")]:
        target = tmp_path / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return tmp_path


def project(manifest: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(manifest.read_text())["project"]
    return found


def test_a_version_is_set_everywhere(copy: Path, members: list[Path]) -> None:
    written = set_version(copy, Version("0.7.0rc1"), DAY)
    projects = [project(path) for path in manifests(copy)]
    assert len(projects) == len(members)
    assert {each["version"] for each in projects} == {"0.7.0rc1"}
    needs = [need for each in projects for need in each["dependencies"] if "partwise" in need]
    assert len(needs) >= len(projects) - 1
    assert all(need.endswith(">=0.7.0rc1,<0.8") for need in needs)
    assert '"version": "0.7.0-rc1"' in (copy / "plugins/web/client/package.json").read_text()
    assert "## Unreleased\n\n## 0.7.0rc1 (2027-01-31)\n" in (copy / "CHANGELOG.md").read_text()
    assert len(written) == len(projects) + 2


def test_the_manifests_are_as_the_command_leaves_them(root: Path) -> None:
    version = Version(project(root / "core" / "pyproject.toml")["version"])
    for path in manifests(root):
        assert with_version(path.read_text(), version) == path.read_text(), path


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.1.0", ">=0.1.0,<0.2"), ("0.9.3", ">=0.9.3,<0.10"), ("1.4.0", ">=1.4.0,<2")],
)
def test_packages_are_bound_up_to_the_next_version_that_may_break(
    version: str, expected: str
) -> None:
    assert bounds(Version(version)) == expected


@pytest.mark.parametrize("heading", ["Unreleased", "[Unreleased]", "0.1.0 (unreleased)"])
def test_the_unreleased_changes_become_the_versions(heading: str) -> None:
    text = with_release(f"# Log\n\n## {heading}\n\n- New.\n", Version("0.1.0"), DAY)
    assert text == "# Log\n\n## Unreleased\n\n## 0.1.0 (2027-01-31)\n\n- New.\n"


def test_without_unreleased_changes_nothing_is_written(copy: Path) -> None:
    (copy / "CHANGELOG.md").write_text("# Log\n\n## 0.1.0 (2026-01-01)\n")
    before = [path.read_text() for path in manifests(copy)]
    with pytest.raises(ValueError, match="## Unreleased"):
        set_version(copy, Version("0.2.0"), DAY)
    assert [path.read_text() for path in manifests(copy)] == before


def test_the_metadata_is_complete(root: Path) -> None:
    for path in manifests(root):
        metadata = project(path)
        assert set(metadata["urls"]) >= URLS, path
        assert len(metadata["keywords"]) >= 4
        assert {"description", "license", "license-files", "authors"} <= set(metadata)
        assert not [each for each in metadata["classifiers"] if each.startswith("License ::")]
        assert metadata["dynamic"] == ["readme"]


def test_all_is_every_other_extra(root: Path) -> None:
    extras = project(root / "core" / "pyproject.toml")["optional-dependencies"]
    (everything,) = extras.pop("all")
    assert everything == f"partwise[{','.join(sorted(extras))}]"


@pytest.mark.full
@pytest.mark.xdist_group("wheels")
def test_a_package_built_twice_is_the_same(tmp_path: Path, root: Path) -> None:
    dist.build(tmp_path / "one", "partwise-fake")
    module = root / "plugins/fake/src/partwise_fake/__init__.py"
    os.utime(module)  # as a fresh checkout's files have other dates
    dist.build(tmp_path / "other", "partwise-fake")
    assert len(dist.hashes(tmp_path / "one")) == 2
    dist.assert_same(tmp_path / "one", tmp_path / "other")


def test_a_build_that_differs_is_an_error(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.whl").write_text(folder)
    with pytest.raises(SystemExit, match=r"not reproducible: a\.whl"):
        dist.assert_same(tmp_path / "one", tmp_path / "other")
