"""`make mutants`: flips conditions of the parser and the snapshot builder, one at a time.

Prints how many of them the tests notice, and those that they don't. Ends with 1 if it is too few.
All of them take hours, so the usual run flips a sample: spread evenly over the modules, and the
same each time while the code is the same.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from .conditions import Condition, conditions_of
from .equivalent import EQUIVALENT
from .running import Mutants

ROOT: Final = Path(__file__).parents[2]
MODULES: Final = [
    "_json/parser", "_json/grammar", "_json/tokens", "_json/extract", "_snapshot/frame",
    "_snapshot/model_frame",
    "_snapshot/collection_frames", "_snapshot/refcounts", "_snapshot/adapters",
    "_plan/instances", "_plan/defensive_copies", "_snapshot/builder",
]  # fmt: skip
ENOUGH: Final = 0.95
SAMPLE: Final = 120
SEED: Final = 20_260
OPTIONS: Final = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:terminal"]
TESTS: Final = [
    "tests/core/json/test_states.py",
    "tests/core/json/test_conformance.py",
    "tests/core/plan",
    "tests/core/test_paths.py",
    "tests/core/snapshot/test_sharing.py",
    "tests/core/client/test_parse.py",
    "tests/core/growth",
    "tests/core/session/test_answer_reader.py",
    *(
        f"tests/core/snapshot/test_{name}.py"
        for name in (
            "examples",
            "expected_snapshots",
            "validators",
            "control",
            "error_cases",
            "large",
            "mutating_validators",
            "resume_properties",
        )
    ),
]
"""Those that are quick, and the same each time."""
FIRST: Final[dict[str, Sequence[str]]] = {
    "_json/parser": [
        "test_states.py",
        "test_conformance.py",
        "test_answer_reader.py",
        "test_resume_properties.py",
    ],
    "_json/grammar": ["test_states.py", "test_conformance.py", "test_resume_properties.py"],
    "_json/tokens": ["test_states.py", "test_conformance.py", "test_resume_properties.py"],
    "_json/extract": ["test_answer_reader.py"],
    "_plan/defensive_copies": ["test_mutating_validators.py"],
    "_snapshot/collection_frames": [
        "test_expected_snapshots.py",
        "test_examples.py",
        "test_large.py",
        "test_growth.py",
    ],
    "_snapshot/refcounts": ["test_sharing.py"],
}
"""For a module, the files of the tests that tell most of it."""
OTHERS: Final = [
    f"test_{name}.py"
    for name in (
        "expected_snapshots",
        "examples",
        "validators",
        "control",
        "paths",
        "partial",
        "parse",
    )
]


def main() -> int:
    """Run them. The exit status says whether enough are killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--module", choices=MODULES, action="append")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="so many; 0: all")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = _copied(Path(folder))
        package = copy / "core" / "src" / "partwise"
        conditions = [
            condition
            for name in options.module or MODULES
            for condition in conditions_of(package / f"{name}.py")
            if condition.place not in EQUIVALENT
        ]
        found = len(conditions)
        conditions = _sampled(conditions, options.sample)
        print(f"{len(conditions)} of {found} conditions", flush=True)  # noqa: T201
        survivors = _judge(conditions, options.jobs)
    return _tell(conditions, survivors)


def _sampled(conditions: Sequence[Condition], size: int) -> list[Condition]:
    """So many of them, evenly spread, in an order in which any beginning is spread as well."""
    chance = random.Random(SEED)  # noqa: S311  nothing secret
    if 0 < size < len(conditions):
        step = len(conditions) / size
        start = chance.random()
        conditions = [conditions[int((number + start) * step)] for number in range(size)]
    return chance.sample(conditions, len(conditions))


def _copied(folder: Path) -> Path:
    """A copy of what is run, so that an edit meanwhile does no harm."""
    for name in ("core", "tests", "docs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    os.chdir(folder)
    sys.path.insert(0, str(folder / "core" / "src"))
    return folder


def _judge(conditions: Sequence[Condition], jobs: int) -> list[Condition]:
    survivors: list[Condition] = []
    done = Counter[bool]()

    def report(condition: Condition, survived: bool) -> None:
        done[survived] += 1
        if survived:
            survivors.append(condition)
            print(f"{done.total()}/{len(conditions)} survived: {condition}", flush=True)  # noqa: T201

    first: dict[str, Sequence[str]] = {name: [*FIRST.get(name, ()), *OTHERS] for name in MODULES}
    plugin = Mutants(conditions, jobs, first, report)
    code = pytest.main([*OPTIONS, *TESTS], [plugin])
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"pytest ended with {code}")
    return survivors


def _tell(conditions: Sequence[Condition], survivors: Sequence[Condition]) -> int:
    all_of = Counter(condition.path.stem for condition in conditions)
    left = Counter(condition.path.stem for condition in survivors)
    equivalent = Counter(place[0] for place in EQUIVALENT)
    lines = [f"{'module':12} {'flipped':>8} {'killed':>8} {'equivalent':>11}"]
    lines += [
        f"{name:12} {all_of[name]:8} {all_of[name] - left[name]:8} {equivalent[name]:11}"
        for name in all_of
    ]
    share = 1 - len(survivors) / len(conditions)
    lines += [*map(str, survivors), f"{len(conditions)} flipped, {share:.1%} killed"]
    print("\n".join(lines))  # noqa: T201  what it is for
    return 0 if share >= ENOUGH else 1


sys.exit(main())
