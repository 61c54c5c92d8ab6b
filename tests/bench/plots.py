"""The two plots, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found,unused-ignore]

from .contenders import OURS
from .documents import DELTA_CHARS


def draw(found: dict[str, Any], folder: Path) -> None:
    """Draw the cost of a delta and the total cost, against the answer's size."""
    mpl.use("svg")
    # The same figures give the same file.
    mpl.rcParams.update({"svg.hashsalt": "partwise", "svg.fonttype": "none"})
    _plot(found, folder / "cost-a-delta.svg", "µs of CPU a delta", lambda seconds, _: seconds * 1e6)
    _plot(
        found,
        folder / "total-cost.svg",
        "seconds of CPU for the whole answer",
        lambda seconds, size: seconds * size / DELTA_CHARS,
    )


def _plot(found: dict[str, Any], path: Path, label: str, value: Any) -> None:
    from matplotlib import pyplot as plt  # type: ignore[import-not-found,unused-ignore]

    figure, axes = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for name, points in _points(found).items():
        sizes = [*points]
        style = {"linewidth": 3, "zorder": 3} if name == OURS else {"linewidth": 1.3}
        axes.plot(sizes, [value(points[s], s) for s in sizes], "o-", label=name, **style)
    axes.set(xscale="log", yscale="log", xlabel="characters of the answer", ylabel=label)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize="small", frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _points(found: dict[str, Any]) -> dict[str, dict[int, float]]:
    """Seconds a delta by size, for each contender."""
    points: dict[str, dict[int, float]] = {name: {} for name in found["contenders"]}
    for size, cells in found["sizes"].items():
        for name, cell in cells.items():
            if "seconds" in cell:
                points[name][int(size)] = cell["seconds"]
    for size, cell in found["large"].items():
        points[OURS].setdefault(int(size), cell["seconds"])
    return {name: mine for name, mine in points.items() if mine}
