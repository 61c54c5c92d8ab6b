"""Messages in OpenAI's chat form, as the core writes them, become Acme's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def to_messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conversation in Acme's form, without the messages of `to_system`."""
    return [_turn(message) for message in messages if not _is_system(message)]


def to_system(messages: Iterable[Mapping[str, Any]]) -> str:
    """The text of the system messages, which this vendor wants apart."""
    return "\n\n".join(_text(message) for message in messages if _is_system(message))


def _turn(message: Mapping[str, Any]) -> dict[str, Any]:
    turn = {"role": message["role"], "text": _text(message)}
    if message["role"] == "tool":
        turn["answers"] = message["tool_call_id"]
    if calls := message.get("tool_calls"):
        turn["calls"] = [{"id": call["id"], **call["function"]} for call in calls]
    return turn


def _is_system(message: Mapping[str, Any]) -> bool:
    return message["role"] in ("system", "developer")


def _text(message: Mapping[str, Any]) -> str:
    """The content, which is text, a list of parts, or None beside a tool call."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part.get("type") == "text")
