"""How much memory something takes, in a fresh process.

`python -m tests.bench.memory answer CHARS` reads one long answer; `models COUNT` makes so many
calls, each with a model of its own.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import create_model

from partwise import parse

from .documents import Reply, reply, stream


def resident(what: str = "VmRSS") -> int:
    """The bytes of memory that this process holds; at most so far, for `VmHWM`.

    `getrusage` would count what the parent held when it started this process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(what))
    return int(found.split()[1]) * 1024


def answer(chars: int) -> dict[str, int]:
    """Read an answer with all its snapshots: its bytes, and ours before and at most."""
    for _ in parse(Reply, reply(1_000)):
        pass  # what is loaded and compiled on the way is no part of the answer
    before = resident()
    held: Any = None
    for held in parse(Reply, stream(chars)):  # noqa: B007  as a reader holds the last one
        pass
    return {"before": before, "peak": resident("VmHWM"), "users": len(held.users), "text": chars}


def models(count: int) -> dict[str, int]:
    """Make calls with models defined on the way: the bytes after a fifth, and after all."""
    after: list[int] = []
    for number in range(count):
        local = create_model(f"Local{number}", name=(str, ...), age=(int, ...))
        for _ in parse(local, '{"name": "Ada", "age": 36}'):
            pass
        if number in (count // 5, count - 1):
            gc.collect()
            after.append(resident())
    return {"calls": count, "early": after[0], "late": after[1]}


if __name__ == "__main__":
    work = {"answer": answer, "models": models}[sys.argv[1]]
    print(json.dumps(work(int(sys.argv[2]))))  # noqa: T201  its caller reads it
