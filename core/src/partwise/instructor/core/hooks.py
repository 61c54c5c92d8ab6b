"""The names of hooks, and collections of handlers."""

from __future__ import annotations

from enum import StrEnum

from partwise import Hooks

__all__ = ["HookName", "Hooks"]


class HookName(StrEnum):
    """The hooks that Instructor has. `partwise.Hooks` knows more."""

    COMPLETION_KWARGS = "completion:kwargs"
    COMPLETION_RESPONSE = "completion:response"
    COMPLETION_ERROR = "completion:error"
    COMPLETION_LAST_ATTEMPT = "completion:last_attempt"
    PARSE_ERROR = "parse:error"
