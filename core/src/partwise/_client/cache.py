"""The response cache of a client, which is not the core's own: it comes with another package."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Final, TypeAlias

from .._errors import ConfigurationError, shown
from .._providers.protocol import ProviderWrapper

Cache: TypeAlias = ProviderWrapper | str | Path | bool

GROUP: Final = "partwise.cache"
"""The entry point group; its function is called with the file's path, or with None."""


def provider_wrapper(cache: Cache | None) -> ProviderWrapper | None:
    """The function that puts the cache in front of a provider; None for None and `cache=False`.

    Raises:
        ConfigurationError: it is of another type; or it names a file, and no package that keeps
            one is installed.
    """
    if cache is None or cache is False:
        return None
    if callable(cache):
        return cache
    if cache is not True and not isinstance(cache, str | PathLike):
        raise ConfigurationError(
            "cache= must be True, the path of a file or a function, got a value of type "
            f"{type(cache).__name__}"
        )
    # Takes 17 ms to import, which `import partwise` shall not pay.
    from importlib.metadata import entry_points  # noqa: PLC0415

    if not (installed := [*entry_points(group=GROUP)]):
        raise ConfigurationError("cache= needs another package: pip install partwise-bulk")
    open_cache = installed[0].load()
    try:
        wrapper: ProviderWrapper = open_cache(None if cache is True else Path(cache))
    except ValueError as error:  # a NUL or an unpaired surrogate in the path
        raise ConfigurationError(f"cache= is not the path of a file: {shown(cache)}") from error
    return wrapper
