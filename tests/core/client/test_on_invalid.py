"""Elements that are not valid: their error ends the stream, or they are left out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    RootModel,
    ValidationInfo,
    field_validator,
    model_validator,
)

import partwise

MESSAGES: Any = [{"role": "user", "content": "Who?"}]


class User(BaseModel):
    name: str
    age: int = Field(default=0, ge=0)


class Team(BaseModel):
    users: list[User]
    groups: list[list[int]] = []
    by_name: dict[str, User] = {}
    note: str = ""


class Users(RootModel[list[User]]):
    pass


ITEMS = '[{"name": "a"}, {"name": "b", "age": -1}, {"age": 2}, 7, {"name": "c"}]'
TEXT = f'{{"users": {ITEMS}, "note": "x"}}'
GOOD = [User(name="a"), User(name="c")]


def read(play: Any, answer: str, call: Any, kit: Any, *more: str) -> Any:
    """The items of the view that the call makes; and the view."""

    async def aread(client: Any) -> Any:
        view = call(client)
        return [item async for item in view], view

    with play.client(*[kit.text(text) for text in (answer, *more)]) as client:
        if play.is_async:
            return asyncio.run(aread(client))
        view = call(client)
        return list(view), view


def test_create_iterable_skips(play: Any, kit: Any) -> None:
    found: list[Any] = []
    hooks = partwise.Hooks()
    hooks.on("stream:invalid_element", found.append)
    items, view = read(
        play,
        f'{{"value": {ITEMS}}}',
        lambda client: client.create_iterable(
            User, MESSAGES, mode="json_schema", max_retries=0, on_invalid="skip", hooks=hooks
        ),
        kit,
    )
    assert items == GOOD
    assert [each.path for each in view.invalid] == [(1,), (2,), (3,)]
    assert view.stream.invalid == view.invalid == found
    assert view.invalid[0].errors[0]["type"] == "greater_than_equal"
    assert view.invalid[0].errors[0]["loc"] == ("age",)
    assert view.invalid[0].text == '{"name":"b","age":-1}'
    assert view.invalid[2].text == "7"


def test_the_default_raises(play: Any, kit: Any) -> None:
    with pytest.raises(partwise.InvalidOutputError):
        read(
            play,
            f'{{"value": {ITEMS}}}',
            lambda client: client.create_iterable(
                User, MESSAGES, mode="json_schema", max_retries=0
            ),
            kit,
        )


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_elements_skip_at_a_path(size: int) -> None:
    stream = partwise.parse(Team, [TEXT[i : i + size] for i in range(0, len(TEXT), size)])
    users = stream.elements(lambda team: team.users, on_invalid="skip")
    notes = stream.text_deltas("note")
    assert list(users) == GOOD
    assert "".join(notes) == "x"
    assert stream.result() == Team(users=GOOD, note="x")
    assert [each.path for each in stream.invalid] == [("users", i) for i in (1, 2, 3)]


def test_elements_come_as_they_are_complete() -> None:
    pieces = iter(TEXT)
    users = partwise.parse(Team, pieces).elements("users", on_invalid="skip")
    assert next(users) == GOOD[0]
    assert "".join(pieces) == TEXT[TEXT.index("}") + 1 :]


def test_snapshots_never_show_what_is_left_out() -> None:
    stream = partwise.parse(Team, list(TEXT))
    stream.elements("users", on_invalid="skip")
    shown: list[Any] = [snapshot.users for snapshot in stream]
    while None in shown:
        shown.remove(None)
    assert [users for i, users in enumerate(shown) if not i or users != shown[i - 1]] == [
        [], GOOD[:1], GOOD,
    ]  # fmt: skip


@pytest.mark.parametrize("model", [list[User], Users, list[User] | None])
def test_the_root_may_be_the_list(model: Any) -> None:
    stream = partwise.parse(model, list(ITEMS))
    assert list(stream.elements("", on_invalid="skip")) == GOOD
    assert len(stream.invalid) == 3


def test_a_list_in_a_list() -> None:
    text = '{"users": [], "groups": [["x", 1], [2]]}'
    stream = partwise.parse(Team, list(text))
    assert list(stream.elements("groups[0]", on_invalid="skip")) == [1]


def test_a_restart_begins_anew(play: Any, kit: Any) -> None:
    first = '{"value": [{"name": 1}, {"name": 2'
    items, view = read(
        play,
        first,
        lambda client: client.create_iterable(
            User, MESSAGES, mode="json_schema", max_retries=1, on_invalid="skip"
        ),
        kit,
        f'{{"value": {ITEMS}}}',
    )
    assert items == GOOD
    assert len(view.invalid) == 3


def test_validators_run_once_for_each_element() -> None:
    seen: list[str] = []

    class Noted(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _note(cls, name: str, info: ValidationInfo) -> str:
            seen.append(name)
            return name

    stream = partwise.parse(list[Noted], list('[{"name": "a"}, {}, {"name": "b"}]'))
    assert len(list(stream.elements("", on_invalid="skip"))) == 2
    assert seen == ["a", "b"]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda stream: stream.elements("by_name", on_invalid="skip"), "needs a list, and by_name"),
        (lambda stream: stream.elements("users", on_invalid="ignore"), 'must be "raise" or "skip"'),
    ],
)
def test_what_can_not_be_skipped(use: Any, message: str) -> None:
    with pytest.raises((ValueError, partwise.ConfigurationError), match=message):
        use(partwise.parse(Team, TEXT))


def test_one_list_of_a_stream_is_skipped_in_and_before_it_is_read() -> None:
    stream = partwise.parse(Team, TEXT)
    stream.elements("users", on_invalid="skip")
    with pytest.raises(partwise.ConfigurationError, match="one list of a stream"):
        stream.elements("groups", on_invalid="skip")
    stream = partwise.parse(Team, list(TEXT))
    next(stream)
    with pytest.raises(partwise.ConfigurationError, match="before reading"):
        stream.elements("users", on_invalid="skip")


class Rewritten(BaseModel):
    """Validated as a whole, from its text."""

    users: list[User]

    @model_validator(mode="before")
    @classmethod
    def _as_it_is(cls, value: Any) -> Any:
        return value


class Twice(BaseModel):
    """Its snapshots freeze when a better key of `size` comes."""

    users: list[User]
    size: int = Field(validation_alias=AliasChoices("best", "good"))


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (Rewritten, f'{{"users": {ITEMS}}}'),
        (Twice, f'{{"good": 1, "users": {ITEMS}, "best": 2}}'),
    ],
)
@pytest.mark.parametrize("is_inside", [False, True])
def test_elements_are_left_out_when_the_text_is_validated_as_a_whole(
    model: Any, text: str, is_inside: bool
) -> None:
    class Outer(BaseModel):
        inner: model

    found: list[Any] = []
    place, kind = "users", model
    if is_inside:
        place, kind, text = f"inner.{place}", Outer, f'{{"inner": {text}}}'
    stream: Any = partwise.parse(kind, list(text))
    stream.on("stream:invalid_element", found.append)
    assert list(stream.elements(place, on_invalid="skip")) == GOOD
    answer = stream.result()
    assert (answer.inner if is_inside else answer).users == GOOD
    assert [each.path[-1] for each in found] == [1, 2, 3]
    assert stream.invalid == found


class Nested(BaseModel):
    rows: list[Rewritten]
    more: dict[str, tuple[Rewritten, ...]] = {}
    one: RootModel[Rewritten]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("rows[*].users", "abc"),
        ("rows[1].users", "c"),
        ("rows[9].users", ""),
        ("more.x[*].users", "d"),
        ("*.users", "e"),
        ("rows[*].users[*]", ""),
    ],
)
def test_elements_in_what_is_validated_as_a_whole(place: str, names: str) -> None:
    def of(names: str) -> str:
        users = ",".join(f'{{"name": "{name}"}}' for name in names)
        return f'{{"users": [{users}]}}'

    text = f'{{"rows": [{of("ab")}, {of("c")}], "more": {{"x": [{of("d")}]}}, "one": {of("e")}}}'
    steps: Any = ("*", "users") if place == "*.users" else place
    for pieces in (list(text), [text]):
        elements = list(partwise.parse(Nested, pieces).elements(steps))
        assert "".join(each.name for each in elements) == names


class Better(BaseModel):
    size: int = Field(validation_alias=AliasChoices("best", "good"))
    motto: str = ""
    rows: list[str] = []


@pytest.mark.parametrize(
    "text",
    [
        '{"good": 1, "best": 2, "motto": "hello", "rows": ["a", "b"]}',
        '{"good": 1, "motto": "hello", "rows": ["a", "b"], "best": 2}',
        '{"good": 1, "rows": ["a", "b"], "best": 2, "motto": "hello"}',
    ],
)
@pytest.mark.parametrize(("place", "expected"), [("motto", "hello"), ("rows[*]", "ab")])
def test_texts_are_given_once_when_snapshots_freeze(text: str, place: str, expected: str) -> None:
    for pieces in (list(text), [text]):
        assert "".join(partwise.parse(Better, pieces).text_deltas(place)) == expected


def test_texts_in_what_is_validated_as_a_whole_are_given_once() -> None:
    class Outer(BaseModel):
        inner: Rewritten
        note: str = ""

    stream = partwise.parse(Outer, list('{"inner": {"users": [{"name": "ab"}, {"name": "c"}]}}'))
    assert list(stream.text_deltas("inner.users[*].name")) == ["a", "b", "c"]
