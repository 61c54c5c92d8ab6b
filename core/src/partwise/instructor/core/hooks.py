"""The names of hooks, and collections of handlers."""

from __future__ import annotations

from enum import StrEnum

import partwise

from .._left_out import refusal

__all__ = ["HookName", "Hooks"]

__getattr__ = refusal(
    __name__,
    {},
    """CompletionErrorHandler CompletionKwargsHandler CompletionResponseHandler
    CompletionUsageHandler ParseErrorHandler""",
    otherwise="Callable[..., None]",
)


class HookName(StrEnum):
    """The hooks that Instructor has. `partwise.Hooks` knows more."""

    COMPLETION_KWARGS = "completion:kwargs"
    COMPLETION_RESPONSE = "completion:response"
    COMPLETION_ERROR = "completion:error"
    COMPLETION_LAST_ATTEMPT = "completion:last_attempt"
    COMPLETION_USAGE = "completion:usage"
    PARSE_ERROR = "parse:error"


class Hooks(partwise.Hooks):
    """Handlers by name."""

    @staticmethod
    def combine(*hooks: partwise.Hooks) -> partwise.Hooks:
        """The handlers of all."""
        return sum(hooks, partwise.Hooks())

    def copy(self) -> partwise.Hooks:
        """The same handlers, to which others may be added."""
        return self + partwise.Hooks()
