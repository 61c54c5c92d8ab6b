from __future__ import annotations

import asyncio
from typing import Any

import pytest

import partwise_bulk
from partwise import ConfigurationError, RateLimitError, ServerError
from partwise_bulk import Pace
from partwise_bulk._ask import Troubles

from .conftest import MODEL, FakeClock, Invoice, Vendor, refusal


def limited(after: float | None = None) -> RateLimitError:
    return RateLimitError("no", provider="x", status_code=429, retryable=True, retry_after=after)


async def times_of(pace: Pace, clock: FakeClock, count: int, tokens: int = 0) -> list[float]:
    """When each of so many requests was let through, if each is over at once."""
    times = []
    async with clock.running():
        for _ in range(count):
            permit = await pace.acquire(tokens)
            times.append(clock.now - 1000.0)
            pace.succeed()
            pace.release(permit)
    return times


async def test_never_more_than_the_limit_at_a_time(clock: FakeClock) -> None:
    pace = Pace(3, clock=clock)
    permits = [await pace.acquire(0) for _ in range(3)]
    fourth = asyncio.ensure_future(pace.acquire(0))
    await asyncio.sleep(0)

    assert not fourth.done()
    pace.release(permits[0])
    await fourth
    assert pace.in_flight == 3


def rounds(pace: Pace, count: int, refused: float = 0.0) -> None:
    """So many rounds, with that share of refusals."""
    for _ in range(count):
        size = max(int(pace.limit), 4)
        for number in range(size):
            if number < refused * size:
                pace.fail(limited(after=0.0))
            else:
                pace.succeed()


def test_doubles_until_the_first_429_and_grows_by_steps_after_it(clock: FakeClock) -> None:
    pace = Pace(200, clock=clock)
    rounds(pace, 2)
    assert pace.limit == 64

    rounds(pace, 1, refused=1.0)
    assert pace.limit == 32
    rounds(pace, 2)
    assert pace.limit == 52
    rounds(pace, 50)
    assert pace.limit == 200


def test_429s_by_chance_bring_nothing_to_a_standstill(clock: FakeClock) -> None:
    pace = Pace(200, clock=clock)
    for _ in range(100):
        rounds(pace, 1, refused=0.4)
        rounds(pace, 1)

    assert pace.limit > 30


def test_a_vendor_that_refuses_all_gets_one_request_at_a_time(clock: FakeClock) -> None:
    pace = Pace(200, clock=clock)
    rounds(pace, 12, refused=1.0)

    assert pace.limit == 1


def test_overload_slows_down_and_other_failures_do_not(clock: FakeClock) -> None:
    pace = Pace(16, clock=clock)
    for _ in range(16):
        pace.fail(ServerError("no", provider="x", status_code=500))
    assert pace.limit == 16
    for _ in range(16):
        pace.fail(ServerError("no", provider="x", status_code=529))
    assert pace.limit == 8


async def test_retry_after_holds_back_all(clock: FakeClock) -> None:
    pace = Pace(10, clock=clock)
    permit = await pace.acquire(0)
    pace.fail(limited(after=7.0))
    pace.release(permit)

    assert await times_of(pace, clock, 3) == [7.0, 7.0, 7.0]


async def test_rows_that_come_again_are_first(clock: FakeClock) -> None:
    pace = Pace(1, clock=clock)
    permit = await pace.acquire(0)
    new = asyncio.ensure_future(pace.acquire(0))
    await asyncio.sleep(0)
    again = asyncio.ensure_future(pace.acquire(0, again=True))
    await asyncio.sleep(0)

    pace.release(permit)
    await asyncio.sleep(0)
    assert again.done()
    assert not new.done()
    new.cancel()


async def test_one_who_gives_up_leaves_the_place_to_the_next(clock: FakeClock) -> None:
    pace = Pace(1, clock=clock)
    permit = await pace.acquire(0)
    first, second = (asyncio.ensure_future(pace.acquire(0)) for _ in range(2))
    await asyncio.sleep(0)
    pace.release(permit)
    first.cancel()  # it was let through, and has not heard of it

    await second
    assert pace.in_flight == 1


@pytest.mark.parametrize("limit", [1, 10, 90, 600])
async def test_requests_per_minute(clock: FakeClock, limit: int) -> None:
    pace = Pace(200, requests_per_minute=limit, clock=clock)

    times = await times_of(pace, clock, min(3 * limit, 700))

    for start in times:
        assert sum(start <= time < start + 59.999 for time in times) <= limit
    # And not less than what is allowed, but for the burst of the first second.
    assert times[-1] <= 60 * len(times) / limit


async def test_tokens_per_minute(clock: FakeClock) -> None:
    pace = Pace(200, tokens_per_minute=1000, clock=clock)

    times = await times_of(pace, clock, 12, tokens=300)

    assert [round(time) for time in times] == [0] * 3 + [60] * 3 + [120] * 3 + [180] * 3


async def test_tokens_are_counted_as_the_vendor_tells(clock: FakeClock) -> None:
    pace = Pace(200, tokens_per_minute=1000, clock=clock)
    for _ in range(3):
        permit = await pace.acquire(300)
        pace.release(permit, 10)

    assert await times_of(pace, clock, 3, tokens=300) == [0, 0, 0]


