"""What vendors say when they refuse a request, and the approach that is tried next.

The texts are the vendors' own, from the issue threads named beside them.
"""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import (
    Approach,
    Capabilities,
    Fallback,
    Granularity,
    Mode,
    Request,
    error_of_status,
    next_approach,
)

TOKEN = Granularity.TOKEN
ALL = Capabilities({
    Mode.TOOLS: TOKEN, Mode.JSON_SCHEMA: TOKEN, Mode.RESPONSES: TOKEN, Mode.MD_JSON: TOKEN,
})  # fmt: skip


def after(
    text: str,
    mode: Mode = Mode.TOOLS,
    *,
    status: int = 400,
    capabilities: Capabilities = ALL,
    optional: tuple[str, ...] = (),
    **approach: Any,
) -> Fallback | None:
    request = Request(model="m", mode=mode, messages=(), schema={}, name="a", **approach)
    error = error_of_status(status, text, provider="acme")
    return next_approach(request, error, capabilities, optional=optional)


FORCED = Approach(mode=Mode.TOOLS, forced=False, schema_in_prompt=True)


@pytest.mark.parametrize(
    "text",
    [
        "Thinking mode does not support this tool_choice",  # deepseek-ai/DeepSeek-V3 #1376
        "tool_choice 'specified' is incompatible with thinking enabled",  # can1357/oh-my-pi #827
        "Thinking may not be enabled when tool_choice forces tool use.",
        "deepseek-reasoner does not support this tool_choice",
        # langchain-ai/langchain-aws #1273
        'tool_choice: type "tool" and "any" are not supported for this model.',
    ],
)
def test_a_forced_tool_is_only_offered_then(text: str) -> None:
    assert after(text) == Fallback(FORCED, "mode")


@pytest.mark.parametrize(
    ("mode", "text", "status"),
    [
        # openai/openai-openapi #541, danny-avila/LibreChat #14355
        (
            Mode.TOOLS,
            (
                "Function tools with reasoning_effort are not supported for gpt-5.4 in "
                "/v1/chat/completions. Please use /v1/responses instead."
            ),
            400,
        ),
        (Mode.TOOLS, "registry.ollama.ai/library/gemma:2b does not support tools", 400),
        (Mode.TOOLS, "No endpoints found that support tool use.", 404),
        (Mode.TOOLS, "tools is not supported in this model.", 400),
        (Mode.JSON_SCHEMA, "This model doesn't support the outputConfig.textFormat field.", 400),
        # web-infra-dev/midscene #259
        (
            Mode.JSON_SCHEMA,
            (
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported with "
                "this model. Learn more about supported models at the guide"
            ),
            400,
        ),
        (Mode.JSON_SCHEMA, "This response_format type is unavailable now", 400),
        (Mode.JSON_SCHEMA, "response_format json_schema is not supported", 400),
        (Mode.JSON_SCHEMA, "JSON schema is not supported by this response_format", 400),
        (
            Mode.JSON_SCHEMA,
            "This model does not support response format `json_schema`. See supported models",
            400,
        ),
        (Mode.JSON_SCHEMA, "response_format.type must be `text` or `json_object`", 422),
        (
            Mode.JSON_SCHEMA,
            (
                "This is not a chat model and thus not supported in the "
                "v1/chat/completions endpoint. Did you mean to use v1/completions?"
            ),
            404,
        ),
        (
            Mode.JSON_SCHEMA,
            "This model is only supported in v1/responses and not in v1/chat/completions.",
            404,
        ),
    ],
)
def test_the_next_mode_after_one_that_the_model_has_not(mode: Mode, text: str, status: int) -> None:
    modes = list(ALL.modes)
    expected = Approach(mode=modes[modes.index(mode) + 1])
    assert after(text, mode, status=status) == Fallback(expected, "mode")


