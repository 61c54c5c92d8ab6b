"""Puts a request into Google's terms: the arguments of `models.generate_content_stream`.

The call's options are those of `GenerateContentConfig`, under its names or OpenAI's, each alone
or all in a `config`. One that the SDK does not know is an error when the request is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partwise.provider import ConfigurationError, Mode, Request, transform

from ._messages import to_contents, to_system
from ._options import fields_of, split_http_options, with_timeout
from ._schema import GEMINI

_OPENAI_NAMES = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "stop": "stop_sequences",
}

_STREAM_ARGUMENTS = "stream_function_call_arguments"


def build_request(request: Request) -> dict[str, Any]:
    """The arguments of `generate_content_stream` for this request."""
    config = _config(request)
    config |= _system(request, config)
    config |= _asked(request, config)
    # Both would send further requests by themselves.
    config["automatic_continuation"] = False
    config["automatic_function_calling"] = {"disable": True}
    contents = to_contents(request.messages)
    return {"model": request.model, "contents": contents, "config": config}


def _config(request: Request) -> dict[str, Any]:
    """The options as fields of a `GenerateContentConfig`."""
    options, http_options = split_http_options(request.options)
    config = fields_of(options.pop("config", None))
    options.pop(_STREAM_ARGUMENTS, None)
    config |= {_OPENAI_NAMES.get(name, name): value for name, value in options.items()}
    if isinstance(config.get("stop_sequences"), str):
        config["stop_sequences"] = [config["stop_sequences"]]
    http_options = {**fields_of(config.get("http_options")), **http_options}
    if request.read_timeout is not None:
        http_options = with_timeout(request.read_timeout, http_options)
    return {**config, "http_options": http_options} if http_options else config


def _system(request: Request, config: Mapping[str, Any]) -> dict[str, Any]:
    parts = to_system(request.messages)
    if not parts:
        return {}
    own = config.get("system_instruction") or ""
    if not isinstance(own, str):
        raise ConfigurationError(
            "give the instructions in `system_instruction` or in a system message, not in both"
        )
    if own:
        parts = [{"text": own}, *parts]
    return {"system_instruction": {"parts": parts}}


def _asked(request: Request, config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that ask for the answer's structure."""
    if request.plain:
        return {}
    if request.mode is Mode.TOOLS:
        return _asked_by_tool(request, config)
    if request.mode is Mode.JSON_SCHEMA:
        schema = transform(request.schema, GEMINI).schema
        return {"response_mime_type": "application/json", "response_json_schema": schema}
    return {}


def _asked_by_tool(request: Request, config: Mapping[str, Any]) -> dict[str, Any]:
    choice: dict[str, Any] = {"mode": "ANY", "allowed_function_names": [request.name]}
    if request.options.get(_STREAM_ARGUMENTS):
        choice[_STREAM_ARGUMENTS] = True
    own_choice = fields_of(config.get("tool_config"))
    return {
        "tools": [*(config.get("tools") or ()), {"function_declarations": [_function(request)]}],
        "tool_config": {**own_choice, "function_calling_config": choice},
    }


def _function(request: Request) -> dict[str, Any]:
    description = {"description": request.description} if request.description else {}
    return {
        "name": request.name,
        **description,
        "parameters_json_schema": transform(request.schema, GEMINI).schema,
    }
