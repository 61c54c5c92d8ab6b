"""5,000 rows through `partwise_bulk.daft.column`, on the runner that is named: prints a summary.

Runs in an environment with Daft, and with Ray for its runner: `python daft_rows.py URL COUNT
native|ray CACHE`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import daft
from pydantic import BaseModel

import partwise_bulk.daft


class Invoice(BaseModel):
    number: int
    tags: list[str] = []


def prompt(row: dict[str, Any]) -> str:
    return f"process 0 row {row['n']}"


def prompt_of_worker(row: dict[str, Any]) -> str:
    """Says which of Ray's workers asks, so that the vendor can kill it."""
    return f"process {os.getpid()} row {row['n']}"


def main() -> None:
    url, count, runner, cache = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
    if runner == "ray":
        import ray  # only its environment has it

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        daft.set_runner_ray()
    outcome = partwise_bulk.daft.column(
        "openai/gpt-4.1-mini",
        Invoice,
        {"n": daft.col("n")},
        prompt=prompt_of_worker if runner == "ray" else prompt,
        base_url=url,
        api_key="sk-test",
        concurrency=32,
        workers=2 if runner == "ray" else 1,
        max_retries=0,
        cache=cache,
    )
    frame = daft.from_pydict({"n": list(range(count))})
    if runner == "ray":
        frame = frame.into_partitions(8)
    frame = frame.with_column("invoice", outcome).sort("n")
    rows = frame.to_pylist()
    values = [row["invoice"]["value"] for row in rows]
    errors = [row["invoice"]["error"]["type"] for row in rows if row["invoice"]["error"]]
    print(  # noqa: T201 - read by the test
        json.dumps(
            {
                "rows": [row["n"] for row in rows],
                "numbers": [value["number"] if value else None for value in values],
                "errors": errors,
                "tokens": sum(
                    (row["invoice"]["usage"] or {}).get("output_tokens", 0) for row in rows
                ),
                "type": str(frame.schema()["invoice"].dtype),
            }
        )
    )


if __name__ == "__main__":
    main()
