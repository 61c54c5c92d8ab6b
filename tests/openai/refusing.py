"""A vendor on loopback that refuses what the real ones refuse, in their own words.

The rules are those of documentation and issue threads, and know nothing of the plugin's tables.
The first folder of the path is the provider's name. A request that no rule refuses is answered in
the form that it asks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partwise_conformance import RecordedRequest, Reply, sse

Payload = Mapping[str, Any]
Test = Callable[[Payload], Any]


@dataclass(frozen=True)
class Rule:
    """`models` at `servers` refuse what `test` finds in a request."""

    servers: str
    models: str
    test: Test
    text: str
    status: int = 400

    def refuses(self, server: str, payload: Payload) -> bool:
        named: str = payload["model"]
        model = DEPLOYMENTS.get(named, named).rsplit("/", 1)[-1].lower()
        fits = re.fullmatch(self.servers, server) and re.search(self.models, model)
        return bool(fits and self.test(payload))


DEPLOYMENTS = {
    "my-old-one": "gpt-35-turbo",
    "my-new-one": "gpt-5.6",
    "my-pro": "gpt-5.5-pro",
    "my-first": "gpt-4",
}
"""Names that somebody at Azure gave to models."""


# What a request asks for ----------------------------------------------------------------------


def on_chat(payload: Payload) -> bool:
    return "messages" in payload


def tools(payload: Payload) -> Any:
    return payload.get("tools")


def forced(payload: Payload) -> bool:
    return payload.get("tool_choice") not in (None, "auto", "none")


def by_name(payload: Payload) -> bool:
    return isinstance(payload.get("tool_choice"), dict)


def form(payload: Payload) -> str | None:
    found = payload.get("response_format") or (payload.get("text") or {}).get("format") or {}
    kind: str | None = found.get("type")
    return kind


def with_schema(payload: Payload) -> bool:
    return form(payload) == "json_schema"


def with_object(payload: Payload) -> bool:
    return form(payload) == "json_object"


def has(*names: str) -> Test:
    return lambda payload: any(name in payload for name in names)


def strict_schemas(payload: Payload) -> Iterator[Mapping[str, Any]]:
    """The schemas that are to be enforced, wherever a request has them."""
    answer = payload.get("response_format", {}).get("json_schema") or payload.get("text", {}).get(
        "format", {}
    )
    functions = [tool.get("function", tool) for tool in payload.get("tools", ())]
    for each in (answer, *functions):
        if each.get("strict"):
            yield each.get("schema") or each["parameters"]


def nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, Mapping):
        yield schema
        for child in schema.values():
            yield from nodes(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from nodes(child)


def strict_with(*keywords: str) -> Test:
    return lambda payload: any(
        keyword in node
        for schema in strict_schemas(payload)
        for node in nodes(schema)
        for keyword in keywords
    )


def open_strict_object(payload: Payload) -> bool:
    return any(
        node.get("type") == "object" and node.get("additionalProperties") is not False
        for schema in strict_schemas(payload)
        for node in nodes(schema)
    )


def call_without_reasoning(payload: Payload) -> bool:
    calls = (message for message in payload.get("messages", ()) if message.get("tool_calls"))
    return any("reasoning_content" not in call for call in calls)


def unknown_message_key(payload: Payload) -> bool:
    known = {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "type"}
    messages = payload.get("messages", ())
    return any(not message.keys() <= known for message in messages)


def reasons(payload: Payload) -> bool:
    return payload.get("reasoning_effort") != "none"


def no_word_of_json(payload: Payload) -> bool:
    return with_object(payload) and "json" not in str(payload["messages"]).lower()


# The rules ------------------------------------------------------------------------------------

OPENAI = "openai|azure"
REASONING = r"^(gpt-5($|-(?!chat|search)|\.[5-9])|gpt-[6-9]|o\d)"
SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty")

RULES = [
    # openai/openai-openapi #541, BerriAI/litellm #34569
    Rule(OPENAI, r"^gpt-(5\.[5-9]|[6-9])", lambda p: on_chat(p) and tools(p) and reasons(p),
         "Function tools with reasoning_effort are not supported for {model} in "
         "/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort "
         "to 'none'."),
    Rule("openai", r"^(gpt|o\d).*-(pro|codex)\b|^codex", on_chat,
         "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
         "Did you mean to use v1/completions?", 404),
    Rule("azure", r"^(gpt|o\d).*-(pro|codex)\b|^codex", on_chat,
         "The chatCompletion operation does not work with the specified model, {model}. Please "
         "choose different model and try again."),
    Rule(OPENAI, r"^gpt-5\.\d+-pro", with_schema,
         "Invalid parameter: 'text.format' of type 'json_schema' is not supported with this "
         "model."),
    Rule(OPENAI, r"^(gpt-3\.?5|gpt-4-|gpt-4$|gpt-4o-2024-05-13|chatgpt)", with_schema,
         "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this "
         "model. Learn more about supported models at the Structured Outputs guide."),
    Rule(OPENAI, r"^gpt-4($|-0|-32k)", with_object,
         "Invalid parameter: 'response_format' of type 'json_object' is not supported with this "
         "model."),
    Rule(OPENAI, r"^chatgpt|-search", tools, "tools is not supported in this model."),
    Rule(OPENAI, r"-search", has(*SAMPLING),
         "Model incompatible request argument supplied: temperature is not supported."),
    Rule(OPENAI, REASONING, has(*SAMPLING),
         "Unsupported value: 'temperature' does not support 0 with this model. Only the default "
         "(1) value is supported."),
    Rule(OPENAI, REASONING, lambda p: on_chat(p) and "max_tokens" in p,
         "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
         "'max_completion_tokens' instead."),
    Rule(OPENAI, r".", lambda p: not on_chat(p) and has("max_tokens", "max_completion_tokens")(p),
         "Unsupported parameter: 'max_tokens'. In the Responses API, this parameter has moved to "
         "'max_output_tokens'."),
    Rule(OPENAI, r"^o\d", has("parallel_tool_calls"),
         "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."),
    Rule(OPENAI, r".", unknown_message_key,
         "Unknown parameter: 'messages[1].reasoning_content'."),
    Rule(OPENAI + "|groq|cerebras|xai|openrouter|vercel|mistral", r".", open_strict_object,
         "Invalid schema for response_format 'Order': In context=(), 'additionalProperties' is "
         "required to be supplied and to be false."),
    Rule(OPENAI, r".", strict_with("minLength", "maxLength", "default"),
         "Invalid schema for response_format 'Order': In context=('properties', 'code'), "
         "'minLength' is not permitted."),
    # deepseek-ai/DeepSeek-V3 #1376
    Rule("deepseek", r"^deepseek-(v4|reasoner)", has("tool_choice"),
         "Thinking mode does not support this tool_choice"),
    Rule("deepseek", r"^deepseek-(v4|reasoner)", call_without_reasoning,
         "The `reasoning_content` in the thinking mode must be passed back to the API."),
    Rule("deepseek", r".", with_schema, "This response_format type is unavailable now"),
    # UKGovernmentBEIS/inspect_ai #5152
    Rule("moonshot", r"^kimi-k2", forced,
         "tool_choice 'specified' is incompatible with thinking enabled"),
    Rule("moonshot", r"^kimi-k3", by_name,
         "tool_choice 'specified' is incompatible with thinking enabled"),
    Rule("moonshot", r"^kimi", call_without_reasoning,
         "thinking is enabled but reasoning_content is missing in assistant tool call message"),
    Rule("moonshot", r"^kimi", has("temperature"),
         "invalid temperature: only 1 is allowed for this model"),
    # inference-docs.cerebras.ai, musistudio/claude-code-router #708
    Rule("cerebras", r".", strict_with("pattern", "format", "minItems", "maxItems", "minLength"),
         "Unsupported JSON schema fields: {{'minItems', 'pattern'}}"),
    Rule("cerebras", r".", has("parallel_tool_calls", "frequency_penalty"),
         "parallel_tool_calls: Extra inputs are not permitted"),
    Rule("cerebras", r".", by_name, "tool_choice: only 'auto', 'none' and 'required' are taken"),
    Rule("xai|groq", r".", strict_with("minLength", "minItems", "maxItems"),
         "Invalid request content: unsupported schema keyword minLength"),
    # console.groq.com
    Rule("groq", r"^(?!gpt-oss)", with_schema,
         "This model does not support response format `json_schema`. See supported models at "
         "https://console.groq.com/docs/structured-outputs#supported-models"),
    # strandsagents.com
    Rule("cohere|mistral|perplexity", r".", has("stream_options"),
         "invalid request: unknown field: stream_options"),
    Rule("cohere", r".", by_name, "tool_choice must be one of 'REQUIRED' or 'NONE'", 422),
    Rule("perplexity", r".", tools, "Tool calling is not supported for this model"),
    Rule("perplexity", r".", with_object, "response_format.type must be `json_schema`"),
    Rule("dashscope|zai|minimax", r".", forced,
         "The tool_choice parameter does not support being set to required or object in thinking "
         "mode"),
    Rule("dashscope", r"qwen.*thinking|qwq|qvq", with_object,
         "Json mode response is not supported when enable_thinking is true"),
    Rule("dashscope|zai|minimax", r".", with_schema,
         "'response_format.type' json_schema is not supported"),
    Rule("minimax", r".", with_object, "unsupported parameter: response_format"),
    Rule("zai", r".", has("stream_options", "parallel_tool_calls", "max_completion_tokens"),
         "unknown parameter: stream_options"),
    Rule("snowflake", r".", has("max_tokens"), "unsupported parameter: max_tokens"),
    Rule("nvidia|sambanova", r".", with_schema, "response_format is not supported"),
    Rule("heroku", r".", has("response_format", "stream_options"), "unexpected field"),
    Rule("lmstudio", r".", lambda p: with_object(p) or by_name(p),
         "'response_format.type' must be 'json_schema' or 'text'"),
    Rule("(?!deepseek|moonshot|zai|dashscope|minimax|openai|azure|moonshot).*",
         r"^(deepseek-(v4|reasoner)|kimi-k2)", forced,
         "tool_choice 'required' is incompatible with thinking enabled"),
    Rule(".*", r".", no_word_of_json,
         "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
         "'json_object'."),
    # Models of no name ------------------------------------------------------------------------
    Rule(".*", r"no-tools", tools, "registry.example.com/library/no-tools does not support tools"),
    Rule(".*", r"no-tools-404", tools, "No endpoints found that support tool use.", 404),
    Rule(".*", r"no-force", forced, "tool_choice is not supported by this model", 422),
    Rule(".*", r"no-schema", with_schema,
         "This model does not support response_format of type json_schema"),
    Rule(".*", r"no-format", form, "Unsupported parameter: 'response_format'", 422),
    Rule(".*", r"no-keywords", strict_with("pattern", "minItems", "maxItems", "minLength"),
         "Invalid schema: keyword 'pattern' is not supported"),
    Rule(".*", r"no-extras", has("stream_options", "parallel_tool_calls"),
         "Additional properties are not allowed: stream_options, parallel_tool_calls unexpected"),
    Rule(".*", r"no-sampling", has("temperature", "top_p"), "temperature is deprecated", 400),
    Rule(".*", r"no-max", has("max_tokens"), "Unknown parameter: 'max_tokens'"),
    Rule(".*", r"no-completion-max", has("max_completion_tokens"),
         "Unrecognized request argument supplied: max_completion_tokens"),
    Rule(".*", r"new-max", has("max_tokens"),
         "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
         "'max_completion_tokens' instead."),
]  # fmt: skip

PERSONALITIES = (
    "unheard-of", "no-tools", "no-tools-404", "no-force", "no-schema", "no-format",
    "no-keywords", "no-extras", "no-sampling", "no-max", "no-completion-max", "new-max",
    "no-schema-no-tools", "no-format-no-force", "no-schema-no-extras-no-sampling-new-max",
)  # fmt: skip
"""Names of models that no table lists, each for what it refuses."""


def handler(answer: str) -> Callable[[RecordedRequest], Reply]:
    """A vendor that gives this answer to every request that it takes."""

    def reply(request: RecordedRequest) -> Reply:
        server, payload = request.path.split("/")[1], request.json()
        for rule in RULES:
            if rule.refuses(server, payload):
                message = rule.text.format(model=payload["model"])
                error = {"message": message, "type": "invalid_request_error", "code": None}
                return Reply.of_json({"error": error}, status=rule.status)
        events = _chat(payload, answer) if on_chat(payload) else _responses(payload, answer)
        return Reply(body=[*map(sse, events), sse("[DONE]")])

    return reply


def _chat(payload: Payload, answer: str) -> Iterator[dict[str, Any]]:
    if tools(payload):
        function = {"name": payload["tools"][0]["function"]["name"], "arguments": answer}
        yield _choice({"tool_calls": [{"index": 0, "id": "c", "function": function}]})
    else:
        yield _choice({"content": answer})
    yield _choice({}, "stop")


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _responses(payload: Payload, answer: str) -> Iterator[dict[str, Any]]:
    content = [{"type": "output_text", "text": answer}]
    item: dict[str, Any] = {"type": "message", "content": content}
    if tools(payload):
        name = payload["tools"][0]["name"]
        item = {"type": "function_call", "call_id": "c", "name": name, "arguments": answer}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": {"status": "completed"}}


def forms(request: RecordedRequest) -> str:
    """How a request asks for structure, in a word, for messages of tests."""
    payload = request.json()
    return json.dumps([key for key in ("tools", "response_format", "text") if key in payload])
