"""The forms in which a response type is given, and what is refused, with a way out."""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncIterable, Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

import partwise

MESSAGES: Any = [{"role": "user", "content": "Who?"}]
MODE: Any = {"mode": "json_schema", "max_retries": 0}


class User(BaseModel):
    name: str


@dataclass
class Point:
    x: int


class Plain:
    name: str


class Attrs:
    __attrs_attrs__ = ()


class OldBase:
    """As a model of pydantic 1 looks."""


OldBase.__module__ = "pydantic.v1.main"


class Old(OldBase):
    name: str


class Undefined(BaseModel):
    team: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


def a_function(name: str) -> str:
    return name


REFUSED: list[Any] = [
    (None, "can't be None"),
    (User(name="x"), "an instance of User; pass User itself"),
    (Point(1), "an instance of Point"),
    ({"type": "object"}, "write the JSON schema as a pydantic model"),
    (BaseModel, "BaseModel itself has no fields"),
    (Plain, "Plain can't be a response_model.*Make it a pydantic model"),
    (Attrs, "an attrs class"),
    (Old, "a model of pydantic v1"),
    (Undefined, "refers to 'Nowhere', which is not defined"),
    (a_function, "is a function"),
    (len, "is a builtin"),
    (types, "is a module"),
    ("User", "the class itself and not its name"),
    (7, "can't be a response_model"),
]


@pytest.mark.parametrize(("response_model", "message"), REFUSED)
@pytest.mark.parametrize("parse", [partwise.parse, partwise.aparse])
def test_parse_refuses_what_is_no_type(parse: Any, response_model: Any, message: str) -> None:
    with pytest.raises(partwise.ConfigurationError, match=message):
        parse(response_model, "{}")


@pytest.mark.parametrize(("response_model", "message"), REFUSED)
@pytest.mark.parametrize("method", ["create_partial", "create", "create_with_completion"])
def test_a_call_refuses_what_is_no_type(
    play: Any, method: str, response_model: Any, message: str
) -> None:
    async def acall(client: Any) -> None:
        await getattr(client, method)(response_model, MESSAGES)

    def call(client: Any) -> None:
        found = (
            acall(client) if play.is_async else getattr(client, method)(response_model, MESSAGES)
        )
        asyncio.run(found)

    with play.client() as client, pytest.raises(partwise.ConfigurationError, match=message):
        call(client)


def test_a_type_that_no_schema_describes(sync: Any) -> None:
    class Hidden(BaseModel):
        call: Callable[[], int]

    with (
        sync.client() as client,
        pytest.raises(partwise.ConfigurationError, match="Hidden can't be a response_model"),
    ):
        client.create_partial(Hidden, MESSAGES)


# Forms ----------------------------------------------------------------------------------------

USERS = '{"value": [{"name": "Jo"}, {"name": "Al"}]}'
FOUND = [User(name="Jo"), User(name="Al")]


def read(play: Any, call: Any, answer: str, kit: Any) -> list[Any]:
    """All that a call's stream gives; for a value, that alone."""

    async def aread(client: Any) -> list[Any]:
        found = call(client)
        found = await found if hasattr(found, "__await__") else found
        if hasattr(found, "__aiter__"):
            return [each async for each in found]
        return [found]

    with play.client(kit.text(answer)) as client:
        if play.is_async:
            return asyncio.run(aread(client))
        found = call(client)
        return list(found) if isinstance(found, partwise.View | partwise.PartialStream) else [found]


@pytest.mark.parametrize("form", [User, list[User], Iterable[User], Sequence[User]])
def test_create_iterable_takes_the_element_or_a_list(play: Any, kit: Any, form: Any) -> None:
    found = read(play, lambda client: client.create_iterable(form, MESSAGES, **MODE), USERS, kit)
    assert found == FOUND


@pytest.mark.parametrize("form", [list[User], Iterable[User], Iterator[User], Generator[User]])
def test_create_of_an_iterable_is_a_list(play: Any, kit: Any, form: Any) -> None:
    found = read(play, lambda client: client.create(form, MESSAGES, **MODE), USERS, kit)
    assert found == [FOUND]


@pytest.mark.parametrize("form", [Iterable[User], AsyncIterable[User]])
def test_create_with_stream_of_an_iterable(play: Any, kit: Any, form: Any) -> None:
    found = read(
        play, lambda client: client.create(form, MESSAGES, stream=True, **MODE), USERS, kit
    )
    assert found == FOUND


def test_create_with_stream_of_a_partial(play: Any, kit: Any) -> None:
    model: Any = partwise.Partial[User]
    found = read(
        play,
        lambda client: client.create(model, MESSAGES, stream=True, **MODE),
        '{"name": "Johanna"}',
        kit,
    )
    assert len(found) > 2
    assert found[-1] == User(name="Johanna")
    assert type(found[-1]) is User


def test_a_partial_is_its_model(play: Any, kit: Any) -> None:
    model: Any = partwise.Partial[User]
    (found,) = read(play, lambda client: client.create(model, MESSAGES, **MODE), '{"name":""}', kit)
    assert type(found) is User
    assert type(partwise.parse(model, '{"name": ""}').result()) is User


# Pieces ---------------------------------------------------------------------------------------


def sdk_object(module: str) -> Any:
    kind = type("Stream", (list,), {})
    kind.__module__ = f"{module}.streaming"
    return kind()


def test_pieces_of_every_kind() -> None:
    pieces = [None, '{"na', bytearray(b'me": "J'), b"o\xc3", None, b'\xb6"}', ""]
    assert partwise.parse(User, pieces).result() == User(name="Joö")
    assert partwise.parse(User, bytearray(b'{"name": "x"}')).result() == User(name="x")


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        ("openai", "choices"),
        ("anthropic", "text_stream"),
        ("google.genai", "chunk.text"),
        ("mistralai.client", "event.data"),
    ],
)
@pytest.mark.parametrize("parse", [partwise.parse, partwise.aparse])
def test_an_sdk_s_stream_or_its_events(parse: Any, module: str, advice: str) -> None:
    async def read(stream: Any) -> None:
        await stream.result()

    with pytest.raises(partwise.ConfigurationError, match=advice):
        parse(User, sdk_object(module))
    stream = parse(User, ['{"name": "', sdk_object(module)])
    with pytest.raises(partwise.ConfigurationError, match=advice) as caught:
        stream.result() if parse is partwise.parse else asyncio.run(read(stream))
    assert caught.value.text == '{"name": "'


@pytest.mark.parametrize(
    ("pieces", "message"), [(7, "not int"), (None, "not NoneType"), ([{"a": 1}], "not dict")]
)
def test_what_is_no_text(pieces: Any, message: str) -> None:
    with pytest.raises(partwise.ConfigurationError, match=message):
        partwise.parse(User, pieces).result()


def test_asynchronous_pieces_want_aparse() -> None:
    async def pieces() -> Any:
        yield "{}"

    with pytest.raises(partwise.ConfigurationError, match=r"use aparse\(\)"):
        partwise.parse(User, pieces())
