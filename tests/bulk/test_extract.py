from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import MISSING, fields
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import pytest

import partwise
import partwise_bulk
from partwise_bulk._job import Job
from partwise_conformance import Drop, Reply

from .conftest import MODEL, Invoice, Vendor, refusal


def test_an_outcome_a_row_in_order(vendor: Vendor, ask: Any, rows: Any) -> None:
    outcomes = list(partwise_bulk.extract(MODEL, Invoice, iter(rows), **ask))

    assert [each.row for each in outcomes] == rows
    assert [each.key for each in outcomes] == [each.index for each in outcomes]
    assert [each.value for each in outcomes] == [Invoice(number=n, total=1.5) for n in range(40)]
    assert all(each.ok and each.attempts == 1 and each.seconds > 0 for each in outcomes)
    assert all(each.usage and each.usage.output_tokens == 1 for each in outcomes)
    assert all(each.cost and 0 < each.cost < 1 for each in outcomes)
    assert all(json.loads(each.text)["number"] == each.index for each in outcomes)
    assert set(vendor.asked.values()) == {1}


async def test_the_same_for_asyncio(vendor: Vendor, ask: Any) -> None:
    async def rows() -> AsyncIterator[dict[str, int]]:
        for n in range(10):
            yield {"n": n}
            await asyncio.sleep(0)

    extraction = partwise_bulk.aextract(MODEL, Invoice, rows(), key="n", **ask)
    outcomes = [each async for each in extraction]

    assert [each.key for each in outcomes] == list(range(10))
    assert extraction.summary.values == 10


@pytest.mark.full
def test_inside_of_a_running_loop(ask: Any, rows: Any) -> None:
    async def notebook() -> partwise_bulk.Summary:
        return partwise_bulk.extract(MODEL, Invoice, rows, **ask).run()

    assert asyncio.run(notebook()).values == 40


def test_rows_are_read_in_the_callers_thread(ask: Any) -> None:
    import threading

    seen = set()

    def rows() -> Iterator[dict[str, int]]:
        for n in range(3):
            seen.add(threading.current_thread())
            yield {"n": n}

    partwise_bulk.extract(MODEL, Invoice, rows(), **ask).run()
    assert seen == {threading.main_thread()}


def test_errors_are_values(vendor: Vendor, ask: Any, rows: Any) -> None:
    def before(prompt: str, nth: int) -> Reply | str | None:
        answers: dict[str, Reply | str] = {
            "row 1": refusal(400),
            "row 2": '{"number": "x"}',
            "row 3": "I would rather not.",
            "row 4": '{"number": 4, ',
        }
        return answers.get(prompt)

    vendor.before = before
    extraction = partwise_bulk.extract(MODEL, Invoice, rows, max_retries=0, **ask)
    outcomes = list(extraction)

    assert len(outcomes) == 40
    assert [type(each.error).__name__ for each in outcomes[:5]] == [
        "NoneType",
        "BadRequestError",
        "InvalidOutputError",
        "MalformedOutputError",
        "IncompleteOutputError",
    ]
    cut = outcomes[4]
    assert cut.text == '{"number": 4, '
    assert cut.snapshot.number == 4
    assert cut.value is None
    assert not cut.ok
    assert extraction.summary.failed == 4
    assert extraction.summary.values == 36
    assert "BadRequestError" in str(extraction.summary)


def test_what_is_wrong_with_a_row_is_its_outcome(ask: Any) -> None:
    rows: list[Any] = [{"n": 1}, {"m": 2}, {"n": 3}]

    outcomes = list(partwise_bulk.extract(MODEL, Invoice, rows, key="n", **ask))

    assert [each.ok for each in outcomes] == [True, False, True]
    assert "row 1 has no key" in str(outcomes[1].error)


def test_a_prompt_that_raises(ask: Any) -> None:
    def prompt(row: dict[str, int]) -> str:
        return f"row {6 // row['n']}"

    outcomes = list(
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}, {"n": 0}], **{**ask, "prompt": prompt})
    )

    assert outcomes[0].value == Invoice(number=6, total=1.5)
    assert isinstance(outcomes[1].error, ZeroDivisionError)


def test_a_validator_that_raises_what_it_likes(ask: Any) -> None:
    from pydantic import BaseModel, field_validator

    class Strange(BaseModel):
        number: int

        @field_validator("number")
        @classmethod
        def check(cls, number: int) -> int:
            if number == 1:
                raise KeyError(number)
            return number

    outcomes = list(partwise_bulk.extract(MODEL, Strange, [{"n": n} for n in range(3)], **ask))

    assert [type(each.error) for each in outcomes] == [type(None), KeyError, type(None)]


