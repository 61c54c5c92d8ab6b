"""The schema of a model in the vendors' forms."""

from typing import Any

from pydantic import BaseModel

from .function_calls import tool

__all__ = ["generate_anthropic_schema", "generate_gemini_schema", "generate_openai_schema"]


def generate_openai_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A function of OpenAI's."""
    return tool(model, "parameters")


def generate_anthropic_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A tool of Anthropic's."""
    return tool(model, "input_schema")


generate_gemini_schema = generate_openai_schema
