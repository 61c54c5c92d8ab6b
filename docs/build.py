"""Builds the site: `make docs`.

    python docs/build.py        pages into .docs/pages, the site into .docs/site

The READMEs of the packages are pages of the site, too, so links between the checkout's files are
turned into links between pages. A link that leads to no page and no file is an error.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / ".docs"
NOT_PAGES = {"build.py", "zensical.toml"}
_DIRECTIVE = re.compile(r"^<!-- (?:answer|faults|not run):.*?-->\n", re.MULTILINE | re.DOTALL)
_ALL = re.compile(r"^__all__ = (\[.*?\])$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"^::: (\S+)$", re.MULTILINE)
_OTHERS = re.compile(r"^<!-- others of: (\S+) -->$", re.MULTILINE)
_FENCE = re.compile(r"(^ *(`{3,}).*?^ *\2$\n?)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_FOREIGN = re.compile(
    r"<(?:script|img|iframe|link|source|video)\b[^>]*?\b(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|url\([\"']?((?:https?:)?//[^\"')]+)|@import\s+[\"']((?:https?:)?//[^\"']+)",
    re.IGNORECASE,
)


def sources() -> dict[Path, Path]:
    """Each file that becomes a part of the site, and its place there."""
    docs = ROOT / "docs"
    found = {
        path: path.relative_to(docs)
        for path in docs.rglob("*")
        if path.is_file() and path.name not in NOT_PAGES and "__pycache__" not in path.parts
    }
    for readme in ROOT.glob("plugins/*/README.md"):
        found[readme] = Path("plugins", f"{readme.parent.name}.md")
    found[ROOT / "conformance" / "README.md"] = Path("conformance.md")
    for name, place in (("CHANGELOG", "changelog"), ("CONTRIBUTING", "contributing")):
        found[ROOT / f"{name}.md"] = Path(f"{place}.md")
    found[ROOT / "SECURITY.md"] = Path("reporting.md")
    return found


def page_text(source: Path, places: dict[Path, Path], repository: str) -> str:
    """A page's text with its links turned, and without the notes for its tests.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """
    text = _DIRECTIVE.sub("", source.read_text(encoding="utf-8"))
    parts = _FENCE.split(text)
    # A split by two groups gives the prose, a fence, its marks, and so on.
    prose = [
        _LINK.sub(lambda m: _turned(m, source, places, repository), each) for each in parts[::3]
    ]
    fences = [*parts[1::3], ""]
    return "".join(part for pair in zip(prose, fences, strict=True) for part in pair)


def _turned(match: re.Match[str], source: Path, places: dict[Path, Path], repository: str) -> str:
    label, link = match.groups()
    if re.match(r"[a-z]+:|#", link):
        return match[0]
    path, hash_, anchor = link.partition("#")
    target = (source.parent / path).resolve()
    if target in places:
        here = places[source].parent
        return f"[{label}]({os.path.relpath(places[target], here)}{hash_}{anchor})"
    if not target.exists():
        raise FileNotFoundError(f"{source.relative_to(ROOT)}: there is no {link}")
    return f"[{label}]({repository}/blob/main/{target.relative_to(ROOT).as_posix()})"


