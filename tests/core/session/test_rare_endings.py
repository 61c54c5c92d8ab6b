"""Endings and events that few streams have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import partwise
from partwise.provider import Finish, RateLimitError, TextDelta

if TYPE_CHECKING:
    from collections.abc import Iterator

JO = '{"name":"Jo","age":25}'


def test_handlers_of_two_collections() -> None:
    one, other = partwise.Hooks(), partwise.Hooks()
    one.on("stream:end", print)
    other.on("stream:end", repr)
    assert (one + other).handlers("stream:end") == (print, repr)
    assert one.handlers("stream:end") == (print,)


def test_an_event_whose_chunks_end_in_an_error(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chunks(self: Any, event: Any) -> Iterator[Any]:
        yield event
        raise RateLimitError("slow down", provider="scripted", status_code=429)

    monkeypatch.setattr(kit.Decoder, "feed", chunks)
    outcome = play([TextDelta(JO[:9])])
    assert isinstance(outcome.error, RateLimitError)
    assert outcome.error.text == JO[:9]


def test_a_decoder_is_told_that_its_answer_was_taken(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted: list[Any] = []
    monkeypatch.setattr(kit.Decoder, "accept", accepted.append, raising=False)
    assert play(kit.text(JO)).value.age == 25
    assert len(accepted) == 1


class StubbornError(Exception):
    """Can't be copied."""

    def __copy__(self) -> Any:
        raise TypeError("no copies")


def test_an_error_that_cannot_be_copied(play: Any, kit: Any) -> None:
    outcome = play([TextDelta(JO[:9]), StubbornError("own")])
    assert isinstance(outcome.error, StubbornError)


def test_a_view_is_closed_twice(sync: Any, kit: Any) -> None:
    with sync.client(kit.text(JO)) as client:
        stream = client.create_partial(response_model=kit.User, messages=[])
        view = stream.events()
        view.close()
        view.close()
        stream.close()


def test_an_invalid_piece_of_plain_text() -> None:
    stream = partwise.parse(dict[str, int], ['{"a":1,', '"b":', '"x"', "}"])
    with pytest.raises(partwise.InvalidOutputError, match="b"):
        list(stream)


def test_a_finish_reason_alone(play: Any) -> None:
    outcome = play([Finish("stop")])
    assert isinstance(outcome.error, partwise.IncompleteOutputError)
