"""Texts: of a format, of a pattern, or a few words that fit the property's name."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from rstr import Rstr

from ._nodes import Node, UnsatisfiableError

_TRIES: Final = 50
_WORDS: Final = (
    "amber", "anchor", "autumn", "beacon", "bramble", "canvas", "cedar", "cobalt", "copper",
    "coral", "delta", "ember", "fable", "fern", "garden", "glade", "harbor", "hazel", "island",
    "ivory", "juniper", "kestrel", "lantern", "lark", "linen", "maple", "marble", "meadow",
    "mosaic", "north", "oak", "opal", "orchard", "pebble", "pine", "prairie", "quartz", "quill",
    "raven", "reed", "river", "saffron", "sable", "silver", "slate", "sparrow", "spruce",
    "summit", "thistle", "timber", "topaz", "tundra", "umber", "velvet", "violet", "willow",
)  # fmt: skip
_NAMES: Final = (
    "Ada", "Alan", "Barbara", "Claude", "Dennis", "Edsger", "Frances", "Grace", "Hedy", "Jean",
    "Katherine", "Niklaus",
)  # fmt: skip
_FAMILIES: Final = (
    "Byron", "Clarke", "Goldberg", "Hamilton", "Holberton", "Keller", "Liskov", "Lamarr",
    "Shannon", "Wing",
)  # fmt: skip
_LINK: Final = "https://example.com"


def text(node: Node, name: str, random: Random) -> str:
    """A text that fits the node, for a property of that name.

    Raises:
        UnsatisfiableError: its format, or its pattern with its lengths, can't be met.
    """
    if "pattern" in node:
        return _of_pattern(node, random)
    shape = node.get("format", "")
    if shape in _FORMATS:
        return _FORMATS[shape](random)
    if shape in _IMPOSSIBLE:
        raise UnsatisfiableError(f"no {shape} can be made up for {name or 'the answer'!r}")
    if node.get("contentMediaType") == "application/json":
        return "[1, 2, 3]"
    return _fitted(_plausible(name, random), node, random)


def words(count: int, random: Random) -> str:
    """So many words."""
    return " ".join(random.choices(_WORDS, k=count))


def _plausible(name: str, random: Random) -> str:
    plain = name.lower()
    if "name" in plain or plain in ("author", "user", "person", "speaker"):
        return f"{random.choice(_NAMES)} {random.choice(_FAMILIES)}"
    if "mail" in plain:
        return _FORMATS["email"](random)
    if "url" in plain or "link" in plain:
        return _FORMATS["uri"](random)
    if "date" in plain or "deadline" in plain:
        return _FORMATS["date"](random)
    return words(random.randint(2, 6), random).capitalize()


def _fitted(text: str, node: Node, random: Random) -> str:
    """The text made as long as it has to be, and no longer than it may be."""
    shortest, longest = node.get("minLength", 0), node.get("maxLength")
    while len(text) < shortest:
        text = f"{text} {random.choice(_WORDS)}"
    return text if longest is None else text[:longest]


def _of_pattern(node: Node, random: Random) -> str:
    pattern, longest = node["pattern"], node.get("maxLength")
    try:
        made = Rstr(random).xeger
        found = [made(pattern) for _ in range(_TRIES)]
        fits = [each for each in found if re.search(pattern, each)]
    except (re.error, ValueError, KeyError) as error:
        raise UnsatisfiableError(f"no text of the pattern {pattern!r}: {error}") from error
    shortest = node.get("minLength", 0)
    right = [each for each in fits if shortest <= len(each) <= (longest or len(each))]
    if not right:
        raise UnsatisfiableError(f"no text of the pattern {pattern!r} has the right length")
    return min(right, key=len)


def _moment(random: Random) -> datetime:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return start + timedelta(minutes=random.randrange(2 * 365 * 24 * 60))


def _identifier(version: int) -> Callable[[Random], str]:
    return lambda random: str(uuid.UUID(int=random.getrandbits(128), version=version))


def _address(random: Random) -> str:
    return f"192.0.2.{random.randint(1, 254)}"  # for documentation, by RFC 5737


_FORMATS: Final[Mapping[str, Callable[[Random], str]]] = {
    "date": lambda random: _moment(random).date().isoformat(),
    "date-time": lambda random: _moment(random).isoformat().replace("+00:00", "Z"),
    "time": lambda random: _moment(random).time().isoformat(),
    "duration": lambda random: f"PT{random.randint(1, 23)}H{random.randint(0, 59)}M",
    "uuid": _identifier(4),
    **{f"uuid{version}": _identifier(version) for version in (1, 3, 4, 5)},
    "email": lambda random: f"{random.choice(_NAMES).lower()}@example.com",
    "name-email": lambda random: f"{random.choice(_NAMES)} <{random.choice(_WORDS)}@example.com>",
    "uri": lambda random: f"{_LINK}/{random.choice(_WORDS)}",
    "hostname": lambda random: f"{random.choice(_WORDS)}.example.com",
    "ipv4": _address,
    "ipv6": lambda random: f"2001:db8::{random.randint(1, 0xFFFF):x}",
    "ipvanyaddress": _address,
    "ipv4interface": lambda random: f"{_address(random)}/24",
    "ipv6interface": lambda random: f"2001:db8::{random.randint(1, 0xFFFF):x}/64",
    "ipvanyinterface": lambda random: f"{_address(random)}/24",
    "ipv4network": lambda _: "192.0.2.0/24",
    "ipv6network": lambda _: "2001:db8::/32",
    "ipvanynetwork": lambda _: "192.0.2.0/24",
    "base64url": lambda random: base64.urlsafe_b64encode(random.randbytes(9)).decode(),
    "base64": lambda random: base64.b64encode(random.randbytes(9)).decode(),
    "path": lambda random: f"{random.choice(_WORDS)}/{random.choice(_WORDS)}.txt",
    "regex": lambda random: f"^{random.choice(_WORDS)}$",
    "json-string": lambda _: "[1, 2, 3]",
    "color": lambda random: f"#{random.getrandbits(24):06x}",
}

_IMPOSSIBLE: Final[frozenset[Any]] = frozenset({
    "file-path", "directory-path", "multi-host-uri", "json-schema",
})  # fmt: skip
"""Formats of things that have to exist, or whose form the schema does not give."""
