"""`instructor.hooks`: the same as `instructor.core.hooks`."""

from .core.hooks import HookName, Hooks

__all__ = ["HookName", "Hooks"]
