"""Typed pydantic snapshots of a language model's structured answer, while it is being written."""

from ._astream import AsyncPartialStream, AsyncView
from ._chunks import FinishReason, Usage
from ._client import AsyncClient, Client
from ._connect import from_anthropic, from_google, from_openai, from_provider
from ._errors import (
    AuthenticationError,
    BadRequestError,
    BudgetExceededError,
    ConfigurationError,
    ContentFilterError,
    IncompleteOutputError,
    InvalidOutputError,
    MalformedOutputError,
    MissingKeyError,
    OutputError,
    PartwiseError,
    ProviderConnectionError,
    ProviderError,
    ProviderNotFoundError,
    ProviderTimeoutError,
    RateLimitError,
    RefusalError,
    RetriesExhaustedError,
    ServerError,
)
from ._events import Closed, Event, Grew, Opened, Restarted, Resumed
from ._hooks import CallInfo, Completion, Hooks, StreamEnd
from ._limits import Limits
from ._markers import Atomic, NotNull, PartialLiteralMixin
from ._mode import Granularity, Mode
from ._parse import aparse, parse
from ._partial import Partial
from ._registry import ProviderInfo, installed_providers, register, unregister
from ._settings import Settings
from ._stream import PartialStream, View

__all__ = [
    "AsyncClient",
    "AsyncPartialStream",
    "AsyncView",
    "Atomic",
    "AuthenticationError",
    "BadRequestError",
    "BudgetExceededError",
    "CallInfo",
    "Client",
    "Closed",
    "Completion",
    "ConfigurationError",
    "ContentFilterError",
    "Event",
    "FinishReason",
    "Granularity",
    "Grew",
    "Hooks",
    "IncompleteOutputError",
    "InvalidOutputError",
    "Limits",
    "MalformedOutputError",
    "MissingKeyError",
    "Mode",
    "NotNull",
    "Opened",
    "OutputError",
    "Partial",
    "PartialLiteralMixin",
    "PartialStream",
    "PartwiseError",
    "ProviderConnectionError",
    "ProviderError",
    "ProviderInfo",
    "ProviderNotFoundError",
    "ProviderTimeoutError",
    "RateLimitError",
    "RefusalError",
    "Restarted",
    "Resumed",
    "RetriesExhaustedError",
    "ServerError",
    "Settings",
    "StreamEnd",
    "Usage",
    "View",
    "aparse",
    "from_anthropic",
    "from_google",
    "from_openai",
    "from_provider",
    "installed_providers",
    "parse",
    "register",
    "unregister",
]
