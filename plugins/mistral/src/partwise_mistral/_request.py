"""Puts a request into Mistral's terms: the arguments of the SDK's `chat.stream`.

Its messages are nearly OpenAI's: only one role is called otherwise, and the id of a tool call has
nine letters or digits, which no other vendor's has.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from partwise.provider import Mode, Request, SchemaProfile, transform

# As the SDK's own helper makes a model's schema strict.
_STRICT = SchemaProfile(name="Mistral strict", closed=True)
_TOOL = SchemaProfile(name="a Mistral tool", strict=False)
_is_call_id = re.compile(r"[A-Za-z0-9]{9}").fullmatch


def build_request(request: Request) -> dict[str, Any]:
    """The keyword arguments of `chat.stream`. The user's own options win."""
    options, own = dict(request.options), _structure(request)
    if "tools" in own:
        own["tools"] += options.pop("tools", [])
    if request.read_timeout is not None:
        own["timeout_ms"] = max(1, round(request.read_timeout * 1000))
    messages = [_message(message) for message in request.messages]
    return {"model": request.model, "messages": messages, **own, **options}


def _structure(request: Request) -> dict[str, Any]:
    named = {"name": request.name, "description": request.description or ""}
    if request.plain:
        return {}
    if request.mode is Mode.TOOLS:
        function = {**named, "parameters": transform(request.schema, _TOOL).schema}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": request.name}},
            "parallel_tool_calls": False,
        }
    if request.mode is Mode.JSON_SCHEMA:
        made = transform(request.schema, _STRICT)
        schema = {**named, "schema": made.schema, "strict": made.strict}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"response_format": {"type": "json_object"}} if request.mode is Mode.JSON else {}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(message)
    said.pop("is_error", None)
    said.pop("reasoning_content", None)
    if said.get("role") == "developer":
        said["role"] = "system"
    if said.get("tool_calls"):
        said["tool_calls"] = [{**call, "id": _call_id(call["id"])} for call in said["tool_calls"]]
    if said.get("tool_call_id"):
        said["tool_call_id"] = _call_id(said["tool_call_id"])
    return said


def _call_id(call_id: str) -> str:
    return call_id if _is_call_id(call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:9]
