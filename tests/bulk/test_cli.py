from __future__ import annotations

import io
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partwise._cli import run
from partwise_bulk import Summary
from partwise_bulk._progress import Lines, new_progress

from .conftest import MODEL, Vendor


@pytest.fixture
def command(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    (tmp_path / "bulk_models.py").write_text(
        "from pydantic import BaseModel\n\n\nclass Invoice(BaseModel):\n    number: int\n"
    )
    lines = (json.dumps({"n": n}) for n in range(5))
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    return [
        "bulk", MODEL, "rows.jsonl", "--schema", "bulk_models:Invoice", "--prompt", "row {n}",
        "--base-url", vendor.url,
    ]  # fmt: skip


def test_a_run(command: list[str], vendor: Vendor, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "-o", "out.jsonl", "--checkpoint", "c.db", "--key", "n"]) == 0

    said = capsys.readouterr()
    assert said.out == ""
    assert "5/5 rows" in said.err
    assert "requests" in said.err
    lines = Path("out.jsonl").read_text().splitlines()
    assert [json.loads(line)["value"] for line in lines] == [{"number": n} for n in range(5)]
    assert run([*command, "-o", "out.jsonl", "--checkpoint", "c.db", "--key", "n"]) == 0
    assert sum(vendor.asked.values()) == 5


def test_to_standard_output(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bulk", "run", *command[1:], "--quiet", "--set", "temperature=0"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["value"]["number"] for line in lines] == list(range(5))


def test_failures_and_their_retry(
    command: list[str], vendor: Vendor, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor.before = lambda prompt, _: '{"number": "x"}' if prompt == "row 3" else None
    keep = ["-o", "out.jsonl", "--checkpoint", "c.db", "--set", "max_retries=0"]

    assert run([*command, *keep]) == 1
    assert "InvalidOutputError" in capsys.readouterr().err
    vendor.before = lambda *_: None
    assert run(["bulk", "retry", "c.db"]) == 0

    lines = Path("out.jsonl").read_text().splitlines()
    assert [json.loads(line)["value"]["number"] for line in lines] == list(range(5))
    assert vendor.asked == {**{f"row {n}": 1 for n in range(5)}, "row 3": 2}


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """As in a terminal: a shell's background jobs, and so their children, ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_says_how_far_it_came(
    command: list[str], vendor: Vendor, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(prompt: str, _: int) -> None:
        if prompt == "row 3":
            signal.raise_signal(signal.SIGINT)

    vendor.before = interrupt
    keep = ["-o", "out.jsonl", "--checkpoint", "c.db", "--concurrency", "1"]
    assert run([*command, *keep]) == 130

    said = capsys.readouterr().err
    assert "stopped by" in said
    assert "goes on from the checkpoint" in said
    assert "Traceback" not in said
    vendor.before = lambda *_: None
    assert run([*command, *keep]) == 0
    assert vendor.asked["row 0"] == vendor.asked["row 2"] == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (["--schema", "nothing:Invoice"], "can't be imported"),
        (["--schema", "bulk_models"], "module:Name"),
        (["--max-cost", "x"], "not a valid float"),
        (["-o", "a.xml"], ".jsonl or .parquet"),
    ],
)
def test_wrong_arguments(
    command: list[str], capsys: pytest.CaptureFixture[str], change: list[str], told: str
) -> None:
    assert run([*command, *change]) == 2
    assert told in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "bulk" in capsys.readouterr().out
    assert run(["bulk", "run", "--help"]) == 0
    assert "--max-cost" in capsys.readouterr().out


def test_a_checkpoint_without_a_command(
    vendor: Vendor, ask: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import partwise_bulk

    from .conftest import Invoice

    path = tmp_path / "c.db"
    partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], checkpoint=path, **ask).run()

    assert run(["bulk", "retry", str(path)]) == 2
    assert "was not made by `partwise bulk`" in capsys.readouterr().err


# Progress ---------------------------------------------------------------------------------------


def test_a_line_every_ten_seconds() -> None:
    said: list[str] = []
    lines = Lines(100, said.append)
    for seconds in range(25):
        lines.update(Summary(rows=seconds * 4, seconds=float(seconds)))
    lines.close()

    assert [line.split()[0] for line in said] == ["40/100", "80/100", "96/100"]
    assert "4.0 rows/s" in said[0]
    assert said[0].endswith("; 0:15 left\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal() -> None:
    terminal = Terminal()
    progress = new_progress(50, terminal)
    progress.update(Summary(rows=20, seconds=2.0))
    progress.close()

    assert "20/50" in terminal.getvalue()
    assert "10.0 rows/s" in terminal.getvalue()
