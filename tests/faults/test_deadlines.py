"""The limits of time hold with each vendor's real SDK, whatever trickles in."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from partwise import PartwiseError, ProviderTimeoutError

from ..timing import assert_in_time
from .stand import Stand, Way, eventually
from .trickle import TRICKLES, Trickle, TrickleServer

if TYPE_CHECKING:
    from partwise_conformance import ReplayServer

    from .vendors import Vendor

SECONDS = 0.25


@pytest.mark.parametrize(
    "setting", ["timeout", pytest.param("idle_timeout", marks=pytest.mark.full)]
)
@pytest.mark.parametrize("trickle", TRICKLES)
@pytest.mark.usefixtures("stands")  # the SDKs are loaded
def test_a_limit_holds(
    vendor: Vendor, way: Way, trickle: Trickle, setting: str, server: ReplayServer
) -> None:
    if vendor.name == "google" and trickle == "comments":
        trickle = "blanks"  # its SDK knows of no comments, and takes one for an error
    with TrickleServer(trickle) as trickling:

        def once() -> float:
            with Stand(vendor, way, server, base_url=trickling.url, timeout=30) as stand:
                outcome = stand.ask(**{setting: SECONDS})
            assert isinstance(outcome.error, ProviderTimeoutError)
            assert outcome.error.retryable is (setting == "idle_timeout")
            return outcome.seconds

        assert_in_time(SECONDS, once)


@pytest.mark.usefixtures("stands")
def test_close_from_another_thread_ends_a_reader_without_a_response(
    vendor: Vendor, server: ReplayServer
) -> None:
    with (
        TrickleServer("headers") as trickling,
        Stand(vendor, "sync", server, base_url=trickling.url, timeout=30) as stand,
    ):
        stream = stand.call()

        def read() -> None:
            with suppress(PartwiseError):
                next(stream)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert eventually(lambda: len(trickling._threads) > 1)  # it has the request's connection
        stream.close()
        reader.join(5)
        assert not reader.is_alive()
