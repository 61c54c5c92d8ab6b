"""partwise's provider for Acme's models: `from_provider("acme/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._provider import AcmeProvider

__all__ = ["AcmeProvider", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register `acme`."""
    register("acme", AcmeProvider)
