from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

import partwise
from partwise_conformance import Drop, Hold, ReplayServer, Reply, StreamError
from partwise_replay import Recording, RecordingError
from partwise_replay._play import score

from .conftest import ASK, PIECES, TEXT, VENDORS, User, Vendor, call

if TYPE_CHECKING:
    from pathlib import Path

ADA = User(name="Ada Lovelace", age=36)
KEY = "any key will do here"


def recorder(vendor: Vendor, server: ReplayServer, path: Path, **options: Any) -> Any:
    return partwise.from_provider(
        f"record/{vendor.model}",
        base_url=server.url + vendor.base_path,
        api_key=KEY,
        to=path,
        **{**vendor.options, **options},
    )


def record(vendor: Vendor, server: ReplayServer, path: Path, reply: Reply) -> Any:
    """The answer to that reply, which is kept at the path."""
    server.enqueue(reply)
    with recorder(vendor, server, path) as client:
        return client.create(**ASK)


def facts(stream: Any) -> tuple[Any, ...]:
    return stream.text, stream.usage, stream.finish_reason, stream.reasoning


def test_what_was_recorded_is_played_back(
    vendor: Vendor, server: ReplayServer, tmp_path: Path
) -> None:
    path = tmp_path / "user.sse"
    server.enqueue(vendor.reply(*vendor.body(call(*PIECES))))
    with recorder(vendor, server, path) as client:
        real = client.create_partial(**ASK)
        shown = list(real)

    with partwise.from_provider(f"replay/{path}", speed=math.inf) as player:
        played = player.create_partial(**ASK)
        again = list(played)

    assert shown[-1] == ADA
    assert again == shown
    assert facts(played) == facts(real)
    assert KEY not in path.read_text()


async def test_the_same_for_asyncio(vendor: Vendor, server: ReplayServer, tmp_path: Path) -> None:
    path = tmp_path / "user.sse"
    server.enqueue(vendor.reply(*vendor.body(call(*PIECES))))
    async with recorder(vendor, server, path, async_client=True) as client:
        real = client.create_partial(**ASK)
        shown = [snapshot async for snapshot in real]

    async with partwise.from_provider(
        f"replay/{path}", async_client=True, speed=math.inf
    ) as player:
        played = player.create_partial(**ASK)
        again = [snapshot async for snapshot in played]

    assert shown[-1] == ADA
    assert again == shown
    assert facts(played) == facts(real)


OPENAI = VENDORS["openai"]


def play(path: Path, **keywords: Any) -> Any:
    with partwise.from_provider(f"replay/{path}", speed=math.inf) as player:
        return player.create(**ASK | keywords)


def test_the_answers_name_may_be_another_when_it_is_played(
    server: ReplayServer, tmp_path: Path
) -> None:
    class Person(User):
        pass

    path = tmp_path / "user.sse"
    record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(TEXT))))

    assert play(path, response_model=Person) == Person(name="Ada Lovelace", age=36)


def test_a_stream_that_broke_breaks_again(
    vendor: Vendor, server: ReplayServer, tmp_path: Path
) -> None:
    path = tmp_path / "broken.sse"
    body = vendor.body(call(*PIECES))[:4]

    with pytest.raises(partwise.ProviderConnectionError) as real:
        record(vendor, server, path, vendor.reply(b"".join(body), Drop()))
    with pytest.raises(partwise.ProviderConnectionError) as played:
        play(path)

    assert played.value.args == real.value.args
    assert played.value.text == real.value.text
    assert played.value.retryable


def test_an_error_of_the_vendors_comes_again(
    vendor: Vendor, server: ReplayServer, tmp_path: Path
) -> None:
    path = tmp_path / "limit.sse"
    document = vendor.wire.error(429, f"slow down, {KEY}")
    reply = Reply.of_json(document, status=429, headers={"retry-after": "7"})

    with pytest.raises(partwise.RateLimitError):
        record(vendor, server, path, reply)
    with pytest.raises(partwise.RateLimitError) as played:
        play(path)

    error = played.value
    assert (error.status_code, error.retryable, error.retry_after) == (429, True, 7.0)
    assert error.provider == vendor.model.partition("/")[0]
    assert "slow down, [scrubbed]" in str(error)


def test_an_error_in_the_stream_comes_again(
    vendor: Vendor, server: ReplayServer, tmp_path: Path
) -> None:
    path = tmp_path / "overloaded.sse"
    body = vendor.body([*call(*PIECES)[:4], StreamError("the lighthouse is closed")])[:-1]

    with pytest.raises(partwise.ProviderError) as real:
        record(vendor, server, path, vendor.reply(*body))
    with pytest.raises(partwise.ProviderError, match="the lighthouse is closed") as played:
        play(path)

    assert type(played.value) is type(real.value)
    assert played.value.text == real.value.text


def test_what_came_is_kept_when_the_reader_leaves(server: ReplayServer, tmp_path: Path) -> None:
    path = tmp_path / "left.sse"
    first, *_ = OPENAI.body(call(TEXT))
    exchange = server.enqueue(OPENAI.reply(first, b"".join(OPENAI.body(call(*PIECES))[:4]), Hold()))
    with recorder(OPENAI, server, path) as client:
        for _ in client.create_partial(**ASK):
            break
        exchange.wait_disconnected()

    assert Recording.load(path).fault is None
    assert Recording.load(path).events
    with pytest.raises(partwise.IncompleteOutputError):
        play(path)


