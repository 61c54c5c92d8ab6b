"""Measures, and writes down what came of it: `make bench`."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

PARTS = ("peers", "micro", "wire", "load", "bulk")
_RESULTS = Path(".bench/results")
_QUICK = Path(".bench/quick")


def main() -> None:
    """Measure the parts asked for, and write the pages of all that was ever measured."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter texts")
    options = parser.parse_args()
    results = _QUICK if options.quick else _RESULTS
    results.mkdir(parents=True, exist_ok=True)
    for part in options.parts or PARTS:
        print(f"measuring: {part}", flush=True)  # noqa: T201  it takes minutes
        found = importlib.import_module(f"tests.bench.{part}").measure(quick=options.quick)
        (results / f"{part}.json").write_text(json.dumps(found, indent=1))
    folder = _QUICK if options.quick else Path("docs")
    # Only now: what the plots load would weigh on the garbage collector while others are measured.
    report = importlib.import_module("tests.bench.report")
    page = report.write(_read(results), folder)
    print(f"written: {page}")  # noqa: T201


def _read(results: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text()) for path in results.glob("*.json")}


if __name__ == "__main__":
    main()
