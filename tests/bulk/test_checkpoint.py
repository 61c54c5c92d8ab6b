from __future__ import annotations

import os
import resource
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_validator

import partwise_bulk
from partwise import (
    ConfigurationError,
    InvalidOutputError,
    PartwiseError,
    RetriesExhaustedError,
    ServerError,
)
from partwise_bulk._checkpoint import Checkpoint

from .conftest import MODEL, Invoice, Vendor, refusal
from .killed import kill_again_and_again


@pytest.fixture
def keep(ask: Any, tmp_path: Path) -> dict[str, Any]:
    return {**ask, "checkpoint": tmp_path / "c.db"}


def test_what_is_done_is_not_asked_again(vendor: Vendor, keep: Any, rows: Any) -> None:
    first = list(partwise_bulk.extract(MODEL, Invoice, rows, **keep))
    again = partwise_bulk.extract(MODEL, Invoice, rows, **keep)
    second = list(again)

    assert set(vendor.asked.values()) == {1}
    assert all(each.resumed for each in second)
    for before, after in zip(first, second, strict=True):
        after.resumed = False
        assert after == before
    assert again.summary.resumed == 40
    assert again.summary.attempts == 0
    assert again.summary.cost is None
    assert again.summary.cost_before > 0


def test_changed_prompts_are_asked_anew_and_others_not(
    vendor: Vendor, keep: Any, rows: Any
) -> None:
    partwise_bulk.extract(MODEL, Invoice, rows, **keep).run()
    changed = [{"n": 100 if row["n"] == 7 else row["n"]} for row in rows]

    # In another order, with one in the front, too: a row is known by what is asked.
    summary = partwise_bulk.extract(MODEL, Invoice, [{"n": 200}, *changed[::-1]], **keep).run()

    assert summary.resumed == 39
    assert sum(vendor.asked.values()) == 42


class Renamed(BaseModel):
    """Another description."""

    number: int = Field(description="the invoice's")
    total: float


