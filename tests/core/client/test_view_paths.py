"""Views of a place that no answer can have: told at once, and not by an empty stream."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel

import partwise


class User(BaseModel):
    name: str
    tags: list[str] = []


class Team(BaseModel):
    model_config = ConfigDict(extra="forbid")
    users: list[User]
    by_name: dict[str, User] = {}
    either: User | int = 0
    one_of: User | list[User] | None = None
    called: User | None = Field(None, alias="Called")
    free: Any = None
    made: Annotated[User, AfterValidator(lambda user: user)] = User(name="")
    read: Annotated[User, BeforeValidator(lambda user: user)] = User(name="")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Users(RootModel[list[User]]):
    pass


IMPOSSIBLE: list[Any] = [
    (Team, "user", "Team has the fields users, by_name, either, one_of, called, free, made, read"),
    (Team, "users.name", "users has elements: [0] is the first, [*] are all"),
    (Team, "users[0].nam", "users[0] has the fields name, tags; did you mean 'name'?"),
    (Team, "users[*].nam", "users.* has the fields name, tags"),
    (Team, "by_name.Jo.tag", "by_name.Jo has the fields name, tags"),
    (Team, "either.nam", "either has the fields name, tags"),
    (Team, "called.nam", "called has the fields name, tags"),
    (list[User], "[0].nam", "[0] has the fields name, tags"),
    (Users, "name", "Users has elements: [0] is the first, [*] are all"),
]
POSSIBLE: list[Any] = [
    (Team, ""),
    (Team, "users[0].tags"),
    (Team, "*"),
    (Team, "*.nam"),
    (Team, "by_name.Jo.tags[1]"),
    (Team, "one_of.nam"),
    (Team, "free.anything[3]"),
    (Team, "made.nam"),
    (Team, "read.nam"),
    (Team, "users[0].name.more"),
    (Open, "anything"),
    (int, "anything"),
]
VIEWS = ["elements", "text_deltas"]


@pytest.mark.parametrize(("model", "path", "why"), IMPOSSIBLE)
@pytest.mark.parametrize("view", VIEWS)
def test_a_place_that_no_answer_has(model: Any, path: str, why: str, view: str) -> None:
    for parse in (partwise.parse, partwise.aparse):
        with pytest.raises(ValueError, match="is not a path in") as raised:
            getattr(parse(model, ""), view)(path)
        assert str(raised.value).startswith(f"{path!r} is not a path in ")
        assert f": {why}" in str(raised.value)


WITHOUT = {
    "elements": {(Team, ""), (Team, "by_name.Jo.tags[1]")},
    "text_deltas": {(Team, ""), (Team, "users[0].tags")},
}


@pytest.mark.parametrize(("model", "path"), POSSIBLE)
@pytest.mark.parametrize("view", VIEWS)
def test_a_place_that_an_answer_may_have(model: Any, path: str, view: str) -> None:
    for parse in (partwise.parse, partwise.aparse):
        if (model, path) in WITHOUT[view]:
            with pytest.raises(ValueError, match=r"no (elements|text) at"):
                getattr(parse(model, ""), view)(path)
        else:
            getattr(parse(model, ""), view)(path)


def test_to_wait_for_a_place_that_no_answer_has() -> None:
    async def wait() -> Any:
        return await partwise.aparse(Team, '{"users": []}').field("users[0].nam")

    with pytest.raises(ValueError, match=r"users\[0\] has the fields name, tags"):
        asyncio.run(wait())
