"""The client, its hooks and its exceptions, as `instructor.core` has them."""

import partwise.instructor.exceptions as all_exceptions

from .._left_out import refusal
from ..client import AsyncInstructor, Instructor, apatch, from_litellm, from_openai, patch
from ..exceptions import *  # noqa: F403
from . import exceptions, hooks
from .hooks import HookName, Hooks

__all__ = [
    "AsyncInstructor", "HookName", "Hooks", "Instructor", "apatch", "exceptions", "from_litellm",
    "from_openai", "hooks", "patch",
]  # fmt: skip
__all__ += all_exceptions.__all__

__getattr__ = refusal(
    __name__,
    {"Response": "client.responses.create(…)"},
    "retry_async retry_sync",
    otherwise="max_retries=, a number or a policy",
)
