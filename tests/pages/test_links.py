"""Every link between the pages leads somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_fence = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_link = re.compile(r"\]\(([^)\s]+)\)|<(?:img|source)[^>]+(?:src|srcset)=\"([^\"]+)\"")
_heading = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)


def pages(root: Path) -> list[Path]:
    tops = [root, root / "core", root / "conformance", *root.glob("plugins/*")]
    return [page for top in tops for page in top.glob("*.md")] + [*root.glob("docs/**/*.md")]


def links(page: Path) -> Iterator[str]:
    for match in _link.finditer(_fence.sub("", page.read_text())):
        target = match.group(1) or match.group(2)
        if "://" not in target and not target.startswith("mailto:"):
            yield target


def anchors(page: Path) -> set[str]:
    """The headings' anchors, as the usual renderers name them."""
    headings = _heading.findall(_fence.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_relative_links_resolve(root: Path) -> None:
    broken = []
    for page in pages(root):
        for link in links(page):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(root)}: {link}")

    assert broken == []
