"""A parquet file through `fake/` to the end: `python -m tests.bulk.parquet_rows --rows 100000`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from pydantic import BaseModel, Field

import partwise_bulk

from .faulty import resident_mb


class Person(BaseModel):
    name: str
    age: int = Field(ge=18, le=99)
    tags: list[str] = Field(max_length=2)


def write_rows(path: Path, count: int) -> None:
    """Short rows, in row groups of ten thousand."""
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    with parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, count, 10_000):
            ids = range(start, min(start + 10_000, count))
            rows = [{"id": n, "text": f"A short row of text, number {n}."} for n in ids]
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))


def run_over(count: int) -> dict[str, Any]:
    """Twice over so many rows: what there is in the end, and how memory went."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "rows.parquet"), Path(folder, "out.parquet")
        write_rows(source, count)
        keywords: dict[str, Any] = {
            "prompt": "Who is it? {text}",
            "key": "id",
            "checkpoint": Path(folder, "c.db"),
            "output": output,
            "pace": 0,
            "delta": 1000,
        }
        memory: list[float] = []
        start, cpu = time.perf_counter(), time.process_time()
        extraction = partwise_bulk.extract("fake/ada", Person, source, **keywords)
        memory.extend(
            round(resident_mb(), 1)
            for outcome in extraction
            if outcome.index % max(1, count // 10) == 0
        )
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        again = partwise_bulk.extract("fake/ada", Person, source, **keywords).run()
        return {
            "values": extraction.summary.values,
            "lines": parquet.ParquetFile(output).metadata.num_rows,
            "resumed": again.resumed,
            "seconds": round(seconds, 1),
            "seconds_resumed": round(again.seconds, 1),
            "cpu_ms_per_row": round(cpu / count * 1000, 3),
            "memory_mb": memory,
            "checkpoint_mb": round(Path(folder, "c.db").stat().st_size / 1e6, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bulk.parquet_rows")
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    sys.stdout.write(f"{json.dumps(run_over(options.rows), indent=1)}\n")


if __name__ == "__main__":
    main()
