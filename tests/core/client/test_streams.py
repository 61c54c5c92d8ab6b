"""What a user does with a stream: reading it, leaving it, other views, several readers."""

from __future__ import annotations

import asyncio
import gc
import re
import weakref
from operator import methodcaller
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, RootModel, computed_field, model_serializer

import partwise
from partwise import Closed, Grew, Opened
from partwise.provider import Finish, TextDelta, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

JO = '{"name": "Jo", "age": 25}'
STOP = Finish("stop", "stop")


class Team(BaseModel):
    users: list[dict[str, int]]
    note: str = ""


TEAM = '{"users": [{"a": 1}, {"b": 2}], "note": "all of them"}'


def pieces(text: str = JO, size: int = 5) -> list[Any]:
    return [TextDelta(text[i : i + size]) for i in range(0, len(text), size)]


def call(**more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Who?"}]
    return {"messages": messages, "mode": "json_schema", "max_retries": 0, **more}


# Leaving half-way -----------------------------------------------------------------------------


def leave_by_break(stream: Any) -> None:
    for _ in stream:
        break


def leave_by_exception(stream: Any) -> None:
    def fail() -> None:
        for _ in stream:
            raise KeyError

    with pytest.raises(KeyError):
        fail()


def leave_by_close(stream: Any) -> None:
    next(stream)
    stream.close()
    stream.close()


def leave_by_with(stream: Any) -> None:
    with stream as same:
        assert same is stream
        next(stream)


LEAVE: list[Any] = [leave_by_break, leave_by_exception, leave_by_close, leave_by_with]


async def aleave_by_break(stream: Any) -> None:
    async for _ in stream:
        break
    await turns()


async def aleave_by_exception(stream: Any) -> None:
    async def fail() -> None:
        async for _ in stream:
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    await turns()


async def aleave_by_close(stream: Any) -> None:
    await anext(stream)
    await stream.aclose()
    await stream.aclose()


async def aleave_by_with(stream: Any) -> None:
    async with stream as same:
        assert same is stream
        await anext(stream)


ALEAVE: list[Any] = [aleave_by_break, aleave_by_exception, aleave_by_close, aleave_by_with]


async def turns() -> None:
    """Let the loop turn, so that what was given to it is done."""
    for _ in range(5):
        await asyncio.sleep(0)


VIEWS: list[Callable[[Any], Any]] = [lambda stream: stream, lambda stream: stream.events()]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("leave", LEAVE)
def test_leaving_releases_the_connection(sync: Any, kit: Any, leave: Any, view: Any) -> None:
    with sync.client([*pieces(), STOP]) as client:
        stream = client.create_partial(kit.User, **call())
        leave(view(stream))
        assert (sync.provider.held, sync.provider.released) == (0, 1)
        assert sync.provider.read == 1
        with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
            stream.result()
        with pytest.raises(partwise.IncompleteOutputError, match="closed before") as caught:
            next(stream)
        assert caught.value.snapshot.model_dump() == {"name": None, "age": None}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("leave", ALEAVE)
def test_leaving_releases_the_connection_async(
    asynchronous: Any, kit: Any, leave: Any, view: Any
) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call())
        await leave(view(stream))
        assert (asynchronous.provider.held, asynchronous.provider.released) == (0, 1)
        with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
            await stream.result()
        with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
            await anext(stream)

    with asynchronous.client([*pieces(), STOP]) as client:
        asyncio.run(main(client))


def test_dropping_a_stream_releases_the_connection(play: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call())
        await anext(stream)
        del stream
        gc.collect()
        await turns()

    with play.client([*pieces(), STOP]) as client:
        if play.is_async:
            asyncio.run(main(client))
        else:
            stream = client.create_partial(kit.User, **call())
            next(stream)
            del stream
            gc.collect()
        assert play.provider.held == 0


@pytest.mark.parametrize("mode", ["json_schema", "md_json"])
@pytest.mark.parametrize("view", [iter, methodcaller("events")])
def test_what_a_stream_has_read_does_not_wait_for_the_garbage_collector(
    play: Any, kit: Any, view: Any, mode: str
) -> None:
    gc.disable()
    try:
        outcome = play([*pieces(), STOP], view=view, mode=mode)
        attempt = outcome.stream._session.attempt
        left = [weakref.ref(attempt), weakref.ref(attempt.builder)]
        assert outcome.error is None
        del attempt, outcome
        assert [each() for each in left] == [None, None]
    finally:
        gc.enable()


