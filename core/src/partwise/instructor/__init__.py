"""Instructor's names over partwise: `import partwise.instructor as instructor`.

Code that was written for Instructor 1.x keeps its calls: `from_provider`, `from_openai` and their
like, `client.create`, `create_partial`, `create_iterable`, `create_with_completion`,
`client.chat.completions`, `client.responses`, `Mode`, `Partial`, `Maybe`, hooks and exceptions.
Below them are partwise's own clients, so snapshots, retries and errors follow partwise's rules.
Names that partwise lacks raise an `ImportError` that names the replacement.
"""

from __future__ import annotations

from . import core, dsl, exceptions, hooks, processing
from ._left_out import refusal
from .client import (
    AsyncInstructor,
    Instructor,
    apatch,
    from_anthropic,
    from_genai,
    from_litellm,
    from_openai,
    from_provider,
    patch,
)
from .dsl import CitationMixin, IterableModel, Maybe, Partial
from .mode import Mode
from .processing import (
    OpenAISchema,
    ResponseSchema,
    generate_anthropic_schema,
    generate_gemini_schema,
    generate_openai_schema,
    openai_schema,
    response_schema,
)
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
    "OpenAISchema",
    "Partial",
    "ResponseSchema",
    "apatch",
    "core",
    "dsl",
    "exceptions",
    "from_anthropic",
    "from_genai",
    "from_litellm",
    "from_openai",
    "from_provider",
    "generate_anthropic_schema",
    "generate_gemini_schema",
    "generate_openai_schema",
    "hooks",
    "llm_validator",
    "openai_moderation",
    "openai_schema",
    "patch",
    "processing",
    "response_schema",
]

_CLIENTS = {
    "anyscale": "openai", "bedrock": "bedrock", "cerebras": "cerebras", "cohere": "cohere",
    "databricks": "databricks", "deepseek": "deepseek", "fireworks": "fireworks",
    "gemini": "google", "groq": "groq", "mistral": "mistral", "openrouter": "openrouter",
    "perplexity": "perplexity", "together": "together", "vertexai": "vertexai",
    "writer": "openai", "xai": "xai",
}  # fmt: skip
_BATCH = "partwise_bulk.extract(..., via='batch')"
_HOOKS = "partwise.Hooks, to write down calls and answers"

__getattr__ = refusal(
    __name__,
    {
        "BatchJob": _BATCH,
        "BatchProcessor": _BATCH,
        "BatchRequest": _BATCH,
        "FinetuneFormat": _HOOKS,
        "Instructions": _HOOKS,
        "Provider": 'the provider\'s name, as in from_provider("openai/…")',
        "v2": "the same names from partwise.instructor",
        **{f"from_{name}": f'from_provider("{way}/…")' for name, way in _CLIENTS.items()},
    },
)
