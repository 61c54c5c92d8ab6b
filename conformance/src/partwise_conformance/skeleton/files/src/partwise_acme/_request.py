"""Puts a request into Acme's terms: the arguments of the SDK's `stream`. Pure."""

from __future__ import annotations

from typing import Any

from partwise.provider import Mode, Request, transform

from ._messages import to_messages, to_system
from ._schema import ENFORCED


def build_request(request: Request) -> dict[str, Any]:
    """The arguments of the SDK's `stream`."""
    body = {
        "model": request.model,
        "instructions": to_system(request.messages),
        "messages": to_messages(request.messages),
        **_structure(request),
        **request.options,
    }
    return {"body": body, "read_timeout": request.read_timeout}


def _structure(request: Request) -> dict[str, Any]:
    """The part of the body that asks for structure; nothing, if plain text is wanted."""
    if request.plain:
        return {}
    schema = transform(request.schema, ENFORCED).schema
    if request.mode is Mode.TOOLS:
        tool = {"name": request.name, "description": request.description, "parameters": schema}
        return {"tools": [tool], "must_call": request.name}
    return {"answer_schema": schema}
