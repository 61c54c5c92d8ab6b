"""`instructor.core.client`."""

from .._left_out import refusal
from ..client import AsyncInstructor, Instructor, from_litellm, from_openai
from ..dsl.partial import Partial
from ..mode import Mode
from .hooks import HookName, Hooks

__all__ = [
    "AsyncInstructor", "HookName", "Hooks", "Instructor", "Mode", "Partial", "from_litellm",
    "from_openai",
]  # fmt: skip

__getattr__ = refusal(
    __name__, {}, "Response AsyncResponse Provider", otherwise="client.responses.create(…)"
)
