"""Numbers between bounds."""

from __future__ import annotations

import math
from random import Random
from typing import Final

from ._nodes import Node, UnsatisfiableError

_SPAN: Final = 100
"""Distance from the other bound, if one is open."""


def integer(node: Node, random: Random) -> int:
    """A whole number that fits the node.

    Raises:
        UnsatisfiableError: there is none.
    """
    low, high = _bounds(node)
    least = math.floor(low) + 1 if low == node.get("exclusiveMinimum") else math.ceil(low)
    most = math.ceil(high) - 1 if high == node.get("exclusiveMaximum") else math.floor(high)
    step = node.get("multipleOf")
    if step:
        first, last = math.ceil(least / step), math.floor(most / step)
        if first > last:
            raise _none(node)
        multiples = (random.randint(first, last) * step for _ in range(_SPAN))
        found = next((value for value in multiples if value == int(value)), None)
        if found is None:
            raise _none(node)
        return int(found)
    if least > most:
        raise _none(node)
    return random.randint(least, most)


def number(node: Node, random: Random) -> float:
    """A number that fits the node, of few digits if possible.

    Raises:
        UnsatisfiableError: there is none.
    """
    low, high = _bounds(node)
    step = node.get("multipleOf")
    if step:
        low, high = math.ceil(low / step), math.floor(high / step)
    for digits in (2, 4, 8, None):
        drawn = random.uniform(low, high)
        if step:
            value = round(round(drawn) * float(step), 10)
        else:
            value = drawn if digits is None else round(drawn, digits)
        if _fits(value, node):
            return value
    raise _none(node)


def _bounds(node: Node) -> tuple[float, float]:
    lows = [node[key] for key in ("minimum", "exclusiveMinimum") if key in node]
    highs = [node[key] for key in ("maximum", "exclusiveMaximum") if key in node]
    low = max(lows, default=None)
    high = min(highs, default=None)
    if low is None:
        low = 0 if high is None or high >= 0 else high - _SPAN
    span = max(_SPAN, node.get("multipleOf", 0) * 10)
    return low, low + span if high is None else high


def _fits(value: float, node: Node) -> bool:
    least: float = node.get("minimum", -math.inf)
    most: float = node.get("maximum", math.inf)
    above: float = node.get("exclusiveMinimum", -math.inf)
    below: float = node.get("exclusiveMaximum", math.inf)
    return least <= value <= most and above < value < below


def _none(node: Node) -> UnsatisfiableError:
    bounds = {key: value for key, value in node.items() if key not in ("title", "description")}
    return UnsatisfiableError(f"no number fits {bounds}")
