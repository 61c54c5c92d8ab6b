"""A plugin that imports its SDK with its module."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from partwise.provider import ProviderFactory, hookimpl

from .acme import AcmeProvider

USER_AGENT = f"acme/{httpx2.__version__}"


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register it under its name."""
    register("imports-its-sdk-at-the-top", AcmeProvider)