def test_each_stream_has_its_file(server: ReplayServer, tmp_path: Path) -> None:
    for _ in range(2):
        server.enqueue(OPENAI.reply(*OPENAI.body(call(TEXT))))
    with recorder(OPENAI, server, tmp_path / "user.sse") as client:
        client.create(**ASK)
        client.create(**ASK)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["user-2.sse", "user.sse"]
    assert play(tmp_path / "user-2.sse") == ADA


# Keys ---------------------------------------------------------------------------------------


def test_a_key_in_an_event_is_scrubbed(server: ReplayServer, tmp_path: Path) -> None:
    path = tmp_path / "user.sse"
    text = TEXT.replace("Ada Lovelace", KEY)

    real = record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(text))))

    assert real.name == KEY
    assert play(path).name == "[scrubbed]"
    assert KEY not in path.read_text()


def test_a_key_that_is_spelled_out_over_events_is_not_written(
    server: ReplayServer, tmp_path: Path
) -> None:
    path = tmp_path / "user.sse"
    text = TEXT.replace("Ada Lovelace", KEY)

    with pytest.raises(RecordingError, match="the answer spells out a key: nothing was written"):
        record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(*text))))

    assert not path.exists()


def test_nothing_of_the_request_is_kept(server: ReplayServer, tmp_path: Path) -> None:
    path = tmp_path / "user.sse"
    record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(TEXT))))

    written = path.read_text().lower()
    assert "first program" not in written
    assert "authorization" not in written
    assert "content-type" not in written


# Pace ---------------------------------------------------------------------------------------


def timed(server: ReplayServer, tmp_path: Path) -> Recording:
    path = tmp_path / "user.sse"
    record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(*PIECES))))
    text = path.read_text().splitlines(keepends=True)
    paced = [": +0.500\n" if line.startswith(": +") else line for line in text]
    path.write_text("".join(paced))
    return Recording.load(path)


@pytest.mark.parametrize(("speed", "step"), [(1.0, 0.5), (2.0, 0.25), (math.inf, 0.0)])
def test_each_event_is_due_at_its_time(
    speed: float, step: float, server: ReplayServer, tmp_path: Path
) -> None:
    due = [at for at, _ in score(timed(server, tmp_path), speed, None)]

    assert due == pytest.approx([step * (n + 1) for n in range(len(due))])
    assert len(due) > len(PIECES)


def test_a_pause_longer_than_the_timeout_is_a_timeout(server: ReplayServer, tmp_path: Path) -> None:
    recording = timed(server, tmp_path)

    ((due, error),) = score(recording, 1.0, 0.2)

    assert due == 0.2
    assert isinstance(error, partwise.ProviderTimeoutError)
    assert len(list(score(recording, 10.0, 0.2))) == len(recording.events)


def test_it_is_played_at_its_own_pace(
    server: ReplayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed(server, tmp_path)
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr("partwise_replay._play.time.monotonic", lambda: now[0])
    monkeypatch.setattr("partwise_replay._play.time.sleep", sleep)
    with partwise.from_provider(f"replay/{tmp_path}/user.sse") as player:
        stream = player.create_partial(**ASK)
        times = [now[0] for _ in stream]

    assert times[:3] == [101.5, 102.0, 102.5]


# What can't be done ---------------------------------------------------------------------------


def test_recording_needs_a_place_and_a_provider(tmp_path: Path) -> None:
    with pytest.raises(partwise.ConfigurationError, match="needs to="):
        partwise.from_provider("record/openai/m", api_key="x")
    with pytest.raises(partwise.ConfigurationError, match="names no provider"):
        partwise.from_provider("record/openai", to=tmp_path / "x")
    with pytest.raises(partwise.ProviderNotFoundError, match="no provider is called 'acme'"):
        partwise.from_provider("record/acme/m", to=tmp_path / "x")


def test_a_place_that_can_not_be_written_is_told_before_anything_is_asked(
    server: ReplayServer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(RecordingError, match="can't be written"):
        record(OPENAI, server, tmp_path / "file" / "user.sse", OPENAI.reply())

    assert server.requests == []


def test_the_folder_is_made(server: ReplayServer, tmp_path: Path) -> None:
    path = tmp_path / "new" / "recordings" / "user.sse"

    record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(TEXT))))

    assert play(path) == ADA


def test_playing_needs_a_recording_a_speed_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording at"):
        partwise.from_provider(f"replay/{tmp_path}/none.sse")
    with pytest.raises(partwise.ConfigurationError, match="speed is a positive number"):
        partwise.from_provider("replay/x.sse", speed=0)
    with pytest.raises(partwise.ConfigurationError, match="has no option timeout; it has speed"):
        partwise.from_provider("replay/x.sse", timeout=3)


def test_the_plugin_of_a_recording_has_to_be_installed(
    server: ReplayServer, tmp_path: Path
) -> None:
    path = tmp_path / "user.sse"
    record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(TEXT))))
    path.write_text(path.read_text().replace("provider openai", "provider acme"))

    with pytest.raises(partwise.ProviderNotFoundError, match="no provider is called 'acme'"):
        play(path)


def test_a_mode_other_than_the_recorded_one(server: ReplayServer, tmp_path: Path) -> None:
    path = tmp_path / "user.sse"
    record(OPENAI, server, path, OPENAI.reply(*OPENAI.body(call(TEXT))))

    with pytest.raises(partwise.ConfigurationError, match="has no mode json_schema; it has tools"):
        play(path, mode="json_schema")
