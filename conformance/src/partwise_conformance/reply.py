"""Replies of the replay server: a status, headers, and a script of writes and actions.

A body is any iterable of steps, in the order in which they are played:

- `bytes`: one write. With chunked transfer each is a chunk of its own, so that the client's HTTP
  parser hands it on alone, however the kernel packs it.
- `Pause(seconds)`, `Hold()`: wait for a time, or until `Exchange.release()`.
- `Drop()`: reset the connection. `Close()`: close it cleanly, without ending a chunked body.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait until the test calls `Exchange.release()`: a gate, or a stall if it never does."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Reset the connection (RST), as a crashed server or a middlebox does."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection (FIN) here. A chunked body is then left without its end."""


Action: TypeAlias = Pause | Hold | Drop | Close
Step: TypeAlias = bytes | Action
Framing: TypeAlias = Literal["chunked", "close", "length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One scripted HTTP response.

    Attributes:
        body: the steps; may be infinite, and is only iterated as far as the client listens.
        status: the HTTP status code.
        headers: besides those that frame the body; `content-type` is there unless named here.
        framing: how the body's end is marked; for `length` the body must be re-iterable.
        before_head: actions before the status line is sent.
        pace: seconds to wait before each write but the first.
        gated: whether to wait for `Exchange.release()` before each write.
    """

    body: Iterable[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Framing = "chunked"
    before_head: Iterable[Action] = ()
    pace: float = 0.0
    gated: bool = False

    @classmethod
    def of_json(
        cls, value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """A whole JSON document, as vendors send their errors."""
        return cls(
            body=(json.dumps(value).encode(),),
            status=status,
            headers={"content-type": "application/json", **(headers or {})},
            framing="length",
        )


def cut(body: bytes, size: int | None) -> list[bytes]:
    """The body in pieces of so many bytes; one piece if the size is None."""
    if size is None:
        return [body]
    return [body[start : start + size] for start in range(0, len(body), size)]


def sse(data: Any, event: str | None = None) -> bytes:
    """One server-sent event. Data that is not a string is written as JSON."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    lines = [f"data: {line}" for line in text.split("\n")]
    if event is not None:
        lines.insert(0, f"event: {event}")
    return ("\n".join(lines) + "\n\n").encode()
