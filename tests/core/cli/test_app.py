from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import partwise
from partwise._cli import app, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Outcome


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def test_the_command_is_installed_and_is_the_module() -> None:
    script = Path(sys.executable).with_name("partwise")

    by_script = command(str(script), "--version")
    by_module = command(sys.executable, "-m", "partwise", "--version")

    assert by_script.stdout == by_module.stdout == f"partwise {partwise.__version__}\n"
    assert (by_script.returncode, by_script.stderr) == (0, "")


def test_without_its_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['click'] = None; from partwise.__main__ import main; main()"

    done = command(sys.executable, "-c", code)

    assert done.returncode == 2
    assert done.stderr == (
        "partwise: the command line needs an extra: pip install 'partwise[cli]'\n"
    )


def test_nothing_loads_the_command_line_but_the_command() -> None:
    code = "import sys, partwise.provider; print({'click', 'partwise._cli'} & {*sys.modules})"

    assert command(sys.executable, "-c", code).stdout == "set()\n"


def test_no_file_beside_the_models_is_taken_for_an_sdk(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("User = dict[str, int]")
    (tmp_path / "httpx2.py").write_text("raise SystemExit('not the HTTP library')")
    arguments = ["record", "ollama/m", "?", "--schema", "models:User", "-o", "stream.sse"]

    done = subprocess.run(
        [sys.executable, "-m", "partwise", *arguments, "--base-url", "http://127.0.0.1:9/v1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "not the HTTP library" not in done.stderr
    assert "partwise: ProviderConnectionError: " in done.stderr


def test_no_command_shows_the_help(cli: Callable[..., Outcome]) -> None:
    shown = cli()

    assert shown.code == 2
    assert "Commands:" in shown.err


def test_every_command_has_help(cli: Callable[..., Outcome]) -> None:
    for name in app.partwise.commands:
        shown = cli(name, "--help")
        assert shown.code == 0
        assert shown.out.startswith(f"Usage: partwise {name} ")


def test_an_unknown_command(cli: Callable[..., Outcome]) -> None:
    shown = cli("frob")

    assert shown.code == 2
    assert shown.error == "partwise: No such command 'frob'. See: partwise --help\n"


def test_an_option_without_its_value(cli: Callable[..., Outcome]) -> None:
    shown = cli("schema", "x:Y", "--provider")

    assert shown.code == 2
    assert shown.error.endswith("requires an argument. See: partwise schema --help\n")


ERRORS = [
    (click.UsageError("no"), 2),
    (partwise.MissingKeyError("no key"), 2),
    (click.ClickException("no"), 1),
    (partwise.IncompleteOutputError("cut off"), 1),
    (partwise.RateLimitError("slow down", provider="acme"), 3),
    (partwise.RetriesExhaustedError("2", [partwise.ServerError("no", provider="acme")]), 3),
    (KeyboardInterrupt(), 130),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda each: type(each).__name__)
def test_exit_codes(error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(app.partwise.commands["providers"], "callback", fail)

    assert run(["providers"]) == code


def test_an_error_of_several_lines_is_told_in_one(
    cli: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise partwise.MalformedOutputError(
            "no value", position=1, line=1, column=2, excerpt="{,\n ^"
        )

    monkeypatch.setattr(app.partwise.commands["providers"], "callback", fail)

    told = "MalformedOutputError: no value at line 1 column 2 {, ^"
    assert cli("providers").error == f"partwise: {told}\n"
    debugged = cli("--debug", "providers")
    assert debugged.err.startswith("Traceback (most recent call last):")
    assert debugged.err.endswith(f"partwise: {told}\n")


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.partwise.commands["providers"], "callback", fail)

    with pytest.raises(ZeroDivisionError):
        run(["providers"])


def test_a_reader_who_leaves_is_not_complained_about() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", "partwise", "providers"]

    done = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)

    assert done.stderr == ""
