"""How each kind of type shows while it is open: observed, and written to `docs/types.md`.

`python -m tests.core.snapshot.type_table` writes the page.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel, create_model

from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .registry import ELEMENTS, FIELDS, GROWS, KEYS, TYPES, WHOLE, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[3] / "docs" / "types.md"

_HEAD = """\
# How each type shows

How a field of each type shows while its JSON is being written. Once its JSON has closed, it is
validated and complete, of the field's own Python type.

- **grows**: a text shows from its first quote on, and gets longer.
- **field by field**: a model shows as its `Partial[M]`, missing fields as `None` or their default.
- **element by element**, **key by key**: a container shows as far as it has come.
- **when complete**: nothing shows before.

Where a row names several, the kind of JSON decides. The tests observe this, and write the page.
"""
_ORDER = (GROWS, FIELDS, ELEMENTS, KEYS, WHOLE)


def observed(row: Row, text: str) -> set[str]:
    """The ways in which a field of that type shows while that JSON text of it is open."""
    holder = create_model("Holder", value=(row.type, ...))
    builder = SnapshotBuilder(compile_plan(holder))
    builder.feed('{"value":')
    ways = set()
    for character in text[:-1]:
        builder.feed(character)
        snapshot: Any = builder.snapshot()
        if "value" in snapshot.model_fields_set:
            ways.add(_way(snapshot.value))
    return ways or {WHOLE}


def _way(value: Any) -> str:
    while isinstance(value, RootModel):
        value = value.root
    if isinstance(value, str):
        return GROWS
    if isinstance(value, BaseModel) or dataclasses.is_dataclass(value):
        return FIELDS
    if isinstance(value, dict):
        return KEYS
    assert isinstance(value, list | tuple | set | frozenset | deque), value
    return ELEMENTS


def page() -> str:
    """The page's text."""
    return _HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    for group, rows in itertools.groupby(TYPES, key=lambda row: row.group):
        yield f"\n## {group}\n\n| type | while it is open |\n|---|---|\n"
        for row in rows:
            ways = sorted(row.shows, key=_ORDER.index)
            name = row.name[:1].upper() + row.name[1:]
            yield f"| {name.replace('|', chr(92) + '|')} | {', '.join(ways)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
