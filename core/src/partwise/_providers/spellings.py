"""Secrets found in a text in any spelling: escaped as in JSON, Python, URLs or HTML, in Base64.

A proxy's page, a vendor's message and an SDK's `repr` each have a spelling of their own, and often
one in another. So a text is searched as it is, and as it reads once its escapes are undone.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]

_BACKSLASHED_X: Final = r"\\+x"
_LAYERS: Final = 3
"""Escapes in escapes that are undone: JSON in JSON in a URL."""


def _bytes_after(prefix: str) -> str:
    """A pattern for the bytes of one character in UTF-8, else for one byte, in hexadecimal."""
    first, more = prefix + "{}[0-9a-f]", f"{prefix}[89ab][0-9a-f]"
    lengths = ((first.format("[cd]"), 1), (first.format("e"), 2), (prefix + "f[0-7]", 3))
    whole = [start + more * count for start, count in lengths]
    return "|".join([*whole, first.format("[0-9a-f]")])


_ESCAPE: Final = re.compile(
    r"\\+u(?P<high>d[89ab][0-9a-f]{2})\\+u(?P<low>d[c-f][0-9a-f]{2})"
    r"|\\+u(?P<unit>[0-9a-f]{4})"
    rf"|(?P<bytes>{_bytes_after('%')}|{_bytes_after(_BACKSLASHED_X)})"
    r"|(?P<entity>&(?:\#x[0-9a-f]{1,6}|\#\d{1,7}|[a-z]{2,8});)"
    r"|\\+(?P<char>[/\"'])"
    r"|\\(?P<slash>\\)",
    re.IGNORECASE,
)
_BYTE_PREFIX: Final = re.compile(r"%|\\+x", re.IGNORECASE)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{9,}=*")
_URL_SAFE: Final = str.maketrans("-_", "+/")


class SecretTexts:
    """Finds these texts in others."""

    def __init__(self, secrets: set[str]) -> None:
        self._texts = frozenset(form for secret in secrets for form in _forms(secret))
        self._encoded = frozenset(core for secret in secrets for core in _base64_cores(secret))

    def replaced(self, text: str, mask: str) -> str:
        """The text with the mask in place of each; the same object if there is none."""
        if not self._are_in(text):
            return text
        pieces, end = [], 0
        for start, stop in _merged(self._spans(text)):
            pieces += [text[end:start], mask]
            end = stop
        return "".join((*pieces, text[end:]))

    def _are_in(self, text: str) -> bool:
        for _ in range(_LAYERS):
            if next(self._found(text), None):
                return True
            text, before = _ESCAPE.sub(_undone, text), text
            if text == before:
                return False
        return next(self._found(text), None) is not None

    def _spans(self, text: str) -> Iterator[Span]:
        """Where they are in the text, found as it is and with its escapes undone."""
        places = [(at, at + 1) for at in range(len(text))]  # of each character, in the given text
        for _ in range(_LAYERS + 1):
            for start, stop in self._found(text):
                yield places[start][0], places[stop - 1][1]
            text, places = _undone_with_places(text, places)

    def _found(self, text: str) -> Iterator[Span]:
        for secret in self._texts:
            start = text.find(secret)
            while start >= 0:
                yield start, start + len(secret)
                start = text.find(secret, start + len(secret))
        plain = text.translate(_URL_SAFE) if "-" in text or "_" in text else text
        if any(core in plain for core in self._encoded):
            for run in _BASE64.finditer(plain):
                if any(core in run[0] for core in self._encoded):
                    yield run.span()


def _forms(secret: str) -> Iterator[str]:
    """The text, and as it reads with its bytes taken for Latin-1, as those of HTTP headers are."""
    yield secret
    yield secret.encode("utf-8", "surrogatepass").decode("latin-1")


def _base64_cores(secret: str) -> Iterator[str]:
    """The part of its Base64 that is the same whatever is around it, such as `Bearer ` or a user.

    Three bytes are four characters, so there is one for each place in a group of three.
    """
    raw = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def _undone_with_places(text: str, places: list[Span]) -> tuple[str, list[Span]]:
    """The text with its escapes undone, and the place of each of its characters."""
    plain, moved, end = [], [], 0
    for match in _ESCAPE.finditer(text):
        start, stop = match.span()
        char = _undone(match)
        plain += [text[end:start], char]
        moved += places[end:start]
        moved += [(places[start][0], places[stop - 1][1])] * len(char)
        end = stop
    return "".join((*plain, text[end:])), moved + places[end:]


def _undone(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "low":
        units = bytes.fromhex(match["high"] + match["low"])
        return units.decode("utf-16-be")
    if kind == "unit":
        return chr(int(match["unit"], 16))
    if kind == "bytes":
        return _character(_BYTE_PREFIX.sub("", match["bytes"]).lower())
    return html.unescape(match["entity"]) if kind == "entity" else match[kind or 0]


def _character(code: str) -> str:
    """The character of these hexadecimal bytes; several, if they are no UTF-8."""
    raw = bytes.fromhex(code)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _merged(spans: Iterator[Span]) -> list[Span]:
    """The spans in order, those that overlap as one."""
    merged: list[Span] = []
    for start, stop in sorted(set(spans)):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged
