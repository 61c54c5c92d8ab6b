"""Puts load on partwise, and fails where a promise is broken: `make load`."""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from ..bench.serving import replier
from . import many, one_by_one

SHARE = "0.05"
MEGABYTE = 1 << 20
FLAT = 1.02
"""What memory may grow by over a long sequence, after its first tenth."""


def main() -> int:
    """Run the parts asked for. How many promises were broken."""
    parser = argparse.ArgumentParser(prog="make load")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    broken: list[str] = []
    for part in parser.parse_args().parts or PARTS:
        began = time.monotonic()
        for what, value, holds in PARTS[part]():
            print(f"{'ok' if holds else 'BROKEN':8}{what:56}{value}", flush=True)  # noqa: T201
            broken += [] if holds else [what]
        print(f"{'':8}{part}: {time.monotonic() - began:.0f} s\n", flush=True)  # noqa: T201
    return len(broken)


Line = tuple[str, Any, bool]
"""What was looked at, what was found, and whether it is as promised."""


def _many() -> list[Line]:
    with replier("tests.load.answering", SHARE) as url:
        tally = many.run(url)
        faults = _faults(url)
    asked = tally.answers + sum(tally.lost.values())
    flat = tally.most <= tally.first * many.SLACK
    held = f"{tally.first // MEGABYTE} MB, then at most {tally.most // MEGABYTE} MB"
    return [
        ("streams at once", tally.most_at_once, tally.most_at_once == many.READERS),
        ("answers", tally.answers, tally.answers == asked),
        ("of them after more than one attempt", tally.retried, tally.retried > 0),
        ("faults played", f"{sum(faults.values())} {faults}", sum(faults.values()) > 0),
        ("answers lost", dict(tally.lost) or 0, not tally.lost),
        (f"mixed up, of {tally.snapshots} snapshots", tally.mixed_up, tally.mixed_up == 0),
        ("streams still open at the end", tally.at_once, tally.at_once == 0),
        ("memory from the 10th second on, and from the 20th", held, flat),
    ]


def _sequence() -> list[Line]:
    looks = []
    with replier("tests.load.answering", "0") as url:
        began = time.monotonic()
        for look in one_by_one.sequence(url):
            looks.append(look)
            number, held, opened = look
            told = f"{number:7} streams, {held / MEGABYTE:.1f} MB, {opened} descriptors"
            print(f"{'':8}{told}", flush=True)  # noqa: T201
        each = (time.monotonic() - began) / one_by_one.STREAMS
    settled = looks[len(looks) // 10 :]
    memory = [held for _, held, _ in settled]
    files = {opened for *_, opened in settled}
    grown = f"{max(memory) / memory[0] - 1:+.2%}"
    return [
        ("streams one after the other", looks[-1][0], looks[-1][0] == one_by_one.STREAMS),
        ("milliseconds for each", f"{each * 1000:.2f}", True),
        ("memory after the first tenth", grown, max(memory) <= memory[0] * FLAT),
        ("descriptors", files, len(files) == 1),
    ]


def _threads() -> list[Line]:
    with replier("tests.load.answering", "0") as url:
        answered, left = one_by_one.shared(url)
    expected = one_by_one.THREADS * one_by_one.EACH
    return [
        (f"answers to {one_by_one.THREADS} threads", answered, answered == expected),
        ("threads left over", left, left == 0),
    ]


PARTS: dict[str, Callable[[], list[Line]]] = {
    "many": _many,
    "threads": _threads,
    "sequence": _sequence,
}


def _faults(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/faults") as reply:  # noqa: S310  loopback
        told: dict[str, int] = json.loads(reply.read())
    return told


if __name__ == "__main__":
    sys.exit(main())
