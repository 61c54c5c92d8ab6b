"""Many rows, in processes of their own: the figures of `docs/bulk.md` in a smaller form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.full


def test_a_vendor_that_fails_often_loses_no_row(root: Path) -> None:
    command = [sys.executable, "-m", "tests.bulk.faulty", "--rows", "600", "--concurrency", "100"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=250)
    found = json.loads(done.stdout)

    assert (found["rows"], found["failed"]) == (600, 0)
    assert found["answered_twice"] == []
    assert found["unanswered"] == 0
    assert found["kinds"]["429"] > 0.3 * found["requests"]


def test_a_parquet_file_to_the_end(root: Path) -> None:
    command = [sys.executable, "-m", "tests.bulk.parquet_rows", "--rows", "5000"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=250)
    found = json.loads(done.stdout)

    assert found["values"] == found["lines"] == found["resumed"] == 5000
    # Flat: the window of rows is full after the first tenth.
    assert found["memory_mb"][-1] < found["memory_mb"][1] + 15
