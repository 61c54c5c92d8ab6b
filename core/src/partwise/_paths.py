"""Paths into an answer, as people write them: `users[0].name`."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._errors import PathError
from ._sentinels import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path: TypeAlias = tuple[str | int, ...]
"""Field names, dict keys and list indices from the root; the root's own path is `()`."""

_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+|\*)\]|\[\"((?:[^\"\\]|\\.)*)\"\]").match
_PLAIN_KEY: Final = re.compile(r"[^.\[\]]+").fullmatch


def parse_path(text: str) -> tuple[str | int, ...]:
    """`users[0].name` as `("users", 0, "name")`; `""` as `()`.

    `[*]` stays the string `"*"`. A key that has a dot or a bracket is quoted: `["a.b"]`.

    Raises:
        PathError: not a path; names the character.
    """
    steps: list[str | int] = []
    index = 0
    while index < len(text):
        match = _STEP(text, index)
        if match is None or (index == 0 and text[0] == "."):
            raise PathError(
                f"invalid path {text!r}: unexpected character at index {index}; "
                "write it like users[0].name"
            )
        name, number, quoted = match.groups()
        if number is not None and number != "*":
            steps.append(int(number))
        elif quoted is not None:
            steps.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            steps.append(name or "*")
        index = match.end()
    return tuple(steps)


def format_path(path: Iterable[object]) -> str:
    """The inverse of `parse_path`; a key of another type stands as `key_text` writes it."""
    text = ""
    for each in path:
        if isinstance(each, int) and not isinstance(each, Enum | bool):
            text += f"[{each}]"
        elif _PLAIN_KEY(step := key_text(each)):
            text += f".{step}" if text else step
        else:
            quoted = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def key_text(key: object) -> str:
    """A dict's key as a path writes it: an enum by its value, all else as `str` does."""
    return str(key.value if isinstance(key, Enum) else key)


def find_key(mapping: Mapping[Any, Any], step: object) -> Any:
    """The mapping's key at that step of a path; MISSING if it has none."""
    if step in mapping:
        return step
    return next((key for key in mapping if key_text(key) == str(step)), MISSING)


def entry_at(mapping: Mapping[Any, Any], step: object) -> Any:
    """The mapping's value at that step of a path.

    Raises:
        LookupError: it has none. Asked by the step itself, a `defaultdict` would make one.
    """
    key = find_key(mapping, step)
    if key is MISSING:
        raise LookupError(step)
    return mapping[key]


def matches(pattern: Path, path: Path) -> bool:
    """Whether the path is one that the pattern names, where `"*"` stands for any one step."""
    return len(pattern) == len(path) and all(
        step in ("*", there) for step, there in zip(pattern, path, strict=True)
    )


def format_pointer(path: Iterable[object]) -> str:
    """The path as a JSON pointer (RFC 6901): `/users/0/name`."""
    steps = (key_text(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps)
