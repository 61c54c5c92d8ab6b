"""`instructor.core.patch`."""

from .._left_out import refusal
from ..client import apatch, patch
from ..mode import Mode
from .hooks import Hooks

__all__ = ["Hooks", "Mode", "apatch", "patch"]

__getattr__ = refusal(
    __name__,
    {},
    """AsyncInstructorChatCompletionCreate InstructorChatCompletionCreate Provider
    RegistryValidationMixin handle_templating is_async isolate_retry_kwargs patch_v2
    prepare_response_model reject_async_validators retry_async_v2 retry_sync_v2""",
)
