from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

import partwise
import partwise_bulk
from partwise_bulk import Cache
from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_events, cut_like_tokens

from .conftest import MODEL, Invoice, Vendor

ASK: dict[str, Any] = {
    "response_model": Invoice,
    "messages": [{"role": "user", "content": "row 7"}],
}
TEXT = '{"number": 12345, "total": 1.5}'


class Seen:
    """What a reader sees of a stream."""

    def __init__(self, vendor_url: str, is_async: bool, **given: Any) -> None:
        self._is_async = is_async
        self._given = {"base_url": vendor_url, "api_key": "sk-test", **given}

    def __call__(self, **keywords: Any) -> tuple[list[Any], Any]:
        return asyncio.run(self._aread(keywords)) if self._is_async else self._read(keywords)

    def _read(self, keywords: Any) -> tuple[list[Any], Any]:
        with partwise.from_provider(MODEL, **self._given) as client:
            stream = client.create_partial(**ASK, **keywords)
            return list(stream), stream

    async def _aread(self, keywords: Any) -> tuple[list[Any], Any]:
        async with partwise.from_provider(MODEL, async_client=True, **self._given) as client:
            stream = client.create_partial(**ASK, **keywords)
            return [each async for each in stream], stream


@pytest.fixture(params=["sync", "async"])
def is_async(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "async")


@pytest.fixture
def server() -> Any:
    """Streams in small pieces."""

    def answer(request: RecordedRequest) -> Reply:
        return Reply(body=list(chat_events(list(cut_like_tokens(TEXT)), request.json())))

    with ReplayServer(answer) as found:
        yield found


@pytest.mark.parametrize("mode", ["json_schema", "tools"])
def test_a_hit_gives_the_same_snapshots(
    server: ReplayServer, is_async: bool, tmp_path: Path, mode: str
) -> None:
    read = Seen(f"{server.url}/v1", is_async, cache=tmp_path / "a.db", mode=mode)

    first, stream = read()
    second, hit = read()

    assert len(server.requests) == 1
    assert second == first
    assert len(first) > 2
    assert hit.text == stream.text
    assert hit.finish_reason == stream.finish_reason
    assert stream.usage.total_tokens > 0
    assert hit.usage == partwise.Usage()


def test_another_question_is_no_hit(server: ReplayServer, is_async: bool, tmp_path: Path) -> None:
    read = Seen(f"{server.url}/v1", is_async, cache=tmp_path / "a.db")

    read()
    read(temperature=0.5)
    read(model="gpt-4.1")
    assert len(server.requests) == 3

    read(temperature=0.5, timeout=50, max_retries=0)
    assert len(server.requests) == 3


def test_at_a_pace(server: ReplayServer, is_async: bool, tmp_path: Path) -> None:
    Seen(f"{server.url}/v1", is_async, cache=Cache(tmp_path / "a.db"))()
    read = Seen(f"{server.url}/v1", is_async, cache=Cache(tmp_path / "a.db", pace=0.01))

    before = time.monotonic()
    snapshots, _ = read()

    assert time.monotonic() - before > 0.01 * len(snapshots)


@pytest.mark.parametrize("bad", ['{"number": "x"}', "I would rather not.", '{"number": 1'])
def test_what_is_not_valid_is_asked_again(
    vendor: Vendor, is_async: bool, tmp_path: Path, bad: str
) -> None:
    vendor.before = lambda _, nth: bad if nth == 1 else None
    read = Seen(vendor.url, is_async, cache=tmp_path / "a.db")

    with pytest.raises(partwise.OutputError):
        read(max_retries=0)
    _, stream = read(max_retries=0)

    assert stream.attempt == 1
    assert vendor.asked["row 7"] == 2


def test_a_correction_is_played_too(vendor: Vendor, is_async: bool, tmp_path: Path) -> None:
    vendor.before = lambda _, nth: '{"number": 3, "total": "x"} ' if nth == 1 else None
    read = Seen(vendor.url, is_async, cache=tmp_path / "a.db")

    first, stream = read()
    second, hit = read()

    assert (stream.attempt, hit.attempt) == (2, 2)
    assert second == first
    assert vendor.asked["row 7"] == 2


def test_a_run_with_a_cache(vendor: Vendor, ask: Any, rows: Any, tmp_path: Path) -> None:
    ask["cache"] = tmp_path / "a.db"

    first = list(partwise_bulk.extract(MODEL, Invoice, rows, **ask))
    second = list(partwise_bulk.extract(MODEL, Invoice, rows, **ask))

    assert [each.value for each in first] == [each.value for each in second]
    assert sum(vendor.asked.values()) == 40
    assert {each.cost for each in second} == {0}


def test_the_usual_file(
    server: ReplayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    Seen(f"{server.url}/v1", False, cache=True)()

    assert (tmp_path / "partwise" / "answers.db").exists()


def test_a_file_that_can_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("my thesis, " * 500)

    with pytest.raises(partwise.ConfigurationError, match="can't be used as a cache"):
        partwise.from_provider(MODEL, api_key="sk-test", cache=tmp_path / "a.db")
