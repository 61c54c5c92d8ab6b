"""Several readers of one stream: each sees everything from where it began, and leaves alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel

import partwise
from partwise.provider import Finish, TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable


class User(BaseModel):
    name: str
    nick: str = "none"
    age: int | None = None


class Team(BaseModel):
    users: list[User] = []
    summary: str = ""
    notes: str = ""
    by_name: dict[str, User] = {}


TEXT = (
    '{"users": [{"name": "Jo"}, {"name": "Al"}], "summary": "all is well", "notes": "some notes",'
    ' "by_name": {"x": {"name": "Xi"}}}'
)
USERS = [User(name="Jo"), User(name="Al")]
STOP = Finish("stop", "stop")


def pieces(text: str = TEXT, size: int = 4) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def script(text: str = TEXT) -> list[Any]:
    return [*map(TextDelta, pieces(text)), STOP]


def call(**more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Who?"}]
    return {"messages": messages, "mode": "json_schema", "max_retries": 0, **more}


async def collected(view: Any) -> list[Any]:
    return [item async for item in view]


# At once --------------------------------------------------------------------------------------


def test_views_that_take_turns() -> None:
    stream = partwise.parse(Team, pieces())
    users, summary, notes = (
        stream.elements("users"), stream.text_deltas("summary"), stream.text_deltas("notes"),
    )  # fmt: skip
    readers = {"users": iter(users), "summary": iter(summary), "notes": iter(notes)}
    found: dict[str, list[Any]] = {name: [] for name in readers}
    while readers:
        for name, reader in list(readers.items()):
            try:
                found[name].append(next(reader))
            except StopIteration:
                del readers[name]
    assert found["users"] == USERS
    assert "".join(found["summary"]) == "all is well"
    assert "".join(found["notes"]) == "some notes"


def test_a_view_that_is_read_last_has_everything() -> None:
    stream = partwise.parse(Team, pieces())
    users, events = stream.elements("users"), stream.events()
    snapshots = list(stream)
    assert list(users) == USERS
    assert [*events][-1].value is snapshots[-1]


def test_loops_that_take_turns_see_every_snapshot() -> None:
    stream = partwise.parse(Team, pieces())
    alone = list(partwise.parse(Team, pieces()))
    first, second = iter(stream), iter(stream)
    seen = [(one, other) for one, other in zip(first, second, strict=False)]
    assert [one for one, _ in seen] == alone
    assert all(one is other for one, other in seen)


def test_views_of_several_tasks() -> None:
    async def main() -> None:
        stream = partwise.aparse(Team, pieces())
        users, summary, notes, snapshots, others = await asyncio.gather(
            collected(stream.elements("users")),
            collected(stream.text_deltas("summary")),
            collected(stream.text_deltas("notes")),
            collected(stream),
            collected(stream),
        )
        assert users == USERS
        assert ("".join(summary), "".join(notes)) == ("all is well", "some notes")
        assert snapshots == others == list(partwise.parse(Team, pieces()))

    asyncio.run(main())


def test_tasks_see_each_snapshot_of_an_event_that_has_several(asynchronous: Any) -> None:
    async def main(client: Any) -> list[list[Any]]:
        stream = client.create_partial(Team, **call())
        return await asyncio.gather(*(collected(stream) for _ in range(3)))

    with asynchronous.client([[*map(TextDelta, pieces())], STOP]) as client:
        seen = asyncio.run(main(client))
    assert seen == [list(partwise.parse(Team, pieces()))] * 3


def test_a_slow_task_sees_the_last_snapshot(asynchronous: Any) -> None:
    async def last_of(stream: Any) -> Any:
        last = None
        async for snapshot in stream:
            last = snapshot
            for _ in range(1000 if snapshot.summary else 0):
                await asyncio.sleep(0)
        return last

    async def main(client: Any) -> None:
        stream = client.create_partial(Team, **call())
        last, all_of_them = await asyncio.gather(last_of(stream), collected(stream))
        assert last == all_of_them[-1]

    with asynchronous.client(script()) as client:
        asyncio.run(main(client))


def test_every_view_sees_the_error(play: Any) -> None:
    async def read(client: Any) -> list[Any]:
        stream = client.create_partial(Team, **call())
        views = [stream.elements("users"), stream.text_deltas("summary"), stream]
        errors: list[Any] = await asyncio.gather(*map(collected, views), return_exceptions=True)
        return errors

    with play.client([TextDelta('{"users": ["x"')]) as client:
        if play.is_async:
            errors = asyncio.run(read(client))
        else:
            errors = []
            stream = client.create_partial(Team, **call())
            for view in (stream.elements("users"), stream.text_deltas("summary")):
                with pytest.raises(partwise.InvalidOutputError) as caught:
                    list(view)
                errors.append(caught.value)
        assert len(set(map(type, errors))) == 1
        assert isinstance(errors[0], partwise.InvalidOutputError)


# Leaving --------------------------------------------------------------------------------------


def test_one_that_leaves_does_not_end_the_others(sync: Any) -> None:
    with sync.client(script()) as client:
        stream = client.create_partial(Team, **call())
        users, summary = stream.elements("users"), stream.text_deltas("summary")
        for user in users:
            assert user == USERS[0]
            break
        assert sync.provider.held == 1
        assert list(users) == []
        assert "".join(summary) == "all is well"
        assert sync.provider.held == 0


def test_the_last_one_that_leaves_ends_the_stream(sync: Any) -> None:
    with sync.client(script()) as client:
        stream = client.create_partial(Team, **call())
        with stream.elements("users") as users, stream.events() as events:
            assert next(users) == USERS[0]
            next(events)
        assert sync.provider.held == 0
        with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
            next(users)


def test_a_view_that_is_dropped_ends_nothing(sync: Any) -> None:
    with sync.client(script()) as client:
        stream = client.create_partial(Team, **call())
        stream.events()
        assert next(stream.elements("users")) == USERS[0]
        assert len(stream._session.feeds._feeds) == 0
        assert stream.result().users == USERS


def test_a_task_that_leaves_does_not_end_the_others(asynchronous: Any) -> None:
    async def first(view: Any) -> Any:
        async for item in view:
            return item
        return None

    async def main(client: Any) -> None:
        stream = client.create_partial(Team, **call())
        user, summary, snapshots = await asyncio.gather(
            first(stream.elements("users")), collected(stream.text_deltas("summary")), first(stream)
        )
        assert user == USERS[0]
        assert "".join(summary) == "all is well"
        assert isinstance(snapshots, Team)
        assert asynchronous.provider.held == 0

    with asynchronous.client(script()) as client:
        asyncio.run(main(client))


@pytest.mark.parametrize("steps", range(0, 60, 3))
def test_a_reader_that_is_cancelled_does_not_end_the_others(asynchronous: Any, steps: int) -> None:
    async def main(client: Any) -> None:
        stream = client.create_partial(Team, **call())
        users = stream.elements("users")
        tasks = [
            asyncio.ensure_future(collected(stream.text_deltas("notes"))),
            asyncio.ensure_future(stream.field("notes")),
            asyncio.ensure_future(collected(stream)),
        ]
        rest = asyncio.ensure_future(collected(users))
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        assert await rest == USERS
        await asyncio.wait(tasks)

    with asynchronous.client(script()) as client:
        asyncio.run(main(client))


def test_a_field_that_is_waited_for_too_long_leaves_the_stream(asynchronous: Any) -> None:
    async def main(client: Any) -> None:
        more = asyncio.get_running_loop().create_future()
        asynchronous.provider.scripts[0][:] = [TextDelta('{"users": ['), more, TextDelta("]}")]
        stream = client.create_partial(Team, **call())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.field("users"), 0.01)
        assert asynchronous.provider.held == 1
        more.set_result(TextDelta('{"name": "Jo"}'))
        assert (await stream.result()).users == USERS[:1]

    with asynchronous.client([]) as client:
        asyncio.run(main(client))


def test_closing_ends_a_reader_that_waits(asynchronous: Any) -> None:
    async def main(client: Any) -> None:
        asynchronous.provider.scripts[0].append(asyncio.get_running_loop().create_future())
        stream = client.create_partial(Team, **call())
        readers = [asyncio.ensure_future(each) for each in (stream.result(), stream.field("notes"))]
        for _ in range(20):
            await asyncio.sleep(0)
        await stream.aclose()
        for reader in readers:
            with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
                await reader
        assert asynchronous.provider.held == 0

    with asynchronous.client([TextDelta('{"users": [')]) as client:
        asyncio.run(main(client))


# Fields ---------------------------------------------------------------------------------------


def field(play: Any, path: Any, text: str = TEXT) -> tuple[Any, Any]:
    """The field, or its error; and the stream's text when it was there."""

    async def wait(client: Any) -> tuple[Any, Any]:
        stream = client.create_partial(Team, **call())
        found: Any
        try:
            found = await stream.field(path) if play.is_async else stream.field(path)
        except LookupError as error:
            found = error
        text = stream.text
        await stream.result() if play.is_async else stream.result()
        return found, text

    with play.client([*map(TextDelta, pieces(text, 1)), STOP]) as client:
        return asyncio.run(wait(client))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("users[1].name", "Al"),
        (("users", 1, "name"), "Al"),
        (["users", 1], USERS[1]),
        (lambda team: team.users[1].name, "Al"),
        (lambda team: team.by_name["x"].name, "Xi"),
    ],
)
def test_a_field_in_every_way_to_name_it(play: Any, path: Any, value: Any) -> None:
    found, text = field(play, path)
    assert found == value
    assert len(text) < len(TEXT)


