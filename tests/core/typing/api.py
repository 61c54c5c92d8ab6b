"""What type checkers infer for a user. Never run: mypy and pyright read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, assert_type

import partwise
import partwise_bulk
from partwise import (
    AsyncClient,
    AsyncPartialStream,
    AsyncView,
    Client,
    Completion,
    Event,
    PartialStream,
    View,
)

if TYPE_CHECKING:
    import anthropic
    import openai
    from google import genai
    from pydantic import BaseModel

    class User(BaseModel):
        name: str

    class Dog(BaseModel):
        name: str

    class Team(BaseModel):
        users: list[User]
        lead: User
        by_name: dict[str, Dog]
        tags: set[str] | None
        motto: str | None


def clients(wanted: bool) -> None:
    assert_type(partwise.from_provider("openai/m"), Client)
    assert_type(partwise.from_provider("openai/m", async_client=False, api_key="k"), Client)
    assert_type(partwise.from_provider("openai/m", async_client=True, region="eu"), AsyncClient)
    assert_type(partwise.from_provider("openai/m", async_client=wanted), Client | AsyncClient)


def adopted(  # noqa: PLR0913, PLR0917
    sync: openai.OpenAI,
    asynchronous: openai.AsyncOpenAI,
    azure: openai.AsyncAzureOpenAI,
    claude: anthropic.Anthropic,
    async_claude: anthropic.AsyncAnthropic,
    gemini: genai.Client,
) -> None:
    assert_type(partwise.from_openai(sync, "m"), Client)
    assert_type(partwise.from_openai(asynchronous), AsyncClient)
    assert_type(partwise.from_openai(azure, mode="tools"), AsyncClient)
    assert_type(partwise.from_anthropic(claude), Client)
    assert_type(partwise.from_anthropic(async_claude), AsyncClient)
    assert_type(partwise.from_google(gemini), Client)
    assert_type(partwise.from_google(gemini.aio), AsyncClient)


def calls(client: Client) -> None:
    messages = [{"role": "user", "content": "Who?"}]
    stream = client.create_partial(response_model=User, messages=messages, temperature=0)
    assert_type(stream, PartialStream[User])
    for user in stream:
        assert_type(user, User)
    with stream as same:
        assert_type(same, PartialStream[User])
    assert_type(next(stream), User)
    assert_type(stream.result(), User)
    assert_type(stream.events(), View[Event])
    for event in stream.events():
        assert_type(event, Event)
    assert_type(stream.state("name"), Literal["missing", "partial", "complete"])

    assert_type(client.create(User, messages), User)
    assert_type(client.messages.create(User, messages), User)
    assert_type(client.chat.completions.create_partial(User, messages), PartialStream[User])
    assert_type(client.create_with_completion(User, messages), tuple[User, Completion])
    assert_type(client.create_iterable(User, messages), View[User])
    for each in client.create_iterable(User, messages):
        assert_type(each, User)


def selectors(stream: PartialStream[Team]) -> None:
    assert_type(stream.field(lambda team: team.lead.name), str)
    assert_type(stream.field(lambda team: team.users[0]), User)
    assert_type(stream.field(lambda team: team.motto), str | None)
    assert_type(stream.field("lead.name"), Any)
    assert_type(stream.field(("users", 0)), Any)
    assert_type(stream.elements(lambda team: team.users), View[User])
    assert_type(stream.elements(lambda team: team.by_name), View[Dog])
    assert_type(stream.elements(lambda team: team.tags), View[str])
    assert_type(stream.elements("users"), View[Any])
    assert_type(stream.text_deltas(lambda team: team.motto), View[str])
    state = stream.state(lambda team: team.users[0].name)
    assert_type(state, Literal["missing", "partial", "complete"])


async def async_selectors(stream: AsyncPartialStream[Team]) -> None:
    assert_type(await stream.field(lambda team: team.lead.name), str)
    assert_type(await stream.field("lead.name"), Any)
    assert_type(stream.elements(lambda team: team.users), AsyncView[User])
    assert_type(stream.elements(lambda team: team.by_name), AsyncView[Dog])
    assert_type(stream.text_deltas(lambda team: team.motto), AsyncView[str])


def any_type(client: Client) -> None:
    assert_type(client.create(list[User], []), list[User])
    assert_type(client.create(User | Dog, []), User | Dog)
    assert_type(client.create(User | None, []), User | None)
    assert_type(client.create(Literal["a", "b"], []), Literal["a", "b"])
    assert_type(client.create(int, []), int)
    assert_type(client.create(dict[str, Any], []), dict[str, Any])


async def async_calls(client: AsyncClient) -> None:
    messages = [{"role": "user", "content": "Who?"}]
    stream = client.create_partial(User, messages)
    assert_type(stream, AsyncPartialStream[User])
    assert_type(await stream, AsyncPartialStream[User])
    async for user in stream:
        assert_type(user, User)
    async for user in await client.create_partial(User, messages):
        assert_type(user, User)
    async with stream as same:
        assert_type(same, AsyncPartialStream[User])
    assert_type(await anext(stream), User)
    assert_type(await stream.result(), User)
    assert_type(await stream.field("name"), Any)
    assert_type(stream.events(), AsyncView[Event])

    assert_type(await client.create(User, messages), User)
    assert_type(await client.chat.completions.create(User, messages), User)
    assert_type(await client.create_with_completion(User, messages), tuple[User, Completion])
    assert_type(client.create_iterable(User, messages), AsyncView[User])
    assert_type(await client.messages.create_iterable(User, messages), AsyncView[User])
    async for each in client.create_iterable(User, messages):
        assert_type(each, User)


def parsing() -> None:
    assert_type(partwise.parse(User, ["{}"]), PartialStream[User])
    assert_type(partwise.parse(list[User], b"[]").result(), list[User])
    assert_type(partwise.aparse(User, "{}"), AsyncPartialStream[User])


def data_sets() -> None:
    rows = [{"text": "a"}]
    assert_type(partwise_bulk.extract("openai/m", User, rows), partwise_bulk.Extraction[User])
    assert_type(
        partwise_bulk.aextract("openai/m", User | Dog, rows, prompt="{text}", temperature=0),
        partwise_bulk.AsyncExtraction[User | Dog],
    )
