"""The recipe for Ray Data in `docs/bulk.md`: prints a summary.

Runs in an environment with Ray: `python ray_rows.py URL COUNT`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import ray
from pydantic import BaseModel

import partwise_bulk


class Invoice(BaseModel):
    number: int
    tags: list[str] = []


def prompt(row: dict[str, Any]) -> str:
    """Says which process asks, so that the vendor can kill it."""
    return f"process {os.getpid()} row {row['n']}"


def main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    ask = partwise_bulk.RowFunction(
        model="openai/gpt-4.1-mini",
        response_model=Invoice,
        prompt=prompt,
        base_url=url,
        api_key="sk-test",
        concurrency=32,
        workers=2,
        options={"max_retries": 0},
    )

    def extract(batch: Any) -> Any:
        import pyarrow as pa

        outcomes = pa.array(ask.many(batch.to_pylist()), ask.arrow_type)
        return batch.append_column("invoice", outcomes)

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    rows = (
        ray.data.from_items([{"n": n} for n in range(count)], override_num_blocks=8)
        .map_batches(extract, batch_format="pyarrow", batch_size=250)
        .sort("n")
        .take_all()
    )
    values = [row["invoice"]["value"] for row in rows]
    print(  # noqa: T201 - read by the test
        json.dumps(
            {
                "rows": [row["n"] for row in rows],
                "numbers": [value["number"] if value else None for value in values],
                "errors": [r["invoice"]["error"]["type"] for r in rows if r["invoice"]["error"]],
            }
        )
    )


if __name__ == "__main__":
    main()
