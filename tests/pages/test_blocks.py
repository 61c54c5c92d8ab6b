"""Every code block of the READMEs and of docs/ runs, and prints what its page says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ..web.conftest import serving
from .blocks import assert_output, notes_before, run_page

if TYPE_CHECKING:
    from .blocks import Page

ROOT = Path(__file__).resolve().parents[2]
OWN_TESTS = {"docs/writing-a-provider.md"}
"""Run word by word in an environment of its own by tests/workspace/test_guide.py."""

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "*/README.md", "plugins/*/README.md")
    for path in ROOT.glob(pattern)
    if "```" in path.read_text(encoding="utf-8")
)
MEETING = {"title": "Engines", "attendees": ["Ada", "Charles"]}


@pytest.mark.parametrize("name", [name for name in PAGES if name not in OWN_TESTS])
def test_its_blocks_run_and_print_what_it_says(name: str, page: Page) -> None:
    run_page(ROOT / name, page)


def folded(fold: Any, body: str) -> Any:
    """The document after all patches of an SSE body."""
    document, path = None, ""
    for line in body.splitlines():
        data = json.loads(line.removeprefix("data:")) if line.startswith("data:") else None
        if isinstance(data, list):
            document, path = fold(document, data, path)
    return document


def test_the_app_of_the_page_about_pages(page: Page) -> None:
    run_page(ROOT / "docs/web.md", page)
    fold = vars(page.titled["fold.py"])["fold"]

    with serving(vars(page.titled["app.py"])["app"]) as url:
        assert folded(fold, httpx.get(f"{url}/answer").text) == MEETING
        answer = httpx.post(f"{url}/answers").json()["id"]
        for _ in range(2):
            assert folded(fold, httpx.get(f"{url}/answers/{answer}").text) == MEETING
        *_, last = httpx.get(f"{url}/lines").text.splitlines()
        assert json.loads(last) == MEETING


@pytest.mark.parametrize(
    ("said", "printed"),
    [("a\n", "b\n"), ("a\n", "a\nb\n"), ("a\n…\n", "b\n"), ("a…c\n", "ab\n"), ("a\nb\n", "a\n")],
)
def test_other_output_than_said_is_an_error(said: str, printed: str) -> None:
    with pytest.raises(AssertionError, match="printed"):
        assert_output(said, printed)


@pytest.mark.parametrize(
    ("said", "printed"), [("…\n", ""), ("a\n…\nd\n", "a\nb\nc\nd\n"), ("a…c\n", "abc\n")]
)
def test_an_ellipsis_is_any_text(said: str, printed: str) -> None:
    assert_output(said, printed)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("```python\nprint(name)\n```\n", "name 'name' is not defined"),
        ("```python\nimport re\n```\n\n```python\nre.escape('')\n```\n", "the page must say"),
        ("```python\nimport re\nprint(1)\n```\n\n```text\n2\n```\n", "printed"),
        ("```tsx\n<p/>\n```\n", "not run"),
        ("```sh\npip install partwise[nothing]\n```\n", "no extra"),
        ("```sh\nmake nothing\n```\n", "make has no nothing"),
        ("```sh\npartwise nothing\n```\n", "ended with 2"),
        ("```json\n{\n```\n", "property name"),
    ],
)
def test_a_block_that_does_not_run_is_an_error(
    text: str, match: str, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "page.md"
    file.write_text(text)
    with pytest.raises(Exception, match=match):
        run_page(file, page)


def test_a_note_with_another_name_is_an_error() -> None:
    with pytest.raises(TypeError, match="skipped"):
        notes_before("<!-- skipped: why -->\n", 22)
