"""Loads the modules of a provider's first request, before it or beside the event loop.

A vendor's SDK takes half a second to import, and its first client a tenth of that. A provider that
has a method `warm()`, which does both in any thread, is warmed in one before the first request of
an asynchronous client; and by `client.warm()` when the user says so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._providers.protocol import Provider

_warm: WeakSet[Provider] = WeakSet()


def warm(provider: Provider) -> None:
    """Load the modules of the provider's first request."""
    if (load := _loader(provider)) is not None:
        load()
    _note(provider)


async def warm_in_thread(provider: Provider) -> None:
    """The same in a thread. Errors are left to the request."""
    if _is_warm(provider) or (load := _loader(provider)) is None:
        return
    import asyncio  # noqa: PLC0415 - asyncio takes a while to import

    with suppress(Exception):
        await asyncio.to_thread(load)
    _note(provider)


def _loader(provider: Provider) -> Callable[[], None] | None:
    return getattr(provider, "warm", None)


def _is_warm(provider: Provider) -> bool:
    with suppress(TypeError):  # it has no hash, or there is no weak reference to it
        return provider in _warm
    return False


def _note(provider: Provider) -> None:
    with suppress(TypeError):
        _warm.add(provider)
