"""Type checkers find mistaken keywords, and nothing wrong with right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .checkers import CHECKERS, HERE, findings, marked

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("checker", CHECKERS)
def test_mistakes_are_found(checker: str, tmp_path: Path) -> None:
    text = (HERE / "mistakes.txt").read_text()
    (tmp_path / "mistakes.py").write_text(text)
    found = findings(checker, tmp_path, "mistakes.py")
    assert found.keys() == marked(text, "error").keys()
