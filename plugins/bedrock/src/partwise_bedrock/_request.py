"""Puts a request into Bedrock's terms: the arguments of boto3's `converse_stream`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import partwise.provider as pw

_TOOL = pw.SchemaProfile(name="a Bedrock tool", strict=False)
_ENFORCED = pw.SchemaProfile(
    name="Bedrock's structured output", keywords=frozenset({"const", "title"}),
    closed=True, typed=True, ref_siblings=False, recursion="never",
)  # fmt: skip
_INFERENCE = {
    "max_completion_tokens": "maxTokens", "max_tokens": "maxTokens", "stop": "stopSequences",
    "temperature": "temperature", "top_p": "topP",
}  # fmt: skip
_SIDES = {"system": "system", "developer": "system", "assistant": "assistant"}
_image_of = re.compile(r"data:image/(\w+);base64,(.+)", re.DOTALL).fullmatch

# As the Converse API's documentation has it: who has no tools while it streams, whose tools can't
# be forced, and of whose tools only any can.
_NO_TOOLS = re.compile(r"meta\.llama|amazon\.titan|claude-(?:v\d|instant)|mi[sx]tral-[78]")
_NO_CHOICE = re.compile(r"meta\.llama|cohere\.|ai21\.|claude-(?:[a-z]+-)?(?:5-[1-9]|[6-9])")
_ANY_CHOICE = re.compile(r"mistral\.|deepseek\.v3-v1")


def capabilities(model: str) -> pw.Capabilities:
    """All modes, of which a model may lack some beyond its first: then Bedrock refuses the call."""
    modes = (pw.Mode.TOOLS, pw.Mode.JSON_SCHEMA, pw.Mode.MD_JSON)
    ordered = modes[::-1] if _NO_TOOLS.search(model) else modes
    return pw.Capabilities(dict.fromkeys(ordered, pw.Granularity.TOKEN))


def build_request(request: pw.Request) -> dict[str, Any]:
    """The arguments of `converse_stream`, and `read_timeout`, which the client takes out."""
    options, own = dict(request.options), _structure(request)
    inference = dict(options.pop("inferenceConfig", {}))
    inference |= {_INFERENCE[name]: options.pop(name) for name in _INFERENCE.keys() & options}
    if "toolConfig" in own:
        own["toolConfig"]["tools"] += options.pop("toolConfig", {}).get("tools", [])
    system, messages = _conversation(request.messages)
    system = [*options.pop("system", []), *system]
    own |= {"system": system, "inferenceConfig": inference, "read_timeout": request.read_timeout}
    said = {name: value for name, value in own.items() if value}
    return {"modelId": request.model, "messages": messages, **said, **options}


def _structure(request: pw.Request) -> dict[str, Any]:
    named = {"name": request.name, "description": request.description or request.name}
    if request.mode is pw.Mode.JSON_SCHEMA and not request.plain:
        made = pw.transform(request.schema, _ENFORCED)
        if not made.strict:
            raise pw.ConfigurationError(f"Bedrock can't enforce {request.name}: use another mode")
        asked = {"jsonSchema": {**named, "schema": json.dumps(made.schema)}}
        return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": asked}}}
    calls = any(each.get("tool_calls") for each in request.messages)  # Bedrock wants their tools
    if request.mode is not pw.Mode.TOOLS or (request.plain and not calls):
        return {}
    schema = {"json": pw.transform(request.schema, _TOOL).schema}
    own: dict[str, Any] = {"tools": [{"toolSpec": {**named, "inputSchema": schema}}]}
    free = request.plain or "thinking" in request.options.get("additionalModelRequestFields", {})
    if not free and not _NO_CHOICE.search(request.model):
        is_any = _ANY_CHOICE.search(request.model)
        own["toolChoice"] = {"any": {}} if is_any else {"tool": {"name": request.name}}
    return {"toolConfig": own}


def _conversation(messages: Iterable[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The system's blocks, and the turns: what one side says in a row is one."""
    said = [
        (_SIDES.get(each["role"], "user"), block) for each in messages for block in _blocks(each)
    ]
    system = [block for side, block in said if side == "system"]
    turns = groupby((each for each in said if each[0] != "system"), key=itemgetter(0))
    return system, [{"role": side, "content": [each[1] for each in turn]} for side, turn in turns]


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content: Any = message.get("content") or ()
    parts = [{"text": content}] if isinstance(content, str) else content
    # An empty text would be refused.
    blocks = [block for block in map(_block, parts) if block.get("text") != ""]
    if message.get("role") == "tool":
        return [{"toolResult": {"toolUseId": message["tool_call_id"], "content": blocks}}]
    for call in message.get("tool_calls") or ():
        name, text = call["function"]["name"], call["function"]["arguments"]
        use = {"toolUseId": call["id"], "name": name, "input": json.loads(text or "{}")}
        blocks.append({"toolUse": use})
    return blocks


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    match part:
        case {"type": "text", "text": text} | {"type": "refusal", "refusal": text}:
            return {"text": text}
        case {"type": "image_url", "image_url": {"url": str(url)}} if found := _image_of(url):
            form = {"jpg": "jpeg"}.get(found[1], found[1])
            return {"image": {"format": form, "source": {"bytes": base64.b64decode(found[2])}}}
        case {"type": kind}:
            raise pw.ConfigurationError(f"say {kind!r} as one of Bedrock's content blocks")
    return dict(part)
