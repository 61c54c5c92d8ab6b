"""partwise against its peers, in turns: the cost of a delta for texts of several sizes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from .contenders import CONTENDERS, OURS, Contender

SIZES = (1_000, 2_000, 10_000, 100_000)

_VENVS = Path(".bench")


class Worker:
    """A contender in its own process.

    Attributes:
        version: of its distribution; None where it could not be loaded.
        fault: why it could not.
    """

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self._process = subprocess.Popen(
            [_VENVS / contender.venv / "bin/python", "-m", "tests.bench.worker", contender.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        hello = self._read()
        self.version: str | None = hello.get("version")
        self.fault: str | None = hello.get("fault")

    def measure(self, chars: int, budget: float, least: int) -> dict[str, Any]:
        """One measurement, as `worker.measure` gives it."""
        assert self._process.stdin is not None
        job = {"chars": chars, "budget": budget, "least": least}
        print(json.dumps(job), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"fault": "its process ended"}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def measure(*, quick: bool) -> dict[str, Any]:
    """All rounds: for each contender and size the CPU seconds a delta, and the ratio to ours."""
    budget, least = (0.1, 3) if quick else (1.0, 8)
    rounds = 3 if quick else 5
    workers = {name: Worker(contender) for name, contender in CONTENDERS.items()}
    able = {name: worker for name, worker in workers.items() if worker.fault is None}
    found = [
        {
            str(size): {name: worker.measure(size, budget, least) for name, worker in able.items()}
            for size in SIZES
        }
        for _ in range(rounds)
    ]
    large = _measure_large(able[OURS], quick=quick)
    for worker in workers.values():
        worker.close()
    return {
        "rounds": rounds,
        "contenders": {name: _facts(worker) for name, worker in workers.items()},
        "sizes": {str(size): {name: _cell(found, size, name) for name in able} for size in SIZES},
        "large": large,
    }


def _facts(worker: Worker) -> dict[str, Any]:
    return {
        "package": worker.contender.package,
        "version": worker.version,
        "gives": worker.contender.gives,
        "fault": worker.fault,
    }


def _cell(found: list[dict[str, Any]], size: int, name: str) -> dict[str, Any]:
    """The median over the rounds; of ratios too, since what slows one round slows all in it."""
    here = [found_once[str(size)] for found_once in found]
    faults = [outcome[name]["fault"] for outcome in here if "fault" in outcome[name]]
    if faults:
        return {"fault": faults[0]}
    return {
        "seconds": median(outcome[name]["seconds"] for outcome in here),
        "ratio": median(outcome[name]["seconds"] / outcome[OURS]["seconds"] for outcome in here),
        "samples": here[0][name]["samples"],
    }


def _measure_large(ours: Worker, *, quick: bool) -> dict[str, Any]:
    """How flat it is: the cost of a delta against that at 10 KB, in turns with it."""
    sizes = (10_000, 100_000, 1_000_000) if quick else (10_000, 100_000, 1_000_000, 10_000_000)
    found = [
        {size: ours.measure(size, budget=1e9, least=1)["seconds"] for size in sizes}
        for _ in range(1 if quick else 3)
    ]
    return {
        str(size): {
            "seconds": median(once[size] for once in found),
            "to_10_kb": median(once[size] / once[10_000] for once in found),
        }
        for size in sizes
    }
