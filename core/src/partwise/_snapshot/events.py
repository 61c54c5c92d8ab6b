"""What `stream.events()` gives: the changes between one snapshot and the next, in order.

Folding them gives the snapshots: `Opened` puts a value at its path, `Grew` appends to the text
there, `Closed` puts the complete value, validated, in the place of what was shown while it was
open. A value that can't be shown partly has a `Closed` and no `Opened`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .._errors import PartwiseError
    from .._paths import Path


@dataclass(frozen=True, slots=True)
class Opened:
    """A value came into sight at `path`, and is not complete yet."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Grew:
    """The text at `path` got these characters at its end."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The value at `path` is complete and validated."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Restarted:
    """The attempt before failed with `error`; what was shown is void, and `attempt` begins."""

    attempt: int
    error: PartwiseError


@dataclass(frozen=True, slots=True)
class Resumed:
    """The attempt before was cut off by `error`; what was shown stands, and `attempt` goes on."""

    attempt: int
    error: PartwiseError


Event: TypeAlias = Opened | Grew | Closed | Restarted | Resumed
