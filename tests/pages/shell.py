"""Commands of the pages: `partwise …` runs in this process; others are checked against the tree."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from partwise._cli import run as run_partwise

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

OTHERS = {
    "fastapi", "flask", "uvicorn", "django", "openai", "anthropic", "tenacity", "pytest",
    "opentelemetry-sdk", "streamlit", "textual", "ipykernel",
}  # fmt: skip
"""Packages of others that a page may tell its reader to install."""

_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[([\w,-]+)\])?$")


def commands(text: str) -> Iterator[str]:
    """The commands of a `sh` block, without comments."""
    for line in text.replace("\\\n", " ").splitlines():
        if command := line.split(" #")[0].strip():
            yield command


def dialogue(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a `console` block, each with the output that it shows."""
    for each in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = each.partition("\n")
        yield command, output


def run(command: str) -> None:
    """Run the command, or check that it could be run.

    Raises:
        AssertionError: it failed, or is none that a page may show.
    """
    words = re.split(r"\s+(?=[<>])", command)
    match [*shlex.split(words[0]), *(f"{word[0]} {word[1:].strip()}" for word in words[1:])]:
        case ["partwise", *arguments]:
            _run_partwise(arguments)
        case ["pip", "install", *requirements]:
            for requirement in requirements:
                _check_requirement(requirement)
        case ["make", target, *_]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make has no {target}"
        case ["export", _] | ["uvicorn", _]:
            pass  # the keys are set; apps are served by the tests of partwise-web
        case ["pytest", *arguments]:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
            sys.stdout.write(done.stdout)
            assert done.returncode == 0, done.stdout
        case ["python", file]:
            runpy.run_path(file, run_name="__main__")  # one that the page had saved
        case _:
            raise AssertionError(f"{command!r} needs `<!-- not run: … -->`")


def _run_partwise(arguments: list[str]) -> None:
    files = {word[0]: word[2:] for word in arguments if word[:2] in ("< ", "> ")}
    arguments = [word for word in arguments if word[:2] not in ("< ", "> ")]
    path, stdin = list(sys.path), sys.stdin
    try:
        with ExitStack() as stack:
            sys.stdin = stack.enter_context(Path(files.get("<", os.devnull)).open())
            if ">" in files:
                stack.enter_context(
                    redirect_stdout(stack.enter_context(Path(files[">"]).open("w")))
                )
            code = run_partwise(arguments)
    finally:
        sys.path[:], sys.stdin = path, stdin
    assert code == 0, f"partwise {shlex.join(arguments)} ended with {code}"


def _check_requirement(requirement: str) -> None:
    match = _REQUIREMENT.match(requirement)
    assert match, requirement
    name, extras = match[1], match[2]
    if name in OTHERS and not extras:
        return
    manifests = [ROOT / "core", ROOT / "conformance", *(ROOT / "plugins").iterdir()]
    for folder in manifests:
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        if project["name"] == name:
            missing = set((extras or "").split(",")) - {
                "",
                *project.get("optional-dependencies", ()),
            }
            assert not missing, f"{name} has no extra {missing}"
            return
    raise AssertionError(f"no package {name}")
