"""Puts a request into Anthropic's terms: the arguments of `messages.create`.

How the answer is asked for follows the mode, but for two cases:

- `JSON_SCHEMA` with a schema that Anthropic can't enforce: a tool has the schema, and the decoder
  tells its input as the visible text that this mode promises.
- A model that can't be made to call a tool, now or at all: the tool is offered, and the system
  prompt asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from partwise.provider import Mode, Request

from ._messages import to_messages, to_system
from ._models import can_force_tool
from ._schema import enforced, told

_log = logging.getLogger("partwise")

MAX_TOKENS = 16_384
"""Default for `max_tokens`, which Anthropic has none for. Every model since Claude 4 allows more.

A thinking budget, which counts towards `max_tokens`, is added to it.
"""

# The SDK no longer has arguments for these, but the API still takes them of older models.
_BODY_ONLY = frozenset({"temperature", "top_p", "top_k"})


def build_request(request: Request) -> dict[str, Any]:
    """The arguments of `messages.create` for this request."""
    options = _with_body(request.options)
    payload: dict[str, Any] = {
        "max_tokens": MAX_TOKENS + _budget(options),
        **options,
        "model": request.model,
        "messages": to_messages(request.messages, told=_told_tool(request)),
        "stream": True,
    }
    system = to_system(options.get("system"), request.messages)
    if system:
        payload["system"] = system
    if request.read_timeout is not None:
        payload.setdefault("timeout", request.read_timeout)
    return _ask(payload, request)


def answers_by_tool(request: Request) -> bool:
    """Whether a tool call carries the answer."""
    if request.plain:
        return False
    if request.mode is Mode.JSON_SCHEMA:
        return enforced(request.schema) is None
    return request.mode is Mode.TOOLS


def _told_tool(request: Request) -> str | None:
    """The answer's tool, where no call of it may stand among the messages.

    A model that may think takes none back, and no model does that is not given the tool.
    """
    can_stand = not request.plain and can_force_tool(request.model, request.options)
    return None if can_stand else request.name


def _ask(payload: dict[str, Any], request: Request) -> dict[str, Any]:
    """The payload with the answer's structure asked for."""
    if answers_by_tool(request):
        return _ask_by_tool(payload, request)
    if request.mode is Mode.JSON_SCHEMA and not request.plain:
        answer = {"type": "json_schema", "schema": enforced(request.schema)}
        payload["output_config"] = {**(payload.get("output_config") or {}), "format": answer}
    return payload


def _ask_by_tool(payload: dict[str, Any], request: Request) -> dict[str, Any]:
    payload["tools"] = [*(payload.get("tools") or ()), _tool(request)]
    if "tool_choice" in request.options:
        return payload
    if can_force_tool(request.model, request.options):
        forced = {"type": "tool", "name": request.name, "disable_parallel_tool_use": True}
        payload["tool_choice"] = forced
        return payload
    _log.info("%s can't be made to call a tool here, and is asked to", request.model)
    payload["tool_choice"] = {"type": "auto"}
    plea = {"role": "system", "content": f"Give your answer by calling the tool `{request.name}`."}
    payload["system"] = to_system(payload.get("system"), [plea])
    return payload


def _tool(request: Request) -> dict[str, Any]:
    description = {"description": request.description} if request.description else {}
    return {
        "name": request.name,
        **description,
        "input_schema": told(request.schema),
        # Without it, Anthropic holds a value back until it is whole.
        "eager_input_streaming": True,
    }


def _with_body(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, where those that the SDK has no argument for go into the body as they are."""
    body = {key: value for key, value in options.items() if key in _BODY_ONLY}
    rest = {key: value for key, value in options.items() if key not in _BODY_ONLY}
    if body:
        rest["extra_body"] = {**body, **(rest.get("extra_body") or {})}
    return rest


def _budget(options: Mapping[str, Any]) -> int:
    budget: int = (options.get("thinking") or {}).get("budget_tokens", 0)
    return budget
