"""Puts a request into Anthropic's terms: the arguments of `messages.create`.

How the answer is asked for follows the mode, with two exceptions:

- `JSON_SCHEMA` with a schema that Anthropic can't enforce, or has refused to: a tool has the
  schema, and the decoder gives its input as the visible text that this mode promises.
- A model that can't be made to call a tool, now or at all: the tool is offered, and the system
  prompt asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from partwise.provider import Mode, Request, leave_out

from ._messages import to_messages, to_system
from ._profiles import can_force_tool, profile_of, thinks
from ._schema import enforced, for_tool

_log: Final = logging.getLogger("partwise")

# Other vendors' names of the same parameters.
_NAMES: Final = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "stop": "stop_sequences",
}

# The SDK no longer has arguments for these, but the API still takes them of older models.
_SAMPLING: Final = frozenset({"temperature", "top_p", "top_k"})

# Parameters without which a request means the same, or nearly: those that the API, or a server
# in its place, refuses are left out.
OPTIONAL: Final = (*sorted(_SAMPLING), "eager_input_streaming", "disable_parallel_tool_use")


def build_request(request: Request) -> dict[str, Any]:
    """The arguments of `messages.create` for this request."""
    options = _with_body(_taken(request))
    payload: dict[str, Any] = {
        # A thinking budget counts towards `max_tokens`.
        "max_tokens": profile_of(request.model).max_tokens + _budget(options),
        **options,
        "model": request.model,
        "messages": to_messages(request.messages, unforced_tool=_unforced_tool(request)),
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
        return not request.strict or enforced(request.schema) is None
    return request.mode is Mode.TOOLS


# Options ------------------------------------------------------------------------------------


def _taken(request: Request) -> dict[str, Any]:
    """The user's options under Anthropic's names, without those that the model does not take."""
    options = {_NAMES.get(name, name): value for name, value in request.options.items()}
    if isinstance(options.get("stop_sequences"), str):
        options["stop_sequences"] = [options["stop_sequences"]]
    return leave_out(options, _SAMPLING & _refused(request), model=request.model)


def _refused(request: Request) -> frozenset[str]:
    """The sampling parameters that are not taken."""
    if not profile_of(request.model).samples:
        return _SAMPLING
    # "Thinking isn't compatible with temperature or top_k modifications": Anthropic's page on
    # extended thinking.
    thinking = {"temperature", "top_k"} if thinks(request.options) else set()
    return request.omitted | thinking


def _with_body(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with those that the SDK has no argument for in the body as they are."""
    body = {key: value for key, value in options.items() if key in _SAMPLING}
    rest = {key: value for key, value in options.items() if key not in _SAMPLING}
    if body:
        rest["extra_body"] = {**body, **(rest.get("extra_body") or {})}
    return rest


def _budget(options: Mapping[str, Any]) -> int:
    budget: int = (options.get("thinking") or {}).get("budget_tokens", 0)
    return budget


# Structure ----------------------------------------------------------------------------------


def _forces(request: Request) -> bool:
    return request.forced and can_force_tool(request.model, request.options)


def _unforced_tool(request: Request) -> str | None:
    """The answer's tool, if no call of it may be among the messages.

    A model that may think takes none back, and no model does that is not given the tool.
    """
    return None if _forces(request) and not request.plain else request.name


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
    if _forces(request):
        forced = {"type": "tool", "name": request.name, "disable_parallel_tool_use": True}
        payload["tool_choice"] = _without(forced, request)
        return payload
    _log.info("%s can't be made to call a tool here, and is asked to", request.model)
    payload["tool_choice"] = {"type": "auto"}
    plea = {"role": "system", "content": f"Give your answer by calling the tool `{request.name}`."}
    payload["system"] = to_system(payload.get("system"), [plea])
    return payload


def _tool(request: Request) -> dict[str, Any]:
    description = {"description": request.description} if request.description else {}
    tool = {
        "name": request.name,
        **description,
        "input_schema": for_tool(request.schema),
        # Without it, Anthropic holds a value back until it is whole.
        "eager_input_streaming": True,
    }
    return _without(tool, request)


def _without(parameters: dict[str, Any], request: Request) -> dict[str, Any]:
    """The parameters that the vendor has not refused."""
    return {key: value for key, value in parameters.items() if key not in request.omitted}