def test_an_invalid_answer_is_asked_again(vendor: Vendor, ask: Any) -> None:
    vendor.before = lambda _, nth: '{"number": "x"}' if nth == 1 else None

    (outcome,) = partwise_bulk.extract(MODEL, Invoice, [{"n": 5}], **ask)

    assert outcome.ok
    assert outcome.attempts == 2


@pytest.mark.full
def test_a_vendor_in_trouble_is_asked_again(vendor: Vendor, ask: Any, rows: Any) -> None:
    def before(prompt: str, nth: int) -> Reply | None:
        if nth > 1:
            return None
        number = int(prompt.split()[1])
        return [Reply(before_head=[Drop()]), refusal(500), refusal(503), None][number % 4]

    vendor.before = before
    extraction = partwise_bulk.extract(MODEL, Invoice, rows, **ask)
    outcomes = list(extraction)

    assert all(each.ok for each in outcomes)
    assert set(vendor.answered.values()) == {1}
    assert {each.attempts for each in outcomes} == {1, 2}


def test_root_types_that_are_wrapped(vendor: Vendor, ask: Any) -> None:
    vendor.before = lambda *_: '{"value": [{"number": 1, "total": 2}]}'

    (outcome,) = partwise_bulk.extract(MODEL, list[Invoice], [{"n": 5}], **ask)

    assert outcome.value == [Invoice(number=1, total=2)]


def test_an_async_client_of_ones_own(vendor: Vendor, rows: Any) -> None:
    client = partwise.from_provider(MODEL, async_client=True, base_url=vendor.url, api_key="sk-t")
    seen: list[Any] = []
    client.on("completion:response", seen.append)

    summary = partwise_bulk.extract(client, Invoice, rows, prompt="row {n}").run()

    assert summary.values == len(seen) == 40


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rows": "nowhere.jsonl"}, "there is no file"),
        ({"rows": 5}, "no rows can be read from int"),
        ({"model": 5}, "got int"),
        ({"model": "nothing/x"}, "no provider is called"),
        ({"output": "x.xml"}, ".jsonl or .parquet"),
        ({"concurrency": 0}, "at least 1"),
        ({"max_cost": 1, "model": "openai/unheard-of"}, "no price is known"),
    ],
)
def test_wrong_arguments(change: Any, told: str, ask: Any) -> None:
    arguments = {"model": MODEL, "response_model": Invoice, "rows": [{"n": 1}], **ask, **change}

    with pytest.raises(partwise.ConfigurationError, match=told):
        partwise_bulk.extract(**arguments).run()


def test_a_source_that_fails_loses_nothing(vendor: Vendor, ask: Any) -> None:
    def rows() -> Iterator[dict[str, int]]:
        yield {"n": 1}
        yield {"n": 2}
        raise OSError("the disk is gone")

    extraction = partwise_bulk.extract(MODEL, Invoice, rows(), **ask)
    outcomes: list[Any] = []
    with pytest.raises(OSError, match="the disk is gone"):
        outcomes.extend(extraction)

    assert [each.index for each in outcomes] == [0, 1]


def test_leaving_half_way(vendor: Vendor, ask: Any) -> None:
    rows = ({"n": n} for n in range(10**9))

    with partwise_bulk.extract(MODEL, Invoice, rows, concurrency=2, **ask) as extraction:
        for outcome in extraction:
            if outcome.index == 3:
                break

    assert extraction.summary.stopped == "closed"
    assert sum(vendor.asked.values()) < 200


@pytest.mark.full
def test_memory_is_bounded_by_the_window(ask: Any) -> None:
    """A reader that does not come keeps rows from being read."""
    read = 0

    def rows() -> Iterator[dict[str, int]]:
        nonlocal read
        for n in range(10**6):
            read += 1
            yield {"n": n}

    extraction = partwise_bulk.extract(MODEL, Invoice, rows(), concurrency=1, **ask)
    for outcome in extraction:
        if outcome.index == 100:
            extraction.close()
            break
    assert read < 100 + 20 + 2 * 256 + 64


@pytest.mark.full
def test_unordered(vendor: Vendor, ask: Any, rows: Any) -> None:
    vendor.before = lambda prompt, nth: refusal(500) if (prompt, nth) == ("row 0", 1) else None

    outcomes = list(partwise_bulk.extract(MODEL, Invoice, rows, ordered=False, **ask))

    assert outcomes[0].index != 0
    assert sorted(each.index for each in outcomes) == list(range(40))


def test_hooks_as_in_streams(ask: Any) -> None:
    snapshots: list[Any] = []
    fields: list[Any] = []

    partwise_bulk.extract(
        MODEL,
        Invoice,
        [{"n": 7}],
        on_snapshot=lambda row, snapshot: snapshots.append((row, snapshot)),
        on_field=lambda row, path, value: fields.append((row["n"], path, value)),
        **ask,
    ).run()

    assert snapshots[-1] == ({"n": 7}, Invoice(number=7, total=1.5))
    assert (7, "number", 7) in fields
    assert (7, "total", 1.5) in fields


