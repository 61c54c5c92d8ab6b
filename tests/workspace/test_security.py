"""Every promise of docs/security.md names a test, and the test is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from partwise_conformance.suite import check_texts

if TYPE_CHECKING:
    from pathlib import Path

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_CHECK = re.compile(r"`conformance: (test_\w+)`")
_ROW = re.compile(r"^\|(?!---)(.+)\|$", re.MULTILINE)


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "security.md").read_text()


def test_each_line_names_its_test(page: str) -> None:
    rows = [row for row in _ROW.findall(page) if not row.rstrip().endswith("| test")]
    assert len(rows) > 30
    assert [row for row in rows if not (_TEST.search(row) or _CHECK.search(row))] == []


def test_the_tests_are_there(page: str, root: Path) -> None:
    named = _TEST.findall(page)
    assert named
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (root / file).exists() or f"def {test}(" not in (root / file).read_text()
    ]
    assert missing == []
    assert set(_CHECK.findall(page)) <= set(check_texts())
