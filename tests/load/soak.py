"""A soak: the load of `many` for an hour, with its memory drawn over time: `make soak`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib as mpl  # type: ignore[import-not-found,unused-ignore]

from ..bench.serving import replier
from . import many

HOUR = 3600.0
SHARE = "0.05"
MEGABYTE = 1 << 20
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "soak.svg"


def main() -> int:
    """Run it, draw it, and return 1 if an answer was lost or memory grew."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seconds", type=float, default=HOUR)
    parser.add_argument("--readers", type=int, default=many.READERS)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    given = parser.parse_args()
    with replier("tests.load.answering", SHARE) as url:
        tally = many.run(url, readers=given.readers, seconds=given.seconds)
    draw(tally.memory, given.picture)
    lost = sum(tally.lost.values()) + tally.mixed_up
    grown = settled_growth(tally.memory)
    sys.stdout.write(
        f"{tally.answers} answers, {tally.snapshots} snapshots, {tally.retried} after retries\n"
        f"{lost} lost or mixed up, memory {grown:+.1%} after its first tenth, {given.picture}\n"
    )
    return int(bool(lost) or grown > many.SLACK - 1)


def settled_growth(memory: list[tuple[float, int]]) -> float:
    """The growth of the most memory in the last tenth over that in the second tenth."""
    tenth = max(1, len(memory) // 10)
    early = max(held for _, held in memory[tenth : 2 * tenth] or memory)
    late = max(held for _, held in memory[-tenth:])
    return late / early - 1


def draw(memory: list[tuple[float, int]], path: Path) -> None:
    """Draw the memory in megabytes over the minutes, as SVG."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "partwise", "svg.fonttype": "none"})
    from matplotlib import pyplot as plt  # type: ignore[import-not-found,unused-ignore]

    figure, axes = plt.subplots(figsize=(7.5, 3.5), layout="constrained")
    axes.plot([second / 60 for second, _ in memory], [held / MEGABYTE for _, held in memory])
    axes.set(xlabel="minutes", ylabel="resident memory, MB", ylim=(0, None))
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
