"""Puts a request into Mistral's terms: the arguments of the SDK's `chat.stream`.

Its messages are nearly OpenAI's: only one role has another name, and the id of a tool call has
nine letters or digits, which no other vendor's has. The API refuses keys that it does not know.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from partwise.provider import Mode, Request, transform

from ._schema import STRICT, TOOL

_log: Final = logging.getLogger("partwise")

# Other vendors' names of the same parameters.
_NAMES: Final = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "seed": "random_seed",
}

OPTIONAL: Final = ("parallel_tool_calls", "temperature", "top_p")
"""Parameters without which a request means nearly the same: left out if they are refused."""

_CALL_ID: Final = re.compile(r"[A-Za-z0-9]{9}")

_UNKNOWN: Final = frozenset({"is_error", "reasoning_content"})
"""Keys of partwise's messages that Mistral does not take."""


def build_request(request: Request) -> dict[str, Any]:
    """The keyword arguments of `chat.stream`. The user's own options win."""
    options = {_NAMES.get(name, name): value for name, value in request.options.items()}
    own = _structure(request)
    if "tools" in own:
        own["tools"] += options.pop("tools", None) or []
    if request.read_timeout is not None:
        own["timeout_ms"] = max(1, round(request.read_timeout * 1000))
    messages = [_message(message) for message in request.messages]
    payload = {"model": request.model, "messages": messages, **own, **options}
    for name in sorted(request.omitted & options.keys()):
        _log.warning("%s does not take %s: it is left out", request.model, name)
    return {name: value for name, value in payload.items() if name not in request.omitted}


def _structure(request: Request) -> dict[str, Any]:
    if request.plain:
        return {}
    if request.mode is Mode.TOOLS:
        return _tool(request)
    if request.mode is Mode.JSON_SCHEMA:
        made = transform(request.schema, STRICT if request.strict else TOOL)
        schema = {**_named(request), "schema": made.schema, "strict": made.strict}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"response_format": {"type": "json_object"}} if request.mode is Mode.JSON else {}


def _tool(request: Request) -> dict[str, Any]:
    function = {**_named(request), "parameters": transform(request.schema, TOOL).schema}
    forced = {"type": "function", "function": {"name": request.name}}
    return {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": forced if request.forced else "auto",
        "parallel_tool_calls": False,
    }


def _named(request: Request) -> dict[str, Any]:
    return {"name": request.name, "description": request.description or ""}


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
