"""Puts a request into Bedrock's terms: the arguments of boto3's `converse_stream`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from partwise.provider import ConfigurationError, Mode, Request, leave_out, transform

from ._messages import to_messages, to_system
from ._profiles import profile_of
from ._schema import TOOL, enforced

# Other vendors' names of the fields in `inferenceConfig`.
_NAMES: Final = {
    "max_completion_tokens": "maxTokens",
    "max_output_tokens": "maxTokens",
    "max_tokens": "maxTokens",
    "stop": "stopSequences",
    "stop_sequences": "stopSequences",
    "temperature": "temperature",
    "top_p": "topP",
}

OPTIONAL: Final = ("temperature", "topP", "top_p")
"""Parameters without which a request means nearly the same: left out if they are refused."""

# Fields of a model's own with which it reasons, and then can't be made to call a tool.
_THINKING: Final = frozenset({"thinking", "reasoning_config", "reasoning_effort"})


def build_request(request: Request) -> dict[str, Any]:
    """The arguments of `converse_stream`, and `read_timeout`, which the client takes out."""
    options, own = dict(request.options), _structure(request)
    inference = _inference(request, options)
    if "toolConfig" in own:
        own["toolConfig"]["tools"] += options.pop("toolConfig", {}).get("tools", [])
    system = [*options.pop("system", []), *to_system(request.messages)]
    own |= {"system": system, "inferenceConfig": inference, "read_timeout": request.read_timeout}
    given = {name: value for name, value in own.items() if value}
    messages = to_messages(request.messages)
    return {"modelId": request.model, "messages": messages, **given, **options}


def _inference(request: Request, options: dict[str, Any]) -> dict[str, Any]:
    """`inferenceConfig`, with the options that belong there taken out of the others."""
    inference = dict(options.pop("inferenceConfig", {}))
    inference |= {_NAMES[name]: options.pop(name) for name in _NAMES.keys() & options}
    if isinstance(inference.get("stopSequences"), str):
        inference["stopSequences"] = [inference["stopSequences"]]
    refused = {_NAMES.get(name, name) for name in request.omitted}
    if not profile_of(request.model).samples:
        refused |= {"temperature", "topP"}
    return leave_out(inference, refused, model=request.model)


def _structure(request: Request) -> dict[str, Any]:
    if request.mode is Mode.JSON_SCHEMA and not request.plain:
        return _schema(request) if request.strict else {}
    calls = any(message.get("tool_calls") for message in request.messages)
    # Bedrock wants the tools of the calls among the messages, even if no call is wanted.
    if request.mode is not Mode.TOOLS or (request.plain and not calls):
        return {}
    schema = {"json": transform(request.schema, TOOL).schema}
    tools = [{"toolSpec": {**_named(request), "inputSchema": schema}}]
    return {"toolConfig": {"tools": tools, **_choice(request)}}


def _schema(request: Request) -> dict[str, Any]:
    schema = enforced(request.schema)
    if schema is None:
        raise ConfigurationError(f"Bedrock can't enforce {request.name}: use another mode")
    structure = {"jsonSchema": {**_named(request), "schema": json.dumps(schema)}}
    return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": structure}}}


def _named(request: Request) -> dict[str, Any]:
    return {"name": request.name, "description": request.description or request.name}


def _choice(request: Request) -> Mapping[str, Any]:
    fields = request.options.get("additionalModelRequestFields") or {}
    forced = profile_of(request.model).forced
    if request.plain or not request.forced or not _THINKING.isdisjoint(fields):
        return {}
    if forced == "any tool":
        return {"toolChoice": {"any": {}}}
    return {"toolChoice": {"tool": {"name": request.name}}} if forced == "name" else {}
