"""Loads the modules of a provider's first request, before it or beside the event loop.

A vendor's SDK takes half a second to import, and its first client a tenth of that. A provider that
has a method `warm(*, is_async)`, which does both in any thread, is warmed in one before the first
request of an asynchronous client; and by `client.warm()` when the user says so.

An import in a thread stalls the loop, too, by two things that hold the interpreter's lock. Full
collections of garbage, which an import sets off by the objects that it makes, take 20 to 60 ms
each, and the lock changes hands 5 ms after it was asked for. `_beside_a_loop` mends both.
"""

from __future__ import annotations

import contextvars
import gc
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .._providers.plugin_calls import before_a_request
from .._providers.sdk_errors import unusable_sdk

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterator

    from .._providers.protocol import Provider

_warm: WeakValueDictionary[int, Provider] = WeakValueDictionary()
"""By their identity: not every provider has a hash."""

_loading: WeakValueDictionary[tuple[int, int], Future[None]] = WeakValueDictionary()
"""By the identities of a provider and a loop: done when a thread has warmed the provider."""

_SWITCH_INTERVAL = 0.001
"""Seconds after which a thread that imports hands over the interpreter's lock."""
_MANY_OBJECTS = 10_000
"""Objects made meanwhile, up to which a collection of these is short."""
_settings: list[tuple[float, bool]] = []
"""For each thread that warms, the user's: the interval, and if garbage is collected."""
_lock = threading.Lock()
"""Guards the settings."""


def warm(provider: Provider, name: str) -> None:
    """Load the modules of the provider's first request.

    Raises:
        ConfigurationError: the SDK can't be imported, or the plugin failed.
    """
    if (load := getattr(provider, "warm", None)) is not None:
        with before_a_request(name, "warm"):
            try:
                load(is_async=False)
            except ImportError as error:
                raise unusable_sdk(error, provider) from error
    _note(provider)


async def warm_in_thread(provider: Provider) -> None:
    """The same in a thread: one, however many requests begin at once.

    Errors are left to the request.
    """
    if _warm.get(id(provider)) is provider or (load := getattr(provider, "warm", None)) is None:
        return
    import asyncio  # noqa: PLC0415 - asyncio takes a while to import

    loop = asyncio.get_running_loop()
    place = (id(provider), id(loop))
    loaded = _loading.get(place)
    if loaded is None:
        loaded = _loading[place] = loop.create_future()
        _start(provider, load, loaded)
    await asyncio.shield(loaded)  # for the others, if this request is cancelled


def _start(provider: Provider, load: Callable[..., None], loaded: Future[None]) -> None:
    import asyncio  # noqa: PLC0415 - as above

    loop = loaded.get_loop()

    def run() -> None:
        with suppress(Exception), _beside_a_loop():
            load(is_async=True)
            if (anyio := sys.modules.get("anyio")) is not None:
                asyncio.run(_load_backend(anyio))
        _note(provider)
        with suppress(RuntimeError):  # the loop has been closed in the meantime
            loop.call_soon_threadsafe(loaded.set_result, None)

    # Not one of the loop's own threads, for whose end `asyncio.run` waits: a call that has a time
    # limit gives up before.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="partwise-warm", daemon=True).start()


async def _load_backend(anyio: Any) -> None:
    """Import the modules that the SDK's HTTP library imports when it first connects.

    httpcore, below httpx, connects by anyio if that is there, which finds out then that it runs on
    asyncio and loads its part for it: 15 to 20 ms (`get_async_backend` in anyio 4).
    """
    anyio.Event().set()
    for name in ("connect_tcp", "fail_after", "Lock", "Semaphore"):
        getattr(anyio, name)


@contextmanager
def _beside_a_loop() -> Iterator[None]:
    """Hand over the interpreter's lock often, and collect no garbage meanwhile."""
    with _lock:
        found = _settings[0] if _settings else (sys.getswitchinterval(), gc.isenabled())
        _settings.append(found)
        sys.setswitchinterval(min(found[0], _SWITCH_INTERVAL))
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            interval, collects = _settings.pop()
            if not _settings:
                sys.setswitchinterval(interval)
                if collects:
                    _make_old()
                    gc.enable()


def _make_old() -> None:
    """Count the objects that were made as old, or the next collection were a full one.

    To freeze and unfreeze moves all objects to the oldest generation, in no time. What the user
    has frozen stays so; to ask whether there is any takes a walk over it.
    """
    if gc.get_count()[0] > _MANY_OBJECTS and not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()


def _note(provider: Provider) -> None:
    with suppress(TypeError):  # there is no weak reference to it
        _warm[id(provider)] = provider
