"""Writes `docs/models.md`, the table of models, from the data of the installed plugins.

`python -m tests.models_page` writes the page.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from partwise.provider import ModelRow

PAGE = Path(__file__).resolve().parents[1] / "docs" / "models.md"

HEAD = """\
# Models

The mode that each model is asked in if none is named, by `from_provider("provider/model")`. It is
made from the tables of the plugins by `python -m tests.models_page`, and each row names the text
that it follows.

- **Mode** is the best of those that stream most finely; the others follow in the order in which
  they are tried.
- **Granularity** is how finely the mode streams: by token, by parameter (a top-level field at a
  time), or whole (at once, at the end).
- **Forced** is how a tool is demanded in a mode with tools: by its name, as a call of any tool, or
  only offered. A model that *thinks* reasons before it answers, unless the request says otherwise.
- A star marks modes in which the schema may not be enforced, so that the prompt holds it as well;
  `json` and `md_json` always have it there.

If a vendor refuses a request because of its mode, its schema or a parameter that partwise set, the
next approach is tried at once. The log says so with the `mode=` to write, and the client begins
with it from then on. A mode that you name is never changed.
"""


def rows() -> list[ModelRow]:
    """The rows of all installed plugins, by provider; a name's own plugin comes before others."""
    plugins = {each.name: each.load() for each in entry_points(group="partwise")}
    found = [
        row
        for name, plugin in plugins.items()
        if hasattr(plugin, "model_rows")
        for row in plugin.model_rows()
        if row.provider == name or row.provider not in plugins
    ]
    return sorted(found, key=lambda row: (row.provider not in plugins, row.provider))


def page(rows: Iterable[ModelRow]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *_tables(rows)])


def _tables(rows: Iterable[ModelRow]) -> Iterator[str]:
    for provider, group in groupby(rows, key=attrgetter("provider")):
        yield f"## {provider}\n"
        yield "| model | mode | granularity | then | forced | thinks | source |"
        yield "|---|---|---|---|---|---|---|"
        yield from map(_line, group)
        yield ""


def _line(row: ModelRow) -> str:
    first, *others = (_mode(row, mode) for mode in row.capabilities.ranked)
    finest = row.capabilities.modes[row.capabilities.default_mode]
    source = f"<{row.source}>" if "://" in row.source else row.source
    thinks = "yes" if row.thinks else ""
    name = row.model.replace("*", r"\*")
    cells = (name, first, finest, " ".join(others), row.forced, thinks, source)
    return f"| {' | '.join(cells)} |"


def _mode(row: ModelRow, mode: str) -> str:
    star = r"\*" if mode in row.capabilities.prompted else ""
    return f"`{mode}`{star}"


if __name__ == "__main__":
    PAGE.write_text(page(rows()), "utf-8")
