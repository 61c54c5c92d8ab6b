"""What is asked for under load: a note that carries its number in every field."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel

_MARK = "note-{:07}"
_number = re.compile(r"note-(\d{7})")


class Part(BaseModel):
    name: str
    number: int


class Note(BaseModel):
    name: str
    number: int
    tags: list[str]
    parts: list[Part]


def question(number: int) -> list[dict[str, str]]:
    """The conversation that asks for that note."""
    return [{"role": "user", "content": f"Give me {_MARK.format(number)}."}]


def number_in(text: str) -> int:
    """The number of the note that a request asks for."""
    found = _number.search(text)
    if found is None:
        raise ValueError("no note is asked for")
    return int(found[1])


def written(number: int, *, parts: int) -> str:
    """The note as a model writes it."""
    mark = _MARK.format(number)
    inside = [{"name": f"{mark} part", "number": number}] * parts
    fields = {"name": f"{mark} whole", "number": number, "tags": [mark] * 2, "parts": inside}
    return json.dumps(fields)


def belongs(shown: Any, number: int) -> bool:
    """Whether all that is shown is of that note: texts may have come in part."""
    if isinstance(shown, BaseModel):
        return all(belongs(value, number) for value in vars(shown).values())
    if isinstance(shown, list):
        return all(belongs(value, number) for value in shown)
    if isinstance(shown, str):
        mark = _MARK.format(number)
        return shown.startswith(mark) or mark.startswith(shown)
    return shown is None or shown == number
