"""What a stream gives to be shown elsewhere: JSON text, patches, events and envelopes."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest
from pydantic import BaseModel, field_validator
from tenacity import Retrying, stop_after_attempt, wait_fixed

import partwise
from partwise import NotAppendableError
from partwise.provider import Finish, TextDelta

from .test_wire_document import fold


class Person(BaseModel):
    name: str
    role: str = "guest"


class Team(BaseModel):
    title: str
    people: list[Person]
    size: int | None = 3


TEXT = '{"people": [{"name": "Ada L."}, {"name": "Bob", "role": "host"}], "title": "A \\"team\\""}'
FINAL = {
    "title": 'A "team"',
    "people": [{"name": "Ada L.", "role": "guest"}, {"name": "Bob", "role": "host"}],
    "size": 3,
}


def pieces(text: str = TEXT, size: int = 3) -> list[Any]:
    cut = [TextDelta(text[start : start + size]) for start in range(0, len(text), size)]
    return [*cut, Finish("stop", "stop")]


CALL: dict[str, Any] = {"response_model": Team, "mode": "json_schema"}


def test_json_deltas_join_to_the_value(play: Any) -> None:
    outcome = play(pieces(), view=lambda stream: stream.json_deltas(), **CALL)
    assert outcome.error is None
    text = "".join(outcome.snapshots)
    assert json.loads(text) == FINAL
    assert text.startswith('{"people":[{"name":"Ada L.","role":"guest"},{"name":"Bob"')
    assert len(outcome.snapshots) > 10


def test_json_deltas_show_no_half_number(play: Any) -> None:
    class Budget(BaseModel):
        amount: int
        note: str

    outcome = play(
        pieces('{"amount": 50000, "note": "x"}', 1),
        view=lambda stream: stream.json_deltas(),
        response_model=Budget,
        mode="json_schema",
    )
    shown = ["".join(outcome.snapshots[: n + 1]) for n in range(len(outcome.snapshots))]
    assert [each for each in shown if "5" in each and "50000" not in each] == []


def test_json_deltas_never_show_a_wrapper(play: Any) -> None:
    outcome = play(
        pieces('{"value": [1, 22, 333]}'),
        view=lambda stream: stream.json_deltas(),
        response_model=list[int],
        mode="json_schema",
    )
    assert "".join(outcome.snapshots) == "[1,22,333]"


def test_json_deltas_end_at_a_restart(play: Any) -> None:
    scripts = [pieces('{"title": "x", "people": [{"name": 1}]}'), pieces()]
    outcome = play(*scripts, view=lambda stream: stream.json_deltas(), **CALL, max_retries=1)
    assert isinstance(outcome.error, partwise.InvalidOutputError)
    assert len(outcome.provider.payloads) == 1


@pytest.mark.parametrize("throttle", [0.0, 0.01])
def test_nothing_of_a_failed_attempt_is_shown_before_the_next(play: Any, throttle: float) -> None:
    scripts = [pieces('{"title": "x", "people": [{"name": 1}]}'), pieces()]
    policy = Retrying(stop=stop_after_attempt(2), wait=wait_fixed(0.03))

    def view(stream: Any) -> Any:
        return stream.json_deltas(throttle=throttle)

    outcome = play(*scripts, view=view, **CALL, max_retries=policy)
    if outcome.error is None:  # the attempt had failed before anything of it was read
        assert json.loads("".join(outcome.snapshots)) == FINAL
    else:
        assert isinstance(outcome.error, partwise.InvalidOutputError)
        assert len(outcome.provider.payloads) == 1


def test_a_piece_read_while_a_retry_is_decided_ends_the_stream(play: Any) -> None:
    views: list[Any] = []

    def view(stream: Any) -> Any:
        views.append(stream.json_deltas())
        return stream.events()

    def wait(_: Any) -> float:
        feed = views[0]._feed
        assert isinstance(feed.take(), str)
        views[0].stream._session.feeds.mark_delivered(feed)  # as its reader in another thread does
        return 0.0

    scripts = [pieces('{"title": "x", "people": [{"name": 1}]}'), pieces()]
    policy = Retrying(stop=stop_after_attempt(2), wait=wait)
    outcome = play(*scripts, view=view, **CALL, max_retries=policy)
    assert isinstance(outcome.error, partwise.InvalidOutputError)
    assert len(outcome.provider.payloads) == 1


def test_json_deltas_that_wait_survive_a_restart(play: Any) -> None:
    scripts = [pieces('{"title": "x", "people": [{"name": 1}]}'), pieces()]
    outcome = play(
        *scripts, view=lambda stream: stream.json_deltas(wait=True), **CALL, max_retries=1
    )
    assert outcome.error is None
    assert [json.loads(each) for each in outcome.snapshots] == [FINAL]


def test_json_deltas_say_which_value_was_rewritten(play: Any) -> None:
    class Shouting(BaseModel):
        word: str

        @field_validator("word")
        @classmethod
        def _shout(cls, word: str) -> str:
            return word.upper()

    outcome = play(
        pieces('{"word": "hello"}'),
        view=lambda stream: stream.json_deltas(),
        response_model=Shouting,
        mode="json_schema",
    )
    assert isinstance(outcome.error, NotAppendableError)
    assert "/word" in str(outcome.error)


def test_patches_held_back_come_before_an_error(play: Any) -> None:
    text = json.dumps({str(i): {"a": i} for i in range(600)}, separators=(",", ":"))
    outcome = play(
        [TextDelta(text[i : i + 4]) for i in range(0, len(text), 4)][:-1],
        view=lambda stream: stream.patches(),
        response_model=dict[str, dict[str, int]],
        mode="json_schema",
    )
    document, path = None, ""
    for patch in outcome.snapshots:
        document, path = fold(document, patch, path)
    assert isinstance(outcome.error, partwise.IncompleteOutputError)
    assert document == outcome.error.snapshot


def test_an_operation_s_path_is_there_though_its_json_leaves_it_out(play: Any) -> None:
    outcome = play(pieces(), view=lambda stream: stream.patches(), **CALL)
    operations = [operation for patch in outcome.snapshots for operation in patch]
    short = [
        operation for operation in operations if "path" not in json.loads(json.dumps(operation))
    ]
    assert short
    assert all(operation["path"].startswith("/") for operation in short)
    assert all(operation.get("path") == operation["path"] for operation in short)
    with pytest.raises(KeyError):
        short[0]["from"]


def test_events_are_plain_data(play: Any) -> None:
    scripts = [pieces('{"title": "x", "people": [{"name": 1}]}'), pieces()]
    outcome = play(*scripts, view=lambda stream: stream.events(), **CALL, max_retries=1)
    data = [json.loads(json.dumps(event.to_json())) for event in outcome.snapshots]
    assert {each["kind"] for each in data} == {"opened", "grew", "closed", "restarted"}
    grown = {"kind": "grew", "path": "/title", "state": "partial"}
    assert any(each.items() >= grown.items() and each["text"] for each in data)
    assert data[-1] == {"kind": "closed", "path": "", "state": "complete", "value": FINAL}
    (restart,) = [each for each in data if each["kind"] == "restarted"]
    assert restart["attempt"] == 2
    assert restart["error"]["type"] == "InvalidOutputError"


def test_an_envelope_tells_missing_from_null_and_default() -> None:
    stream = partwise.parse(Team, ['{"size": null, "people": [{"name": "Ada"'])
    next(stream)
    assert stream.envelope() == {
        "kind": "snapshot",
        "attempt": 1,
        "state": "partial",
        "value": {"title": None, "people": [{"name": "Ada", "role": "guest"}], "size": None},
        "missing": ["/title"],
        "defaults": ["/people/0/role"],
    }


class Gate:
    """Text that comes when the test says so."""

    def __init__(self) -> None:
        self._open = threading.Semaphore(0)
        self.given = 0

    def let(self, count: int) -> None:
        for _ in range(count):
            self._open.release()

    def __iter__(self) -> Any:
        for index in range(0, len(TEXT), 3):
            assert self._open.acquire(timeout=10)
            self.given += 1
            yield TEXT[index : index + 3]


def test_a_slow_reader_gets_the_newest() -> None:
    gate = Gate()
    view = partwise.parse(Team, gate).snapshots(throttle=0.0)
    gate.let(5)
    next(view)
    gate.let(100)
    while view.stream.state("") != "complete":  # nobody asks, and the stream is read on
        time.sleep(0.001)
    rest = list(view)
    assert len(rest) <= 2
    assert rest[-1].model_dump(mode="json") == FINAL
    assert rest[-1] is view.stream.result()


@pytest.mark.parametrize("view", ["snapshots", "patches", "json_deltas", "events"])
def test_a_throttled_view_gives_all_in_the_end(view: str) -> None:
    gate = Gate()
    gate.let(100)
    started = time.monotonic()
    items = list(getattr(partwise.parse(Team, gate), view)(throttle=0.02))
    assert check(view, items)
    if view != "events":
        assert len(items) <= 2 + (time.monotonic() - started) / 0.02


@pytest.mark.parametrize("view", ["snapshots", "patches", "json_deltas", "events"])
def test_a_throttled_view_gives_all_in_the_end_async(view: str) -> None:
    async def main() -> list[Any]:
        async def chunks() -> Any:
            for index in range(0, len(TEXT), 3):
                await asyncio.sleep(0)
                yield TEXT[index : index + 3]

        stream = partwise.aparse(Team, chunks())
        return [each async for each in getattr(stream, view)(throttle=0.02)]

    assert check(view, asyncio.run(main()))


def check(view: str, items: list[Any]) -> bool:
    if view == "snapshots":
        return bool(items[-1].model_dump(mode="json") == FINAL)
    if view == "json_deltas":
        return bool(json.loads("".join(items)) == FINAL)
    if view == "events":
        return bool(items[-1].to_json()["value"] == FINAL)
    document, path = None, ""
    for patch in items:
        document, path = fold(document, patch, path)
    return bool(document == FINAL)


def test_a_throttled_view_gives_the_newest_before_an_error(play: Any) -> None:
    outcome = play(pieces()[:12], view=lambda stream: stream.snapshots(throttle=0.01), **CALL)
    assert isinstance(outcome.error, partwise.IncompleteOutputError)
    assert outcome.snapshots[-1] == outcome.error.snapshot


@pytest.mark.parametrize("throttle", [None, 0.01])
def test_text_that_was_rewritten_is_never_silent(play: Any, throttle: float | None) -> None:
    class Shouting(BaseModel):
        word: str

        @field_validator("word")
        @classmethod
        def _shout(cls, word: str) -> str:
            return word.upper()

    outcome = play(
        pieces('{"word": "hello"}', 1),
        view=lambda stream: stream.json_deltas(throttle=throttle),
        response_model=Shouting,
        mode="json_schema",
    )
    shown = "".join(outcome.snapshots)
    assert isinstance(outcome.error, NotAppendableError) or json.loads(shown) == {"word": "HELLO"}


def test_leaving_a_throttled_view_closes_the_stream(play: Any) -> None:
    def first(stream: Any) -> Any:
        view = stream.snapshots(throttle=0.01)
        if play.is_async:
            return leave(view)
        next(view)
        view.close()
        return iter(())

    async def leave(view: Any) -> Any:
        await anext(view)
        await view.aclose()
        for _ in ():
            yield

    outcome = play(pieces(), view=first, **CALL)
    assert outcome.error is None
    deadline = time.monotonic() + 5
    while outcome.provider.held and time.monotonic() < deadline:
        time.sleep(0.001)
    assert outcome.provider.held == 0


@pytest.mark.parametrize("throttle", [-1, float("nan"), float("inf"), 1e300, 10**400, "1"])
def test_a_pace_is_a_number_of_seconds(throttle: Any) -> None:
    with pytest.raises(ValueError, match="throttle must be seconds >= 0"):
        partwise.parse(Team, TEXT).snapshots(throttle=throttle)


def test_a_handler_of_one_stream(play: Any) -> None:
    heard: list[Any] = []

    def listen(stream: Any) -> Any:
        stream.on("stream:field_complete", lambda path, value: heard.append((path, value)))
        stream.on("stream:restart", lambda attempt, error: heard.append((attempt, type(error))))
        return stream.snapshots()

    scripts = [pieces('{"title": "x", "people": [{"name": 1}]}'), pieces()]
    outcome = play(*scripts, view=listen, **CALL, max_retries=1)
    assert outcome.error is None
    assert heard.index(("title", "x")) < heard.index((2, partwise.InvalidOutputError))
    assert ("title", 'A "team"') in heard


def test_a_handler_that_comes_while_the_stream_is_read() -> None:
    stream = partwise.parse(Team, [TEXT[:30], TEXT[30:]])
    next(stream)
    ends: list[Any] = []
    stream.on("stream:end", ends.append)
    stream.result()
    assert [end.outcome for end in ends] == ["value"]


def test_a_stream_has_no_hook_of_that_name() -> None:
    with pytest.raises(partwise.ConfigurationError, match="unknown hook 'stream:over'"):
        partwise.parse(Team, TEXT).on("stream:over", print)  # type: ignore[arg-type]
