"""The pytest plugin: the suite's parameters and fixtures, its opt-outs, and its report."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import partwise
from partwise.provider import Granularity, ProviderConfig, find_factory

from .assertions import NOT_APPLICABLE
from .checks.recordings import SUFFIXES
from .fixtures import KEY
from .harness import Harness
from .replays import Replays
from .report import Case, State, write_report
from .server import ReplayServer
from .suite import ProviderConformance, check_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from partwise.provider import Mode

_PROPERTY = "partwise-conformance"
_STYLES = ("sync", "async")
# How pytest begins the reason of a test that has no parameters to be tried with.
_NO_CASES = "got empty parameter set"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--partwise-report`."""
    parser.getgroup("partwise").addoption(
        "--partwise-report",
        metavar="FILE",
        help="write which checks of the conformance suite passed: .md, .json, or text",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Gather the outcomes for the report, if one is asked for."""
    path = config.getoption("--partwise-report")
    # Under pytest-xdist the workers' outcomes reach the controller, which writes it.
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reporter(Path(path)), "partwise-report")


# Parameters -----------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each check in all its modes, sync and async."""
    suite = metafunc.cls
    if suite is None or not _is_suite(suite):
        return
    asked = set(metafunc.fixturenames) & _PARAMETERS.keys()
    for name in sorted(asked):
        metafunc.parametrize(name, _PARAMETERS[name](suite), ids=_id)


def _modes(suite: type[ProviderConformance]) -> Mapping[Mode, Granularity]:
    _register(suite)
    # mypy takes the instances' `__hash__` for the class's own.
    return _declared(suite)  # type: ignore[arg-type]


@functools.cache  # a plugin may take a while to be found
def _declared(suite: type[ProviderConformance]) -> Mapping[Mode, Granularity]:
    name, _, model = suite.provider.partition("/")
    config = ProviderConfig(
        name=name, api_key=KEY, base_url="http://127.0.0.1:9", options=suite.client_options
    )
    return dict(find_factory(name)(config).capabilities(model).modes)


def _tool_modes(suite: type[ProviderConformance]) -> list[Mode]:
    return [mode for mode in _modes(suite) if mode.uses_tool]


def _token_modes(suite: type[ProviderConformance]) -> list[Mode]:
    return [mode for mode, fineness in _modes(suite).items() if fineness is Granularity.TOKEN]


def _recordings(suite: type[ProviderConformance]) -> list[Path]:
    if suite.recordings is None:
        return []
    folder = Path(inspect.getfile(suite)).parent / suite.recordings
    found = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    if not found:
        raise pytest.UsageError(
            f"{suite.__name__}.recordings: {folder} has no stream; "
            f"one ends in {', '.join(sorted(SUFFIXES))}"
        )
    return found


_PARAMETERS: dict[str, Any] = {
    "mode": _modes,
    "tool_mode": _tool_modes,
    "token_mode": _token_modes,
    "style": lambda _suite: _STYLES,
    "recording": _recordings,
}


def _id(value: Any) -> str:
    return f"{value.parent.name}.{value.stem}" if isinstance(value, Path) else str(value)


# Opting out -----------------------------------------------------------------------------------


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that the suite's class excuses, and note the report's properties."""
    if not (isinstance(item, pytest.Function) and item.cls and _is_suite(item.cls)):
        return
    suite: type[ProviderConformance] = item.cls
    for key, reason in suite.xfail.items():
        if _is_meant(key, item):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    item.user_properties.append((_PROPERTY, (suite.provider, item.originalname)))


def _is_suite(cls: type) -> bool:
    return issubclass(cls, ProviderConformance)


def _is_meant(key: str, item: pytest.Function) -> bool:
    """Whether `test_x`, or `test_x[tools]` for some of its cases, names this case."""
    name, bracket, wanted = key.partition("[")
    if name != item.originalname:
        return False
    cases = item.callspec.id.split("-") if hasattr(item, "callspec") else []
    return not bracket or set(wanted.rstrip("]").split("-")) <= set(cases)


# Fixtures -------------------------------------------------------------------------------------


def _register(suite: type[ProviderConformance]) -> None:
    """Let partwise know a plugin that is not installed."""
    if suite.plugin is None:
        return
    module = importlib.import_module(suite.plugin)
    if module not in _registered:
        partwise.register(module)
        _registered.append(module)


_registered: list[Any] = []


def pytest_unconfigure() -> None:
    """Forget the plugins that only the suite needed."""
    while _registered:
        partwise.unregister(_registered.pop())


@pytest.fixture
def replay_server() -> Iterator[ReplayServer]:
    """A loopback server that plays scripted replies."""
    with ReplayServer() as server:
        yield server


@pytest.fixture
def replay_provider(request: pytest.FixtureRequest) -> Iterator[Replays]:
    """Makes clients that play recordings: `replay_provider("meeting.sse")`, at once.

    A relative path is looked for beside the test's file.
    """
    with closing(Replays(request.path.parent)) as replays:
        yield replays


@pytest.fixture(scope="class")
def _harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    suite: Any = request.cls
    _register(suite)
    with Harness(suite) as harness:
        harness.warm_up()
        yield harness


@pytest.fixture
def harness(_harness: Harness) -> Harness:
    """The plugin at its loopback server, with nothing left of the test before."""
    _harness.reset()
    return _harness


# The report -----------------------------------------------------------------------------------


class _Reporter:
    """Gathers the outcomes of the suite's tests."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cases: list[Case] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known: Any = dict(report.user_properties).get(_PROPERTY)
        state = _state(report)
        if known is not None and state is not None:
            provider, test = known
            reason = _reason(report) if state == "excused" else ""
            self._cases.append(Case(provider, test, check_texts()[test], state, reason))

    def pytest_sessionfinish(self) -> None:
        write_report(self._cases, self._path, check_texts())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(f"conformance report: {self._path}")


def _state(report: pytest.TestReport) -> State | None:
    """The state that a phase of a test decides; None if it decides nothing."""
    if report.failed:
        return "failed"
    if report.skipped:
        left_out = _reason(report).startswith((_NO_CASES, NOT_APPLICABLE))
        return "not applicable" if left_out else "excused"
    return "passed" if report.when == "call" else None


def _reason(report: pytest.TestReport) -> str:
    """Why a test was expected to fail, or skipped."""
    skipped = report.longrepr[-1] if isinstance(report.longrepr, tuple) else ""
    return getattr(report, "wasxfail", skipped.removeprefix("Skipped: "))
