from __future__ import annotations

import pickle
from typing import Any

import pyarrow as pa
import pytest

import partwise
from partwise_bulk import RowFunction

from .conftest import MODEL, Invoice, Vendor, refusal


@pytest.fixture
def ask(vendor: Vendor) -> RowFunction:
    return RowFunction(
        model=MODEL,
        response_model=Invoice,
        prompt="row {n}",
        base_url=vendor.url,
        api_key="sk-test",
        options={"max_retries": 0},
    )


async def test_one_row(vendor: Vendor, ask: RowFunction) -> None:
    vendor.before = lambda prompt, nth: refusal(429) if nth == 1 else None

    outcome = await ask({"n": 7})

    assert outcome["value"] == {"number": 7, "total": 1.5}
    assert outcome["error"] is None
    assert outcome["attempts"] == 2
    assert outcome["usage"]["output_tokens"] == 1
    assert outcome["cost"] > 0


def test_many_rows_from_code_that_is_not_async(vendor: Vendor, ask: RowFunction) -> None:
    vendor.before = lambda prompt, _: "no JSON" if prompt == "row 1" else None

    outcomes = ask.many([{"n": n} for n in range(3)] + [{"m": 1}])

    assert [each["value"] and each["value"]["number"] for each in outcomes] == [0, None, 2, None]
    assert outcomes[1]["error"]["type"] == "MalformedOutputError"
    assert outcomes[1]["error"]["text"] == "no JSON"
    assert outcomes[3]["error"]["type"] == "ConfigurationError"
    table = pa.array(outcomes, ask.arrow_type)
    assert table.to_pylist() == outcomes


def test_it_can_be_sent_to_workers(ask: RowFunction) -> None:
    again = pickle.loads(pickle.dumps(ask))  # noqa: S301 - written here

    assert again.many([{"n": 5}])[0]["value"]["number"] == 5


def test_limits_are_divided_among_workers(ask: RowFunction) -> None:
    function = RowFunction(
        model="fake/x", response_model=Invoice, concurrency=100, requests_per_minute=60, workers=8
    )

    pace = function._new_pace()

    assert pace._most == 12
    assert pace._window._requests == 7


@pytest.mark.parametrize("change", [{"workers": 0}, {"model": 5}])
def test_wrong_arguments(change: Any) -> None:
    with pytest.raises(partwise.ConfigurationError):
        RowFunction(**{"model": MODEL, "response_model": Invoice, **change})
