"""What is left of an event that ended an attempt belongs to that attempt."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, Field

import partwise
from partwise._client.stream import PartialStream
from partwise._providers.chunks import Chunk, Finish, TextDelta
from partwise._session.event_reader import EventReader
from partwise._session.session import Session


class Aged(BaseModel):
    age: int = Field(ge=0)


class Decoder:
    """Its events are the chunks themselves, several at once."""

    def feed(self, event: Sequence[Chunk]) -> Sequence[Chunk]:
        return event

    def close(self) -> Sequence[Chunk]:
        return ()


def test_the_rest_of_an_event_is_not_read_into_the_next_attempt() -> None:
    answers: Iterator[Any] = iter(
        [
            [[TextDelta('{"age": -1,'), Finish("length")]],
            [[TextDelta('{"age": 1}')]],
        ]
    )
    call = partwise.parse(Aged, "")._session.call

    text: Any = type(call.provider)

    class Provider(text):  # type: ignore[misc]
        def decoder(self, _: Any) -> Decoder:
            return Decoder()

        @contextmanager
        def open(self, _: Any) -> Iterator[Iterator[Any]]:
            yield iter(next(answers))

    provider: Any = Provider(())
    settings = dataclasses.replace(call.settings, max_retries=1)
    call = dataclasses.replace(call, provider=provider, settings=settings, reader=EventReader)
    assert PartialStream(Session(call)).result() == Aged(age=1)
