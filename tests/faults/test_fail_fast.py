"""What can't be mended ends the stream on the wire at once, and the model is told of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from partwise import Hooks, InvalidOutputError, ProviderTimeoutError, RetriesExhaustedError
from partwise_conformance import Hold, Pause, Reply, Step

from ..timing import PROMPTLY
from .faults import body
from .stand import Note, Stand
from .vendors import ONE_VENDOR

if TYPE_CHECKING:
    from .vendors import Vendor

BAD = ('{"title":"Café","count":', '"three"', ',"tags":[')
NEVER_SENT = 500
"""Seconds within which the server must see the connection gone."""


def test_the_stream_of_an_invalid_answer_is_closed(stand: Stand, vendor: Vendor) -> None:
    rest = [vendor.delta('"and so on",')] * NEVER_SENT
    begun = [*vendor.head, *map(vendor.delta, BAD)]
    stand.server.reset()
    first = stand.server.enqueue(body(*begun, Hold(), *rest, *vendor.tail()))
    stand.server.enqueue(Reply(body=vendor.whole()))
    found: list[float] = []
    hooks = Hooks()
    hooks.on("parse:error", lambda _: found.append(time.monotonic()))

    outcome = stand.ask(max_retries=1, hooks=hooks)

    assert outcome.value == Note(title="Café", count=3, tags=["a", "b"])
    assert outcome.stream.attempt == 2
    assert first.wait_disconnected() - found[0] < PROMPTLY
    deltas = len(BAD) + len(rest)
    assert deltas - (first.sent - len(vendor.head)) == NEVER_SENT
    check_told(stand.server.requests[-1].json(), vendor)


def check_told(asked: dict[str, Any], vendor: Vendor) -> None:
    """The model hears of its fault in its vendor's form, with the path and the message."""
    told = "- count: Input should be a valid integer"
    *_, answer, fault = asked.get("messages") or asked["contents"]
    assert told in json.dumps(fault)
    assert "three" in json.dumps(answer)
    if vendor.name == "anthropic":
        (block,) = fault["content"]
        assert block["type"] == "tool_result"
        assert block["is_error"] is True
        assert block["tool_use_id"] == answer["content"][0]["id"]


def test_all_that_came_is_on_the_error(stand: Stand, vendor: Vendor) -> None:
    for _ in range(2):
        stand.server.enqueue(body(*vendor.head, *map(vendor.delta, BAD), Hold()))
    error = stand.ask(max_retries=1).error
    assert isinstance(error, RetriesExhaustedError)
    assert [type(each) for each in error.errors] == [InvalidOutputError] * 2
    for each in error.errors:
        assert each.text.startswith("".join(BAD[:2]))
        assert each.snapshot.title == "Café"
        assert each.usage == vendor.early_usage
    assert error.usage == (vendor.early_usage and vendor.early_usage + vendor.early_usage)


@pytest.mark.parametrize("vendor", ONE_VENDOR, indirect=True)
@pytest.mark.parametrize("pings", [True, False])
def test_pings_are_signs_of_life(stand: Stand, vendor: Vendor, pings: bool) -> None:
    ping = [vendor.padding(4)] if pings else []
    waits: list[Step] = [Pause(0.15), *ping] * 10
    stand.server.enqueue(body(*vendor.half(), *waits, *vendor.deltas()[2:], *vendor.tail()))
    outcome = stand.ask(idle_timeout=1.2)  # more than one pause by far, less than all
    if pings:
        assert outcome.error is None
    else:
        assert isinstance(outcome.error, ProviderTimeoutError)
        assert outcome.error.snapshot.title == "Café"
