"""The guide for authors of providers: its commands are run, and its Python makes the plugin.

A block of the shell is run where there is no checkout, in an environment that has what the blocks
before it installed, by the pip that came with this Python. A block of Python names a file in its
first line: what it defines takes the place of what that file defines under the same names.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from partwise_conformance import RecordedRequest, ReplayServer, Reply, sse
from partwise_conformance.fixtures import ANSWER

from ..pages.blocks import assert_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("wheels")]  # built once, by one worker

_block = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_command = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


KEY = "the key of Acme's"


def acme(request: RecordedRequest) -> Reply:
    """The guide's vendor: text by token, calls whole."""
    if request.headers["authorization"] != f"Bearer {KEY}":
        return Reply.of_json({"error": {"message": "a wrong key"}}, status=401)
    body = request.json()
    if body["model"] != "test-model":
        return Reply.of_json({"error": {"message": "no such model"}}, status=404)
    text = ANSWER if b'"headline"' in request.body else '{"name":"Ada","age":36}'
    events: list[dict[str, object]] = [{"text": each} for each in text]
    if body.get("tools"):
        call = {"id": "a", "name": body["must_call"], "arguments": json.loads(text)}
        events = [{"call": call}]
    end = [{"usage": {"input": 90, "output": len(text)}}, {"stop": "done"}]
    return Reply(body=map(sse, [*events, *end]), headers={"content-type": "text/event-stream"})


class Reader:
    """Somebody who types what the guide says, with partwise's wheels and the vendor at hand."""

    def __init__(self, home: Path, wheels: Path, vendor: str) -> None:
        self.folder = home
        self._vendor = vendor
        self._programs = home / "venv" / "bin"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST_"))}
        path = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        self._environment = clean | {"PATH": path, "VIRTUAL_ENV": str(home / "venv")}
        self._environment["ACME_API_KEY"] = KEY
        self._environment["PIP_FIND_LINKS"] = str(wheels)
        self._environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        self._environment["PIP_NO_COMPILE"] = "1"  # half of the time, for files never imported
        self._run([sys.executable, "-m", "venv", "venv"])

    def type(self, line: str) -> str:
        """Run the line: what it prints."""
        program, *arguments = shlex.split(line)
        if program == "cd":
            self.folder /= arguments[0]
            return ""
        if program == "pip":
            self._run([program, *arguments])
            return ""  # says which versions it took
        if program == "partwise" and "acme/test-model" in arguments:
            arguments += ["--base-url", self._vendor]
        return self._run([program, *arguments])

    def _run(self, command: list[str]) -> str:
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{shlex.join(command)}\n{ran.stdout}"
        return ran.stdout


def steps(page: str) -> Iterator[tuple[str, str, str]]:
    """What the reader does, one after the other: what kind of thing, with what, and the text."""
    for language, text in _block.findall(page):
        if language == "console":
            for line, printed in _command.findall(text):
                yield "type", line, printed
        elif language == "python":
            place, _, code = text.partition("\n")
            yield "edit", place.removeprefix("# "), code
        else:
            yield "look", "pyproject.toml", text


def edited(old: str, new: str) -> str:
    """The old module with the definitions of the new one in the place of its own."""
    parts = dict(definitions(new))
    lines = old.splitlines()
    for name, (start, end) in reversed(definitions(old).items()):
        if name in parts:
            lines[start:end] = part(new, parts.pop(name))
    imports = part(new, (0, min(start for start, _ in definitions(new).values())))
    future = lines.index("from __future__ import annotations") if imports else 0
    lines[future + 1 : future + 1] = imports
    return "\n".join([*lines, *(line for place in parts.values() for line in part(new, place))])


def definitions(module: str) -> dict[str, tuple[int, int]]:
    """Where each function, class and value of a module is defined: from which line to which."""
    found = {}
    for node in ast.parse(module).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                start = node.lineno
            case _:
                continue
        found[name] = (start - 1, node.end_lineno or start)
    return found


def part(module: str, place: tuple[int, int]) -> list[str]:
    return module.splitlines()[slice(*place)]


def badges(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith("![")]


@pytest.fixture
def vendor() -> Iterator[ReplayServer]:
    with ReplayServer(acme) as server:
        yield server


@pytest.mark.timeout(900)  # pip installs mypy, ruff and their like twice, on a busy machine too
def test_who_follows_the_guide_has_a_plugin_that_passes(
    root: Path, wheels: list[Path], vendor: ReplayServer, tmp_path: Path
) -> None:
    reader = Reader(tmp_path, wheels[0].parent, vendor.url)
    reported = []

    for kind, what, text in steps((root / "docs" / "writing-a-provider.md").read_text()):
        file = reader.folder / what
        if kind == "type":
            assert_output(text, reader.type(what))
            if "--partwise-report" in what:
                reported += badges(reader.folder / "conformance.md")
        elif kind == "edit":
            file.write_text(edited(file.read_text(), text) if file.exists() else text)
        else:
            assert text in file.read_text()

    as_generated, as_edited = reported
    assert [as_generated] == badges(reader.folder / "README.md")
    assert as_edited != as_generated
    assert KEY not in (reader.folder / "tests" / "recordings" / "ada.sse").read_text()
