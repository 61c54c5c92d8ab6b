"""The parts of a client that the sync and the async one share: configuration and handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .cache import provider_wrapper
from .keywords import ConfigKeywords, unknown_keywords

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._providers.hookspecs import HookName
    from .._providers.protocol import ProviderConfig
    from .._session.hooks import Handler, Hooks
    from .call_factory import CallFactory

C = TypeVar("C")


class Chat(Generic[C]):
    """`client.chat`, whose `completions` take the calls of the client."""

    def __init__(self, completions: C) -> None:
        self.completions = completions


class Configured:
    """A client's configuration and handlers."""

    _calls: CallFactory

    def __init__(self, calls: CallFactory) -> None:
        self._calls = calls

    @property
    def config(self) -> ProviderConfig:
        """The provider's name and settings."""
        return self._calls.config

    @property
    def hooks(self) -> Hooks:
        """The handlers, which `on`, `off` and `clear` change."""
        return self._calls.hooks

    @property
    def model(self) -> str | None:
        """The vendor's name of the model; None if each call has to name one."""
        return self._calls.model

    def with_config(self, **changes: Unpack[ConfigKeywords]) -> Self:
        """Another client for the same model and mode, with these fields of `config` changed.

        It has connections of its own, to be closed by itself, and the same handlers. `cache`
        replaces the client's own.

        Raises:
            ConfigurationError: a field is unknown or invalid.

        Example:
            `other = client.with_config(base_url="http://127.0.0.1:8000/v1")`
        """
        fields: dict[str, Any] = dict(changes)
        unknown_keywords("with_config()", fields.keys() - _CHANGES, _CHANGES)
        wrapper = provider_wrapper(fields.pop("cache", None))
        return type(self)(self._calls.with_config(wrapper, fields))

    def on(self, name: HookName, handler: Handler) -> None:
        """Call the handler whenever this happens in a call of this client.

        Raises:
            ConfigurationError: there is no hook of that name.

        Example:
            `client.on("stream:restart", lambda attempt, error: print(attempt, error))`
        """
        self._calls.hooks.on(name, handler)

    def off(self, name: HookName, handler: Handler) -> None:
        """Stop calling the handler."""
        self._calls.hooks.off(name, handler)

    def clear(self, name: HookName | None = None) -> None:
        """Forget the handlers of that name; all, if none is given."""
        self._calls.hooks.clear(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._calls!r}>"


_CHANGES = frozenset(ConfigKeywords.__annotations__)
