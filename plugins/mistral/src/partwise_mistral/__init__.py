"""partwise's provider for Mistral's models: `from_provider("mistral/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._provider import MistralProvider

__all__ = ["MistralProvider", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Answer to `mistral`."""
    register("mistral", MistralProvider)
