"""A page's reader: an empty folder, keys, and a vendor on the loopback interface."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from partwise_conformance import ReplayServer

from .blocks import Page
from .vendor import Vendor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY")


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Page]:
    """Runs the blocks of one page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    loaded = set(sys.modules)
    vendor = Vendor()
    with ReplayServer(vendor) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        for key in KEYS:
            monkeypatch.setenv(key, "any will do")
        page = Page(vendor, capsys, tmp_path)
        yield page
        page.close()
    for name in set(sys.modules) - loaded:
        file = getattr(sys.modules[name], "__file__", None)
        if file and file.startswith(str(tmp_path)):
            del sys.modules[name]
