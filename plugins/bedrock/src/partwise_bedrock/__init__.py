"""partwise's provider for Amazon Bedrock: `from_provider("bedrock/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._provider import BedrockProvider

__all__ = ["BedrockProvider", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Answer to `bedrock`."""
    register("bedrock", BedrockProvider)
