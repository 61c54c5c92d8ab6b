"""Writes what was measured as a page and two plots."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import plots

_INTRODUCTION = """\
# Benchmark

Written by `make bench` ({python}, {machine}); `make bench QUICK=1` is a short look, and writes to
`.bench/quick`. All times are CPU times of the process that reads. What is compared took turns in
one run, and each figure is the median of its rounds. How it works is on
[another page](performance.md).
"""


def write(results: dict[str, Any], folder: Path) -> Path:
    """Write the page and its plots into the folder. Gives the page's path."""
    page = folder / "benchmark.md"
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    writers = {"peers": _peers, "micro": _micro, "wire": _wire, "load": _load, "bulk": _bulk}
    parts = [_INTRODUCTION.format(python=_python(), machine=platform.machine())]
    parts += [writers[name](results[name]) for name in writers if name in results]
    page.write_text("\n".join(parts))
    if "peers" in results:
        plots.draw(results["peers"], images)
    return page


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _us(seconds: float) -> str:
    micros = seconds * 1e6
    return (
        f"{micros:,.0f}" if micros >= 100 else f"{micros:.1f}" if micros >= 10 else f"{micros:.2f}"
    )


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


def _size(chars: str) -> str:
    count = int(chars)
    return f"{count // 1_000_000} MB" if count >= 1_000_000 else f"{count // 1_000} KB"


def _peers(found: dict[str, Any]) -> str:
    sizes = [*found["sizes"]]
    rows = []
    for name, facts in found["contenders"].items():
        version = f"{facts['package']} {facts['version'] or ''}".strip()
        cells = [
            _cell(found["sizes"][size].get(name) or {"fault": facts["fault"]}) for size in sizes
        ]
        rows.append([f"{name} ({version})", facts["gives"], *cells])
    table = _table(["", "shows", *map(_size, sizes)], rows)
    large = _table(
        ["", *map(_size, found["large"])],
        [
            ["µs a delta", *(_us(cell["seconds"]) for cell in found["large"].values())],
            ["against 10 KB", *(f"{cell['to_10_kb']:.2f}" for cell in found["large"].values())],
        ],
    )
    return f"""\
## Against the peers

µs a delta, and in brackets how many times partwise's own. A delta is 4 characters; the answer is a
list of users; each is read as its documentation says, and something is shown after each delta.
`~`: measured at places drawn from the whole text, since all of it would take too long.
partwise is measured through `partwise.parse`, with its session, its validators and its states;
its builder alone does the same without the rules for retries, timeouts and hooks.

{table}
![Cost of a delta against the answer's size](images/cost-a-delta.svg)

![Total cost against the answer's size](images/total-cost.svg)

Nothing but partwise was run on longer texts:

{large}"""


def _cell(cell: dict[str, Any]) -> str:
    if cell.get("fault"):
        return f"can't: {str(cell['fault']).splitlines()[0][:60]}"
    mark = "~" if cell["samples"] else ""
    return f"{mark}{_us(cell['seconds'])} ({_times(cell['ratio'])})"


