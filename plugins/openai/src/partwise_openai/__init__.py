"""partwise's provider for the OpenAI API, and for the servers compatible with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from partwise.provider import ProviderConfig, ProviderFactory, hookimpl

from ._provider import OpenAIProvider
from ._rows import model_rows
from ._servers import SERVERS

if TYPE_CHECKING:
    from ._profile import Server

__all__ = ["model_rows", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register OpenAI and each compatible server under its name and its aliases."""
    for name, server in SERVERS.items():
        for known in (name, *server.aliases):
            register(known, partial(_make, server))


def _make(server: Server, config: ProviderConfig) -> OpenAIProvider:
    return OpenAIProvider(config, server)
