"""Puts a request into Mistral's terms: the arguments of the SDK's `chat.stream`."""

from __future__ import annotations

from typing import Any, Final

from partwise.provider import Mode, Request, leave_out, transform

from ._messages import to_messages
from ._schema import ENFORCED, TOOL

# Other vendors' names of the same parameters.
_NAMES: Final = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "seed": "random_seed",
}

OPTIONAL: Final = ("parallel_tool_calls", "temperature", "top_p")
"""Parameters without which a request means nearly the same: left out if they are refused."""


def build_request(request: Request) -> dict[str, Any]:
    """The keyword arguments of `chat.stream`. The user's own options win."""
    options = {_NAMES.get(name, name): value for name, value in request.options.items()}
    options = leave_out(options, request.omitted, model=request.model)
    own = _structure(request)
    if "tools" in own:
        own["tools"] += options.pop("tools", None) or []
    if request.read_timeout is not None:
        own["timeout_ms"] = max(1, round(request.read_timeout * 1000))
    own = {name: value for name, value in own.items() if name not in request.omitted}
    return {"model": request.model, "messages": to_messages(request.messages), **own, **options}


def _structure(request: Request) -> dict[str, Any]:
    if request.plain:
        return {}
    if request.mode is Mode.TOOLS:
        return _tool(request)
    if request.mode is Mode.JSON_SCHEMA:
        made = transform(request.schema, ENFORCED if request.strict else TOOL)
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
