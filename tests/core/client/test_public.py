"""The public face, pinned: a name comes or goes only on purpose."""

from __future__ import annotations

import partwise
import partwise.provider

NAMES = [
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


def test_the_names() -> None:
    assert sorted(partwise.__all__) == NAMES
    assert partwise.__all__ == NAMES


def test_every_error_is_public() -> None:
    from partwise import _errors

    errors = {
        name
        for name, each in vars(_errors).items()
        if isinstance(each, type) and issubclass(each, Exception)
    }
    assert errors <= set(partwise.__all__)


def test_no_name_shadows_python_s_or_pydantic_s() -> None:
    import builtins

    import pydantic

    assert not set(NAMES) & {*dir(builtins), *pydantic.__all__}


def test_the_async_classes_stand_beside_the_sync_ones() -> None:
    assert not issubclass(partwise.AsyncClient, partwise.Client)
    assert not issubclass(partwise.AsyncPartialStream, partwise.PartialStream)
