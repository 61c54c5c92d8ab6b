"""partwise's provider for Anthropic's models: `from_provider("anthropic/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._profiles import model_rows
from ._provider import AnthropicProvider

__all__ = ["AnthropicProvider", "model_rows", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register `anthropic`."""
    register("anthropic", AnthropicProvider)
