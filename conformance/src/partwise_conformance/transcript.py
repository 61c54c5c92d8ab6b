"""The chunks of one stream, summed up: its text, calls, usage and finish reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partwise.provider import (
    Finish,
    Granularity,
    Mode,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from .fixtures import TOOL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from partwise.provider import Chunk


class Transcript:
    """The chunks of one stream, so far."""

    def __init__(self, chunks: Iterable[Chunk] = ()) -> None:
        self.chunks = list(chunks)

    def note(self, chunks: Iterable[Chunk]) -> bool:
        """Add these, and ask for more: an `OnChunks` for `Harness.read`."""
        self.chunks += chunks
        return False

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.chunks if isinstance(each, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(each.text for each in self.chunks if isinstance(each, ReasoningDelta))

    @property
    def refusal(self) -> str:
        return "".join(each.text for each in self.chunks if isinstance(each, RefusalDelta))

    @property
    def usages(self) -> list[Usage]:
        return [each for each in self.chunks if isinstance(each, Usage)]

    @property
    def finishes(self) -> list[Finish]:
        return [each for each in self.chunks if isinstance(each, Finish)]

    @property
    def calls(self) -> list[tuple[str | None, str]]:
        """The name and the arguments of each tool call, in the order in which they began."""
        names: dict[int, str | None] = {}
        arguments: dict[int, str] = {}
        for each in self.chunks:
            if isinstance(each, ToolCallDelta):
                names[each.index] = names.get(each.index) or each.name
                arguments[each.index] = arguments.get(each.index, "") + each.arguments
        return [(name, arguments[index]) for index, name in names.items()]

    @property
    def call_ids(self) -> list[str | None]:
        """The id of each tool call, in the order in which they began."""
        ids: dict[int, str | None] = {}
        for each in self.chunks:
            if isinstance(each, ToolCallDelta):
                ids[each.index] = ids.get(each.index) or each.id
        return [*ids.values()]

    def pieces(self, mode: Mode) -> list[str]:
        """The answer as it came, without the empty pieces."""
        if not mode.uses_tool:
            texts = (each.text for each in self.chunks if isinstance(each, TextDelta))
            return [text for text in texts if text]
        calls = [each for each in self.chunks if isinstance(each, ToolCallDelta)]
        index = next((each.index for each in calls if each.name == TOOL), None)
        return [each.arguments for each in calls if each.index == index and each.arguments]

    def payload(self, mode: Mode) -> str:
        """The answer's text, or the arguments of the answer's tool."""
        return "".join(self.pieces(mode))

    def granularity(self, mode: Mode, fields: int) -> Granularity:
        """How finely an answer of so many top-level fields came."""
        count = len(self.pieces(mode))
        if count <= 1:
            return Granularity.WHOLE
        # Each field may bring its comma, and the braces may come alone.
        return Granularity.PARAMETER if count <= fields + 2 else Granularity.TOKEN
