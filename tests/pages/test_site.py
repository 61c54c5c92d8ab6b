"""The site: links, the navigation, llms.txt, and that it loads nothing from other hosts."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load() -> Any:
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "docs" / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load()


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("docs")
    build.stage(out)
    return out


def test_each_page_is_in_the_navigation_once(staged: Path) -> None:
    config = tomllib.loads((staged / "zensical.toml").read_text())
    nav = [file for _, _, file in build.nav_pages(config["project"]["nav"])]
    pages = {path.relative_to(staged / "pages").as_posix() for path in staged.rglob("*.md")}

    assert len(nav) == len({*nav})
    assert {*nav} == {page for page in pages if not page.startswith("examples/")}


def test_links_between_pages_lead_to_pages(staged: Path) -> None:
    pages = staged / "pages"
    for page in pages.rglob("*.md"):
        for label, link in build._LINK.findall(build._FENCE.sub("", page.read_text())):
            if not re.match(r"[a-z]+:|#", link):
                target = (page.parent / link.partition("#")[0]).resolve()
                assert target.exists(), f"{page.name}: [{label}]({link})"


def test_notes_for_the_tests_are_not_on_the_site(staged: Path) -> None:
    for page in (staged / "pages").rglob("*.md"):
        assert not re.search(r"<!-- (answer|faults|not run)", page.read_text()), page.name


def test_llms_txt_lists_each_page_with_a_sentence(staged: Path) -> None:
    lines = (staged / "pages" / "llms.txt").read_text().splitlines()
    assert lines[0] == "# partwise"
    listed = [line for line in lines if line.startswith("- ")]
    assert len(listed) > 30
    assert [line for line in listed if not re.match(r"- \[[^\]]+\]\(\S+\.md\): .+", line)] == []
    full = (staged / "pages" / "llms-full.txt").read_text()
    assert full.count("\n# ") > 25


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    source = ROOT / "docs" / "index.md"
    copy = ROOT / "docs" / ".no-such-page.md"
    places = {copy: Path("no-such-page.md"), source: Path("index.md")}
    page = tmp_path / "page.md"
    page.write_text("[here](nowhere.md)")
    with pytest.raises((FileNotFoundError, ValueError), match="nowhere"):
        build.page_text(page, {**places, page: Path("page.md")}, "https://example.com")


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.com/a.js">',
        '<link rel="stylesheet" href="//fonts.example.com/f.css">',
        "<style>@font-face{src:url(https://example.com/f.woff2)}",
        '<img src="http://example.com/a.png">',
    ],
)
def test_what_another_host_would_be_asked_for_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(f'<a href="https://example.com">fine</a>{text}')
    assert len(build.foreign_resources(tmp_path)) == 1


@pytest.mark.full
def test_the_site_is_built_strictly() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    done = subprocess.run(
        ["make", "docs"],  # noqa: S607 - whichever the developer has
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = ROOT / ".docs" / "site"
    for page in ("start", "tutorial", "errors", "reference/partwise", "plugins/openai"):
        assert (site / page / "index.html").exists()
    assert 'id="partwise.from_provider"' in (site / "reference/partwise/index.html").read_text()
    assert build.foreign_resources(site) == []
