"""The suite fails each broken plugin, by the tests that are about its fault and by no other.

At each commit a broken plugin meets the groups of checks that must tell its fault, and one check of
each other group; `make test-all` runs the whole suite for each.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import pytest

from partwise_conformance import ProviderConformance
from partwise_conformance.checks import declared
from partwise_conformance.suite import check_texts

from .broken import suites
from .broken.fault import FAULTS
from .broken.suites import class_name

SUITES: Final = Path(__file__).parent / "broken" / "suites.py"

# No report on the screen, no cache, and no warning of what a fault has left for the collector.
QUIET: Final = (
    *(f"-pno:{plugin}" for plugin in ("terminal", "cacheprovider", "xdist")),
    *(f"-pno:{plugin}" for plugin in ("unraisableexception", "threadexception")),
    "--capture=no",
    "--assert=plain",
)


GROUPS: Final = [
    {name for name in vars(checks) if name.startswith("test_")}
    for checks in ProviderConformance.__bases__
]
SMOKE: Final = {
    "test_answer",
    "test_capabilities",
    "test_deltas_join_to_the_answer",
    "test_good_end",
    "test_many_streams",
    "test_odd_retry_after",
    "test_recording",
    "test_retry_after",
    "test_schema_arrives",
}
"""One check of each group."""

# Seconds that a plugin gets on a machine that was too busy for it at first.
PATIENT: Final = 3.0


@dataclass
class Listener:
    """Hears what became of each case, as a plugin of pytest's.

    Attributes:
        tests: those to run; all, if empty.
    """

    tests: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    code: int = 0

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        if self.tests:
            items[:] = [item for item in items if item.originalname in self.tests]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        case = report.nodeid.rpartition("::")[2]
        if report.when == "call" and not report.skipped:
            self.cases.add(case)
        if report.failed:
            self.failures[case] = report.longreprtext

    def pytest_exception_interact(self, call: pytest.CallInfo[None]) -> None:
        if call.excinfo and call.excinfo.type is not pytest.fail.Exception:
            self.crashes.append(repr(call.excinfo.value))


Expected: TypeAlias = Callable[[set[str]], set[str]]
"""Which of the cases are to fail."""


class Try(Protocol):
    def __call__(
        self, suite: str, expected: Expected, tests: AbstractSet[str] = ...
    ) -> Listener: ...


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch, root: Path) -> Iterator[Try]:
    """Run the suite for one of the plugins, in this process."""
    # What a fault leaves open is collected here, and is no fault of the tests that come after.
    monkeypatch.setattr(sys, "unraisablehook", lambda _unraisable: None)
    monkeypatch.syspath_prepend(str(root))

    def once(suite: str, tests: AbstractSet[str]) -> Listener:
        listener = Listener({*tests})
        pytest.main([*QUIET, f"--rootdir={root}", f"{SUITES}::{suite}"], plugins=[listener])
        return listener

    def tried(suite: str, expected: Expected, tests: AbstractSet[str] = frozenset()) -> Listener:
        listener = once(suite, tests)
        if set(listener.failures) == expected(listener.cases):
            return listener
        monkeypatch.setattr(getattr(suites, suite), "at_once", PATIENT)
        return once(suite, tests)

    yield tried
    gc.collect()


@pytest.fixture
def imports_are_probed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the right plugin's process answer for all: the module is the same, and starting is slow.

    Not for the faults that are about it.
    """
    probe = declared._imported

    def shared(given: str) -> tuple[str, ...]:
        return probe(json.dumps({**json.loads(given), "provider": "right/any"}))

    monkeypatch.setattr(declared, "_imported", shared)


def meant(keys: tuple[str, ...], cases: set[str]) -> set[str]:
    """The cases that the keys name: `test_x`, or `test_x[429]` for some of its cases."""
    return {case for case in cases for key in keys if _is_meant(key, case)}


def concerned(keys: tuple[str, ...]) -> set[str]:
    """The tests of the groups that the keys are in, and one of each other group."""
    named = {key.partition("[")[0] for key in keys}
    return SMOKE.union(*(group for group in GROUPS if group & named))


def _is_meant(key: str, case: str) -> bool:
    name, _, some = key.rstrip("]").partition("[")
    test, _, parameters = case.rstrip("]").partition("[")
    return name == test and (not some or f"-{some}-" in f"-{parameters}-")


def test_the_right_plugin_passes(tried: Try) -> None:
    listener = tried("TestRight", lambda _cases: set())
    assert listener.failures == {}
    assert {case.partition("[")[0] for case in listener.cases} == set(check_texts())


def test_one_whose_vendor_does_not_stream_passes_what_applies_to_it(tried: Try) -> None:
    listener = tried("TestPlain", lambda _cases: set())
    assert listener.failures == {}
    run = {case.partition("[")[0] for case in listener.cases}
    assert sorted(set(check_texts()) - run) == [
        "test_break",
        "test_cancelling",
        "test_each_delta_comes_at_once",
        "test_end_without_a_reason",
        "test_error_in_the_stream",
        "test_failures_are_the_vendors",
        "test_leaving_early",
        "test_recording",
        "test_recording_in_single_bytes",
        "test_snapshots_follow_the_deltas",
        "test_what_came_is_kept",
    ]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_plugin_fails_what_is_about_its_fault(
    tried: Try, request: pytest.FixtureRequest, name: str
) -> None:
    """Against its own group of tests and one of each other; with `--full`, against all tests."""
    fault = FAULTS[name]
    if "test_no_sdk_before_open" not in fault.fails:
        request.getfixturevalue("imports_are_probed_once")
    tests = set() if request.config.getoption("--full") else concerned(fault.fails)
    listener = tried(class_name(name), partial(meant, fault.fails), tests)
    failures = "\n".join(f"{case}: {said}" for case, said in listener.failures.items())
    assert set(listener.failures) == meant(fault.fails, listener.cases), failures
    assert all(meant((key,), listener.cases) for key in fault.fails)
    assert listener.crashes == []
    assert fault.message in failures


def test_each_group_has_one_smoke_check() -> None:
    assert [len(group & SMOKE) for group in GROUPS] == [1] * len(GROUPS)


def test_each_test_of_the_suite_has_failed() -> None:
    named = {key.partition("[")[0] for fault in FAULTS.values() for key in fault.fails}
    assert set(check_texts()) - named == set()