def test_a_field_whose_parent_closed_without_it(play: Any) -> None:
    found, text = field(play, "users[0].nick")
    assert found == "none"
    assert text == TEXT[: TEXT.index("}") + 1]


def test_a_field_that_will_never_come_is_an_error_at_once(play: Any) -> None:
    found, text = field(play, "users[5].name")
    assert isinstance(found, LookupError)
    assert text == TEXT[: TEXT.index("]") + 1]


SEVERAL: list[Callable[[Any], Any]] = [
    lambda stream: stream.state("users[*].name"),
    lambda stream: stream.field("users[*]"),
]


@pytest.mark.parametrize("use", SEVERAL)
def test_several_places_are_no_field(use: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match="names several places"):
        use(partwise.parse(Team, TEXT))


# Places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda stream: stream.state("usres"), "usres"),
        (lambda stream: stream.field("usres"), "usres"),
        (lambda stream: stream.text_deltas("usres"), "usres"),
        (lambda stream: stream.elements(("users", "name")), "users"),
        (lambda stream: stream.text_deltas("users"), "no text at users: it holds list"),
        (lambda stream: stream.text_deltas("users[0].age"), "it holds int or none"),
        (lambda stream: stream.elements("users[0]"), r"no elements at users\[0\]: it holds a mod"),
        (lambda stream: stream.elements("summary"), "no elements at summary: it holds str"),
        (lambda stream: stream.state(("users", 1.5)), "1.5 is neither"),
        (lambda stream: stream.state(lambda team: team.users[0:1]), "invalid selector"),
        (lambda stream: stream.state(lambda team: len(team.users)), "invalid selector"),
        (lambda stream: stream.state(lambda team: 7), "invalid selector"),
        (lambda stream: stream.state(lambda team: team.usres), "usres"),
    ],
)
def test_a_place_is_refused_at_once(use: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        use(partwise.parse(Team, TEXT))


def test_states_in_every_way_to_name_them() -> None:
    stream = partwise.parse(Team, pieces())
    next(stream.elements(lambda team: team.users))
    for place in ("users[0].name", ("users", 0, "name"), lambda team: team.users[0].name):
        assert stream.state(place) == "complete"


def test_texts_of_all_places() -> None:
    stream = partwise.parse(Team, pieces(size=1))
    assert [*stream.text_deltas("users[*].name")] == ["J", "o", "A", "l"]


@pytest.mark.parametrize(
    ("rewrite", "expected"),
    [
        (sorted, [3, 1, 2]),
        (lambda numbers: [*numbers, 9], [3, 1, 2, 9]),
        (lambda numbers: [0, *numbers], [3, 1, 2, 0]),
        (lambda numbers: numbers[1:], [3, 1, 2]),
        (lambda numbers: [1000 * n for n in numbers], [3, 1, 2]),
    ],
)
def test_elements_of_a_rewritten_list_are_given_once(rewrite: Any, expected: list[int]) -> None:
    class Numbers(BaseModel):
        numbers: Annotated[list[int], AfterValidator(rewrite)]
        after: str = ""

    stream = partwise.parse(Numbers, pieces('{"numbers": [3, 1, 2], "after": ""}'))
    assert [*stream.elements("numbers")] == expected


def test_an_sdk_that_cancels_itself_leaves_no_reader_waiting(asynchronous: Any) -> None:
    async def main(client: Any) -> None:
        async def cancelled() -> None:
            raise asyncio.CancelledError

        asynchronous.provider.scripts[0].append(cancelled())
        stream = client.create_partial(Team, **call())
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(stream.result(), 1)
        assert asynchronous.provider.held == 0

    with asynchronous.client([TextDelta("{")]) as client:
        asyncio.run(main(client))
