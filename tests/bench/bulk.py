"""Rows of a data set: CPU a row, beside a script by hand and Instructor with a semaphore.

And a run over a server that fails often: rows lost and asked twice, and memory on the way.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from ..bulk.faulty import FaultyVendor

_WORKER = Path(__file__).with_name("bulk_worker.py")
_CONTENDERS = {
    "partwise-bulk": "partwise",
    "partwise-bulk, whole answers": "partwise",
    "by hand": "instructor",
    "Instructor": "instructor",
}
"""Who is measured, and in which environment."""


def measure(*, quick: bool) -> dict[str, Any]:
    """Milliseconds of CPU a row; the median of rounds in which all take turns."""
    rows, rounds, concurrency = (1_000, 3, 100) if quick else (2_000, 3, 100)
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in _CONTENDERS}
    for _ in range(rounds):
        for name, environment in _CONTENDERS.items():
            said[name].append(_run(name, environment, rows, concurrency))
    times = {name: median(each["ms"] for each in rounds_) for name, rounds_ in said.items()}
    own = times["partwise-bulk"]
    contenders = {
        name: {
            "ms": times[name],
            "ratio": times[name] / own,
            "versions": said[name][0]["versions"],
            "spread": [round(each["ms"], 2) for each in said[name]],
        }
        for name in _CONTENDERS
    }
    return {
        "rows": rows,
        "concurrency": concurrency,
        "contenders": contenders,
        "faulty": _over_faults(2_000 if quick else 10_000),
    }


def _over_faults(rows: int) -> dict[str, Any]:
    """In a process of its own, so that its memory is that of the run."""
    command = [sys.executable, "-m", "tests.bulk.faulty", "--rows", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _run(name: str, environment: str, rows: int, concurrency: int) -> dict[str, Any]:
    python = Path(".bench") / environment / "bin" / "python"
    with FaultyVendor(share=0.0) as vendor:
        command = [str(python), str(_WORKER), name, vendor.url, str(rows), str(concurrency)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
