"""One server for all, and one client for each vendor and way, kept as users keep theirs."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from partwise_conformance import ReplayServer, Reply

from .stand import AtRest, Stand, Way, descriptors, threads
from .vendors import VENDORS, Vendor


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module")
def stands(server: ReplayServer) -> Iterator[dict[tuple[str, Way], Stand]]:
    """The stands that were made so far."""
    ways: tuple[Way, ...] = ("sync", "async")
    with ExitStack() as stack:
        made = {
            (vendor.name, way): stack.enter_context(Stand(vendor, way, server))
            for vendor in VENDORS
            for way in ways
        }
        for stand in made.values():
            # The SDK is loaded, and what it makes once is made.
            server.enqueue(Reply(body=stand.vendor.whole()))
            stand.ask()
        # What is there now is not looked at again, so that to collect takes no time.
        gc.collect()
        gc.freeze()
        yield made


@pytest.fixture(scope="module")
def at_rest(server: ReplayServer, stands: dict[tuple[str, Way], Stand]) -> AtRest:
    # The server sees a moment later than the client that a connection is closed.
    counts = []
    for _ in range(50):
        time.sleep(0.002)
        counts.append(descriptors(server))
    return AtRest(threads(), max(counts))


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    vendor: Vendor = request.param
    return vendor


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> Way:
    way: Way = request.param
    return way


@pytest.fixture
def stand(vendor: Vendor, way: Way, stands: dict[tuple[str, Way], Stand]) -> Stand:
    return stands[vendor.name, way]
