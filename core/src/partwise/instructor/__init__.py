"""Instructor's names over partwise: `import partwise.instructor as instructor`.

Code that was written for Instructor 1.x keeps its calls: `from_provider`, `from_openai` and their
like, `client.create`, `create_partial`, `create_iterable`, `create_with_completion`,
`client.chat.completions`, `client.responses`, `Mode`, `Partial`, `Maybe`, hooks and exceptions.
Below them are partwise's own clients, so snapshots, retries and errors follow partwise's rules.
Names that partwise has another way for raise an `ImportError` that says which.
"""

from __future__ import annotations

from typing import Any

from . import core, dsl, exceptions, hooks, processing
from .client import (
    AsyncInstructor,
    Instructor,
    from_anthropic,
    from_genai,
    from_litellm,
    from_openai,
    from_provider,
)
from .dsl import CitationMixin, IterableModel, Maybe, Partial
from .mode import Mode
from .processing.multimodal import PDF, Audio, Image
from .validation import llm_validator, openai_moderation

__all__ = [
    "PDF",
    "AsyncInstructor",
    "Audio",
    "CitationMixin",
    "Image",
    "Instructor",
    "IterableModel",
    "Maybe",
    "Mode",
    "Partial",
    "core",
    "dsl",
    "exceptions",
    "from_anthropic",
    "from_genai",
    "from_litellm",
    "from_openai",
    "from_provider",
    "hooks",
    "llm_validator",
    "openai_moderation",
    "processing",
]

_ELSEWHERE = {
    "BatchJob": "partwise_bulk.extract(..., via='batch')",
    "BatchProcessor": "partwise_bulk.extract(..., via='batch')",
    "BatchRequest": "partwise_bulk.extract(..., via='batch')",
    "FinetuneFormat": "partwise.Hooks, to write down calls and answers",
    "Instructions": "partwise.Hooks, to write down calls and answers",
    "OpenAISchema": "response_model=, which takes any model as it is",
    "ResponseSchema": "response_model=, which takes any model as it is",
    "apatch": "partwise.from_openai(client)",
    "cache": "cache= of from_provider, with partwise-bulk installed",
    "generate_anthropic_schema": "Model.model_json_schema()",
    "generate_gemini_schema": "Model.model_json_schema()",
    "generate_openai_schema": "Model.model_json_schema()",
    "openai_schema": "response_model=, which takes any model as it is",
    "patch": "partwise.from_openai(client)",
    "response_schema": "response_model=, which takes any model as it is",
}
_CLIENTS = {
    "anyscale": "openai", "bedrock": "bedrock", "cerebras": "cerebras", "cohere": "cohere",
    "databricks": "databricks", "deepseek": "deepseek", "fireworks": "fireworks",
    "gemini": "google", "groq": "groq", "mistral": "mistral", "openrouter": "openrouter",
    "perplexity": "perplexity", "together": "together", "vertexai": "vertexai",
    "writer": "openai", "xai": "xai",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        raise ImportError(f"partwise has no instructor.{name}: use {_ELSEWHERE[name]}")
    vendor = name.removeprefix("from_")
    if vendor in _CLIENTS:
        raise ImportError(
            f'partwise has no instructor.{name}: use from_provider("{_CLIENTS[vendor]}/…")'
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
