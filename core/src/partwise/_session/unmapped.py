"""Builtin errors of a provider or its SDK that the provider does not map.

A value that the SDK can't send, or an answer that it can't read, makes an SDK fail with whatever
its code runs into. Errors of other classes are left alone: they may be the user's own, raised by an
HTTP client or a function that the SDK was given.
"""

from __future__ import annotations

import sys
from typing import Final

from .._errors import ConfigurationError, PartwiseError, ServerError

_KINDS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""Of Python's builtin errors; the others, such as `RuntimeError`, may be meant."""
_LIBRARIES: Final = sys.stdlib_module_names - {"builtins"} | {"pydantic_core"}
"""Top-level modules whose errors say that data was of another form: `zlib.error`, for example."""


def _is_builtin(error: Exception) -> bool:
    """Whether a mistake in code, or data of another form than expected, raised it."""
    origin = type(error).__module__.partition(".")[0]
    # A generator in which an iterator has unexpectedly ended: PEP 479.
    is_mistake = isinstance(error, _KINDS) or isinstance(error.__cause__, StopIteration)
    return origin in _LIBRARIES or (origin == "builtins" and is_mistake)


def error_of_request(error: Exception) -> PartwiseError | None:
    """The error for a request that could not be made; None if the cause may be the user's code."""
    if not _is_builtin(error):
        return None
    return ConfigurationError(f"the request can't be sent ({_summary(error)})")


def error_of_answer(error: Exception, provider: str) -> PartwiseError | None:
    """The error for an answer that could not be read; None as above."""
    if not _is_builtin(error):
        return None
    message = f"the vendor's answer can't be read ({_summary(error)})"
    return ServerError(message, provider=provider, retryable=True)


def _summary(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")
