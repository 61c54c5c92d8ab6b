"""The report: which of the suite's statements hold for a provider."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

State: TypeAlias = Literal["holds", "fails", "excused", "not applicable"]

# The worst of a test's cases is the test's state.
_WORST_FIRST: tuple[State, ...] = ("fails", "excused", "holds", "not applicable")
_MARKS: Final[dict[State, str]] = {
    "holds": "✅",
    "fails": "❌",
    "excused": "⚠️",
    "not applicable": " ",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One test as it ran once: for one mode, say. `reason` tells why it was excused."""

    provider: str
    test: str
    statement: str
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One test over all its cases."""

    test: str
    statement: str
    state: State
    reason: str
    cases: int


def summed_up(cases: Iterable[Case]) -> dict[str, list[Line]]:
    """The lines of each provider, in the order in which the tests ran first."""
    grouped: dict[str, dict[str, list[Case]]] = {}
    for case in cases:
        grouped.setdefault(case.provider, {}).setdefault(case.test, []).append(case)
    return {
        provider: [_line(group) for group in tests.values()] for provider, tests in grouped.items()
    }


def _line(cases: list[Case]) -> Line:
    states = {case.state for case in cases}
    state: State = next(each for each in _WORST_FIRST if each in states)
    reasons = dict.fromkeys(case.reason for case in cases if case.reason)
    return Line(cases[0].test, cases[0].statement, state, "; ".join(reasons), len(cases))


def write_report(cases: Iterable[Case], path: Path) -> None:
    """Write the report: JSON or Markdown by the file's suffix, else text."""
    lines = summed_up(cases)
    write = {".json": as_json, ".md": as_markdown}.get(path.suffix, as_text)
    path.write_text(write(lines), encoding="utf-8")


def as_json(report: dict[str, list[Line]]) -> str:
    """An object of providers, each with its counts and its tests."""
    value = {
        provider: {"holds": _held(lines), "of": _counted(lines), "tests": [*map(asdict, lines)]}
        for provider, lines in report.items()
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def as_markdown(report: dict[str, list[Line]]) -> str:
    """A badge and a table for each provider."""
    return "\n".join(_section(provider, lines) for provider, lines in report.items())


def _section(provider: str, lines: list[Line]) -> str:
    rows = (
        f"| {_MARKS[line.state]} | {line.statement.rstrip('.')} | {line.reason} |" for line in lines
    )
    table = "\n".join(["| | what | why not |", "|---|---|---|", *rows])
    return f"## {provider}\n\n{badge(lines)}\n\n{table}\n"


def badge(lines: list[Line]) -> str:
    """The badge for a plugin's README, in Markdown."""
    words = f"{_held(lines)} of {_counted(lines)}"
    color = "red" if any(line.state == "fails" for line in lines) else "brightgreen"
    image = f"https://img.shields.io/badge/partwise_conformance-{quote(words)}-{color}"
    return f"![partwise conformance: {words}]({image})"


def as_text(report: dict[str, list[Line]]) -> str:
    """A line for each test."""
    return "\n".join(_text_section(provider, lines) for provider, lines in report.items())


def _text_section(provider: str, lines: list[Line]) -> str:
    rows = [
        f"  {line.state:<14}  {line.statement}{f' ({line.reason})' if line.reason else ''}\n"
        for line in lines
    ]
    return f"{provider}: {_held(lines)} of {_counted(lines)} hold\n{''.join(rows)}"


def _held(lines: list[Line]) -> int:
    return sum(line.state == "holds" for line in lines)


def _counted(lines: list[Line]) -> int:
    return sum(line.state != "not applicable" for line in lines)
