"""partwise's provider for Google's models: `from_provider("google/…")` or `("vertex/…")`."""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._provider import GoogleProvider

__all__ = ["GoogleProvider", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Answer to `google`, the Gemini API, and to `vertex`, the same models on Vertex AI."""
    for name in ("google", "vertex", "generative-ai", "vertexai"):  # the last two: Instructor's
        register(name, GoogleProvider)
