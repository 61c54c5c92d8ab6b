"""Typed pydantic snapshots of a language model's structured answer, while it is being written."""

from typing import TYPE_CHECKING

from ._client.async_client import AsyncClient
from ._client.async_reader import AsyncView
from ._client.async_stream import AsyncPartialStream
from ._client.client import Client
from ._client.completeness import is_complete
from ._client.factory import from_anthropic, from_google, from_openai, from_provider
from ._client.parse import aparse, parse
from ._client.reader import View
from ._client.stream import PartialStream
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
    NotAppendableError,
    OutputError,
    PartwiseError,
    PathError,
    ProviderConnectionError,
    ProviderError,
    ProviderNotFoundError,
    ProviderTimeoutError,
    RateLimitError,
    RefusalError,
    RetriesExhaustedError,
    ServerError,
)
from ._json.limits import Limits
from ._plan.markers import Atomic, NotNull, PartialLiteralMixin
from ._plan.partial import Partial
from ._plan.skipping import InvalidElement
from ._providers.hookspecs import CallInfo
from ._providers.mode import Granularity, Mode
from ._providers.registry import ProviderInfo, installed_providers, register, unregister
from ._public import publish
from ._session.hooks import Completion, Hooks, StreamEnd
from ._session.settings import Settings
from ._snapshot.events import Closed, Event, Grew, Opened, Restarted, Resumed
from ._usage import FinishReason, Usage

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
    "InvalidElement",
    "InvalidOutputError",
    "Limits",
    "MalformedOutputError",
    "MissingKeyError",
    "Mode",
    "NotAppendableError",
    "NotNull",
    "Opened",
    "OutputError",
    "Partial",
    "PartialLiteralMixin",
    "PartialStream",
    "PartwiseError",
    "PathError",
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
    "is_complete",
    "parse",
    "register",
    "unregister",
]

publish(__name__, globals())

__version__: str

if not TYPE_CHECKING:  # or type checkers would take every name for one of ours

    def __getattr__(name):  # noqa: ANN001, ANN202 - as above
        """The version, read when it is asked for: the reader takes 17 ms to import."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import version  # noqa: PLC0415

        return version(__name__)
