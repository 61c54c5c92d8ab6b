from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import partwise
import partwise_bulk
from partwise_bulk import Pace
from partwise_bulk._pricing import Prices

from .batches import Anthropic, BatchServer, Google, Leaving, OpenAI, answer
from .conftest import FakeClock, Invoice


@pytest.fixture(
    params=[
        pytest.param(OpenAI, id="openai"),
        pytest.param(Anthropic, id="anthropic", marks=pytest.mark.full),
        pytest.param(Google, id="google", marks=pytest.mark.full),
    ]
)
def vendor(request: pytest.FixtureRequest) -> Iterator[BatchServer]:
    found: BatchServer = request.param()
    with found.server:
        yield found


@pytest.fixture
def ask(vendor: BatchServer, tmp_path: Path, clock: FakeClock) -> dict[str, Any]:
    return {
        "model": vendor.model,
        "response_model": Invoice,
        "prompt": "row {n}",
        "via": "batch",
        "checkpoint": tmp_path / "c.db",
        "base_url": vendor.url,
        "api_key": "sk-test",
        "shared_pace": Pace(clock=clock),
    }


@pytest.fixture
def few_a_batch(vendor: BatchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests fit into a batch, which is made at the vendor's time."""
    name = type(vendor).__name__
    monkeypatch.setattr(f"partwise_bulk._batch.{name.lower()}.{name}Batches.most_requests", 2)
    monkeypatch.setattr("time.time", lambda: float(vendor.created))


async def outcomes(clock: FakeClock, **arguments: Any) -> list[Any]:
    async with clock.running(every=0.001):
        return [each async for each in partwise_bulk.aextract(**arguments)]


async def test_a_batch(vendor: BatchServer, ask: Any, clock: FakeClock) -> None:
    vendor.polls = 3
    rows = [{"n": n} for n in range(5)]

    found = await outcomes(clock, rows=rows, **ask)

    assert [each.row for each in found] == rows
    assert [each.value for each in found] == [Invoice(number=n, total=1.5) for n in range(5)]
    assert all(each.usage.output_tokens == 5 and each.attempts == 1 for each in found)
    assert all(json.loads(each.text)["total"] == 1.5 for each in found)
    assert vendor.sizes == [5]
    assert clock.slept[:3] == [5.0, 10.0, 20.0]
    full = Prices(*ask["model"].split("/")).cost(found[0].usage)
    assert full is not None
    assert found[0].cost == full / 2


@pytest.mark.full
@pytest.mark.parametrize("mode", ["tools", "json_schema"])
async def test_in_each_mode(vendor: BatchServer, ask: Any, clock: FakeClock, mode: str) -> None:
    if isinstance(vendor, Google) and mode == "tools":
        pytest.skip("this loopback server answers with text")
    (outcome,) = await outcomes(clock, rows=[{"n": 3}], mode=mode, **ask)

    assert outcome.value == Invoice(number=3, total=1.5)


async def test_errors_are_values(vendor: BatchServer, ask: Any, clock: FakeClock) -> None:
    said: dict[int, Any] = {1: '{"number": "x"}', 2: 400, 3: 500, 4: None}
    vendor.rows = lambda number: said.get(number, answer(number))

    rows = [{"n": n} for n in range(6)]
    found = await outcomes(clock, rows=[*rows, {"m": 1}], **ask)

    names = [type(each.error).__name__ for each in found]
    assert names == [
        "NoneType",
        "InvalidOutputError",
        "BadRequestError",
        "ServerError",
        "ServerError",
        "NoneType",
        "ConfigurationError",
    ]
    assert found[1].text == '{"number": "x"}'
    # Only what the vendor did not carry out is asked again.
    vendor.rows = answer
    again = await outcomes(clock, rows=rows, **ask)
    assert [each.ok for each in again] == [True, False, False, True, True, True]
    assert vendor.sizes == [6, 2]


async def test_it_goes_on_when_the_process_is_gone(
    vendor: BatchServer, ask: Any, clock: FakeClock
) -> None:
    vendor.polls = 2
    rows = [{"n": n} for n in range(5)]
    run = partwise_bulk.aextract(rows=rows, **ask)
    # Nobody lets time pass: it stops after the first poll.
    task = asyncio.ensure_future(anext(run))
    await asyncio.wait_for(clock.asked.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    found = await outcomes(clock, rows=[*rows, {"n": 5}], **ask)

    assert [each.value.number for each in found] == list(range(6))
    assert set(vendor.asked.values()) == {1}
    assert vendor.sizes == [5, 1]


async def test_a_batch_of_which_nobody_heard_is_found(
    vendor: BatchServer, ask: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died after the vendor took the batch, and before it noted the id."""
    rows = [{"n": n} for n in range(5)]
    from partwise_bulk._checkpoint import Checkpoint

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "name_batch", lambda *_: 1 / 0)
        patch.setattr("time.time", lambda: float(vendor.created))
        with pytest.raises(ZeroDivisionError):
            await outcomes(clock, rows=rows, **ask)

    found = await outcomes(clock, rows=rows, **ask)

    assert [each.value.number for each in found] == list(range(5))
    assert set(vendor.asked.values()) == {1}


async def test_a_vendor_in_trouble_is_asked_again(
    vendor: BatchServer, ask: Any, clock: FakeClock
) -> None:
    vendor.troubles = {"POST": [429] * 4 + [500] * 4, "GET": [500] * 4 + [429] * 4}

    found = await outcomes(clock, rows=[{"n": n} for n in range(3)], **ask)

    assert [each.value.number for each in found] == list(range(3))
    assert vendor.sizes == [3]


async def test_a_batch_that_arrived_though_the_vendor_failed_is_not_paid_twice(
    vendor: BatchServer, ask: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: float(vendor.created))
    vendor.heard = True
    is_after_a_file = isinstance(vendor, OpenAI)
    vendor.troubles = {"POST": [None, 503] if is_after_a_file else [503]}
    rows = [{"n": n} for n in range(3)]

    found = await outcomes(clock, rows=rows, **ask)

    assert [each.value.number for each in found] == list(range(3))
    assert vendor.sizes == [3]


@pytest.mark.parametrize("ending", ["expired", "cancelled"])
async def test_a_batch_that_ended_too_early_is_paid_for_its_answers_alone(
    vendor: BatchServer, ask: Any, clock: FakeClock, ending: str
) -> None:
    """Some of its rows were answered before; the others are asked by the next run."""
    if isinstance(vendor, OpenAI):
        vendor.ending = ending
    elif isinstance(vendor, Google):
        vendor.ending = f"BATCH_STATE_{ending.upper()}"
    else:
        assert isinstance(vendor, Anthropic)
        vendor.unanswered = ending.replace("ll", "l")
    vendor.rows = lambda number: answer(number) if number < 2 else None
    vendor.twice = True
    rows = [{"n": n} for n in range(4)]

    first = await outcomes(clock, rows=rows, **ask)
    assert [each.ok for each in first] == [True, True, False, False]
    assert all(isinstance(each.error, partwise.ServerError) for each in first[2:])
    assert not any(each.final for each in first[2:])

    vendor.rows = answer
    again = await outcomes(clock, rows=rows, **ask)
    assert [each.value.number for each in again] == list(range(4))
    assert vendor.asked == {0: 1, 1: 1, 2: 2, 3: 2}


async def test_a_batch_that_is_not_known_is_not_paid_again(
    vendor: BatchServer, ask: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be one of another key, unless it is too old to have results."""
    vendor.gone = True
    told = "does not have .*go on with the key"
    rows = [{"n": n} for n in range(2)]
    for _ in range(2):
        with pytest.raises(partwise.ConfigurationError, match=told):
            await outcomes(clock, rows=rows, **ask)
    assert vendor.sizes == [2]

    later = time.time() + 30 * 86_400
    monkeypatch.setattr("time.time", lambda: later)
    found = await outcomes(clock, rows=rows, **ask)
    assert all("no results of it any more" in str(each.error) for each in found)
    vendor.gone = False
    assert all(each.ok for each in await outcomes(clock, rows=rows, **ask))


async def test_results_that_are_cut_are_fetched_again(
    vendor: BatchServer, ask: Any, clock: FakeClock
) -> None:
    vendor.cuts = 2

    found = await outcomes(clock, rows=[{"n": n} for n in range(3)], **ask)

    assert [each.value.number for each in found] == list(range(3))
    assert vendor.sizes == [3]


@pytest.mark.full
async def test_a_batch_that_never_arrived_is_submitted_again(
    vendor: BatchServer, ask: Any, clock: FakeClock
) -> None:
    from partwise_bulk._checkpoint import Checkpoint

    with Checkpoint(ask["checkpoint"]) as checkpoint:
        checkpoint.begin_batch("lost", [(b"x", 1, "0")], 1.0)

    found = await outcomes(clock, rows=[{"n": 1}], **ask)

    assert found[0].ok


@pytest.mark.full
@pytest.mark.parametrize("is_carried_out", [True, False])
async def test_it_goes_on_wherever_it_was_left(
    vendor: BatchServer, ask: Any, clock: FakeClock, few_a_batch: None, is_carried_out: bool
) -> None:
    """Left at each of its requests: nothing is paid twice, and nothing lost."""
    rows = [{"n": n} for n in range(3)]
    folder, loop = ask["checkpoint"].parent, asyncio.get_running_loop()
    for step in itertools.count(1):
        vendor.asked.clear()
        vendor.batches.clear()
        ask["checkpoint"] = folder / f"{step}.db"
        task = loop.create_task(outcomes(clock, rows=rows, **ask))
        leave = partial(loop.call_soon_threadsafe, task.cancel)
        vendor.leaving = Leaving(step, leave, is_carried_out)
        await asyncio.wait([task])
        found = await outcomes(clock, rows=rows, **ask) if task.cancelled() else task.result()

        assert [each.value.number for each in found] == [0, 1, 2], step
        assert vendor.asked == {0: 1, 1: 1, 2: 1}, step
        if not task.cancelled():
            assert step > 6
            return


@pytest.mark.full
async def test_several_batches(
    vendor: BatchServer, ask: Any, clock: FakeClock, few_a_batch: None
) -> None:
    found = await outcomes(clock, rows=[{"n": n} for n in range(5)], **ask)

    assert [each.value.number for each in found] == list(range(5))
    assert vendor.sizes == [2, 2, 1]


async def test_a_batch_that_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    vendor = OpenAI()
    vendor.ending = "failed"
    with vendor.server:
        (outcome,) = await outcomes(
            clock,
            model=vendor.model,
            response_model=Invoice,
            rows=[{"n": 1}],
            prompt="row {n}",
            via="batch",
            checkpoint=tmp_path / "c.db",
            base_url=vendor.url,
            api_key="sk-test",
            shared_pace=Pace(clock=clock),
        )

    assert "no credit" in str(outcome.error)
    assert not outcome.final


@pytest.mark.full
async def test_an_endpoint_that_is_gone_is_a_partwise_error(ask: Any, clock: FakeClock) -> None:
    ask |= {"base_url": ask["base_url"] + "/nowhere"}

    with pytest.raises(partwise.ProviderError):
        await outcomes(clock, rows=[{"n": 1}], **ask)


def test_without_a_checkpoint() -> None:
    with pytest.raises(partwise.ConfigurationError, match="needs checkpoint="):
        partwise_bulk.extract("openai/x", Invoice, [], via="batch", api_key="k").run()


def test_a_vendor_without_batches(tmp_path: Path) -> None:
    with pytest.raises(partwise.ConfigurationError, match="not fake"):
        partwise_bulk.extract(
            "fake/x", Invoice, ["a"], via="batch", checkpoint=tmp_path / "c.db"
        ).run()
