"""CPU time, and how to compare what is measured on a machine that others use too."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time

LEAST_SECONDS = 0.05
"""So long a measurement takes at least, by repeating what is shorter."""


def cpu_seconds(work: Callable[[], object], least: float = LEAST_SECONDS) -> float:
    """The CPU time of one run of the work, in seconds, over as many runs as take `least`."""
    gc.collect()
    runs = 0
    start = process_time()
    while (spent := process_time() - start) < least:
        work()
        runs += 1
    return spent / runs


def interleaved(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The CPU time of one run of each, in seconds: the median over rounds in which all take turns.

    What slows the machine down for a while slows all of them, and the ratios between them stay.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(cpu_seconds(work))
    return {name: median(times) for name, times in found.items()}
