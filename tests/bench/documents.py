"""The texts that are measured, and the model that they are answers for."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import BaseModel

DELTA_CHARS = 4


class User(BaseModel):
    """One of the list's elements."""

    name: str
    email: str
    age: int
    bio: str


class Reply(BaseModel):
    """The answer: a list of users."""

    users: list[User]


def reply(chars: int) -> str:
    """An answer for `Reply`, of at least so many characters and at most a user more."""
    users: list[str] = []
    length = 0
    while length < chars:
        user = _user(len(users))
        users.append(user)
        length += len(user) + 2
    return f'{{"users": [{", ".join(users)}]}}'


def _user(number: int) -> str:
    return json.dumps(
        {
            "name": f"John Doe {number}",
            "email": f"johndoe{number}@email.com",
            "age": number % 90,
            "bio": "Lorem ipsum dolor sit amet, consectetur",
        }
    )


def deltas(text: str, chars: int = DELTA_CHARS) -> list[str]:
    """The text in pieces of so many characters."""
    return [text[start : start + chars] for start in range(0, len(text), chars)]


def stream(chars: int) -> Iterator[str]:
    """The deltas of an answer for `Reply`, without ever holding the whole of it."""
    rest, length, number = '{"users": [', 0, 0
    while length < chars:
        user = ("" if number == 0 else ", ") + _user(number)
        rest, length, number = rest + user, length + len(user), number + 1
        whole = len(rest) - len(rest) % DELTA_CHARS
        yield from deltas(rest[:whole])
        rest = rest[whole:]
    yield from deltas(rest + "]}")
