"""partwise's provider for OpenAI's models, `from_provider("openai/…")`, and compatible servers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from partwise.provider import ProviderConfig, ProviderFactory, hookimpl

from ._provider import OpenAIProvider
from ._servers import SERVERS, model_rows

if TYPE_CHECKING:
    from ._profiles import Server

__all__ = ["OpenAIProvider", "model_rows", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register OpenAI and each compatible server under its name and its aliases."""
    for name, server in SERVERS.items():
        for known in (name, *server.aliases):
            register(known, partial(_make, server))


def _make(server: Server, config: ProviderConfig) -> OpenAIProvider:
    return OpenAIProvider(config, server)
