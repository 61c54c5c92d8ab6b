"""partwise's provider for Amazon Bedrock: `from_provider("bedrock/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._profiles import model_rows
from ._provider import BedrockProvider

__all__ = ["BedrockProvider", "model_rows", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register `bedrock`."""
    register("bedrock", BedrockProvider)