def _micro(found: dict[str, Any]) -> str:
    limit, large = found["limit"], found["large"]
    limits = _table(
        ["of 100 KB", "µs a delta", "times one `model_validate_json`"],
        [
            ["fed", _us(limit["feed"]), f"{limit['feed_to_one_shot']:.0f}"],
            ["fed and shown", _us(limit["show"]), f"{limit['show_to_one_shot']:.0f}"],
            ["in one piece", "", f"{limit['whole_to_one_shot']:.1f}"],
        ],
    )
    larges = _table(
        ["already there", "snapshots dropped", "three held"],
        [
            [name, _us(seconds), _us(large["held"][name])]
            for name, seconds in large["dropped"].items()
        ],
    )
    decoders = _table(
        ["decoder", "µs a chunk"], [[n, _us(s)] for n, s in found["decoders"].items()]
    )
    imports, memory, copies = found["import"], found["memory"], large["copies"]
    return f"""\
## Against the limit

{limits}
A snapshot a delta costs {limit["bare_instances_a_delta"]:.1f} bare instances of the model (one,
made through its slots, is {_us(limit["bare_instance"])} µs).

## With much there already

µs a delta, 10 or 10,000 elements, or a text of 1 KB or 1 MB, standing before it.

{larges}
Where snapshots are held, the pointers are copied (10,000 of them in a list:
{_us(copies["pointers"])} µs). A text is copied once a snapshot (1 MB: {_us(copies["bytes"])} µs).

## The rest

{decoders}
- The plan of a model with 50 fields in ten models: {found["compile"]["first"] * 1e3:.1f} ms, once;
  {found["compile"]["asked"] * 1e3:.1f} with the JSON schema that it is asked for by, and
  {found["compile"]["shown"] * 1e3:.1f} with the classes that its first snapshot needs.
- `import partwise`: {imports["partwise"] * 1e3:.0f} ms of CPU where pydantic alone takes
  {imports["pydantic"] * 1e3:.0f}.
- Memory, for an answer of {memory["text"] / 1e6:.0f} MB as a list of users: at its peak
  {memory["to_text"]:.1f} times the text. It holds the text and its {memory["users"]:,} users,
  each once.
{_models(found.get("models"))}"""


def _models(found: dict[str, float] | None) -> str:
    if found is None:
        return ""
    grown = (found["late"] - found["early"]) / 1e6
    return (
        f"- Calls with a model defined for each: memory grew by {grown:.1f} MB from call\n"
        f"  {found['calls'] / 5:,.0f} to call {found['calls']:,.0f}.\n"
    )


def _wire(found: dict[str, Any]) -> str:
    rows = [
        [name, _us(cell["ours"]), _us(cell["sdk"]), f"{cell['ratio']:.2f}"]
        for name, cell in found.items()
    ]
    table = _table(["", "partwise", "the SDK alone", "ratio"], rows)
    return f"""\
## From the socket to the snapshot

µs of CPU a chunk, over loopback, from a server in another process. The SDK alone iterates over its
typed events; it is asked the same. Google's has no public way to read plain events; but where it is
told of the schema it tries to parse each piece of the answer, and partwise spares it that.

{table}"""


def _load(found: dict[str, Any]) -> str:
    return f"""\
## Many streams at once

{found["streams"]:,} async streams in one process, each paced at 8 chunks a second, for
{found["seconds"]:.0f} seconds, the server in another process: {found["chunks"]:,} chunks. From a
chunk's sending to its snapshot: median {found["median"] * 1e3:.1f} ms, 99th percentile
{found["p99"] * 1e3:.1f} ms, which is {found["ratio"]:.1f} times the median. The process was busy
{found["busy"]:.0%} of the time; a stream held {found["bytes_a_stream"] / 1e3:,.0f} KB, its
connection included.
"""


def _bulk(found: dict[str, Any]) -> str:
    table = _table(
        ["", "ms of CPU a row", "times partwise-bulk's"],
        [
            [f"{name} ({facts['versions']})", f"{facts['ms']:.2f}", _times(facts["ratio"])]
            for name, facts in found["contenders"].items()
        ],
    )
    return f"""\
## Rows of a data set

{found["rows"]:,} rows through OpenAI's SDK to a loopback server, {found["concurrency"]} at a time.
The script is an `asyncio.Semaphore` around the SDK's call and pydantic; Instructor's is the same
around its own call. Both wait for whole answers, partwise-bulk reads streams unless told otherwise.

{table}
{_faulty(found["faulty"])}"""


def _faulty(found: dict[str, Any]) -> str:
    lost, twice = found["unanswered"], len(found["answered_twice"])
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(found["kinds"].items()))
    memory = ", ".join(f"{each:.0f}" for each in found["memory_mb"])
    return f"""\
{found["rows"]:,} rows over a server that fails often, 200 at a time: {found["requests"]:,} requests
({kinds}). Rows lost: {lost}; asked again after an answer: {twice}; failed: {found["failed"]}. CPU a
row: {found["cpu_ms_per_row"]:.1f} ms. Memory in MB after each tenth: {memory}.
"""
