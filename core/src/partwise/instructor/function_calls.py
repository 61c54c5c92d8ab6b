"""`instructor.function_calls`: the same as `instructor.processing.function_calls`."""

from .processing.function_calls import OpenAISchema, ResponseSchema, openai_schema, response_schema

__all__ = ["OpenAISchema", "ResponseSchema", "openai_schema", "response_schema"]
