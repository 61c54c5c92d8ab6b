"""The suite's class, its attributes, and its report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import pytest

from partwise_conformance import PlainJSON, ProviderConformance
from partwise_conformance.suite import check_texts

from .test_broken import QUIET, Listener

# Subclasses -----------------------------------------------------------------------------------


def test_a_test_is_not_silently_overridden() -> None:
    with pytest.raises(TypeError, match=r"Quiet overrides test_refusal.*the reason"):

        class Quiet(ProviderConformance):
            def test_refusal(self, harness: Any, mode: Any, style: Any) -> None:
                pass


@pytest.mark.parametrize("mark", [pytest.mark.xfail, pytest.mark.skip(reason="no time")])
def test_a_mark_without_a_reason_or_of_another_kind_does_not_help(mark: Any) -> None:
    stub = mark(lambda _self, _harness, _mode, _way: None)
    with pytest.raises(TypeError, match="test_refusal"):
        type("Marked", (ProviderConformance,), {"test_refusal": stub})


def test_nor_by_a_base_class_beside_the_suite() -> None:
    mixin = type("Mixin", (), {"test_refusal": None})
    with pytest.raises(TypeError, match="overrides test_refusal"):
        type("Mixed", (mixin, ProviderConformance), {})


def test_a_stub_under_xfail_says_the_same_as_the_mapping() -> None:
    class Stubbed(ProviderConformance):
        xfail: ClassVar = {"test_usage": "it counts nothing"}

        @pytest.mark.xfail(reason="it never declines")
        def test_refusal(self, harness: Any, mode: Any, style: Any) -> None:
            pass

    assert dict(Stubbed.xfail) == {
        "test_usage": "it counts nothing",
        "test_refusal": "it never declines",
    }
    assert Stubbed.test_refusal is ProviderConformance.test_refusal


@pytest.mark.parametrize(
    ("xfail", "said"),
    [
        ({"test_refusals": "a slip"}, "the suite has no test 'test_refusals'"),
        ({"test_refusal": " "}, "test_refusal needs a reason"),
    ],
)
def test_an_opt_out_names_a_test_and_a_reason(xfail: dict[str, str], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        type("Wrong", (ProviderConformance,), {"xfail": xfail})


def test_one_document_has_no_place_for_an_unknown_event() -> None:
    assert PlainJSON().unknown() == b""
    assert PlainJSON().frame({"whole": "übel"}) == '{"whole": "übel"}'.encode()


# A whole run ----------------------------------------------------------------------------------

SUITE = """
import pytest
from partwise_conformance import ProviderConformance
from tests.conformance.broken.wire import AcmeWire

class TestAcme(ProviderConformance):
    provider = "drops-usage/any"
    plugin = "tests.conformance.broken.plugin"
    wire = AcmeWire()
    client_options = {}
    xfail = {"test_usage": "Acme counts nothing", "test_good_end": "a slip"}

"""
CONFTEST = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if item.originalname == "test_model_arrives":
            item.add_marker(pytest.mark.skip(reason="not today"))
"""

Run: TypeAlias = Callable[..., Listener]


@pytest.fixture
def run(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run some of the suite's tests of a plugin that drops usage, as a stranger would."""
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.delitem(sys.modules, "test_acme", raising=False)
    (tmp_path / "test_acme.py").write_text(SUITE)
    (tmp_path / "conftest.py").write_text(CONFTEST)

    def run(*arguments: str) -> Listener:
        listener = Listener()
        some = "usage or good_end or capabilities or model_arrives or recording"
        where = [f"-c{root / 'pyproject.toml'}", f"--rootdir={tmp_path}", str(tmp_path)]
        listener.code = pytest.main([*QUIET, *where, "-k", some, *arguments], plugins=[listener])
        return listener

    return run


STATES = {
    "test_capabilities": "passed",
    "test_usage": "excused",  # and fails, as it is to
    "test_usage_is_cumulative": "failed",
    "test_usage_in_detail": "failed",
    "test_good_end": "failed",  # it passes, though it was said that it can't
    "test_model_arrives": "excused",  # skipped by the author's own hand
    "test_recording": "not applicable",
    "test_recording_in_single_bytes": "not applicable",
}


def test_the_report_as_json(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "conformance.json"
    listener = run(f"--partwise-report={report}")
    assert "[XPASS(strict)] a slip" in listener.failures["test_good_end[tools]"]
    (provider,) = json.loads(report.read_text()).items()
    name, found = provider
    assert name == "drops-usage/any"
    assert [line["test"] for line in found["tests"]] == list(check_texts())
    states = {line["test"]: line["state"] for line in found["tests"]}
    assert {test: states.pop(test) for test in STATES} == STATES
    assert set(states.values()) == {"not run"}
    assert (found["passed"], found["of"]) == (1, len(check_texts()) - 2)
    reasons = {line["test"]: line["reason"] for line in found["tests"] if line["reason"]}
    assert reasons == {"test_usage": "Acme counts nothing", "test_model_arrives": "not today"}


def test_the_report_as_markdown(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "conformance.md"
    run(f"--partwise-report={report}")
    text = report.read_text(encoding="utf-8")
    held = f"1 of {len(check_texts()) - 2}"
    assert text.startswith("## drops-usage/any\n\n![partwise conformance: " + held + "](https://")
    assert f"partwise_conformance-{held.replace(' ', '%20')}-red" in text
    assert "| ⚠️ | The usage is reported | Acme counts nothing |" in text
    assert "| ❌ | Of several usages the last one counts; they are not added up |  |" in text


def test_the_report_as_text(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "conformance.txt"
    run(f"--partwise-report={report}")
    lines = report.read_text().splitlines()
    assert lines[0] == f"drops-usage/any passed 1 of {len(check_texts()) - 2} checks"
    assert "  excused         The usage is reported. (Acme counts nothing)" in lines
    assert "  not run         The schema arrives whole: properties, choices, descriptions." in lines


def test_a_folder_without_recordings_is_no_quiet_pass(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_acme.py").write_text(
        SUITE.replace("xfail =", 'recordings = __import__("pathlib").Path("none")\n    xfail =')
    )
    listener = run()
    assert listener.code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    assert listener.cases == set()


def test_each_check_says_its_rule_and_the_source_of_it() -> None:
    checks = [name for name in dir(ProviderConformance) if name.startswith("test_")]
    texts = [getattr(ProviderConformance, name).__doc__ or "" for name in checks]
    assert [n for n, text in zip(checks, texts, strict=True) if "Source: " not in text] == []
