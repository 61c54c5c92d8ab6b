"""The public interface for provider plugins."""

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
from ._providers.approach import Approach, Fallback
from ._providers.chunks import (
    Chunk,
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from ._providers.client_pool import ClientPool
from ._providers.hookspecs import hookimpl
from ._providers.http_errors import error_of_status, retry_after
from ._providers.json_schema.nodes import walk as walk_schema
from ._providers.json_schema.profile import SchemaProfile, is_simple_pattern
from ._providers.json_schema.transform import TransformedSchema, transform
from ._providers.left_out import leave_out
from ._providers.message_parts import arguments_object, decode_base64, split_data_url
from ._providers.mode import Granularity, Mode
from ._providers.model_row import ForcedBy, ModelRow
from ._providers.protocol import (
    Capabilities,
    Decoder,
    Provider,
    ProviderConfig,
    ProviderFactory,
    ProviderWrapper,
    Request,
    SupportsAcceptance,
    SupportsFallback,
    SupportsModelsUrl,
    SupportsTelemetry,
)
from ._providers.rate_limits import RateLimit, rate_limits
from ._providers.ready_events import ReadyEvents
from ._providers.redaction import MASK, Secrets
from ._providers.redirects import refuse_redirects
from ._providers.refusals import next_approach
from ._providers.registry import find as find_factory
from ._providers.thread_bridge import ClosableStream, open_in_thread
from ._providers.transport_errors import error_of_transport, is_tls_failure
from ._providers.values import (
    as_count,
    as_json,
    as_map,
    as_maps,
    as_text,
    as_word,
    read_event,
    unreadable_event,
)
from ._public import publish
from ._usage import FinishReason, Usage

__all__ = [
    "MASK",
    "Approach",
    "AuthenticationError",
    "BadRequestError",
    "Capabilities",
    "Chunk",
    "ClientPool",
    "ClosableStream",
    "ConfigurationError",
    "Decoder",
    "Fallback",
    "Finish",
    "FinishReason",
    "ForcedBy",
    "Granularity",
    "KeepAlive",
    "MissingKeyError",
    "Mode",
    "ModelRow",
    "Provider",
    "ProviderConfig",
    "ProviderConnectionError",
    "ProviderError",
    "ProviderFactory",
    "ProviderTimeoutError",
    "ProviderWrapper",
    "RateLimit",
    "RateLimitError",
    "ReadyEvents",
    "ReasoningDelta",
    "RefusalDelta",
    "Request",
    "SchemaProfile",
    "Secrets",
    "ServerError",
    "SupportsAcceptance",
    "SupportsFallback",
    "SupportsModelsUrl",
    "SupportsTelemetry",
    "TextDelta",
    "ToolCallDelta",
    "TransformedSchema",
    "Usage",
    "arguments_object",
    "as_count",
    "as_json",
    "as_map",
    "as_maps",
    "as_text",
    "as_word",
    "decode_base64",
    "error_of_status",
    "error_of_transport",
    "find_factory",
    "hookimpl",
    "is_simple_pattern",
    "is_tls_failure",
    "leave_out",
    "next_approach",
    "open_in_thread",
    "rate_limits",
    "read_event",
    "refuse_redirects",
    "retry_after",
    "split_data_url",
    "transform",
    "unreadable_event",
    "walk_schema",
]

publish(__name__, globals())
