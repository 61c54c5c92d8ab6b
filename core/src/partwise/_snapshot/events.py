"""The events of `stream.events()`: the changes between one snapshot and the next, in order.

Folding them gives the snapshots: `Opened` puts a value at its path, `Grew` appends to the text
there, `Closed` puts the complete value, validated, in the place of the value shown while it was
open. A value that can't be shown partly has a `Closed` and no `Opened`.

`to_json` gives an event as plain data: its `kind`, its `path` as a JSON pointer (RFC 6901) and the
`state` of the value there, or the attempt that begins and the error of the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic_core import to_jsonable_python

from .._paths import format_pointer

if TYPE_CHECKING:
    from .._errors import PartwiseError
    from .._paths import Path


@dataclass(frozen=True, slots=True)
class Opened:
    """A value came into sight at `path`, and is not complete yet."""

    path: Path
    value: Any

    def to_json(self) -> dict[str, Any]:
        """The event as plain data: `opened`, with the value's JSON."""
        return _on_value("opened", "partial", self)


@dataclass(frozen=True, slots=True)
class Grew:
    """The text at `path` got these characters at its end."""

    path: Path
    text: str

    def to_json(self) -> dict[str, Any]:
        """The event as plain data: `grew`, with the text."""
        path = format_pointer(self.path)
        return {"kind": "grew", "path": path, "state": "partial", "text": self.text}


@dataclass(frozen=True, slots=True)
class Closed:
    """The value at `path` is complete and validated."""

    path: Path
    value: Any

    def to_json(self) -> dict[str, Any]:
        """The event as plain data: `closed`, with the value's JSON."""
        return _on_value("closed", "complete", self)


@dataclass(frozen=True, slots=True)
class Restarted:
    """The attempt before failed with `error`; its snapshots are void, and `attempt` begins."""

    attempt: int
    error: PartwiseError

    def to_json(self) -> dict[str, Any]:
        """The event as plain data: `restarted`, with the attempt and the error."""
        return _on_attempt("restarted", self)


@dataclass(frozen=True, slots=True)
class Resumed:
    """The attempt before was cut off by `error`; its snapshots stay, and `attempt` goes on."""

    attempt: int
    error: PartwiseError

    def to_json(self) -> dict[str, Any]:
        """The event as plain data: `resumed`, with the attempt and the error."""
        return _on_attempt("resumed", self)


Event: TypeAlias = Opened | Grew | Closed | Restarted | Resumed


def _on_value(kind: str, state: str, event: Opened | Closed) -> dict[str, Any]:
    value = to_jsonable_python(event.value, by_alias=False)
    return {"kind": kind, "path": format_pointer(event.path), "state": state, "value": value}


def _on_attempt(kind: str, event: Restarted | Resumed) -> dict[str, Any]:
    error = {"type": type(event.error).__name__, "message": str(event.error)}
    return {"kind": kind, "attempt": event.attempt, "error": error}