@pytest.mark.parametrize(
    "change",
    [
        {"model": "openai/gpt-4.1"},
        {"response_model": Renamed},
        {"temperature": 0.5},
        {"system": "Be brief."},
        {"prompt": "row {n}!"},
        {"mode": "tools"},
        {"key": "n"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_the_question(vendor: Vendor, keep: Any, change: Any) -> None:
    arguments = {"model": MODEL, "response_model": Invoice, "rows": [{"n": 1}], **keep}
    partwise_bulk.extract(**arguments).run()

    summary = partwise_bulk.extract(**{**arguments, **change}).run()

    assert (summary.resumed, summary.values) == (0, 1)


@pytest.mark.parametrize(
    "change", [{"max_retries": 1}, {"timeout": 60}, {"concurrency": 3}, {"ordered": False}]
)
def test_what_does_not(keep: Any, change: Any) -> None:
    partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run()

    assert partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep, **change).run().resumed == 1


def test_equal_rows_are_asked_each(vendor: Vendor, keep: Any) -> None:
    first = partwise_bulk.extract(MODEL, Invoice, [{"n": 1}] * 3, **keep).run()
    second = partwise_bulk.extract(MODEL, Invoice, [{"n": 1}] * 5, **keep).run()

    assert (first.values, second.values, second.resumed) == (3, 5, 3)
    assert vendor.asked["row 1"] == 5


def test_faults_of_an_answer_stay_and_faults_of_the_vendor_are_asked_again(
    vendor: Vendor, keep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partwise_bulk._ask.MAX_FAILURES", 1)
    answers: dict[str, Any] = {
        "row 1": '{"number": "x"}',
        "row 2": refusal(500),
        "row 3": '{"number": 3, ',
    }
    vendor.before = lambda prompt, _: answers.get(prompt)
    rows = [{"n": n} for n in range(4)]
    keep["max_retries"] = 1
    first = list(partwise_bulk.extract(MODEL, Invoice, rows, **keep))
    asked = vendor.asked.copy()

    second = list(partwise_bulk.extract(MODEL, Invoice, rows, **keep))

    assert {p: vendor.asked[p] - asked[p] for p in asked} == {
        "row 0": 0,
        "row 1": 0,
        "row 2": 1,
        "row 3": 0,
    }
    for before, after in zip(first, second, strict=True):
        assert type(after.error) is type(before.error)
        assert str(after.error) == str(before.error)
        assert after.text == before.text
        assert after.snapshot == before.snapshot
    assert isinstance(second[1].error, RetriesExhaustedError)
    assert isinstance(second[1].error.errors[0], InvalidOutputError)
    assert second[1].error.errors[0].errors()[0]["loc"] == ("number",)
    assert isinstance(second[2].error, ServerError)
    assert second[2].error.status_code == 500
    assert second[3].snapshot.number == 3


def test_only_the_failed_ones(vendor: Vendor, keep: Any) -> None:
    vendor.before = lambda prompt, _: '{"number": "x"}' if prompt == "row 1" else None
    rows = [{"n": n} for n in range(3)]
    partwise_bulk.extract(MODEL, Invoice, rows, max_retries=0, **keep).run()
    vendor.before = lambda *_: None

    retried = partwise_bulk.extract(
        MODEL, Invoice, [*rows, {"n": 9}], only_failed=True, max_retries=0, **keep
    )

    assert [each.value.number for each in retried if each.value] == [0, 1, 2]
    assert vendor.asked == {"row 0": 1, "row 1": 2, "row 2": 1}
    assert (retried.summary.stopped, retried.summary.left) == ("only_failed", 1)


def test_an_answer_that_is_no_longer_valid_is_asked_again(vendor: Vendor, keep: Any) -> None:
    strict = False

    class Checked(BaseModel):
        number: int

        @field_validator("number")
        @classmethod
        def check(cls, number: int) -> int:
            if strict and number < 5:
                raise ValueError("too small")
            return number

    partwise_bulk.extract(MODEL, Checked, [{"n": 1}, {"n": 9}], **keep).run()
    strict = True
    outcomes = list(
        partwise_bulk.extract(MODEL, Checked, [{"n": 1}, {"n": 9}], max_retries=0, **keep)
    )

    assert [each.ok for each in outcomes] == [False, True]
    assert vendor.asked == {"row 1": 2, "row 9": 1}


def test_values_of_wrapped_roots_come_back(vendor: Vendor, keep: Any) -> None:
    vendor.before = lambda *_: '{"value": [{"number": 1, "total": 2}]}'

    for _ in range(2):
        (outcome,) = partwise_bulk.extract(MODEL, list[Invoice], [{"n": 1}], **keep)
        assert outcome.value == [Invoice(number=1, total=2)]
    assert vendor.asked["row 1"] == 1


def test_one_run_at_a_time(keep: Any) -> None:
    with (
        Checkpoint(keep["checkpoint"]),
        pytest.raises(ConfigurationError, match="another run has the checkpoint"),
    ):
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run()

    assert partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run().values == 1


def test_a_file_of_something_else(keep: Any) -> None:
    keep["checkpoint"].write_text("my thesis, " * 500)
    with pytest.raises(ConfigurationError, match="can't be used as a checkpoint"):
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run()
    assert keep["checkpoint"].read_text().startswith("my thesis")


def test_a_database_of_something_else(keep: Any) -> None:
    connection = sqlite3.connect(keep["checkpoint"])
    connection.execute("CREATE TABLE thesis (words)")
    connection.commit()
    connection.close()

    with pytest.raises(ConfigurationError, match="a database of something else"):
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run()


def test_an_output_that_was_cut_is_written_anew(vendor: Vendor, keep: Any, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    rows = [{"n": n} for n in range(3)]
    partwise_bulk.extract(MODEL, Invoice, rows, output=output, **keep).run()
    whole = output.read_bytes()
    output.write_bytes(whole[:100])

    partwise_bulk.extract(MODEL, Invoice, rows, output=output, **keep).run()

    assert output.read_bytes() == whole


@pytest.mark.full
def test_left_at_any_moment(vendor: Vendor, keep: Any, rows: Any) -> None:
    done: set[int] = set()
    for leave_after in (3, 17, 30):
        with partwise_bulk.extract(MODEL, Invoice, rows, concurrency=4, **keep) as run:
            for outcome in run:
                done.add(outcome.index)
                if outcome.index == leave_after:
                    break
        asked = vendor.asked.copy()
        list(partwise_bulk.extract(MODEL, Invoice, rows[: leave_after + 1], **keep))
        assert vendor.asked == asked

    summary = partwise_bulk.extract(MODEL, Invoice, rows, **keep).run()
    assert summary.values == 40
    assert summary.resumed >= len(done)


@pytest.mark.full
def test_killed_at_any_moment() -> None:
    rows, kills = 600, 10
    report = kill_again_and_again(rows, kills, concurrency=8)

    assert report.kills == kills
    assert report.asked_again == []
    assert report.lines == list(range(rows))
    assert rows <= report.requests <= rows + kills * report.on_their_way


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE outcomes DROP COLUMN seconds",
        "ALTER TABLE batches ADD COLUMN more TEXT",
        "CREATE TABLE more (id)",
        f"PRAGMA application_id = {0x70776232}",
    ],
)
def test_a_checkpoint_of_another_version(keep: Any, change: str) -> None:
    partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run()
    with sqlite3.connect(keep["checkpoint"]) as connection:
        connection.execute(change)
    connection.close()
    before = keep["checkpoint"].read_bytes()

    with pytest.raises(ConfigurationError, match="written by another version"):
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run()
    assert keep["checkpoint"].read_bytes() == before


def test_a_checkpoint_where_none_can_be(ask: Any, tmp_path: Path) -> None:
    for path, told in [
        (tmp_path / "no" / "c.db", f"there is no folder {tmp_path / 'no'}"),
        (tmp_path, "it is a directory: name a file"),
    ]:
        run = partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], checkpoint=path, **ask)
        with pytest.raises(ConfigurationError, match=f"can't be used as a checkpoint: {told}"):
            run.run()


