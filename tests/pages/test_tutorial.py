"""The tutorial's web page, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from ..web.conftest import serving
from ..web.system import program
from .blocks import run_page

if TYPE_CHECKING:
    from .blocks import Page

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"


@pytest.mark.full
def test_the_page_fills_in(page: Page, tmp_path: Path) -> None:
    run_page(TUTORIAL, page)
    text = TUTORIAL.read_text(encoding="utf-8")
    html = text.partition('```html title="page.html"\n')[2].partition("```")[0]
    (tmp_path / "page.html").write_text(html, encoding="utf-8")

    with serving(vars(page.titled["app.py"])["app"]) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page()
        faults: list[str] = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(url)
        expect(tab.locator("li")).not_to_have_count(0)
        expect(tab.locator("#budget")).not_to_have_text("…")
        assert "@" in tab.locator("li").first.inner_text()
        browser.close()
    assert faults == []
