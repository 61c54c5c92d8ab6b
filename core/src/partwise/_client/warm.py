"""Loads what a provider's first request needs, before it or beside the event loop.

A vendor's SDK takes half a second to import, and its first client a tenth of that. A provider that
has a method `warm(*, is_async)`, which does both in any thread, is warmed in one before the first
request of an asynchronous client; and by `client.warm()` when the user says so.
"""

from __future__ import annotations

import contextvars
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._providers.protocol import Provider

_warm: WeakValueDictionary[int, Provider] = WeakValueDictionary()
"""By their identity: not every provider has a hash."""


def warm(provider: Provider) -> None:
    """Load the modules of the provider's first request."""
    if (load := _loader(provider)) is not None:
        load(is_async=False)
    _note(provider)


async def warm_in_thread(provider: Provider) -> None:
    """The same in a thread. Errors are left to the request."""
    if _is_warm(provider) or (load := _loader(provider)) is None:
        return
    import asyncio  # noqa: PLC0415 - asyncio takes a while to import

    loop = asyncio.get_running_loop()
    loaded = loop.create_future()

    def finish() -> None:
        if not loaded.done():  # cancelled: the reader has given up
            loaded.set_result(None)

    def run() -> None:
        with suppress(Exception):
            load(is_async=True)
        _note(provider)
        with suppress(RuntimeError):  # the loop has been closed in the meantime
            loop.call_soon_threadsafe(finish)

    # Not one of the loop's own threads, for whose end `asyncio.run` waits: a call that has a time
    # limit gives up before.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="partwise-warm", daemon=True).start()
    await loaded


def _loader(provider: Provider) -> Callable[..., None] | None:
    return getattr(provider, "warm", None)


def _is_warm(provider: Provider) -> bool:
    return _warm.get(id(provider)) is provider


def _note(provider: Provider) -> None:
    with suppress(TypeError):  # there is no weak reference to it
        _warm[id(provider)] = provider
