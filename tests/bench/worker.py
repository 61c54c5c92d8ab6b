"""Measures one contender in a process of its own, in the environment that has it.

`python -m tests.bench.worker NAME` reads jobs and writes results, one JSON document a line. So one
process can let contenders take turns that could not be installed beside each other.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from random import Random
from time import process_time
from typing import Any

from .contenders import CONTENDERS, Reader
from .documents import DELTA_CHARS, deltas, reply
from .timing import cpu_seconds

_FIRST_SAMPLES = 3
"""So many places tell how long a text would take."""


def measure(reader: Reader, *, chars: int, budget: float, least: int) -> dict[str, Any]:
    """The CPU seconds a delta, on average over a text of so many characters.

    What would take longer than the budget, in seconds, is measured at places drawn from the whole
    text and not at each delta; at least at so many, whatever that takes.
    """
    text = reply(chars)
    count = -(-len(text) // DELTA_CHARS)
    each = 0.0 if reader.whole else _at_places(reader, text, _FIRST_SAMPLES)
    if each * count <= budget:
        events = [reader.event(piece) for piece in deltas(text)]
        spent = cpu_seconds(lambda: _run(reader, events))
        return {"seconds": spent / len(events), "samples": None}
    samples = max(least, int(budget / each / 2))
    if samples <= _FIRST_SAMPLES:
        return {"seconds": each, "samples": _FIRST_SAMPLES}
    return {"seconds": _at_places(reader, text, samples), "samples": samples}


def _run(reader: Reader, events: list[Any]) -> None:
    for _ in reader.read(iter(events)):
        pass


def _at_places(reader: Reader, text: str, samples: int) -> float:
    """The mean cost of a delta at so many places, one drawn from each equal part of the text."""
    gc.collect()
    spent = 0.0
    random = Random(len(text))  # noqa: S311  no secret is made of it
    part = len(text) / samples
    for number in range(samples):
        place = max(DELTA_CHARS, int((number + random.random()) * part))
        before, delta = text[:place], text[place : place + DELTA_CHARS] or " "
        shown = iter(reader.read(iter([reader.event(before), reader.event(delta)])))
        next(shown, None)
        start = process_time()
        next(shown, None)
        spent += process_time() - start
    return spent / samples


def _jobs() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def main(name: str) -> None:
    """Load the contender, and do jobs until there are no more."""
    # What a contender prints must not come between the results.
    results = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    contender = CONTENDERS[name]
    try:
        reader = contender.load()
    except Exception as error:  # noqa: BLE001  the table says what it was
        print(json.dumps({"fault": f"{type(error).__name__}: {error}"}), file=results)
        return
    print(json.dumps({"version": version(contender.package)}), file=results)
    for job in _jobs():
        print(json.dumps(_outcome(reader, job)), file=results)


def _outcome(reader: Reader, job: dict[str, Any]) -> dict[str, Any]:
    try:
        return measure(reader, **job)
    except Exception as error:  # noqa: BLE001  the table says what it was
        return {"fault": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main(sys.argv[1])