def test_a_stream_that_was_never_read_sends_nothing(play: Any, kit: Any) -> None:
    with play.client([]) as client:
        stream = client.create_partial(kit.User, **call())
        assert stream.state("name") == "missing"
        assert (stream.text, stream.usage, stream.finish_reason) == ("", None, None)
        del stream
        assert play.provider.payloads == []


def test_an_interrupt_releases_the_connection(sync: Any, kit: Any) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with sync.client([TextDelta("{"), interrupt]) as client:
        stream = client.create_partial(kit.User, **call())
        with pytest.raises(KeyboardInterrupt):
            list(stream)
        assert sync.provider.held == 0


@pytest.mark.parametrize("steps", range(30))
def test_a_task_cancelled_anywhere_releases_the_connection(
    asynchronous: Any, kit: Any, steps: int
) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call())
        task = asyncio.ensure_future(stream.result())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await turns()
        assert asynchronous.provider.held == 0
        assert len(asyncio.all_tasks()) == 1

    with asynchronous.client([*pieces(), STOP]) as client:
        asyncio.run(main(client))


def test_a_task_that_is_never_resumed_releases_the_connection(asynchronous: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        never = asyncio.get_running_loop().create_future()
        asynchronous.provider.scripts[0].append(never)
        stream = client.create_partial(kit.User, **call())
        await anext(stream)
        reading = anext(stream)
        reading.send(None) if hasattr(reading, "send") else None
        reading.close()
        await turns()
        assert asynchronous.provider.held == 0

    with asynchronous.client([TextDelta("{")]) as client:
        asyncio.run(main(client))


def test_a_loop_that_ends_lets_go_of_what_was_left_open(
    asynchronous: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Response:
        """No generator: asyncio itself would end it."""

        held = 0

        def __init__(self, payload: Any) -> None:
            self._events = iter([*pieces(), STOP])

        async def __aenter__(self) -> Any:
            Response.held += 1
            return self

        async def __aexit__(self, *_: object) -> None:
            Response.held -= 1

        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> Any:
            return next(self._events)

    async def main(client: Any) -> Any:
        stream = client.create_partial(kit.User, **call())
        await anext(stream)
        return stream

    with asynchronous.client([*pieces(), STOP]) as client:
        monkeypatch.setattr(asynchronous.provider, "aopen", Response)
        stream = asyncio.run(main(client))
        assert Response.held == 0
        stream.abandon()


def test_a_release_that_fails_is_logged(
    play: Any, kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    play_end = kit.Provider._end

    def fail(provider: Any) -> None:
        play_end(provider)
        raise OSError("no such socket")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kit.Provider, "_end", fail)
        assert play([*pieces(), STOP], mode="json_schema").value.age == 25
    assert "could not be closed" in caplog.text


# Reading on -----------------------------------------------------------------------------------


def test_result_reads_to_the_end_and_stays(sync: Any, kit: Any) -> None:
    with sync.client([*pieces(), STOP]) as client:
        stream = client.create_partial(kit.User, **call())
        first = next(stream)
        value = stream.result()
        assert (value.name, value.age) == ("Jo", 25)
        assert first.model_dump() == {"name": None, "age": None}
        assert stream.result() is value
        assert list(stream) == [value] or list(stream) == []
        assert stream.state("name") == "complete"


def test_the_last_snapshot_is_the_result(play: Any, kit: Any) -> None:
    outcome = play([*pieces(), STOP], mode="json_schema")
    result = outcome.stream.result()
    value = asyncio.run(result) if play.is_async else result
    assert outcome.snapshots[-1] is value


def test_an_error_is_raised_again(play: Any, kit: Any) -> None:
    outcome = play([TextDelta("{]")], mode="json_schema")
    with pytest.raises(partwise.MalformedOutputError) as caught:
        asyncio.run(outcome.stream.result()) if play.is_async else outcome.stream.result()
    assert caught.value is outcome.error


def test_state_follows_the_text(sync: Any, kit: Any) -> None:
    with sync.client([TextDelta('{"name": "J'), TextDelta('o"'), TextDelta("}")]) as client:
        stream = client.create_partial(kit.User, **call())
        states: list[str] = []
        with pytest.raises(partwise.InvalidOutputError):
            states.extend(stream.state("name") for _ in stream)
        with pytest.raises(ValueError, match="invalid path"):
            stream.state("users[")


# Views ----------------------------------------------------------------------------------------


def team(play: Any, view: Any, **more: Any) -> list[Any]:
    outcome = play(
        [*pieces(TEAM, 7), STOP], view=view, response_model=Team, mode="json_schema", **more
    )
    assert outcome.error is None
    return list(outcome.snapshots)


def test_events(play: Any) -> None:
    events = team(play, lambda stream: stream.events())
    assert isinstance(events[0], Opened)
    assert "".join(event.text for event in events if isinstance(event, Grew)) == "all of them"
    last = events[-1]
    assert isinstance(last, Closed)
    assert last.path == ()
    assert type(last.value) is Team


def test_elements(play: Any) -> None:
    assert team(play, lambda stream: stream.elements("users")) == [{"a": 1}, {"b": 2}]
    assert team(play, lambda stream: stream.elements("users[*]")) == [1, 2]
    assert team(play, lambda stream: stream.elements("users[1]")) == [2]


def test_elements_come_long_before_the_end(sync: Any) -> None:
    script = [*pieces(TEAM, 1), STOP]
    with sync.client(script) as client:
        elements = client.create_partial(Team, **call()).elements("users")
        assert next(elements) == {"a": 1}
        assert sync.provider.read == TEAM.index("}") + 1


def test_elements_of_what_shows_only_as_a_whole(play: Any) -> None:
    class Tags(BaseModel):
        tags: frozenset[int]

    outcome = play(
        [*pieces('{"tags": [1, 2]}', 3), STOP],
        view=lambda stream: stream.elements("tags"),
        response_model=Tags,
        mode="json_schema",
    )
    assert sorted(outcome.snapshots) == [1, 2]


def test_text_deltas(play: Any) -> None:
    deltas = team(play, lambda stream: stream.text_deltas("note"))
    assert len(deltas) > 1
    assert "".join(deltas) == "all of them"


def test_text_that_a_validator_extends(play: Any) -> None:
    class Shouted(BaseModel):
        word: Annotated[str, AfterValidator(lambda word: word + "!")]

    outcome = play(
        [*pieces('{"word": "hello"}', 4), STOP],
        view=lambda stream: stream.text_deltas("word"),
        response_model=Shouted,
        mode="json_schema",
    )
    assert "".join(outcome.snapshots) == "hello!"


def test_text_that_a_validator_replaces_stays_as_it_was_given(play: Any) -> None:
    class Censored(BaseModel):
        word: Annotated[str, AfterValidator(lambda _: "")]

    outcome = play(
        [*pieces('{"word": "hello"}', 4), STOP],
        view=lambda stream: stream.text_deltas("word"),
        response_model=Censored,
        mode="json_schema",
    )
    assert "hello".startswith("".join(outcome.snapshots))


def test_patches_make_each_snapshot_of_the_one_before(play: Any) -> None:
    patches = team(play, lambda stream: stream.patches(standard=True))
    document: Any = None
    seen: list[Any] = []
    for patch in patches:
        for operation in patch:
            document = apply(document, operation)
        seen.append(document)
    snapshots = [each.model_dump(mode="json") for each in team(play, lambda stream: stream)]
    assert seen == [each for i, each in enumerate(snapshots) if not i or each != snapshots[i - 1]]


def apply(document: Any, operation: Any) -> Any:
    """RFC 6902, written here from its text."""
    import copy

    document = copy.deepcopy(document)
    if operation["path"] == "":
        return operation["value"]
    *way, last = [
        step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]
    ]
    parent = document
    for step in way:
        parent = parent[int(step) if isinstance(parent, list) else step]
    if isinstance(parent, list):
        if operation["op"] == "add":
            parent.insert(int(last), operation["value"])
        else:
            parent[int(last)] = operation["value"]
    else:
        assert operation["op"] == "add" or last in parent
        parent[last] = operation["value"]
    return document


def test_a_pointer_escapes_its_keys(play: Any) -> None:
    outcome = play(
        [*pieces('{"a/b~c": 1}', 3), STOP],
        view=lambda stream: stream.patches(),
        response_model=dict[str, int],
        mode="json_schema",
    )
    assert {op["path"] for patch in outcome.snapshots for op in patch} == {"", "/a~1b~0c"}


def test_patches_of_what_is_written_otherwise_than_it_is_built(play: Any) -> None:
    class Pair(BaseModel):
        left: str
        right: str

        @model_serializer
        def _joined(self) -> str:
            return f"{self.left}-{self.right}"

    class Page(BaseModel):
        pair: Pair
        lines: dict[int, list[str]]

        @computed_field  # type: ignore[prop-decorator]
        @property
        def count(self) -> int:
            return len(self.lines)

    text = '{"pair": {"left": "yes", "right": "no"}, "lines": {"7": ["a", "b"], "8": []}}'
    outcome = play(
        [*pieces(text, 4), STOP],
        view=lambda stream: stream.patches(standard=True),
        response_model=Page,
        mode="json_schema",
    )
    document: Any = None
    for operation in (each for patch in outcome.snapshots for each in patch):
        document = apply(document, operation)
    assert document == {"pair": "yes-no", "lines": {"7": ["a", "b"], "8": []}, "count": 2}
    assert "/lines/7/1" in {each["path"] for patch in outcome.snapshots for each in patch}


def test_a_restart_puts_a_new_document_in_place(play: Any) -> None:
    scripts = [
        [TextDelta('{"note": "x", "users": [{"a": "x"}]}')],
        [TextDelta(TEAM[:15])],
        [*pieces(TEAM, 9)],
    ]
    outcome = play(
        *scripts,
        view=lambda stream: stream.patches(standard=True),
        response_model=Team,
        mode="json_schema",
        max_retries=2,
    )
    document: Any = None
    for operation in (each for patch in outcome.snapshots for each in patch):
        document = apply(document, operation)
    assert document == {"users": [{"a": 1}, {"b": 2}], "note": "all of them"}


def test_a_loop_over_a_loop(sync: Any, kit: Any) -> None:
    with sync.client([*pieces(), STOP]) as client:
        assert len(list(iter(iter(client.create_partial(kit.User, **call()))))) == len(pieces()) + 1


def test_a_loop_over_a_loop_async(asynchronous: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call())
        assert len([each async for each in aiter(aiter(stream))]) == len(pieces()) + 1

    with asynchronous.client([*pieces(), STOP]) as client:
        asyncio.run(main(client))


def test_a_view_is_asked_for_before_the_first_snapshot(sync: Any, kit: Any) -> None:
    with sync.client([*pieces(), STOP]) as client:
        stream = client.create_partial(kit.User, **call())
        events = stream.events()
        next(stream)
        assert stream.patches().stream is stream
        assert list(events)

    with sync.client([*pieces(), STOP]) as client:
        stream = client.create_partial(kit.User, **call())
        next(stream)
        with pytest.raises(partwise.ConfigurationError, match="before reading the stream"):
            stream.events()


@pytest.mark.parametrize("view", ["elements", "text_deltas"])
def test_what_was_given_is_not_given_twice(play: Any, view: str) -> None:
    bad = TEAM.replace("all of them", "x").replace("2", '"x"')
    bad = '{"note": "yes", ' + bad[1:].replace(', "note": "x"', "")
    path = "users" if view == "elements" else "note"
    scripts = [[*pieces(bad, 4), STOP], [*pieces(TEAM, 4), STOP]]
    outcome = play(
        *scripts,
        view=lambda stream: getattr(stream, view)(path),
        response_model=Team,
        mode="json_schema",
        max_retries=1,
    )
    assert isinstance(outcome.error, partwise.InvalidOutputError)
    assert outcome.snapshots


@pytest.mark.parametrize(
    ("view", "path", "expected"),
    [("elements", "users", [{"a": 1}, {"b": 2}]), ("text_deltas", "note", "all of them")],
)
def test_what_was_not_given_yet_begins_anew(play: Any, view: str, path: str, expected: Any) -> None:
    scripts = [[TextDelta('{"users": 1'), TextDelta("}"), STOP], [*pieces(TEAM, 4), STOP]]
    outcome = play(
        *scripts,
        view=lambda stream: getattr(stream, view)(path),
        response_model=Team,
        mode="json_schema",
        max_retries=1,
    )
    assert outcome.error is None
    found = outcome.snapshots if view == "elements" else "".join(outcome.snapshots)
    assert found == expected


# asyncio alone --------------------------------------------------------------------------------


def test_fields_are_awaited_by_several_tasks_at_once(asynchronous: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(Team, **call())
        first, note, users = await asyncio.gather(
            stream.field("users[0]"), stream.field("note"), stream.field("users")
        )
        assert (first, note, users) == ({"a": 1}, "all of them", [{"a": 1}, {"b": 2}])
        assert (await stream.result()).note == note
        for path in ("users[7]", "users[0].nobody", "users[0].a[1]"):
            with pytest.raises(LookupError, match=re.escape(f"nothing at {path}")):
                await stream.field(path)

    with asynchronous.client([*pieces(TEAM, 3), STOP]) as client:
        asyncio.run(main(client))


def test_a_field_that_never_comes_has_its_default(asynchronous: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(Team, **call())
        assert await stream.field("note") == ""

    with asynchronous.client([TextDelta('{"users": []}'), STOP]) as client:
        asyncio.run(main(client))


def test_a_field_of_a_broken_answer(asynchronous: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(Team, **call())
        with pytest.raises(partwise.IncompleteOutputError):
            await asyncio.gather(stream.field("note"), stream.result())
        with pytest.raises(partwise.IncompleteOutputError):
            await stream.field("note")

    with asynchronous.client([TextDelta('{"users": ['), STOP]) as client:
        asyncio.run(main(client))


def test_a_field_inside_a_root_model(asynchronous: Any) -> None:
    class Names(RootModel[list[str]]):
        pass

    async def main(client: Any) -> None:
        stream = client.create_partial(Names, **call())
        assert await stream.field("[1]") == "b"

    with asynchronous.client([*pieces('{"value": ["a", "b", "c"]}', 3), STOP]) as client:
        asyncio.run(main(client))


def test_a_loop_sees_the_end_that_another_task_has_read(asynchronous: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call())
        seen = []
        async for snapshot in stream:
            seen.append(snapshot)
            await stream.field("age")
        assert seen[-1] == kit.User(name="Jo", age=25)
        assert len(seen) < len(pieces())

    with asynchronous.client([*pieces(), STOP]) as client:
        asyncio.run(main(client))


def test_a_waiting_task_may_be_cancelled(asynchronous: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call())
        reader = asyncio.ensure_future(stream.result())
        await asyncio.sleep(0)
        waiter = asyncio.ensure_future(stream.field("age"))
        await asyncio.sleep(0)
        waiter.cancel()
        assert (await reader).age == 25
        assert waiter.cancelled()

    with asynchronous.client([*pieces(), STOP]) as client:
        asyncio.run(main(client))


def test_awaiting_gives_the_stream_itself(asynchronous: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call())
        assert await stream is stream
        async for snapshot in await stream:
            assert isinstance(snapshot, kit.User)
        view = client.create_iterable(kit.User, **call())
        assert await view is view

    with asynchronous.client([*pieces(), STOP], []) as client:
        asyncio.run(main(client))


# Time -----------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_call_that_takes_too_long(sync: Any, kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)

    def slow() -> Any:
        clock.now += 6
        return TextDelta("{")

    with sync.client([slow, slow, slow]) as client:
        stream = client.create_partial(kit.User, **call(timeout=10, max_retries=3))
        with pytest.raises(partwise.ProviderTimeoutError, match="longer than 10 s") as caught:
            list(stream)
        assert not caught.value.retryable
        assert sync.provider.held == 0
        assert sync.provider.payloads[0]["request"].read_timeout == 10


def test_no_wait_goes_past_the_end_of_the_call(
    sync: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    waited: list[float] = []

    def pause(seconds: float, is_closed: Any) -> None:
        waited.append(seconds)
        clock.now += seconds

    monkeypatch.setattr("partwise._client.driver.pause", pause)
    fault = partwise.ServerError("busy", provider="scripted", retryable=True, retry_after=30)
    with sync.client([kit.InBand(fault)], []) as client:
        stream = client.create_partial(kit.User, **call(timeout=10, max_retries=3))
        with pytest.raises(partwise.ProviderTimeoutError):
            list(stream)
        assert waited == [10]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"idle_timeout": 0.02}, "no sign of life for 0.02 s"),
        ({"timeout": 0.02}, "longer than 0.02 s"),
        ({"timeout": 30, "idle_timeout": 0.02}, "no sign of life"),
    ],
)
def test_silence_ends_the_wait(asynchronous: Any, kit: Any, settings: Any, message: str) -> None:
    async def main(client: Any) -> None:
        asynchronous.provider.scripts[0].append(asyncio.get_running_loop().create_future())
        stream = client.create_partial(kit.User, **call(**settings))
        with pytest.raises(partwise.ProviderTimeoutError, match=message) as caught:
            await stream.result()
        assert caught.value.text == "{"
        assert caught.value.usage == Usage(1, 1)
        assert asynchronous.provider.held == 0

    with asynchronous.client([TextDelta("{"), Usage(1, 1)]) as client:
        asyncio.run(main(client))


def test_a_timeout_of_the_vendor_s_own_is_not_ours(asynchronous: Any, kit: Any) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(kit.User, **call(timeout=30))
        with pytest.raises(TimeoutError, match="own"):
            await stream.result()

    with asynchronous.client([TimeoutError("own")]) as client:
        asyncio.run(main(client))
