"""Build a release into `dist/`, and try it: `python -m tests.release.dist`.

1. Wheels and source distributions, built twice; the hashes must be the same.
2. `twine check --strict`.
3. The wheels in an empty environment on each Python present, and with the oldest dependencies that
   the packages allow: streams, the command line, a new plugin that passes the conformance suite.
4. A bill of materials (CycloneDX) and `SHA256SUMS`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from .version import ROOT, manifests

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
SCRIPT: Final = ROOT / "tests" / "workspace" / "installed.py"
EXTRAS: Final = "all"


def main() -> None:
    """Build, check and try; the first failure ends it."""
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        build(dist)
        build(work / "again")
        assert_same(dist, work / "again")
        _uv("tool", "run", "twine", "check", "--strict", *built(dist))
        found = pythons()
        for python in found:
            try_wheels(dist, work / python, python)
        try_wheels(dist, work / "lowest", found[0], lowest=True)
    write_bill(dist)
    write_sums(dist)
    _say(f"{len(built(dist))} files in {dist.name}/, tried on Python {', '.join(found)}")


def build(out: Path, package: str | None = None) -> None:
    """A wheel and a source distribution of each package, dated by the last commit."""
    date = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    chosen = ["--all-packages"] if package is None else ["--package", package]
    _uv("build", *chosen, "--out-dir", out, ROOT, SOURCE_DATE_EPOCH=date)


def built(folder: Path) -> list[Path]:
    """The wheels and source distributions in the folder."""
    return sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file built, by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built(folder)}


def assert_same(one: Path, other: Path) -> None:
    """Compare two builds.

    Raises:
        SystemExit: a file differs, or is missing.
    """
    first, second = hashes(one), hashes(other)
    if first != second or not first:
        names = sorted(name for name, _ in first.items() ^ second.items())
        sys.exit(f"not reproducible: {', '.join(dict.fromkeys(names)) or 'nothing was built'}")
    _say(f"{len(first)} files, built twice with the same hashes")


def pythons() -> list[str]:
    """The versions of Python that this machine has, oldest first."""
    return [version for version in PYTHONS if _finds(version)]


def _finds(version: str) -> bool:
    try:
        _uv("python", "find", "--no-project", "--no-python-downloads", version)
    except SystemExit:
        return False
    return True


def _search_path() -> str:
    """PATH with pyenv's versions before its shims, which exist for versions that it won't run."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    own = [str(root / version / "bin") for version in sorted(root.glob("versions/3.1?.*"))]
    return os.pathsep.join([*own, os.environ.get("PATH", os.defpath)])


def try_wheels(dist: Path, folder: Path, python: str, *, lowest: bool = False) -> None:
    """Install the wheels in an empty environment, and use them there.

    Args:
        dist: the folder of the wheels.
        folder: for the environment and the files.
        python: the version of Python.
        lowest: whether the oldest dependencies that the packages allow are taken.
    """
    _uv("venv", "--no-project", "--python", python, folder)
    bound = _lowest(dist, folder, python) if lowest else []
    wheels = [wheel for wheel in dist.glob("*.whl") if not wheel.name.startswith("partwise-")]
    (core,) = dist.glob("partwise-*.whl")
    wanted = [f"partwise[{EXTRAS}] @ {core.as_uri()}", *wheels, *bound]
    _uv("pip", "install", "--python", folder, *wanted)
    program = folder / "bin"
    _run([program / "python", "-I", SCRIPT, ROOT], folder)
    _run([program / "partwise", "demo"], folder)
    _run([program / "partwise", "new-plugin", "acme"], folder)
    _uv("pip", "install", "--python", folder, folder / "partwise-acme", *bound)
    _run([program / "pytest", "-q"], folder / "partwise-acme")
    _say(f"tried on Python {python}{', with the oldest dependencies' * lowest}")


def _lowest(dist: Path, folder: Path, python: str) -> list[str | Path]:
    """The arguments that hold pip to the oldest versions that the manifests allow."""
    constraints = folder / "lowest.txt"
    _uv(
        *("pip", "compile", "--resolution", "lowest-direct", "--python-version", python),
        *("--no-sources", "--find-links", dist, "--all-extras", "--output-file", constraints),
        *manifests(ROOT),
    )  # fmt: skip
    return ["--constraints", constraints]


def write_bill(dist: Path) -> None:
    """The bill of materials: each package with all that it may install."""
    (core,) = dist.glob("partwise-*.whl")
    target = dist / f"partwise-{core.name.split('-')[1]}.cdx.json"
    _uv(
        *("export", "--format", "cyclonedx1.5", "--all-packages", "--all-extras", "--no-dev"),
        *("--preview-features", "sbom-export", "--output-file", target),
    )  # fmt: skip


def write_sums(dist: Path) -> None:
    """The hashes, in the form that `sha256sum --check` reads."""
    lines = [f"{digest}  {name}\n" for name, digest in hashes(dist).items()]
    (dist / "SHA256SUMS").write_text("".join(lines))


def _uv(*arguments: str | Path, **environment: str) -> None:
    local = ROOT / ".uv" / "bin" / "uv"
    program = local if local.exists() else "uv"
    _run([program, "--quiet", *arguments], ROOT, **environment)


def _run(command: list[str | Path], folder: Path, **environment: str) -> None:
    clean = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=clean | {"PATH": _search_path()} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