async def test_a_request_larger_than_the_limit_is_sent_alone(clock: FakeClock) -> None:
    pace = Pace(200, tokens_per_minute=1000, clock=clock)

    assert [round(t) for t in await times_of(pace, clock, 2, tokens=5000)] == [0, 60]


async def test_the_budget_in_the_headers(clock: FakeClock) -> None:
    pace = Pace(200, clock=clock)
    pace.heed({"x-ratelimit-remaining-requests": "2", "x-ratelimit-reset-requests": "6m0s"})

    assert await times_of(pace, clock, 3) == [0, 0, 360]


async def test_the_budget_of_tokens_in_the_headers(clock: FakeClock) -> None:
    pace = Pace(200, clock=clock)
    pace.heed({"x-ratelimit-remaining-tokens": "500", "x-ratelimit-reset-tokens": "90s"})

    assert await times_of(pace, clock, 2, tokens=300) == [0, 90]


def test_limits_are_at_least_one() -> None:
    with pytest.raises(ConfigurationError, match="at least 1, got 0"):
        Pace(requests_per_minute=0)


# Through the real SDK ---------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize("headers", [{}, {"retry-after": "5"}], ids=["bare", "retry-after"])
async def test_a_minute_of_429_loses_no_row(
    vendor: Vendor, ask: Any, rows: Any, clock: FakeClock, headers: dict[str, str]
) -> None:
    vendor.before = lambda *_: refusal(429, headers) if clock.now < 1060 else None
    pace = Pace(8, clock=clock)

    async with clock.running(every=0.002):
        run = partwise_bulk.aextract(MODEL, Invoice, rows, shared_pace=pace, **ask)
        outcomes = [each async for each in run]

    assert all(each.ok for each in outcomes)
    assert set(vendor.answered.values()) == {1}
    assert clock.now >= 1060
    # The SDK hides none of them, and the rows of the key wait together.
    assert run.summary.rate_limited == sum(vendor.asked.values()) - 40
    assert run.summary.rate_limited < 40 * 12


async def test_after_the_patience_a_row_is_given_up(
    vendor: Vendor, ask: Any, clock: FakeClock
) -> None:
    vendor.before = lambda *_: refusal(429)
    pace = Pace(8, clock=clock)

    async with clock.running(every=0.001):
        run = partwise_bulk.aextract(
            MODEL, Invoice, [{"n": 1}], shared_pace=pace, patience=100, **ask
        )
        (outcome,) = [each async for each in run]

    assert isinstance(outcome.error, RateLimitError)
    assert 100 <= outcome.seconds < 200
    assert not outcome.final


async def test_a_quota_that_is_spent_is_not_waited_for(vendor: Vendor, ask: Any) -> None:
    from partwise_conformance import Reply

    body = {"error": {"message": "no", "type": "insufficient_quota", "code": "insufficient_quota"}}
    vendor.before = lambda *_: Reply.of_json(body, status=429)

    (outcome,) = [each async for each in partwise_bulk.aextract(MODEL, Invoice, [{"n": 1}], **ask)]

    assert isinstance(outcome.error, RateLimitError)
    assert outcome.attempts == 1


async def test_the_vendors_headers_are_heeded(vendor: Vendor, ask: Any, clock: FakeClock) -> None:
    vendor.headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "30s",
    }
    pace = Pace(1, clock=clock)

    async with clock.running(every=0.001):
        rows = [{"n": n} for n in range(4)]
        await partwise_bulk.aextract(MODEL, Invoice, rows, shared_pace=pace, **ask).run()

    assert clock.now >= 1000 + 3 * 30


@pytest.mark.full
async def test_runs_with_one_key_keep_one_pace(ask: Any, rows: Any) -> None:
    runs = [partwise_bulk.aextract(MODEL, Invoice, rows, **ask) for _ in range(2)]
    for run in runs:
        await anext(run)

    paces = {id(run._run._plan.asker.pace) for run in runs if run._run}
    assert len(paces) == 1
    for run in runs:
        await run.aclose()


def failed(after: float | None = None) -> ServerError:
    return ServerError("no", provider="x", status_code=503, retryable=True, retry_after=after)


@pytest.mark.parametrize("is_paced", [True, False])
def test_a_vendor_that_failed_is_waited_for_a_minute_at_most(
    clock: FakeClock, *, is_paced: bool
) -> None:
    troubles = Troubles(clock, patience=3600)
    assert troubles.may_ask_again(failed())
    assert troubles.pause(failed(86_400), is_paced=is_paced) == 60
    assert 0 < troubles.pause(failed(), is_paced=is_paced) <= 0.5


def test_a_refused_request_waits_as_asked_unless_the_pace_does(clock: FakeClock) -> None:
    troubles = Troubles(clock, patience=3600)
    for _ in range(2000):  # refusals are not counted as failures, nor do they overflow
        assert troubles.may_ask_again(limited())
    assert troubles.pause(limited(86_400), is_paced=False) == 86_400
    assert troubles.pause(limited(0), is_paced=False) > 1
    assert troubles.pause(limited(86_400), is_paced=True) == 0
    assert 0 < troubles.pause(limited(), is_paced=True) <= 2
