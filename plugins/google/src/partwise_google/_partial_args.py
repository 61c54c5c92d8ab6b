"""Writes a function call's streamed arguments down as one growing JSON text.

Vertex AI streams arguments as leaves and not as text: each `PartialArg` has a JSONPath, a typed
value, and whether more of the same string follows. `$.users[0].name` with "Ada" becomes
`{"users":[{"name":"Ada`, and the leaf that comes next first ends whatever it is not inside of.

Text is only ever appended, so the leaves must come in the document's order. They do, since the
model writes them so; one that would have to go back is an error. An item of a list that was
skipped is written as null: leaves can't show an empty list or object, so the response model
shall judge.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from google.genai.types import PartialArg

Step: TypeAlias = str | int


class PartialArgs:
    """The arguments of one call, received leaf by leaf."""

    def __init__(self) -> None:
        # The path to the leaf written last, and the containers it is in, outermost first.
        self._path: list[Step] = []
        self._open: list[_Object | _Array] = [_Object()]
        self._in_string = False

    def feed(self, leaf: PartialArg) -> str:
        """The text that the leaf adds.

        Raises:
            ValueError: its path is invalid, or leads back to where the text is written already.
        """
        path = parse_path(leaf.json_path or "")
        if self._in_string and path == self._path:
            return self._go_on(leaf)
        value = _scalar(leaf)
        if value is not None:
            return self._go_to(path) + value
        if leaf.string_value is None:
            return ""
        lead = self._go_to(path)
        self._in_string = True
        return f'{lead}"{self._go_on(leaf)}'

    def close(self) -> str:
        """The text that ends the arguments, now that the call has no more."""
        start = "" if self._path else "{"
        return start + self._end(0)

    def _go_on(self, leaf: PartialArg) -> str:
        """The next characters of a string."""
        # Escaped to ASCII, so that any cut is harmless, even one inside a surrogate pair.
        text = json.dumps(leaf.string_value or "")[1:-1]
        return text if leaf.will_continue else text + self._end_string()

    def _end_string(self) -> str:
        in_string, self._in_string = self._in_string, False
        return '"' if in_string else ""

    def _end(self, depth: int) -> str:
        """The text that ends all containers but the `depth` outermost ones."""
        ended = self._open[depth:]
        del self._open[depth:]
        return self._end_string() + "".join(container.end for container in reversed(ended))

    def _go_to(self, path: list[Step]) -> str:
        """The text between the last value and the one at `path`."""
        shared = _shared(self._path, path)
        if shared == len(path) or (self._path and shared == len(self._path)):
            raise ValueError(f"two values for one argument, at {path}")
        text = self._end(shared + 1) if self._path else "{"
        text += self._open[shared].lead_to(path[shared])
        for step in path[shared + 1 :]:
            container = _Array() if isinstance(step, int) else _Object()
            self._open.append(container)
            text += container.start + container.lead_to(step)
        self._path = path
        return text


def _shared(left: list[Step], right: list[Step]) -> int:
    """With how many steps both paths begin."""
    pairs = zip(left, right, strict=False)
    parting = (depth for depth, (one, other) in enumerate(pairs) if one != other)
    return next(parting, min(len(left), len(right)))


class _Object:
    start, end = "{", "}"

    def __init__(self) -> None:
        self._names: set[Step] = set()

    def lead_to(self, step: Step) -> str:
        """The text before that member's value."""
        if isinstance(step, int) or step in self._names:
            raise ValueError(f"the member {step!r} comes out of order")
        comma = "," if self._names else ""
        self._names.add(step)
        return f"{comma}{json.dumps(step)}:"


class _Array:
    start, end = "[", "]"

    def __init__(self) -> None:
        self._length = 0

    def lead_to(self, step: Step) -> str:
        """The text before that item's value."""
        if isinstance(step, str) or step < self._length:
            raise ValueError(f"the item {step!r} comes out of order")
        comma = "," if self._length else ""
        skipped = "null," * (step - self._length)
        self._length = step + 1
        return comma + skipped


# RFC 9535's normalized paths, and the shorthand for names: $.users[0]['full name']
_STEP = re.compile(
    r"\.(?P<name>[^.\[]+)"
    r"|\[(?P<index>\d+)\]"
    r"""|\['(?P<single>(?:[^'\\]|\\.)*)'\]"""
    r"""|\["(?P<double>(?:[^"\\]|\\.)*)"\]""",
    re.DOTALL,
)
_ESCAPE_OR_QUOTE = re.compile(r'\\.|"', re.DOTALL)


def parse_path(path: str) -> list[Step]:
    """The steps of a JSONPath from the root to one value.

    Raises:
        ValueError: it is none.
    """
    steps: list[Step] = []
    position = 1
    while match := _STEP.match(path, position):
        steps.append(_step(match))
        position = match.end()
    if not path.startswith("$") or position != len(path):
        raise ValueError(f"not a path to one argument: {path!r}")
    return steps


def _step(match: re.Match[str]) -> Step:
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    if kind == "index":
        return int(text)
    if kind == "name":
        return text
    if kind == "single":
        # A JSON string differs only in which quote it escapes.
        text = _ESCAPE_OR_QUOTE.sub(lambda found: _REQUOTED.get(found[0], found[0]), text)
    name: str = json.loads(f'"{text}"', strict=False)
    return name


_REQUOTED = {"\\'": "'", '"': '\\"'}

# Up to here every integer is a double.
_EXACT = 2**53


def _scalar(leaf: PartialArg) -> str | None:
    """The JSON text of a value other than a string; None if the leaf has none."""
    if leaf.number_value is not None:
        return _number(leaf.number_value)
    if leaf.bool_value is not None:
        return json.dumps(leaf.bool_value)
    return None if leaf.null_value is None else "null"


def _number(value: float) -> str:
    # The wire knows doubles only: an integer comes as one.
    exact = value.is_integer() and abs(value) <= _EXACT
    return json.dumps(int(value) if exact else value)
