"""Paths into an answer, as people write them: `users[0].name`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._events import Path

_step: Final = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+|\*)\]|\[\"((?:[^\"\\]|\\.)*)\"\]").match
_plain_key: Final = re.compile(r"[^.\[\]]+").fullmatch


def parse_path(text: str) -> tuple[str | int, ...]:
    """`users[0].name` as `("users", 0, "name")`; `""` as `()`.

    `[*]` stays the string `"*"`. A key that has a dot or a bracket is quoted: `["a.b"]`.

    Raises:
        ValueError: not a path; names the place.
    """
    steps: list[str | int] = []
    index = 0
    while index < len(text):
        match = _step(text, index)
        if match is None or (index == 0 and text[0] == "."):
            raise ValueError(f"not a path: {text!r} at character {index}")
        name, number, quoted = match.groups()
        if number is not None and number != "*":
            steps.append(int(number))
        elif quoted is not None:
            steps.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            steps.append(name or "*")
        index = match.end()
    return tuple(steps)


def format_path(path: Iterable[str | int]) -> str:
    """The inverse of `parse_path`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _plain_key(step):
            text += f".{step}" if text else step
        else:
            quoted = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def matches(pattern: Path, path: Path) -> bool:
    """Whether the path is one that the pattern names, where `"*"` stands for any one step."""
    return len(pattern) == len(path) and all(
        step in ("*", there) for step, there in zip(pattern, path, strict=True)
    )
