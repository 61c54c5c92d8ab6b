"""Give every package of the workspace one version: `python -m tests.release.version 0.2.0`.

The version is set in each manifest, in the bounds that the packages put on each other, and in the
browser client's `package.json`. In the changelog, what is unreleased becomes that version's.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tomlkit
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT: Final = Path(__file__).resolve().parents[2]
_UNRELEASED: Final = re.compile(
    r"^## (?:\[?unreleased\]?|\S+ \(unreleased\))$", re.IGNORECASE | re.MULTILINE
)


def main() -> None:
    """Set the version that the command line gives."""
    parser = argparse.ArgumentParser(prog="python -m tests.release.version", description=__doc__)
    parser.add_argument("version", type=_version)
    version = parser.parse_args().version
    changed = set_version(ROOT, version, dt.datetime.now(dt.UTC).date())
    print(f"version {version} in {len(changed)} files")


def manifests(root: Path) -> list[Path]:
    """The `pyproject.toml` of each package, the core's first."""
    found = [root / "core", root / "conformance", *sorted(root.glob("plugins/*"))]
    return [path for folder in found if (path := folder / "pyproject.toml").is_file()]


def set_version(root: Path, version: Version, date: dt.date) -> list[Path]:
    """Write the version into the files of the workspace: those that were written.

    Raises:
        ValueError: the changelog has no heading for what is unreleased; nothing was written.
    """
    changelog = root / "CHANGELOG.md"
    texts = {changelog: with_release(changelog.read_text(), version, date)}
    for path in manifests(root):
        texts[path] = with_version(path.read_text(), version)
    for path in root.glob("plugins/*/client/package.json"):
        texts[path] = _with_json_version(path.read_text(), version)
    for path, text in texts.items():
        path.write_text(text)
    return [*texts]


def with_version(manifest: str, version: Version) -> str:
    """The manifest with that version, and with bounds of that version on the other packages."""
    document: Any = tomlkit.parse(manifest)
    project = document["project"]
    project["version"] = str(version)
    for requirements in _requirement_lists(project):
        for index, text in enumerate(requirements):
            requirement = Requirement(text)
            if requirement.name.startswith("partwise") and requirement.specifier:
                requirements[index] = f"{_named(requirement)}{bounds(version)}"
    return tomlkit.dumps(document)


def bounds(version: Version) -> str:
    """From this version up to the next that may break what is public."""
    following = f"0.{version.minor + 1}" if version.major == 0 else str(version.major + 1)
    return f">={version},<{following}"


def with_release(changelog: str, version: Version, date: dt.date) -> str:
    """The changelog with its unreleased part as that version's, below a new heading.

    Raises:
        ValueError: there is no such part.
    """
    heading = f"## Unreleased\n\n## {version} ({date})"
    text, found = _UNRELEASED.subn(heading, changelog, count=1)
    if not found:
        raise ValueError("CHANGELOG.md has no heading '## Unreleased': add it, and the changes")
    return text


def _requirement_lists(project: Any) -> Iterable[Any]:
    yield project.get("dependencies", [])
    yield from project.get("optional-dependencies", {}).values()


def _named(requirement: Requirement) -> str:
    extras = ",".join(sorted(requirement.extras))
    return f"{requirement.name}[{extras}]" if extras else requirement.name


def _with_json_version(package: str, version: Version) -> str:
    """Npm's versions are semantic ones: `0.2.0-rc1` is Python's 0.2.0rc1."""
    semantic = re.sub(r"(?<=\d)(?=[a-z])", "-", str(version))
    return re.sub(r'(?<="version": ")[^"]+', semantic, package, count=1)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise argparse.ArgumentTypeError(f"{text!r} is not a version such as 0.2.0") from None


if __name__ == "__main__":
    main()