@pytest.mark.parametrize(
    "text",
    [
        (
            "Invalid schema for response_format 'Person': In context=(), 'additionalProperties' is "
            "required to be supplied and to be false."
        ),
        "Invalid schema for response_format 'X': 'minLength' is not supported.",
        # musistudio/claude-code-router #708
        "Unsupported JSON schema fields: {'minItems', 'items'}', 'param': 'response_format'",
        "The compiled grammar is too large, which would cause performance issues.",
        "Schema is too complex: too many optional parameters",
        "tools.0.custom.strict: Extra inputs are not permitted",
        (
            "Unable to submit request because one or more response schemas specified unsupported "
            "field pattern"
        ),  # GoogleCloudPlatform/vertex-ai-samples #3618
    ],
)
def test_a_schema_that_is_not_taken_is_only_told(text: str) -> None:
    told = Approach(mode=Mode.JSON_SCHEMA, strict=False, schema_in_prompt=True)
    assert after(text, Mode.JSON_SCHEMA) == Fallback(told, "schema")

    elsewhere = Approach(mode=Mode.RESPONSES, strict=False, schema_in_prompt=True)
    again = after(text, Mode.JSON_SCHEMA, strict=False, schema_in_prompt=True)
    assert again == Fallback(elsewhere, "schema")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "max_tokens",
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead."
            ),
        ),
        (
            "temperature",
            (
                "Unsupported value: 'temperature' does not support 0 with this model. Only the "
                "default (1) value is supported."
            ),
        ),
        ("temperature", "invalid temperature: only 1 is allowed for this model"),
        ("stream_options", "stream_options: Extra inputs are not permitted"),
        ("parallel_tool_calls", "Unsupported parameter: parallel_tool_calls"),
        ("parallel_tool_calls", "Unknown parameter: 'parallel_tool_calls'."),
        # Gitlawb/openclaude #739
        (
            "max_completion_tokens",
            (
                "{'detail': [{'type': 'extra_forbidden', 'loc': ['body', 'max_completion_tokens'], "
                "'msg': 'Extra inputs are not permitted', 'input': 8192}]}"
            ),
        ),
    ],
)
def test_a_parameter_that_is_not_taken_is_left_out(name: str, text: str) -> None:
    fallback = after(text, optional=(name, "other"))

    assert fallback == Fallback(Approach(mode=Mode.TOOLS, omitted=frozenset({name})), "parameter")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("temperature must be between 0 and 2", 400),
        ("max_tokens is too large: 100000. This model supports at most 16384 tokens", 400),
        (
            (
                "This model's maximum context length is 8192 tokens. However, you requested 9000 "
                "tokens (8000 in the messages, 900 in the functions, 100 in the completion)."
            ),
            400,
        ),
        ("The model `gpt-9` does not exist or you do not have access to it.", 404),
        ("The API deployment for this resource does not exist.", 404),
        (
            (
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding "
                "message with 'tool_calls'."
            ),
            400,
        ),
        ("The response was filtered due to content management policy.", 400),
        ("No tool endpoint has capacity", 503),
        ("You have no right to use function tools", 403),
        ("This field is odd", 400),
        (
            (
                # chatboxai/chatbox #2117
                "{'type': 'extra_forbidden', 'loc': ['body', 'messages', 0, 'system', 'id'], "
                "'msg': 'Extra inputs are not permitted'}"
            ),
            422,
        ),
    ],
)
def test_other_errors_are_no_refusals(text: str, status: int) -> None:
    assert after(text, status=status, optional=("temperature", "max_tokens")) is None


def test_an_error_that_may_pass_is_no_refusal() -> None:
    request = Request(model="m", mode=Mode.TOOLS, messages=(), schema={}, name="a")
    error = error_of_status(400, "Failed to call a function. Please adjust.", provider="acme")
    error.retryable = True

    assert next_approach(request, error, ALL) is None


def test_the_last_mode_has_no_next() -> None:
    assert after("no response_format here", Mode.MD_JSON) is None


def test_modes_are_tried_by_granularity_before_they_are_by_rank() -> None:
    capabilities = Capabilities({
        Mode.TOOLS: Granularity.WHOLE, Mode.JSON: TOKEN, Mode.MD_JSON: TOKEN,
    })  # fmt: skip

    assert capabilities.ranked == (Mode.JSON, Mode.MD_JSON, Mode.TOOLS)
    assert capabilities.default_mode is Mode.JSON
    after_json = after("no json_object mode", Mode.JSON, capabilities=capabilities)
    assert after_json == Fallback(Approach(mode=Mode.MD_JSON), "mode")


def test_a_prompted_mode_gets_the_schema_in_the_prompt() -> None:
    capabilities = Capabilities(ALL.modes, prompted=frozenset({Mode.JSON_SCHEMA}))

    fallback = after("does not support tools", capabilities=capabilities)
    assert fallback == Fallback(Approach(mode=Mode.JSON_SCHEMA, schema_in_prompt=True), "mode")
