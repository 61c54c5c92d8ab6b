"""The plugin that a recording is made with, or played through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partwise import installed_providers
from partwise.provider import ConfigurationError

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig


def split(model: str, example: str) -> tuple[str, str]:
    """The provider's name and the model after the first slash.

    Raises:
        ConfigurationError: it has no slash of its own.
    """
    name, slash, rest = model.partition("/")
    if not (name and slash and rest):
        raise ConfigurationError(f"{model!r} names no provider: write {example}")
    return name, rest


def distribution_of(name: str) -> str:
    """The distribution whose plugin the provider is; "" for one that was given to `register`."""
    ready = [each for each in installed_providers() if each.name == name and each.state == "ready"]
    return ready[0].distribution if ready else ""


def option(config: ProviderConfig, name: str, example: str) -> object:
    """One option of `from_provider` that has to be there.

    Raises:
        ConfigurationError: it is not.
    """
    if name not in config.options:
        raise ConfigurationError(f"{config.name!r} needs {name}=: write {example}")
    return config.options[name]
