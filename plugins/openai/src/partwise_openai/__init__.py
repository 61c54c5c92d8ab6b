"""partwise's provider for the OpenAI API, and for the servers compatible with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from partwise.provider import ProviderConfig, ProviderFactory, hookimpl

from ._provider import OpenAIProvider
from ._servers import COMPATIBLE, OPENAI, Server

__all__ = ["register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register OpenAI and each compatible server under its name."""
    register("openai", partial(_make, OPENAI))
    for name, server in COMPATIBLE.items():
        register(name, partial(_make, server))


def _make(server: Server, config: ProviderConfig) -> OpenAIProvider:
    return OpenAIProvider(config, server)
