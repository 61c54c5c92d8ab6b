"""partwise's provider for Mistral's models: `from_provider("mistral/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._profiles import model_rows
from ._provider import MistralProvider

__all__ = ["MistralProvider", "model_rows", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register `mistral`."""
    register("mistral", MistralProvider)
