"""The text of an answer, kept in the pieces in which it came."""

from __future__ import annotations

from io import StringIO
from threading import RLock
from typing import Final, TypeAlias

PIECES_PER_JOIN: Final = 1024
LAST: Final = -1

Mark: TypeAlias = tuple[int, int]
"""A place in the text: the index of a piece, and an index in it."""


class Pieces:
    """The text so far.

    A million small strings weigh fifteen times their text, so the pieces are joined now and then,
    but not while there is a mark. One thread adds text; others may ask for it meanwhile, so that
    leaves the pieces as they are.

    Attributes:
        latest: the pieces that are not joined yet.
        current: the index of the one that is read: LAST, unless earlier ones are read again.
    """

    __slots__ = (
        "_chars", "_counted", "_joined", "_lock", "_marks", "_text", "current", "latest",
    )  # fmt: skip

    def __init__(self) -> None:
        self.latest: list[str] = []
        self.current = LAST
        self._joined = StringIO()  # the pieces before them, since the text was asked for
        self._text = ""  # the text before that
        self._marks = 0
        self._counted = 0  # of the latest pieces, those whose characters were counted
        self._chars = 0
        self._lock = RLock()  # held while they are joined; a finalizer may come here as well

    @property
    def text(self) -> str:
        with self._lock:
            return self._join() + "".join(self.latest)

    @property
    def size(self) -> int:
        with self._lock:
            self._chars += sum(map(len, self.latest[self._counted :]))
            self._counted = len(self.latest)
            return len(self._text) + self._joined.tell() + self._chars

    def position(self, piece: int, index: int) -> int:
        """The characters before that index of that piece."""
        with self._lock:
            before = len(self._text) + self._joined.tell()
            return before + sum(map(len, self.latest[:piece])) + index

    def trim(self, size: int) -> None:
        """Drop the text after so many characters. Marks are of places before that."""
        with self._lock:
            self._text = self._join()[:size]
            size -= len(self._text)
            for index, piece in enumerate(self.latest):
                self.latest[index] = piece[:size]
                size -= len(self.latest[index])
            self._counted = self._chars = 0

    def compact(self) -> None:
        """Join the pieces, if there is no mark."""
        if not self._marks:
            with self._lock:
                self._joined.write("".join(self.latest))
                self.latest.clear()
                self._counted = self._chars = 0

    def mark(self, index: int) -> Mark:
        """That place of the current piece, from which on the text will be asked for."""
        self._marks += 1
        return self.current % len(self.latest), index

    def capture(self, mark: Mark, end: int) -> str:
        """The text from the mark to that end in the current piece. The mark is given up."""
        self.release()
        piece, start = mark
        last = self.latest[self.current][:end]
        if piece == self.current % len(self.latest):
            return last[start:]
        between = self.latest[piece + 1 : self.current]
        return "".join((self.latest[piece][start:], *between, last))

    def release(self) -> None:
        self._marks -= 1

    def _join(self) -> str:
        """All the text but the pieces. It is kept as it is given: a long one is not there twice."""
        if self._joined.tell():
            joined = self._joined.getvalue()
            self._text = self._text + joined if self._text else joined
            self._joined = StringIO()
        return self._text
