"""partwise's provider for Google's models: `from_provider("google/…")` or `("vertex/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._profiles import model_rows
from ._provider import GoogleProvider

__all__ = ["GoogleProvider", "model_rows", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register `google`, the Gemini API, and `vertex`, the same models on Vertex AI."""
    for name in ("google", "vertex", "generative-ai", "vertexai"):  # the last two: Instructor's
        register(name, GoogleProvider)
