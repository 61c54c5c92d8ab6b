"""Mutations of a scripted answer: JSON of odd shapes, and damaged bytes. Seeded, so repeatable."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

_ODD: Final[tuple[Any, ...]] = (
    *(None, True, -1, 5, 1.5, 10**30, "", "x"),
    *([], [None], ["x"], [[]], {}, {"x": None}, [{}]),
)
"""Values that servers have sent in the place of others, and some that nobody expects."""

_LONGEST: Final = 40
"""Bytes that are cut out, doubled or made up at once."""


def odd_shape(events: Sequence[Any], random: Random) -> list[Any]:
    """The events with one value of one of their JSON objects replaced, wrapped or taken out."""
    mutated = copy.deepcopy(list(events))
    places = [place for event in mutated for place in _places(event)]
    container, key = random.choice(places)
    match random.choice(("replace", "replace", "wrap", "remove")):
        case "wrap":
            container[key] = [container[key]]
        case "remove":
            del container[key]
        case _:
            container[key] = copy.deepcopy(random.choice(_ODD))
    return mutated


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place inside a JSON value, as its container and the key there."""
    if isinstance(value, dict):
        keys: list[Any] = [*value]
    elif isinstance(value, list):
        keys = [*range(len(value))]
    else:
        return
    for key in keys:
        yield value, key
        yield from _places(value[key])


def damaged(body: bytes, random: Random) -> bytes:
    """The body with a byte flipped, a piece cut out, doubled or made up, or its end cut off."""
    start = random.randrange(len(body))
    end = min(len(body), start + random.randint(1, _LONGEST))
    match random.choice(("flip", "flip", "cut", "double", "insert", "truncate")):
        case "cut":
            return body[:start] + body[end:]
        case "double":
            return body[:end] + body[start:]
        case "insert":
            return body[:start] + random.randbytes(end - start) + body[start:]
        case "truncate":
            return body[:start]
    flipped = body[start] ^ (1 << random.randrange(8))
    return body[:start] + bytes([flipped]) + body[start + 1 :]
