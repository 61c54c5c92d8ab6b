"""The limits of time hold with each vendor's real SDK, whatever trickles in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from partwise import ProviderTimeoutError

from ..timing import assert_in_time
from .stand import Stand, Way
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
