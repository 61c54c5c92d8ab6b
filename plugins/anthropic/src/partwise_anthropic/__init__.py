"""partwise's provider for the Anthropic API: `from_provider("anthropic/claude-…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._provider import AnthropicProvider

__all__ = ["AnthropicProvider", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Answer to the name `anthropic`."""
    register("anthropic", AnthropicProvider)
