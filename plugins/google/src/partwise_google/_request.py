"""Puts a request into Google's terms: the arguments of `models.generate_content_stream`.

The call's options are those of `GenerateContentConfig`, under its names or OpenAI's, each alone
or all in a `config`. One that the SDK does not know is an error when the request is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from partwise.provider import ConfigurationError, Mode, Request, leave_out, transform

from ._messages import to_messages, to_system
from ._options import fields_of, split_http_options, with_timeout
from ._profiles import profile_of
from ._schema import ENFORCED, TOOL

# Other vendors' names of the same parameters.
_NAMES: Final = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "stop": "stop_sequences",
}

OPTIONAL: Final = ("temperature", "top_p", "topP", "top_k", "topK", "seed")
"""Parameters without which a request means nearly the same: left out if they are refused."""

_SNAKE_NAMES: Final = {"topK": "top_k", "topP": "top_p"}

_STREAM_ARGUMENTS: Final = "stream_function_call_arguments"


def build_request(request: Request) -> dict[str, Any]:
    """The arguments of `generate_content_stream` for this request."""
    config = _config(request)
    contents = to_messages(request.messages)
    system = _system(request, config)
    if profile_of(request.model).has_system:
        config |= system
    else:
        config.pop("system_instruction", None)
        contents = _beginning_with(system, contents)
    config |= _asked(request, config)
    # Both would send further requests by themselves.
    config["automatic_continuation"] = False
    config["automatic_function_calling"] = {"disable": True}
    return {"model": request.model, "contents": contents, "config": config}


def _config(request: Request) -> dict[str, Any]:
    """The options as fields of a `GenerateContentConfig`."""
    options, http_options = split_http_options(request.options)
    config = fields_of(options.pop("config", None))
    options.pop(_STREAM_ARGUMENTS, None)
    config |= {_NAMES.get(name, name): value for name, value in options.items()}
    if isinstance(config.get("stop_sequences"), str):
        config["stop_sequences"] = [config["stop_sequences"]]
    http_options = {**fields_of(config.get("http_options")), **http_options}
    if request.read_timeout is not None:
        http_options = with_timeout(request.read_timeout, http_options)
    config = _taken(request, config)
    return {**config, "http_options": http_options} if http_options else config


def _taken(request: Request, config: dict[str, Any]) -> dict[str, Any]:
    """The fields without those that the vendor has refused."""
    refused = {_SNAKE_NAMES.get(name, name) for name in request.omitted}
    return leave_out(config, refused, model=request.model)


def _system(request: Request, config: Mapping[str, Any]) -> dict[str, Any]:
    parts = to_system(request.messages)
    own = config.get("system_instruction") or ""
    if not parts and (not isinstance(own, str) or profile_of(request.model).has_system):
        return {}
    if not isinstance(own, str):
        raise ConfigurationError(
            "give the instructions in `system_instruction` or in a system message, not in both"
        )
    if own:
        parts = [{"text": own}, *parts]
    return {"system_instruction": {"parts": parts}}


def _beginning_with(system: Mapping[str, Any], contents: list[Any]) -> list[Any]:
    """The contents of a conversation whose first message has the system's parts before its own."""
    parts = system.get("system_instruction", {}).get("parts", [])
    if not parts:
        return contents
    first, *rest = contents or [{}]
    if fields_of(first).get("role", "user") != "user":
        return [{"role": "user", "parts": parts}, first, *rest]
    return [{"role": "user", "parts": [*parts, *(fields_of(first).get("parts") or ())]}, *rest]


def _asked(request: Request, config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that ask for the answer's structure."""
    if request.plain:
        return {}
    if request.mode is Mode.TOOLS:
        return _asked_by_tool(request, config)
    if request.mode is Mode.JSON_SCHEMA:
        asked: dict[str, Any] = {"response_mime_type": "application/json"}
        if request.strict:
            asked["response_json_schema"] = transform(request.schema, ENFORCED).schema
        return asked
    return {}


def _asked_by_tool(request: Request, config: Mapping[str, Any]) -> dict[str, Any]:
    forced = {"mode": "ANY", "allowed_function_names": [request.name]}
    choice: dict[str, Any] = forced if request.forced else {"mode": "AUTO"}
    if request.options.get(_STREAM_ARGUMENTS):
        choice[_STREAM_ARGUMENTS] = True
    own_choice = fields_of(config.get("tool_config"))
    return {
        "tools": [*(config.get("tools") or ()), {"function_declarations": [_function(request)]}],
        "tool_config": {**own_choice, "function_calling_config": choice},
    }


def _function(request: Request) -> dict[str, Any]:
    description = {"description": request.description} if request.description else {}
    schema = transform(request.schema, ENFORCED if request.strict else TOOL).schema
    return {"name": request.name, **description, "parameters_json_schema": schema}
