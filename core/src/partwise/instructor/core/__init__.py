"""The client, its hooks and its exceptions, as `instructor.core` has them."""

from . import exceptions, hooks
from .exceptions import TokenBudgetExceeded
from .hooks import HookName, Hooks

__all__ = ["HookName", "Hooks", "TokenBudgetExceeded", "exceptions", "hooks"]
