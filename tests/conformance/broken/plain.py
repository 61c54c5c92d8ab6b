"""The right plugin of a vendor that does not stream: one document, at the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from partwise.provider import (
    Chunk,
    Granularity,
    Mode,
    ProviderFactory,
    ServerError,
    as_map,
    as_maps,
    hookimpl,
)

from .acme import AcmeDecoder, AcmeProvider, Event

if TYPE_CHECKING:
    import httpx2


class PlainDecoder(AcmeDecoder):
    """Reads the one document."""

    def feed(self, event: Event) -> Iterable[Chunk]:
        for part in as_maps(as_map(event).get("parts")):
            yield from super().feed(part)


class PlainProvider(AcmeProvider):
    """The vendor, ready to be asked."""

    decoder_class = PlainDecoder
    modes: ClassVar = {Mode.TOOLS: Granularity.WHOLE}

    def check(self, response: httpx2.Response) -> None:
        response.raise_for_status()
        if response.headers["content-type"] != "application/json":
            raise ServerError("this is no document", provider=self.name)

    def events(self, response: httpx2.Response) -> Iterator[Any]:
        yield json.loads(b"".join(response.iter_bytes()))

    async def aevents(self, response: httpx2.Response) -> AsyncIterator[Any]:
        yield json.loads(b"".join([piece async for piece in response.aiter_bytes()]))


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Register it."""
    register("plain", PlainProvider)
