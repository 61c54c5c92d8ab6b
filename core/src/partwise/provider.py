"""All that a provider plugin needs from partwise, and nothing of its inside."""

from ._chunks import (
    Chunk,
    Finish,
    FinishReason,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from ._mode import Granularity, Mode
from ._provider import (
    Capabilities,
    Decoder,
    Provider,
    ProviderConfig,
    ProviderFactory,
    Request,
    hookimpl,
)
from ._schema import SchemaProfile, TransformedSchema, is_simple_pattern, transform

__all__ = [
    "Capabilities",
    "Chunk",
    "Decoder",
    "Finish",
    "FinishReason",
    "Granularity",
    "KeepAlive",
    "Mode",
    "Provider",
    "ProviderConfig",
    "ProviderFactory",
    "ReasoningDelta",
    "RefusalDelta",
    "Request",
    "SchemaProfile",
    "TextDelta",
    "ToolCallDelta",
    "TransformedSchema",
    "Usage",
    "hookimpl",
    "is_simple_pattern",
    "transform",
]
