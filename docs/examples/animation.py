"""Draws `docs/images/demo.svg`: the demo's answer filling in, as a moving picture of text.

    python docs/examples/animation.py docs/images/demo.svg

From one delta to the next hardly more than a line changes, so each line is drawn once and shown
for as long as it stands. Where a viewer does not animate, the finished answer is seen.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from demo import ANSWER, MeetingInfo
from rich.console import Console

import partwise
from partwise.rich import SnapshotView
from partwise_conformance import cut_like_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.segment import Segment

SECONDS_A_FRAME = 0.04
SECONDS_AT_THE_END = 3.0
COLUMNS = 66
CELL_WIDTH, CELL_HEIGHT, BASELINE = 8.4, 20, 15
MARGIN = 16
STYLE = """
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.name { fill: #a9b1c6; } .value { fill: #ffffff; font-weight: bold; }
.cursor { fill: #4fd6e8; } .missing { fill: #5a6175; }
"""


def frames() -> Iterator[list[str]]:
    """The lines of each picture, as SVG."""
    console = Console(width=COLUMNS, color_system="standard", force_terminal=True)
    deltas = cut_like_tokens(ANSWER.model_dump_json())
    with partwise.parse(MeetingInfo, deltas) as stream:
        for snapshot in stream:
            picture = SnapshotView(snapshot, stream.state)
            yield [drawn(line) for line in console.render_lines(picture, pad=False)]


def drawn(line: Iterable[Segment]) -> str:
    """One line's runs of text, each in its place."""
    runs, column = "", 0
    for text, style, _ in line:
        if text.strip():
            kind = "name"
            if style:
                kind = "missing" if style.dim else "cursor" if style.color else "value"
            shown = text.strip()
            indent = len(text) - len(text.lstrip())
            x, length = (column + indent) * CELL_WIDTH, len(shown) * CELL_WIDTH
            runs += f'<tspan class="{kind}" x="{x:g}" textLength="{length:g}">'
            runs += f"{escape(shown)}</tspan>"
        column += len(text)
    return runs


def animated(pictures: list[list[str]]) -> str:
    """All pictures one after the other, over and over."""
    total = len(pictures) * SECONDS_A_FRAME + SECONDS_AT_THE_END
    rows = max(map(len, pictures))
    lines = ""
    for row in range(rows):
        column = [picture[row] if row < len(picture) else "" for picture in pictures]
        start = 0
        for text, same in groupby(column):
            end = start + len(list(same))
            if text:
                lines += shown_between(text, row, start, None if end == len(column) else end, total)
            start = end
    width, height = COLUMNS * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}">\n<style>{STYLE}</style>\n'
        f'<rect width="100%" height="100%" rx="8" fill="#171a23"/>\n'
        f'<g transform="translate({MARGIN} {MARGIN})">\n{lines}</g>\n</svg>\n'
    )


def shown_between(text: str, row: int, start: int, end: int | None, total: float) -> str:
    """A line that is seen from one frame up to another, or from one frame on."""
    times = [0.0, *(frame * SECONDS_A_FRAME / total for frame in (start, end) if frame)]
    values = [0, 1, 0] if end else [0, 1]
    if not start:
        values = values[1:]
    return (
        f'<text y="{row * CELL_HEIGHT + BASELINE}" opacity="{0 if end else 1}">{text}'
        f'<animate attributeName="opacity" calcMode="discrete" dur="{total:g}s" '
        f'values="{";".join(map(str, values))}" keyTimes="{";".join(f"{t:.4f}" for t in times)}" '
        f'repeatCount="indefinite"/></text>\n'
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(animated(list(frames())))
