"""Each fault, through each vendor's real SDK, sync and async."""

from __future__ import annotations

import gc
import socket
import time

import pytest

from partwise import PartwiseError, ProviderConnectionError, ProviderError
from partwise_conformance import ReplayServer, Reply

from .faults import FAULTS, HALF, Fault
from .stand import SDK_TIMEOUT, AtRest, Note, Outcome, Stand, Way, descriptors, eventually
from .vendors import DELTAS, Vendor

VALUE = Note(title="Café", count=3, tags=["a", "b"])


@pytest.fixture(
    params=[
        pytest.param(fault, id=fault.name.replace(" ", "-"), marks=fault.marks) for fault in FAULTS
    ]
)
def fault(request: pytest.FixtureRequest) -> Fault:
    fault: Fault = request.param
    return fault


def test_a_fault(fault: Fault, stand: Stand, at_rest: AtRest) -> None:
    exchange = stand.server.enqueue(fault.reply(stand.vendor))

    began = time.monotonic()
    outcome = stand.ask(**fault.keywords)
    took = time.monotonic() - began

    if fault.as_told_by(stand.vendor) is None:
        check_value(outcome, fault, stand.vendor)
    else:
        check_error(outcome, fault, stand.vendor)
    if fault.stalls:
        # By the call's own timeout, and not by that of the SDK's client.
        assert took < SDK_TIMEOUT / 2
        exchange.wait_disconnected()
    gc.collect()  # What was dropped and not closed gives its ResourceWarning now.
    assert outcome.tasks == 0
    assert at_rest.has_all_threads()
    assert eventually(lambda: descriptors(stand.server) == at_rest.descriptors)
    answered(stand)


def answered(stand: Stand) -> None:
    """The client is as good as new."""
    stand.server.enqueue(Reply(body=stand.vendor.whole()))
    assert stand.ask().value == VALUE


def check_value(outcome: Outcome, fault: Fault, vendor: Vendor) -> None:
    stream = outcome.stream
    assert outcome.error is None
    assert outcome.value == VALUE
    assert outcome.snapshots[-1] == VALUE
    assert stream.text == "".join(DELTAS)
    assert stream.usage == fault.usage_of(vendor)
    assert stream.finish_reason == vendor.finish_reason


def check_error(outcome: Outcome, fault: Fault, vendor: Vendor) -> None:
    error = outcome.error
    assert error is not None
    assert type(error) is fault.as_told_by(vendor)
    assert outcome.value is None
    assert error.attempt == 1
    check_received(error, fault, vendor)
    assert outcome.stream.text == error.text
    assert outcome.stream.usage == error.usage
    if isinstance(error, ProviderError):
        check_provider_error(error, fault, vendor)


def check_received(error: PartwiseError, fault: Fault, vendor: Vendor) -> None:
    came = "nothing" if fault.error is None else fault.received
    assert error.text == (HALF if came == "half" else "")
    assert getattr(error.snapshot, "title", None) == ("Café" if came == "half" else None)
    assert error.finish_reason == (vendor.finish_reason if came == "finish" else None)
    assert error.usage == fault.usage_of(vendor)


def check_provider_error(error: ProviderError, fault: Fault, vendor: Vendor) -> None:
    assert error.provider == vendor.name
    if fault.status is not None:
        assert error.status_code == fault.status
    if fault.retryable is not None:
        assert error.retryable is fault.retryable
    assert error.retry_after == fault.retry_after


def test_connection_refused(vendor: Vendor, way: Way, server: ReplayServer) -> None:
    with socket.socket() as unheard:
        # Bound and not listening: whoever connects is refused.
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        with Stand(vendor, way, server, base_url=url) as stand:
            outcome = stand.ask()
    assert type(outcome.error) is ProviderConnectionError
    assert outcome.error.retryable
    assert outcome.snapshots == []
    assert outcome.tasks == 0
