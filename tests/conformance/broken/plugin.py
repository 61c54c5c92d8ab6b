"""The plugin that registers all broken providers, and the right one."""

from __future__ import annotations

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from . import (  # noqa: F401 - they enter their faults
    connecting,
    declaring,
    failing,
    listening,
    reading,
    requesting,
    trusting,
)
from .acme import AcmeProvider
from .fault import FAULTS


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register each under its name."""
    register("right", AcmeProvider)
    for name, fault in FAULTS.items():
        register(name, fault.provider)
