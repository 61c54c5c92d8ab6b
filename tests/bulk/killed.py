"""A run that is killed again and again: `python -m tests.bulk.killed --rows 5000 --kills 200`.

The run is a process of its own, which writes the number of each row that it has handed out. The
vendor counts requests. No row that was handed out may be asked again.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_events

RUN = """
import sys
import partwise_bulk
from pydantic import BaseModel

class Invoice(BaseModel):
    number: int

url, folder, count, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for outcome in partwise_bulk.extract(
    "openai/gpt-4.1-mini",
    Invoice,
    [{"n": n} for n in range(count)],
    prompt="row {n}",
    checkpoint=f"{folder}/c.db",
    output=f"{folder}/out.jsonl",
    base_url=url,
    api_key="sk-test",
    concurrency=concurrency,
):
    assert outcome.value.number == outcome.index
    if not outcome.resumed:
        sys.stdout.write(f"{outcome.index}\\n")
        sys.stdout.flush()
"""


@dataclass
class Report:
    """What came of it.

    Attributes:
        requests: those that the vendor got.
        kills: how often the run was killed.
        asked_again: rows that were asked though they had been handed out.
        lines: those of the output, in the end.
        on_their_way: the most rows that were with the vendor at a kill.
    """

    requests: int = 0
    kills: int = 0
    asked_again: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    on_their_way: int = 0


class Vendor:
    """Counts requests, and tells when there were so many."""

    def __init__(self) -> None:
        self.count = 0
        self.done: set[int] = set()
        self.asked_again: list[int] = []
        self.goal = 0
        self.reached = threading.Event()
        self.server = ReplayServer(self._answer)

    def _answer(self, request: RecordedRequest) -> Reply:
        body = request.json()
        number = int(body["messages"][-1]["content"].split()[1])
        self.count += 1
        if number in self.done:
            self.asked_again.append(number)
        if self.count >= self.goal:
            self.reached.set()
        return Reply(body=[b"".join(chat_events([f'{{"number": {number}}}'], body))])


def kill_again_and_again(rows: int, kills: int, concurrency: int, seed: int = 0) -> Report:
    """Run over all rows, killed so many times on the way, and then to the end."""
    vendor, report, chance = Vendor(), Report(), random.Random(seed)  # noqa: S311
    with vendor.server, tempfile.TemporaryDirectory() as folder:
        arguments = [f"{vendor.server.url}/v1", folder, str(rows), str(concurrency)]
        for left in range(kills, 0, -1):
            missing = rows - len(vendor.done)
            vendor.goal = vendor.count + chance.randint(0, max(1, missing // left))
            vendor.reached.clear()
            before = vendor.count
            done = _run(arguments, vendor, chance)
            report.on_their_way = max(report.on_their_way, vendor.count - before - len(done))
            vendor.done |= done
            report.kills += 1
        vendor.goal = sys.maxsize
        vendor.done |= _run(arguments, vendor, None)
        output = Path(folder, "out.jsonl").read_text().splitlines()
        report.lines = [json.loads(line)["value"]["number"] for line in output]
    report.requests, report.asked_again = vendor.count, vendor.asked_again
    return report


def _run(arguments: list[str], vendor: Vendor, chance: random.Random | None) -> set[int]:
    """Run until the vendor's goal, and a moment longer: the rows that were handed out."""
    command = [sys.executable, "-c", RUN, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if chance is not None:
            later = chance.uniform(0, 0.02)
            killer = threading.Thread(target=_kill, args=(process, vendor, later))
            killer.start()
        assert process.stdout is not None
        lines = process.stdout.read().splitlines(keepends=True)
    if chance is None:
        assert process.returncode == 0
    else:
        killer.join()
    return {int(line) for line in lines if line.endswith("\n")}


def _kill(process: subprocess.Popen[str], vendor: Vendor, later: float) -> None:
    while process.poll() is None and not vendor.reached.wait(0.05):
        pass
    time.sleep(later)
    process.send_signal(signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bulk.killed")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    report = kill_again_and_again(options.rows, options.kills, options.concurrency)
    assert report.lines == list(range(options.rows))
    assert report.asked_again == []
    sys.stdout.write(
        f"{report.kills} kills over {options.rows} rows: {report.requests} requests, "
        f"{report.requests - options.rows} of them for rows that were on their way at a kill "
        f"(at most {report.on_their_way} at a time), none for a row that was handed out; "
        f"{len(report.lines)} lines, each row once\n"
    )


if __name__ == "__main__":
    main()
