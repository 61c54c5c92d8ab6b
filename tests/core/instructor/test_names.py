"""Every public name of Instructor 1.17 is there, or says what to use in its place."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

FORM = r"ImportError: partwise has no instructor\..+: use ."

NAMES = {
    "": """
        AsyncInstructor Audio BatchJob BatchProcessor BatchRequest CitationMixin FinetuneFormat
        Image Instructions Instructor IterableModel Maybe Mode OpenAISchema Partial Provider
        ResponseSchema apatch from_anthropic from_anyscale from_bedrock from_cerebras from_cohere
        from_databricks from_deepseek from_fireworks from_gemini from_genai from_groq from_litellm
        from_mistral from_openai from_openrouter from_perplexity from_provider from_together
        from_vertexai from_writer from_xai generate_anthropic_schema generate_gemini_schema
        generate_openai_schema hooks llm_validator openai_moderation openai_schema patch
        response_schema v2
    """,
    "auto_client": "from_provider",
    "batch": """
        BatchError BatchJob BatchModel BatchProcessor BatchRequest BatchResult BatchStatus
        BatchSuccess extract_results filter_errors filter_successful get_results_by_custom_id
    """,
    "batch.processor": "BatchProcessor",
    "cache": "AutoCache BaseCache DiskCache make_cache_key",
    "cli": "",
    "core": """
        AsyncInstructor AsyncValidationError ClientError ConfigurationError FailedAttempt HookName
        Hooks IncompleteOutputException Instructor InstructorError InstructorRetryException
        ModeError MultimodalError ProviderError Response ResponseParsingError TokenBudgetError
        TokenBudgetExceeded TokenUsageUnavailableError ValidationError apatch from_litellm
        from_openai patch retry_async retry_sync
    """,
    "core.client": """
        AsyncInstructor AsyncResponse HookName Hooks Instructor Mode Partial Provider Response
        from_litellm from_openai
    """,
    "core.exceptions": """
        AsyncValidationError ClientError ConfigurationError FailedAttempt
        IncompleteOutputException InstructorError InstructorRetryException ModeError
        MultimodalError ProviderError ResponseParsingError TokenBudgetError TokenBudgetExceeded
        TokenUsageUnavailableError ValidationError
    """,
    "core.hooks": """
        CompletionErrorHandler CompletionKwargsHandler CompletionResponseHandler
        CompletionUsageHandler HookName Hooks ParseErrorHandler
    """,
    "core.patch": "Hooks Mode apatch handle_templating patch retry_sync_v2",
    "core.retry": "extract_messages retry_async retry_sync",
    "distil": "FinetuneFormat Instructions",
    "dsl": """
        CitationMixin IterableModel ListResponse Maybe ModelAdapter Partial ResponseList
        is_simple_type
    """,
    "dsl.citation": "CitationMixin",
    "dsl.iterable": "IterableBase IterableModel",
    "dsl.json_tracker": "JsonCompleteness is_json_complete",
    "dsl.maybe": "Maybe MaybeBase",
    "dsl.parallel": "ParallelBase ParallelModel get_types_array handle_parallel_model",
    "dsl.partial": """
        JsonCompleteness MakeFieldsOptional Partial PartialBase PartialLiteralMixin
        is_json_complete process_potential_object remove_control_chars
    """,
    "dsl.response_list": "ListResponse ResponseList",
    "dsl.simple_type": "AdapterBase ModelAdapter is_simple_type validateIsSubClass",
    "exceptions": """
        AsyncValidationError ClientError ConfigurationError FailedAttempt
        IncompleteOutputException InstructorError InstructorRetryException ModeError
        MultimodalError ProviderError ResponseParsingError TokenBudgetError TokenBudgetExceeded
        TokenUsageUnavailableError ValidationError
    """,
    "function_calls": "OpenAISchema ResponseSchema openai_schema response_schema",
    "hooks": "HookName Hooks",
    "mode": "Mode reset_deprecated_mode_warnings",
    "models": "KnownModelName",
    "processing": """
        OpenAISchema ResponseSchema Validator convert_messages generate_anthropic_schema
        generate_gemini_schema generate_openai_schema handle_reask_kwargs handle_response_model
        openai_schema process_response process_response_async response_schema
    """,
    "processing.function_calls": """
        OpenAISchema ResponseSchema classproperty normalize_mode_for_provider openai_schema
        provider_from_mode response_schema
    """,
    "processing.multimodal": """
        Audio Image ImageParams ImageParamsBase ImageWithCacheControl MultimodalError PDF
        PDFWithCacheControl PDFWithGenaiFile autodetect_media convert_contents convert_messages
        extract_genai_multimodal_content fetch_remote_content probe_remote_content_type
    """,
    "processing.response": "handle_response_model process_response process_response_async",
    "processing.schema": """
        generate_anthropic_schema generate_gemini_schema generate_openai_schema
    """,
    "processing.validators": "ResponseSchema Validator",
    "providers": "from_anthropic",
    "templating": "apply_template handle_templating process_message",
    "utils": """
        Provider SystemMessage classproperty combine_system_messages convert_to_genai_messages
        disable_pydantic_error_url dump_message extract_genai_system_message
        extract_json_from_codeblock extract_json_from_stream extract_json_from_stream_async
        extract_messages extract_system_messages get_message_content get_provider is_async
        is_simple_type is_typed_dict map_to_gemini_function_schema merge_consecutive_messages
        prepare_response_model transform_to_gemini_prompt update_gemini_kwargs
        update_genai_kwargs update_total_usage verify_no_unions
    """,
    "utils.core": "disable_pydantic_error_url dump_message is_async update_total_usage",
    "utils.providers": "get_provider",
    "v2": "Mode",
    "validation": """
        ASYNC_MODEL_VALIDATOR_KEY ASYNC_VALIDATOR_KEY AsyncValidationContext AsyncValidationError
        Validator async_field_validator async_model_validator llm_validator openai_moderation
    """,
    "validation.async_validators": "AsyncValidationContext async_field_validator",
    "validation.llm_validators": "Instructor Validator llm_validator openai_moderation",
}
MODES = """
    ANTHROPIC_JSON ANTHROPIC_PARALLEL_TOOLS ANTHROPIC_REASONING_TOOLS ANTHROPIC_TOOLS BEDROCK_JSON
    BEDROCK_TOOLS CEREBRAS_JSON CEREBRAS_TOOLS COHERE_JSON_SCHEMA COHERE_TOOLS FIREWORKS_JSON
    FIREWORKS_TOOLS FUNCTIONS GEMINI_JSON GEMINI_TOOLS GENAI_JSON GENAI_STRUCTURED_OUTPUTS
    GENAI_TOOLS JSON JSON_O1 JSON_SCHEMA MD_JSON MISTRAL_STRUCTURED_OUTPUTS MISTRAL_TOOLS
    OPENROUTER_STRUCTURED_OUTPUTS PARALLEL_TOOLS PERPLEXITY_JSON RESPONSES_TOOLS
    RESPONSES_TOOLS_WITH_INBUILT_TOOLS TOOLS TOOLS_STRICT VERTEXAI_JSON VERTEXAI_PARALLEL_TOOLS
    VERTEXAI_TOOLS WRITER_JSON WRITER_TOOLS XAI_JSON XAI_TOOLS
