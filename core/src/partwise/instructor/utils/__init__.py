"""`instructor.utils`: `disable_pydantic_error_url`; the rest is of Instructor's own machinery."""

from __future__ import annotations

import os

from .._left_out import refusal

__all__ = ["disable_pydantic_error_url"]

__getattr__ = refusal(
    __name__,
    {
        "extract_json_from_codeblock": "partwise.parse, which finds the JSON in a text",
        "extract_json_from_stream": "partwise.parse, which finds the JSON in a text",
        "extract_json_from_stream_async": "partwise.aparse, which finds the JSON in a text",
        "update_total_usage": "the usage of the stream, or of the completion",
    },
    """Provider SystemMessage classproperty combine_system_messages convert_to_genai_messages
    dump_message extract_genai_system_message extract_messages extract_system_messages
    get_message_content get_provider is_async is_simple_type is_typed_dict
    map_to_gemini_function_schema merge_consecutive_messages prepare_response_model
    transform_to_gemini_prompt update_gemini_kwargs update_genai_kwargs verify_no_unions""",
)


def disable_pydantic_error_url() -> None:
    """Leave the addresses of explanations out of pydantic's errors."""
    os.environ["PYDANTIC_ERRORS_INCLUDE_URL"] = "0"
