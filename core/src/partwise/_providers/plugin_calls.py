"""Calls of a plugin's code: whatever it raises leaves as an error of partwise's, or in the log.

Reading a response is not here: an SDK may raise errors there that are the user's own, such as those
of an HTTP client, see `_session/unmapped.py`.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .._errors import ConfigurationError, PartwiseError, ProviderError, described
from .mode import Mode
from .protocol import Capabilities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from .protocol import Provider

_log: Final = logging.getLogger("partwise")


def before_a_request(provider: str, method: str) -> AbstractContextManager[None]:
    """Code of a plugin's that runs before anything is sent.

    Raises:
        PartwiseError: the code raised it.
        ConfigurationError: the code raised another error, which is its cause.
    """

    def as_typed(failure: str) -> PartwiseError:
        return ConfigurationError(f"{failure}; a value given to it may be wrong")

    return _typed(provider, method, as_typed)


def after_a_request(provider: str, method: str) -> AbstractContextManager[None]:
    """The same when a request was sent.

    Raises:
        PartwiseError: the code raised it.
        ProviderError: the code raised another error, which is its cause.
    """
    return _typed(provider, method, partial(ProviderError, provider=provider))


@contextmanager
def _typed(provider: str, method: str, as_typed: Callable[[str], PartwiseError]) -> Iterator[None]:
    try:
        yield
    except PartwiseError:
        raise
    except Exception as error:
        raise as_typed(_failure(provider, method, error)) from error


@contextmanager
def only_logged(provider: str, method: str) -> Iterator[None]:
    """Code of a plugin's whose failure harms nobody: it is logged."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - of somebody else's code
        _log.warning("%s", _failure(provider, method, error), exc_info=True)


def _failure(provider: str, method: str, error: Exception) -> str:
    return f"the plugin of {provider!r} failed: {method} raised {described(error)}"


def capabilities_of(provider: Provider, name: str, model: str) -> Capabilities:
    """The modes that a provider has with a model: one at least.

    Raises:
        ConfigurationError: the plugin failed, or gave something else.
    """
    with before_a_request(name, f"capabilities({model!r})"):
        found: Any = provider.capabilities(model)
        if not isinstance(found, Capabilities):
            raise TypeError(f"it returned a {type(found).__name__}, and not Capabilities")
        if not found.ranked or not all(isinstance(mode, Mode) for mode in found.modes):
            raise TypeError(f"its modes must be of partwise.Mode, got {found.modes!r}")
        frozenset(found.prompted)
    return found


def text_attribute(provider: Any, name: str, attribute: str) -> str | None:
    """An attribute that a provider may have; None if it has none, or if it is not a text."""
    found: Any = None
    with only_logged(name, attribute):
        found = getattr(provider, attribute, None)
    return found if isinstance(found, str) else None
