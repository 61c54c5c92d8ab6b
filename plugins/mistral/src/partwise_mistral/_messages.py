"""Messages in OpenAI's chat form become Mistral's, which differ little.

One role has another name, and the id of a tool call has nine letters or digits, which no other
vendor's has. The API refuses keys that it does not know.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_CALL_ID: Final = re.compile(r"[A-Za-z0-9]{9}")

_UNKNOWN: Final = frozenset({"is_error", "reasoning_content"})
"""Keys of partwise's messages that Mistral does not take."""


def to_messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conversation in Mistral's form."""
    return [_message(message) for message in messages]


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    taken = {key: value for key, value in message.items() if key not in _UNKNOWN}
    if isinstance(taken.get("content"), list):
        taken["content"] = [_part(part) for part in taken["content"]]
    if taken.get("role") == "developer":
        taken["role"] = "system"
    if taken.get("tool_calls"):
        taken["tool_calls"] = [{**call, "id": _call_id(call["id"])} for call in taken["tool_calls"]]
    if taken.get("tool_call_id"):
        taken["tool_call_id"] = _call_id(taken["tool_call_id"])
    return taken


def _part(part: Any) -> Any:
    """A part of a message: Mistral's `DocumentURLChunk` and `AudioChunk` differ from OpenAI's."""
    match part:
        case {"type": "file", "file": {"file_data": str(address), **rest}}:
            named = {"document_name": rest["filename"]} if rest.get("filename") else {}
            return {"type": "document_url", "document_url": address, **named}
        case {"type": "file", "file": {"file_id": str(file_id)}}:
            return {"type": "file", "file_id": file_id}
        case {"type": "input_audio", "input_audio": {"data": str(data)}}:
            return {"type": "input_audio", "input_audio": data}
    return part


def _call_id(call_id: str) -> str:
    is_taken = _CALL_ID.fullmatch(call_id)
    return call_id if is_taken else hashlib.sha256(call_id.encode()).hexdigest()[:9]
