"""How much memory a long answer takes: `python -m tests.bench.memory CHARS`, in a fresh process."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from partwise import parse

from .documents import Reply, reply, stream


def resident(what: str = "VmRSS") -> int:
    """The bytes of memory that this process holds; at most so far, for `VmHWM`.

    `getrusage` would count what the parent held when it started this process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(what))
    return int(found.split()[1]) * 1024


def main(chars: int) -> None:
    """Read an answer with all its snapshots, and tell its bytes, and ours before and at most."""
    for _ in parse(Reply, reply(1_000)):
        pass  # what is loaded and compiled on the way is no part of the answer
    before = resident()
    held: Any = None
    for held in parse(Reply, stream(chars)):  # noqa: B007  as a reader holds the last one
        pass
    found = {"before": before, "peak": resident("VmHWM"), "users": len(held.users), "text": chars}
    print(json.dumps(found))  # noqa: T201  its caller reads it


if __name__ == "__main__":
    main(int(sys.argv[1]))
