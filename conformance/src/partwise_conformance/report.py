"""The report: which checks of the suite a provider passed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

State: TypeAlias = Literal["passed", "failed", "excused", "not run", "not applicable"]

# The worst of a test's cases is the test's state.
_WORST_FIRST: tuple[State, ...] = ("failed", "excused", "passed", "not applicable")
_MARKS: Final[dict[State, str]] = {
    "passed": "✅",
    "failed": "❌",
    "excused": "⚠️",
    "not run": "❔",
    "not applicable": " ",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One run of one check, for one mode, say. `reason` is why it was excused or failed."""

    provider: str
    test: str
    check: str
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One check over all its cases."""

    test: str
    check: str
    state: State
    reason: str
    cases: int


def summed_up(
    cases: Iterable[Case], due: Mapping[str, str] = MappingProxyType({})
) -> dict[str, list[Line]]:
    """The lines of each provider, one for each check.

    `due` has the checks' texts by their tests' names: they come first, in this order, run or not.
    """
    grouped: dict[str, dict[str, list[Case]]] = {}
    for case in cases:
        tests = grouped.setdefault(case.provider, {test: [] for test in due})
        tests.setdefault(case.test, []).append(case)
    return {
        provider: [
            _line(test, due.get(test) or group[0].check, group) for test, group in tests.items()
        ]
        for provider, tests in sorted(grouped.items())
    }


def _line(test: str, check: str, cases: list[Case]) -> Line:
    reasons = dict.fromkeys(case.reason for case in cases if case.reason)
    return Line(test, check, _worst(cases), "; ".join(reasons), len(cases))


def _worst(cases: list[Case]) -> State:
    states = {case.state for case in cases}
    for state in _WORST_FIRST:
        if state in states:
            return state
    return "not run"


def write_report(
    cases: Iterable[Case], path: Path, due: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write the report: JSON or Markdown by the file's suffix, else text."""
    lines = summed_up(cases, due)
    write = {".json": as_json, ".md": as_markdown}.get(path.suffix, as_text)
    path.write_text(write(lines), encoding="utf-8")


def as_json(report: dict[str, list[Line]]) -> str:
    """An object of providers, each with its counts and its tests."""
    value = {
        provider: {"passed": _passed(lines), "of": _counted(lines), "tests": [*map(asdict, lines)]}
        for provider, lines in report.items()
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def as_markdown(report: dict[str, list[Line]]) -> str:
    """A badge and a table for each provider."""
    return "\n".join(_section(provider, lines) for provider, lines in report.items())


def _section(provider: str, lines: list[Line]) -> str:
    rows = (
        f"| {_MARKS[line.state]} | {_cell(line.check.rstrip('.'))} | {_cell(line.reason)} |"
        for line in lines
    )
    table = "\n".join(["| | check | why not |", "|---|---|---|", *rows])
    return f"## {provider}\n\n{badge(lines)}\n\n{table}\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def badge(lines: list[Line]) -> str:
    """The badge for a plugin's README, in Markdown."""
    words = f"{_passed(lines)} of {_counted(lines)}"
    color = "red" if any(line.state in ("failed", "not run") for line in lines) else "brightgreen"
    image = f"https://img.shields.io/badge/partwise_conformance-{quote(words)}-{color}"
    return f"![partwise conformance: {words}]({image})"


def as_text(report: dict[str, list[Line]]) -> str:
    """A line for each test."""
    return "\n".join(_text_section(provider, lines) for provider, lines in report.items())


def _text_section(provider: str, lines: list[Line]) -> str:
    rows = [
        f"  {line.state:<14}  {line.check}{f' ({line.reason})' if line.reason else ''}\n"
        for line in lines
    ]
    return f"{provider} passed {_passed(lines)} of {_counted(lines)} checks\n{''.join(rows)}"


def _passed(lines: list[Line]) -> int:
    return sum(line.state == "passed" for line in lines)


def _counted(lines: list[Line]) -> int:
    return sum(line.state != "not applicable" for line in lines)
