"""Parts of messages, and schemas."""

from .._left_out import refusal
from ..validation import Validator
from . import multimodal
from .function_calls import OpenAISchema, ResponseSchema, openai_schema, response_schema
from .schema import generate_anthropic_schema, generate_gemini_schema, generate_openai_schema

__all__ = [
    "OpenAISchema", "ResponseSchema", "Validator", "generate_anthropic_schema",
    "generate_gemini_schema", "generate_openai_schema", "multimodal", "openai_schema",
    "response_schema",
]  # fmt: skip

__getattr__ = refusal(
    __name__,
    {},
    """convert_messages handle_reask_kwargs handle_response_model process_response
    process_response_async""",
    otherwise="create(response_model=…)",
)
