"""The examples of the documentation run as they stand, against a server that plays the vendor."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import BaseModel

import partwise
from partwise_conformance import ReplayServer, chat_answer

if TYPE_CHECKING:
    from pathlib import Path

MEETING = {
    "users": [
        {"name": "John Doe", "email": "johndoe@email.com", "twitter": "@TechGuru44"},
        {"name": "Jane Smith", "email": "janesmith@email.com", "twitter": "@DigitalDiva88"},
        {"name": "Alex Johnson", "email": "alexj@email.com", "twitter": "@CodeMaster2023"},
    ],
    "date": "2024-03-15",
    "location": "Grand Tech Arena located at 4521 Innovation Drive",
    "budget": 50000,
    "deadline": "2024-02-20",
}
WARNINGS = ("-W", "error", "-W", "ignore::ResourceWarning")
"""A short script leaves its client open, and the operating system tidies up after it."""
SUMMARY = re.compile(
    r"(\d+) deltas in [\d.]+ s, first field after [\d.]+ s, tokens: (\d+) \+ (\d+)\s*$"
)


@pytest.fixture(scope="module")
def examples(root: Path) -> Path:
    return root / "docs" / "examples"


def run(script: Path, *arguments: str, answer: object = None, **variables: str) -> str:
    """What the script prints. Its SDK finds the server, and a key, where it finds them anyway."""
    text = json.dumps(answer, separators=(",", ":"))
    with ReplayServer(chat_answer(text)) as server:
        environment = {
            **{name: value for name, value in os.environ.items() if "COLOR" not in name},
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "OPENAI_API_KEY": "any will do",
            **variables,
        }
        command = [sys.executable, *WARNINGS, str(script), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def written_output(script: Path) -> str:
    """What the example says that it prints, in the comments `#> …`."""
    return "".join(re.findall(r"^ *#> (.*\n)", script.read_text(), re.MULTILINE))


def as_instructors(script: Path, folder: Path) -> Path:
    """The example as Instructor's documentation has it, but for the import."""
    text = script.read_text().replace("partwise.from_provider(", "instructor.from_provider(")
    copy = folder / script.name
    copy.write_text(text.replace("import partwise\n", "import partwise.instructor as instructor\n"))
    return copy


@pytest.mark.parametrize(
    ("name", "answer", "last"),
    [
        ("meeting", MEETING, json.dumps(MEETING, indent=2)),
        ("user_async", {"name": "Jason", "age": 12}, "name='Jason' age=12"),
    ],
)
def test_with_instructors_names_an_example_prints_the_same(
    examples: Path, tmp_path: Path, name: str, answer: object, last: str
) -> None:
    output = run(as_instructors(examples / f"{name}.py", tmp_path), answer=answer)
    assert output.endswith(f"{last}\n")


def test_the_meeting(examples: Path) -> None:
    output = run(examples / "meeting.py", answer=MEETING)

    shown = output.removesuffix(f"{json.dumps(MEETING, indent=2)}\n")
    assert shown != output
    assert json.dumps(MEETING, indent=2) in (examples / "meeting.py").read_text()
    assert shown.count("'users': ") > 100
    assert "'name': 'John'," in shown
    assert "'budget': 500\n" not in shown


def test_the_user_async(examples: Path) -> None:
    script = examples / "user_async.py"

    assert run(script, answer={"name": "Jason", "age": 12}) == written_output(script)


def test_a_literal_needs_nothing_and_the_old_mixin_does_no_harm() -> None:
    class User(BaseModel, partwise.PartialLiteralMixin):
        name: str
        age: int
        category: Literal["admin", "user", "guest"]

    text = '{"name":"Jo","age":3,"category":"guest"}'
    with partwise.parse(User, list(text)) as stream:
        shown = [user.category for user in stream]

    assert set(shown) == {None, "guest"}
    assert stream.result() == User(name="Jo", age=3, category="guest")


def test_the_demo_in_a_pipe(examples: Path) -> None:
    output = run(examples / "demo.py", "--pace", "0")

    *lines, summary = output.splitlines()
    assert lines[0] == 'users[0].name: "John Doe"'
    assert json.loads("\n".join(lines[lines.index("{") :])) == MEETING
    assert "\x1b" not in output
    match = SUMMARY.match(summary)
    assert match
    assert int(match[1]) >= int(match[3]) > 100


def test_the_demo_asks_the_vendor_when_a_model_is_named(examples: Path) -> None:
    answer = MEETING | {"date": "2031-01-01"}

    output = run(examples / "demo.py", "openai/gpt-4.1-mini", answer=answer)

    assert 'date: "2031-01-01"' in output


def test_the_demo_without_a_key_says_what_is_missing(examples: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OPENAI_API_KEY"}
    command = [sys.executable, str(examples / "demo.py"), "openai/gpt-4.1-mini"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("MissingKeyError: ")
    assert "OPENAI_API_KEY" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_demo_on_a_terminal(examples: Path) -> None:
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40"}
    command = [sys.executable, "-W", "error", str(examples / "demo.py"), "--pace", "0.005"]
    screen, terminal = os.openpty()
    with subprocess.Popen(command, env=environment, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        output = read_all(screen)

    assert process.returncode == 0
    assert "\x1b[2m" in output
    assert "▌" in output
    assert "\x1b[1A" in output
    assert output.index("\x1b[?25l") < output.index("\x1b[?25h")
    assert SUMMARY.search(re.sub(r"\x1b\[[\d;?]*\w", "", output))


def read_all(descriptor: int) -> str:
    parts = []
    try:
        while part := os.read(descriptor, 65536):
            parts.append(part)
    except OSError:  # how Linux says that the other side of a terminal was closed
        pass
    os.close(descriptor)
    return b"".join(parts).decode()