def nav_pages(nav: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Section, title and file of each page in the navigation."""
    for section in nav:
        for name, pages in section.items():
            for page in pages:
                for title, file in page.items():
                    yield name, title, file


def first_sentence(text: str) -> str:
    """The first sentence of a page's first paragraph, as plain text."""
    for block in re.split(r"\n{2,}", _FENCE.sub("", text)):
        if (block and block[0] not in "#!|-<:`") or block.startswith("`partwise"):
            plain = _LINK.sub(r"\1", " ".join(block.split()))
            return re.split(r"(?<=[.!?:]) ", plain)[0].rstrip(":")
    return ""


def llms(config: dict[str, Any], pages: Path) -> Iterator[str]:
    """The lines of llms.txt (https://llmstxt.org): the pages as Markdown, by section."""
    project = config["project"]
    yield f"# {project['site_name']}\n\n> {project['site_description']}\n"
    last = ""
    for section, title, file in nav_pages(project["nav"]):
        if section != last:
            yield f"\n## {section}\n"
            last = section
        about = first_sentence((pages / file).read_text(encoding="utf-8"))
        yield f"- [{title}]({file})" + (f": {about}" if about else "")


def public_names(module: str) -> list[str]:
    """The module's `__all__`, read from its source, since the packages are not installed here."""
    path = Path(*module.split("."))
    for src in (ROOT / "core" / "src", ROOT / "conformance" / "src", *ROOT.glob("plugins/*/src")):
        for file in (src / path / "__init__.py", src / path.with_suffix(".py")):
            found = _ALL.search(file.read_text(encoding="utf-8")) if file.exists() else None
            if found:
                return list(ast.literal_eval(found[1]))
    raise FileNotFoundError(f"no module {module} with an __all__")


def complete_reference(folder: Path) -> None:
    """Put the public names that no page has in the place of `<!-- others of: MODULE -->`."""
    files = sorted(folder.glob("*.md"))
    named = {name for file in files for name in _NAMED.findall(file.read_text(encoding="utf-8"))}

    def others(match: re.Match[str]) -> str:
        module = match[1]
        own = [f"{module}.{name}" for name in public_names(module)]
        again = {name for name in own if f"partwise.{name.rpartition('.')[2]}" in named}
        rest = [f"::: {name}" for name in own if name not in named and name not in again]
        return "\n\n".join(["## Others", *rest]) if rest else ""

    for file in files:
        file.write_text(_OTHERS.sub(others, file.read_text(encoding="utf-8")), encoding="utf-8")


def stage(out: Path = OUT) -> dict[str, Any]:
    """Gather the pages in `out/pages`: the site's configuration."""
    pages = out / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    places = sources()
    project = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text())["project"]
    repository = project["urls"]["Source"]
    for source, place in places.items():
        (pages / place).parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".md":
            (pages / place).write_text(page_text(source, places, repository), encoding="utf-8")
        else:
            shutil.copyfile(source, pages / place)
    complete_reference(pages / "reference")
    shutil.copyfile(ROOT / "docs" / "zensical.toml", out / "zensical.toml")
    config = tomllib.loads((out / "zensical.toml").read_text())
    (pages / "llms.txt").write_text("\n".join(llms(config, pages)) + "\n", encoding="utf-8")
    texts = [
        (pages / file).read_text(encoding="utf-8")
        for section, _, file in nav_pages(config["project"]["nav"])
        if section != "API reference"
    ]
    (pages / "llms-full.txt").write_text("\n\n".join(texts), encoding="utf-8")
    return config


def foreign_resources(site: Path) -> list[str]:
    """Addresses of other hosts that a page of the site would load by itself."""
    return sorted(
        f"{file.relative_to(site)}: {next(filter(None, match))}"
        for file in site.rglob("*")
        if file.suffix in (".html", ".css")
        for match in _FOREIGN.findall(file.read_text(encoding="utf-8"))
    )


def main() -> None:
    """Stage, build strictly, and check the result."""
    config = stage()
    zensical = Path(sys.executable).with_name("zensical")
    command = [str(zensical), "build", "--strict", "--clean", "-f", str(OUT / "zensical.toml")]
    if subprocess.run(command, check=False).returncode:
        sys.exit("docs: the site was not built")
    site = OUT / "site"
    for _, _, file in nav_pages(config["project"]["nav"]):
        if not file.startswith("reference/"):
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(OUT / "pages" / file, site / file)
    if foreign := foreign_resources(site):
        sys.exit("docs: the site loads from other hosts:\n" + "\n".join(foreign))


if __name__ == "__main__":
    main()
