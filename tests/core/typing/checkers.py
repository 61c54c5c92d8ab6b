"""Runs type checkers on a folder of files, and collects their findings by line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final, TypeAlias

import pytest

HERE: Final = Path(__file__).parent
BIN: Final = Path(sys.executable).parent

Findings: TypeAlias = dict[int, str]
"""The messages at each line of a file."""

_COMMANDS: Final = {
    "mypy": (
        "mypy", "--strict", "--no-error-summary", "--hide-error-context",
        "--python-executable", "{python}", "--cache-dir", ".mypy-{program}",
    ),
    "pyright": ("basedpyright", "--level", "error", "--pythonpath", "{python}"),
    "ty": ("ty", "check", "--output-format", "concise", "--python", "{python}"),
}  # fmt: skip
NAMES: Final = tuple(_COMMANDS)
CHECKERS: Final = [
    # ty takes a fraction of a second, the others some.
    pytest.param(name, marks=() if name == "ty" else pytest.mark.full)
    for name in NAMES
]
_FINDING: Final = re.compile(r"^\s*(\S+\.pyi?):(\d+)(?::\d+)?(?: -|:) (.*)$")


def findings(
    checker: str,
    folder: Path,
    file: str,
    *,
    command: Path | None = None,
    python: str = sys.executable,
) -> Findings:
    """The checker's messages about the file, and its answers to `reveal_type`.

    Args:
        checker: one of `NAMES`.
        folder: where the file is, and all that it imports from beside it.
        file: its name.
        command: the checker's program, if it is another than the environment's.
        python: the interpreter whose packages are seen.
    """
    program, *options = _COMMANDS[checker]
    run = subprocess.run(
        [
            command or BIN / program,
            *(option.format(python=python, program=hash(command)) for option in options),
            file,
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for line in run.stdout.splitlines():
        match = _FINDING.match(line)
        if match and Path(match[1]).name == file and "Possible overload" not in line:
            found[int(match[2])].append(match[3])
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return {line: "\n".join(messages) for line, messages in found.items()}


def marked(text: str, mark: str) -> dict[int, str]:
    """The lines that end in a comment with that mark, and the rest of each comment."""
    lines = enumerate(text.splitlines(), start=1)
    return {
        number: line.partition(f"  # {mark}")[2].strip()
        for number, line in lines
        if f"  # {mark}" in line
    }