def test_a_checkpoint_that_is_damaged(vendor: Vendor, keep: Any) -> None:
    partwise_bulk.extract(MODEL, Invoice, [{"n": n} for n in range(40)], **keep).run()
    path: Path = keep["checkpoint"]
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(ConfigurationError, match=r"malformed: the file is damaged.*\.recover"):
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], **keep).run()
    assert vendor.asked["row 1"] == 1


@pytest.mark.parametrize(
    ("barred", "told"),
    [("", "may not write to the folder"), ("c.db", "may not write to the file")],
)
def test_a_checkpoint_that_is_read_only(
    barred: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's message is "disk I/O error", or that the database is read-only."""
    path = tmp_path / "c.db"
    Checkpoint(path).close()
    access = os.access

    def barring(each: Any, wanted: int) -> bool:
        # As for anybody but root, for whom nothing is read-only.
        return access(each, wanted) and not (wanted & os.W_OK and each == tmp_path / barred)

    monkeypatch.setattr("os.access", barring)
    with Checkpoint(path) as checkpoint:
        checkpoint._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(PartwiseError, match=told):
            checkpoint.note("a", "b")


def test_a_full_disk_loses_no_finished_row(vendor: Vendor, keep: Any) -> None:
    rows = [{"n": n} for n in range(60)]
    vendor.before = lambda prompt, _: '{"number": 1, "total": 1, "more": "' + "x" * 9000 + '"}'
    keep |= {"concurrency": 4}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    found: list[int] = []
    try:
        with pytest.raises(PartwiseError, match=r"c\.db can't be used: .*make room"):
            found += (each.index for each in partwise_bulk.extract(MODEL, Invoice, rows, **keep))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    asked = vendor.asked.total()
    summary = partwise_bulk.extract(MODEL, Invoice, rows, **keep).run()
    assert 0 < len(found) < 60
    assert summary.rows == 60
    assert summary.resumed >= len(found)
    assert vendor.asked.total() <= asked + 60 - len(found)
