"""Pieces of an answer's text, as users give them to `parse`."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any, Final, TypeAlias

from .._errors import ConfigurationError
from .._sentinels import MISSING

Piece: TypeAlias = str | bytes | bytearray | None
"""A piece of the answer's text. Bytes are UTF-8 and may be cut inside a character; None is none."""
Pieces: TypeAlias = Iterable[Piece] | Piece
AsyncPieces: TypeAlias = AsyncIterable[Piece] | Pieces

_TEXTS: Final = {
    "openai": "(chunk.choices[0].delta.content for chunk in stream if chunk.choices)",
    "anthropic": "stream.text_stream of client.messages.stream(…)",
    "google": "(chunk.text for chunk in stream)",
    "mistralai": "(event.data.choices[0].delta.content for event in stream)",
}
"""By the module of a vendor's SDK, the expression for the pieces of its stream's text.

`parse` has no provider that could tell it, and no plugin may be installed.
"""


def check_pieces(pieces: Any, *, may_be_async: bool) -> None:
    """Check that these may be pieces of text.

    Raises:
        ConfigurationError: they are not; the message has an example.
    """
    if pieces is MISSING:
        raise ConfigurationError("no text given: write parse(Team, chunks)")
    if _sdk_of(pieces) is not None:
        raise not_text(pieces)
    if isinstance(pieces, str | bytes | bytearray | Iterable):
        return
    if isinstance(pieces, AsyncIterable):
        if may_be_async:
            return
        raise ConfigurationError("parse() takes pieces that need no await: use aparse()")
    raise not_text(pieces)


def not_text(found: Any) -> ConfigurationError:
    """The error for something that is not text."""
    kind = type(found).__name__
    sdk = _sdk_of(found)
    if sdk is None:
        return ConfigurationError(f"parse() takes pieces of text, str or bytes, and not {kind}")
    return ConfigurationError(
        f"parse() takes pieces of text, and not {kind}: pass {_TEXTS[sdk]}, or let partwise send "
        f"the request, as in from_provider(…).create_partial(…)"
    )


def _sdk_of(found: Any) -> str | None:
    for base in type(found).__mro__:
        root = base.__module__.partition(".")[0]
        if root in _TEXTS:
            return root
    return None
