"""All that a provider plugin needs from partwise, and nothing of its inside."""

from ._errors import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    MissingKeyError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)
from ._providers.approach import Approach, Fallback, next_approach
from ._providers.chunks import (
    Chunk,
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from ._providers.hookspecs import hookimpl
from ._providers.http_errors import error_of_status
from ._providers.json_schema.transform import (
    SchemaProfile,
    TransformedSchema,
    is_simple_pattern,
    transform,
)
from ._providers.mode import Granularity, Mode
from ._providers.protocol import (
    Capabilities,
    Decoder,
    Provider,
    ProviderConfig,
    ProviderFactory,
    Request,
    SupportsFallback,
)
from ._providers.registry import find as find_factory
from ._providers.retry_after import retry_after
from ._providers.thread_bridge import ClosableStream, open_in_thread
from ._usage import FinishReason, Usage

__all__ = [
    "Approach",
    "AuthenticationError",
    "BadRequestError",
    "Capabilities",
    "Chunk",
    "ClosableStream",
    "ConfigurationError",
    "Decoder",
    "Fallback",
    "Finish",
    "FinishReason",
    "Granularity",
    "KeepAlive",
    "MissingKeyError",
    "Mode",
    "Provider",
    "ProviderConfig",
    "ProviderConnectionError",
    "ProviderError",
    "ProviderFactory",
    "ProviderTimeoutError",
    "RateLimitError",
    "ReasoningDelta",
    "RefusalDelta",
    "Request",
    "SchemaProfile",
    "ServerError",
    "SupportsFallback",
    "TextDelta",
    "ToolCallDelta",
    "TransformedSchema",
    "Usage",
    "error_of_status",
    "find_factory",
    "hookimpl",
    "is_simple_pattern",
    "next_approach",
    "open_in_thread",
    "retry_after",
    "transform",
]
