"""The receiver of the contents of a container, called by the parser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .pieces import Mark


@dataclass(eq=False)
class ReadAgain(Exception):  # noqa: N818 - not an error
    """Raised by a sink: the container that opened at a mark is to be reported to another sink.

    Attributes:
        mark: the place of the container's bracket; it is released.
        depth: the containers that were open around it.
        enter: gives the sink of its inside, when the parser is there.
    """

    mark: Mark
    depth: int
    enter: Callable[[], Sink]


class Sink:
    """Receives the contents of a container, in the order of the text; this one ignores them."""

    __slots__ = ()

    def key(self, name: str) -> None:
        """A key of this object; its value follows."""

    def open_object(self) -> Sink:
        """A value opens with `{`; the sink of its contents."""
        return self

    def open_array(self) -> Sink:
        """A value opens with `[`; the sink of its contents."""
        return self

    def open_string(self) -> None:
        """A value opens with a quote; `Parser.snapshot` gives its text so far."""

    def string(self, value: str) -> None:
        """The string that was open is complete."""

    def scalar(self, raw: str) -> None:
        """A number, or true, false, null, as it is written."""

    def close(self) -> None:
        """This container is complete."""

    def reads_whole(self, opener: str) -> bool:  # noqa: ARG002
        """Whether it can take the text of a value that opens so, as a whole."""
        return False

    def whole(self, raw: str, *, is_shallow: bool) -> bool:
        """The text of a value that it `reads_whole`. Whether it was taken; else its parts follow.

        Args:
            raw: the text.
            is_shallow: whether it is surely not nested deeper than the limit.
        """
        raise NotImplementedError
