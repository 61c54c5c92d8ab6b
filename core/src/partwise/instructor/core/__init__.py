"""The client, its hooks and its exceptions, as `instructor.core` has them."""

from __future__ import annotations

from typing import Any

from .._left_out import refusal
from . import exceptions, hooks
from .exceptions import *  # noqa: F403
from .hooks import HookName, Hooks

__all__ = ["HookName", "Hooks", "exceptions", "hooks"]
__all__ += exceptions.__all__

_IN_CLIENT = {"AsyncInstructor", "Instructor", "apatch", "from_litellm", "from_openai", "patch"}
_refuse = refusal(
    __name__,
    {
        "Response": "client.responses.create(…)",
        "retry_async": "max_retries=, a number or a policy",
        "retry_sync": "max_retries=, a number or a policy",
    },
)


def __getattr__(name: str) -> Any:
    if name in _IN_CLIENT:
        from .. import client  # noqa: PLC0415 - it imports this package

        return getattr(client, name)
    return _refuse(name)
