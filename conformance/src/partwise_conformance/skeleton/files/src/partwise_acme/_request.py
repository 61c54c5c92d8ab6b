"""The request in the vendor's terms. Pure: the same request gives the same payload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from partwise.provider import Mode, Request, transform

from ._schema import PROFILE


def build_request(request: Request) -> dict[str, Any]:
    """The arguments of the SDK's `stream`."""
    body = {
        "model": request.model,
        "instructions": "\n\n".join(_instructions(request.messages)),
        "messages": [turn for message in request.messages for turn in _turns(message)],
        **_structure(request),
        **request.options,
    }
    return {"body": body, "read_timeout": request.read_timeout}


def _structure(request: Request) -> dict[str, Any]:
    """The part of the body that asks for structure; nothing, if plain text is wanted."""
    if request.plain:
        return {}
    schema = transform(request.schema, PROFILE).schema
    if request.mode is Mode.TOOLS:
        tool = {"name": request.name, "description": request.description, "parameters": schema}
        return {"tools": [tool], "must_call": request.name}
    return {"answer_schema": schema}


def _instructions(messages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The system messages, which this vendor wants apart."""
    return (_text(message) for message in messages if _is_system(message))


def _turns(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A message of OpenAI's chat form, as the core writes it, in the vendor's form."""
    if _is_system(message):
        return
    turn = {"role": message["role"], "text": _text(message)}
    if message["role"] == "tool":
        turn["answers"] = message["tool_call_id"]
    if calls := message.get("tool_calls"):
        turn["calls"] = [{"id": call["id"], **call["function"]} for call in calls]
    yield turn


def _is_system(message: Mapping[str, Any]) -> bool:
    return message["role"] in ("system", "developer")


def _text(message: Mapping[str, Any]) -> str:
    """The content, which is text, a list of parts, or None beside a tool call."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part.get("type") == "text")
