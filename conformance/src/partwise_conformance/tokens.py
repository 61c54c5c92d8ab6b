"""Cuts text into deltas of the sizes and at the places of a byte-pair tokenizer.

OpenAI's models stream one token a chunk. In JSON a token is a whole short word with the space or
underscore before it, a part of a rarer word, up to three digits, or a run of punctuation such as
`","`: 3 characters in the median, 7 to 9 at the 95th percentile. The properties that
readers of such a stream depend on are kept: names, numbers, escapes and keys arrive in pieces, and
a delta may close one value and open the next. A seeded generator draws which of the rarer words
are cut, so a text is always cut in the same way.
"""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      [ _]? (?: [A-Z]?[a-z]+ | [A-Z]+ )   # a word, with the space or underscore before it
    | \d{1,3}                             # digits, three at most
    | [ ]? [^\w\s]+ \n*                   # punctuation, with the space before and the line's end
    | \s+
    | .                                   # a character of any other script
    """,
    re.VERBOSE,
)

_COMMON_WORD = 7
"""Letters up to which a lower-case word is taken to be one token."""
_COMMON_NAME = 5
"""The same for a word that starts with a capital: names are rarer."""
_PIECE = (2, 5)
"""Letters in a piece of a word that is cut, fewest and most."""


def cut_like_tokens(text: str, *, seed: int = 0) -> Iterator[str]:
    """Yield `text` in pieces, cut about as a model's tokenizer would; they join to `text`."""
    random = Random(seed)  # noqa: S311  (no secret is made of it)
    for token in _TOKEN.finditer(text):
        yield from _cut_word(token.group(), random)


def _cut_word(token: str, random: Random) -> Iterator[str]:
    word = token.lstrip(" _")
    common = _COMMON_NAME if word[:1].isupper() else _COMMON_WORD
    rare = word.isalpha() and len(word) >= common and random.random() < 1 / 2
    while rare and len(token) > _PIECE[1]:
        size = random.randint(*_PIECE)
        yield token[:size]
        token = token[size:]
    yield token
