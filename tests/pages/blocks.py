"""The code blocks of a page, run in order, as a reader would run them.

- `python`: a block that imports something stands alone, unless its first line is `# continued`. One
  that imports nothing continues the blocks above it, as its page says in the words of `CONTINUES`.
  `title="models.py"` also saves it as a file, for the blocks below.
- `text`: the standard output of the blocks since the last one that showed it, word by word. `…` is
  any text, and any lines in a line of its own.
- `sh`, `console`: commands, see `shell`. In `console`, output follows its command.
- `json`, `jsonl`, `toml`: are read as such. With a title they are saved as files.

A comment on the page's source, before a block, says what the test needs to know:

    <!-- answer: {"name": "Ada"} -->   what the vendor answers from here on
    <!-- faults: 503 503 -->           statuses with which it refuses the next requests
    <!-- not run: needs a browser -->  why the block can't be run here
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sybil import Document, Example, Region
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from . import shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from .vendor import Vendor

CONTINUES = "a block without imports continues the one above it"

_INFO = re.compile(r"(?P<language>[\w-]*)(?P<info>[^\n]*)$\n", re.MULTILINE)
_TITLE = re.compile(r'title="([^"]+)"')
_COMMENTS = re.compile(r"((?:<!--(?:(?!-->).)*-->\s*)+)\Z", re.DOTALL)
_COMMENT = re.compile(r"<!--\s*([\w ]+?):\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Notes:
    """The comments before a block."""

    answer: str | None = None
    faults: str | None = None
    not_run: str | None = None


def notes_before(text: str, start: int) -> Notes:
    """The comments that end where the block starts.

    Raises:
        TypeError: one has an unknown name.
    """
    found = _COMMENTS.search(text, 0, start)
    pairs = _COMMENT.findall(found[1]) if found else []
    return Notes(**{name.replace(" ", "_"): value for name, value in pairs})


class Page:
    """A page whose blocks are run: its names, its output so far, the vendor that it asks.

    Attributes:
        count: blocks that were run.
        titled: the names of each block that has a title, and of those that continue it.
    """

    def __init__(self, vendor: Vendor, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.count = 0
        self._vendor = vendor
        self._capsys = capsys
        self._folder = folder
        self._python = PythonEvaluator()
        self._modules: list[ModuleType] = []
        self.titled: dict[str, ModuleType] = {}

    def parser(self, document: Document) -> Iterator[Region]:
        """The blocks as regions, for sybil."""
        for region in RawFencedCodeBlockLexer(_INFO)(document):
            region.parsed = region.lexemes["source"]
            region.evaluator = self.run
            yield region

    def run(self, example: Example) -> None:
        """Run a block, if its notes don't say why it is not."""
        notes = notes_before(example.document.text, example.region.start)
        if notes.answer is not None:
            self._vendor.answer = json.dumps(json.loads(notes.answer), ensure_ascii=False)
        if notes.faults is not None:
            self._vendor.faults = [int(status) for status in notes.faults.split()]
        if notes.not_run is None:
            self.count += 1
            language = example.region.lexemes["language"]
            run = getattr(self, f"_run_{language}", None)
            assert run, f"line {example.line}: a block of {language!r} needs `<!-- not run: … -->`"
            run(example)

    def close(self) -> None:
        """Close the clients that the page left open."""
        for module in self._modules:
            for value in vars(module).values():
                if type(value).__name__ == "Client" and hasattr(value, "close"):
                    value.close()
            sys.modules.pop(module.__name__, None)

    def _run_python(self, example: Example) -> None:
        source = str(example.parsed)
        self._save(example)
        if not (self._modules and is_continuation(source)):
            self._begin(_title(example))
        else:
            said = CONTINUES in " ".join(example.document.text.split()).lower()
            assert said or source.startswith("# continued"), f"the page must say: {CONTINUES}"
        example.namespace = vars(self._modules[-1])
        builtins = example.namespace["__builtins__"]
        self._python(example)
        example.namespace["__builtins__"] = builtins

    def _begin(self, title: str | None) -> None:
        module = ModuleType(f"page{len(self._modules)}")
        module.__dict__["__builtins__"] = __builtins__
        sys.modules[module.__name__] = module  # pydantic resolves annotations there
        self._modules.append(module)
        self.titled[title or ""] = module

    def _run_text(self, example: Example) -> None:
        assert_output(str(example.parsed), self._capsys.readouterr().out)

    def _run_sh(self, example: Example) -> None:
        for command in shell.commands(str(example.parsed)):
            shell.run(command)

    def _run_console(self, example: Example) -> None:
        for command, output in shell.dialogue(str(example.parsed)):
            self._capsys.readouterr()
            shell.run(command)
            got = self._capsys.readouterr()
            assert_output(output, got.err + got.out)

    def _run_json(self, example: Example) -> None:
        json.loads(str(example.parsed))
        self._save(example)

    def _run_jsonl(self, example: Example) -> None:
        for line in str(example.parsed).splitlines():
            json.loads(line)
        self._save(example)

    def _run_toml(self, example: Example) -> None:
        tomllib.loads(str(example.parsed))

    def _save(self, example: Example) -> None:
        title = _title(example)
        if title:
            (self._folder / title).write_text(str(example.parsed), encoding="utf-8")
            sys.modules.pop(title.removesuffix(".py"), None)


def _title(example: Example) -> str | None:
    found = _TITLE.search(example.region.lexemes["info"])
    return found[1] if found else None


def is_continuation(source: str) -> bool:
    """Whether the block says that it continues the ones above, or imports nothing itself."""
    if source.startswith("# continued"):
        return True
    return not any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(source).body)


def run_page(path: Path, page: Page) -> int:
    """Run all blocks of the page: how many there were."""
    document: Any = Document.parse(str(path), page.parser)
    for example in document.examples():
        example.evaluate()
    return page.count


def assert_output(said: str, printed: str) -> None:
    """The output is what the page says."""
    lines = [
        "(?:.*\n)*?" if line == "…" else f"{'.*'.join(map(re.escape, line.split('…')))}\n"
        for line in said.splitlines()
    ]
    printed = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    assert re.fullmatch("".join(lines), printed), f"printed:\n{printed}\nsaid:\n{said}"