"""


def refusal(module: str, name: str) -> str:
    """The error's text, or nothing if the name is there."""
    try:
        getattr(import_module(f"partwise.instructor.{module}".rstrip(".")), name)
    except ImportError as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("module", NAMES)
def test_a_name_is_there_or_says_what_to_use(module: str) -> None:
    said = {name: refusal(module, name) for name in NAMES[module].split() or ["anything"]}
    bad = {name: text for name, text in said.items() if text and not re.match(FORM, text)}
    assert bad == {}


def test_what_programs_use_is_there() -> None:
    left_out = """
        BatchJob BatchProcessor BatchRequest FinetuneFormat Instructions Provider v2
        from_anyscale from_bedrock from_cerebras from_cohere from_databricks from_deepseek
        from_fireworks from_gemini from_groq from_mistral from_openrouter from_perplexity
        from_together from_vertexai from_writer from_xai
    """
    found = import_module("partwise.instructor")
    assert set(NAMES[""].split()) - set(left_out.split()) <= vars(found).keys()


@pytest.mark.parametrize("module", ["", "core", "utils", "mode", "processing.multimodal"])
def test_a_name_that_instructor_has_not_is_no_attribute(module: str) -> None:
    found = import_module(f"partwise.instructor.{module}".rstrip("."))
    with pytest.raises(AttributeError, match="has no attribute 'from_thin_air'"):
        _ = found.from_thin_air


def test_the_modes_are_instructors() -> None:
    mode = import_module("partwise.instructor.mode")
    assert sorted(mode.Mode.__members__) == sorted(MODES.split())
    for each in mode.Mode:
        assert mode.own_mode(each) in {"tools", "json_schema", "json", "md_json", "responses_tools"}