def test_a_hook_that_raises_harms_nothing(ask: Any) -> None:
    extraction = partwise_bulk.extract(
        MODEL, Invoice, [{"n": 7}], on_snapshot=lambda *_: 1 / 0, **ask
    )

    with pytest.warns(RuntimeWarning, match="on_snapshot raised ZeroDivisionError"):
        assert extraction.run().values == 1


def test_answers_that_stop_early_save_tokens(vendor: Vendor, ask: Any) -> None:
    vendor.piece = 4  # a token
    long = '{"number": %s, "total": 1, "more": "' + "x " * 500 + '"}'
    vendor.before = lambda prompt, _: long % ('"bad"' if prompt == "row 9" else "1")

    summary = partwise_bulk.extract(
        MODEL, Invoice, [{"n": n} for n in range(10)], max_retries=0, **ask
    ).run()

    assert summary.failures == {"InvalidOutputError": 1}
    assert 230 < summary.tokens_saved < 270  # of 260, all but the first


def test_whole_answers(vendor: Vendor, ask: Any) -> None:
    corrected = {1: "bad", 2: '{"number": 3, "total": 1}'}
    vendor.before = lambda prompt, nth: corrected[nth] if prompt == "row 3" else None
    rows = [{"n": n} for n in range(5)]
    outcomes = list(partwise_bulk.extract(MODEL, Invoice, rows, via="whole", **ask))

    assert [each.value.number for each in outcomes if each.value] == list(range(5))
    assert [each.attempts for each in outcomes] == [1, 1, 1, 2, 1]
    assert all(each.usage and each.usage.output_tokens >= 9 for each in outcomes)
    assert not any(vendor.streamed)


def test_max_cost_stops_cleanly(vendor: Vendor, ask: Any, tmp_path: Path) -> None:
    rows = [{"n": n} for n in range(60)]
    # Each costs one dollar; 500 are expected of the first.
    ask |= {"checkpoint": tmp_path / "c.db", "concurrency": 8, "price": (0.0, 1_000_000.0)}

    done = partwise_bulk.extract(MODEL, Invoice, rows[:20], max_cost=30, **ask).run()
    summary = partwise_bulk.extract(MODEL, Invoice, rows, max_cost=30, **ask).run()

    assert (done.rows, done.stopped) == (20, None)
    assert (summary.rows, summary.resumed, summary.left) == (30, 20, 30)
    assert summary.cost == 10
    assert summary.cost_before == 20
    assert "max_cost; rows left: 30" in str(summary)
    assert sum(vendor.asked.values()) == 30


@pytest.mark.parametrize("name", ["timeout", "idle_timeout"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1])
def test_times_are_finite_numbers(name: str, value: float, ask: Any, rows: Any) -> None:
    with pytest.raises(partwise.ConfigurationError, match=f"{name} must be a finite number > 0"):
        partwise_bulk.extract(MODEL, Invoice, rows, **{**ask, name: value}).run()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"via": "batches"}, "unknown via 'batches'; choose one of stream, whole, batch"),
        ({"max_cost": -1}, "max_cost must be dollars >= 0, got -1"),
        ({"patience": float("nan")}, "patience must be seconds >= 0, got nan"),
        ({"checkpont": "c.db"}, "no keyword checkpont=; did you mean checkpoint="),
        ({"only_failed": True}, "only_failed=True needs checkpoint="),
        ({"price": (1,)}, r"price must be \(input, output\) in dollars per million tokens, got"),
        ({"price": (1, -1)}, r"price must be \(input, output\)"),
    ],
)
def test_options_that_make_no_sense(wrong: Any, message: str, ask: Any) -> None:
    with pytest.raises(partwise.ConfigurationError, match=message):
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **{**ask, **wrong}).run()


def test_a_mode_is_no_misspelt_model(ask: Any) -> None:
    run = partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], mode="json_schema", **ask)
    assert run.run().values == 1


def test_both_twins_and_the_job_have_the_same_parameters() -> None:
    given = dict(signature(partwise_bulk.extract).parameters)
    assert given == dict(signature(partwise_bulk.aextract).parameters)
    del given["options"]
    job = {each.name: each.default for each in fields(Job) if each.name not in {"note", "options"}}
    assert {name: each.default for name, each in given.items()} == {
        name: Parameter.empty if default is MISSING else default for name, default in job.items()
    }
    with pytest.raises(TypeError, match="rows"):
        partwise_bulk.aextract("openai/m", Invoice)  # type: ignore[call-arg]
