"""Instructor's names of modes, and partwise's own for each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import partwise

from ._left_out import refusal

__getattr__ = refusal(
    __name__,
    {"reset_deprecated_mode_warnings": "warnings.resetwarnings(): partwise warns of no mode"},
)


class Mode(StrEnum):
    """A mode by its name in Instructor 1.x.

    The names with a vendor in them are those that Instructor has deprecated itself.
    """

    FUNCTIONS = "function_call"
    PARALLEL_TOOLS = "parallel_tool_call"
    TOOLS = "tool_call"
    TOOLS_STRICT = "tools_strict"
    JSON = "json_mode"
    JSON_O1 = "json_o1"
    MD_JSON = "markdown_json_mode"
    JSON_SCHEMA = "json_schema_mode"
    RESPONSES_TOOLS = "responses_tools"
    RESPONSES_TOOLS_WITH_INBUILT_TOOLS = "responses_tools_with_inbuilt_tools"
    ANTHROPIC_TOOLS = "anthropic_tools"
    ANTHROPIC_REASONING_TOOLS = "anthropic_reasoning_tools"
    ANTHROPIC_JSON = "anthropic_json"
    ANTHROPIC_PARALLEL_TOOLS = "anthropic_parallel_tools"
    MISTRAL_TOOLS = "mistral_tools"
    MISTRAL_STRUCTURED_OUTPUTS = "mistral_structured_outputs"
    VERTEXAI_TOOLS = "vertexai_tools"
    VERTEXAI_JSON = "vertexai_json"
    VERTEXAI_PARALLEL_TOOLS = "vertexai_parallel_tools"
    GEMINI_JSON = "gemini_json"
    GEMINI_TOOLS = "gemini_tools"
    GENAI_TOOLS = "genai_tools"
    GENAI_STRUCTURED_OUTPUTS = "genai_structured_outputs"
    GENAI_JSON = "genai_json"
    COHERE_TOOLS = "cohere_tools"
    COHERE_JSON_SCHEMA = "json_object"
    CEREBRAS_TOOLS = "cerebras_tools"
    CEREBRAS_JSON = "cerebras_json"
    FIREWORKS_TOOLS = "fireworks_tools"
    FIREWORKS_JSON = "fireworks_json"
    WRITER_TOOLS = "writer_tools"
    WRITER_JSON = "writer_json"
    BEDROCK_TOOLS = "bedrock_tools"
    BEDROCK_JSON = "bedrock_json"
    PERPLEXITY_JSON = "perplexity_json"
    OPENROUTER_STRUCTURED_OUTPUTS = "openrouter_structured_outputs"
    XAI_TOOLS = "xai_tools"
    XAI_JSON = "xai_json"


_OWN: Final = {
    Mode.JSON: partwise.Mode.JSON,
    Mode.JSON_O1: partwise.Mode.MD_JSON,
    Mode.MD_JSON: partwise.Mode.MD_JSON,
    Mode.RESPONSES_TOOLS: "responses_tools",
    Mode.RESPONSES_TOOLS_WITH_INBUILT_TOOLS: "responses_tools",
    Mode.FUNCTIONS: partwise.Mode.TOOLS,
    Mode.TOOLS_STRICT: partwise.Mode.TOOLS,
    Mode.ANTHROPIC_JSON: partwise.Mode.MD_JSON,
}


def own_mode(mode: Mode | partwise.Mode | str | None) -> partwise.Mode | str | None:
    """Partwise's mode of that name; a name that is not Instructor's is left as it is."""
    if mode is None or mode not in [*Mode]:
        return mode
    old = Mode(mode)
    is_tool = old.name.endswith("TOOLS")
    return _OWN.get(old, partwise.Mode.TOOLS if is_tool else partwise.Mode.JSON_SCHEMA)
