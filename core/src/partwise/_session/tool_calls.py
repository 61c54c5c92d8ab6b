"""Finds the tool call that is the answer among the fragments of all calls."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .._providers.chunks import ToolCallDelta

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_MANY_CHARS: Final = 1_000
"""Characters of a call's name after which no more are joined to it."""


class ToolCalls:
    """The calls of one attempt, of which the first that calls the answer's tool is the answer.

    Args:
        tool: the tool's name.

    Attributes:
        names: the calls' names, by their index.
        answer_id: the vendor's id of the answer's call, if it has one.
    """

    def __init__(self, tool: str | None) -> None:
        self.names: dict[int, str] = {}
        self.answer_id: str | None = None
        self._tool = tool or ""
        self._answer: int | None = None
        self._held: defaultdict[int, list[str]] = defaultdict(list)  # arguments, by index
        self._ids: dict[str, int] = {}
        self._same_call: dict[int, int] = {}  # LocalAI gives one call several indexes

    def arguments(self, fragment: ToolCallDelta) -> str:
        """The arguments of the answer's call that are known by this fragment of some call."""
        index = self._index(fragment)
        if self._answer is None:
            self._consider(index, fragment)
            if self._answer is None:
                return ""
            arguments = "".join(self._held.pop(index))
        elif index == self._answer:
            arguments = fragment.arguments
        else:
            return ""
        self.answer_id = fragment.id or self.answer_id
        return arguments

    def describe(self) -> str:
        """The calls in a sentence, for the error that none of them is the answer."""
        if any(map(self._is_tool, self.names.values())):
            return f"the model called {self._tool} with no arguments"
        others = sorted({name.strip() for name in self.names.values()})
        return f"the model called {', '.join(others)}, and not {self._tool}"

    def _index(self, fragment: ToolCallDelta) -> int:
        if fragment.id:
            first = self._ids.setdefault(fragment.id, fragment.index)
            self._same_call.setdefault(fragment.index, first)
        return self._same_call.get(fragment.index, fragment.index)

    def _consider(self, index: int, fragment: ToolCallDelta) -> None:
        """Let the call be the answer if it has arguments, and the tool's name or no name."""
        name = self.names.get(index, "")
        if fragment.name and len(name) < _MANY_CHARS:
            name = self.names[index] = self._join(name, fragment.name)
        if fragment.arguments:
            self._held[index].append(fragment.arguments)
        if index in self._held and (not name or self._is_tool(name)):
            self._answer = index
            self.answer_id = next((key for key, at in self._ids.items() if at == index), None)

    def _join(self, name: str, more: str) -> str:
        """The name, which may come in pieces, or whole in each fragment."""
        if self._is_tool(name + more) or not more.startswith(name):
            return name if more == name and self._is_tool(name) else name + more
        return more

    def _is_tool(self, name: str) -> bool:
        """Whether it is the tool's name, with or without a chat template's text around it.

        Harmony's writes `functions.Note` and `Note<|channel|>commentary`, Gemini's
        `default_api.Note`.
        """
        return self._tool.casefold() in map(str.casefold, _NAME.findall(name))
