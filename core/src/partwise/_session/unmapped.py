"""The errors of a provider or its SDK in partwise's terms.

Builtin errors count even if the provider does not map them: a value that the SDK can't send, or an
answer that it can't read, makes an SDK fail with whatever its code runs into. Errors of other
classes are left alone: they may be the user's own, raised by an HTTP client or a function that the
SDK was given.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from .._errors import ConfigurationError, PartwiseError, ServerError, described
from .._providers.plugin_calls import after_a_request
from .._providers.sdk_errors import unusable_sdk

if TYPE_CHECKING:
    from .._providers.protocol import Provider

_KINDS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RecursionError,
    StopAsyncIteration,
    StopIteration,
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


def translated(error: Exception, provider: Provider, name: str, *, opening: bool) -> Exception:
    """An error of the provider's or its SDK's in partwise's terms, if it has any.

    Args:
        error: raised while a request was built or sent, or its answer read.
        provider: the provider.
        name: the provider's name.
        opening: whether it was raised before the vendor's stream was open.
    """
    if isinstance(error, PartwiseError):
        return error
    if isinstance(error, ImportError):
        known: PartwiseError | None = unusable_sdk(error, provider)
    else:
        known = _mapped(error, provider, name)
    if known is None:
        if not _is_builtin(error):
            return error
        if opening:
            known = ConfigurationError(f"the request can't be sent ({described(error)})")
        else:
            message = f"the vendor's answer can't be read ({described(error)})"
            known = ServerError(message, provider=name, retryable=True)
    known.__cause__ = known.__cause__ or error
    return known


def _mapped(error: Exception, provider: Provider, name: str) -> PartwiseError | None:
    """The provider's own translation; an error that says so if it fails in that."""
    try:
        with after_a_request(name, f"map_error for {described(error)}"):
            found: Any = provider.map_error(error)
            if found is not None and not isinstance(found, PartwiseError):
                raise TypeError(f"it returned a {type(found).__name__}, and not a ProviderError")
    except PartwiseError as failure:
        failure.__cause__ = failure.__cause__ or error
        return failure
    return found
