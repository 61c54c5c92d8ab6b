"""The schema of a model in the vendors' forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .function_calls import openai_schema

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["generate_anthropic_schema", "generate_gemini_schema", "generate_openai_schema"]


def generate_openai_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A function of OpenAI's."""
    schema: dict[str, Any] = openai_schema(model).openai_schema
    return schema


def generate_anthropic_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A tool of Anthropic's."""
    schema: dict[str, Any] = openai_schema(model).anthropic_schema
    return schema


generate_gemini_schema = generate_openai_schema
