"""Endings and events that few streams have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import partwise
from partwise import Resumed
from partwise._client.wire_folds import Events
from partwise._session.feeds import Feeds
from partwise.provider import (
    Approach,
    BadRequestError,
    Capabilities,
    Fallback,
    Finish,
    Granularity,
    Mode,
    RateLimitError,
    TextDelta,
)

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
    accept = lambda self: accepted.append(self)  # noqa: E731, PLW0108
    monkeypatch.setattr(kit.Decoder, "accept", accept, raising=False)
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
        with pytest.raises(partwise.IncompleteOutputError, match="closed"):
            stream.result()


def test_an_invalid_piece_of_plain_text() -> None:
    stream = partwise.parse(dict[str, int], ['{"a":1,', '"b":', '"x"', "}"])
    with pytest.raises(partwise.InvalidOutputError, match="b"):
        list(stream)


def test_a_finish_reason_alone(play: Any) -> None:
    outcome = play([Finish("stop")])
    assert isinstance(outcome.error, partwise.IncompleteOutputError)


def test_a_mode_beside_which_there_is_no_other(
    sync: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = Capabilities({Mode.TOOLS: Granularity.TOKEN})
    refusal = BadRequestError("tools are not supported", provider="scripted", status_code=400)

    def find(self: Any, request: Any, error: Any) -> Fallback:
        return Fallback(Approach(mode=Mode.JSON), "mode")

    monkeypatch.setattr(kit.Provider, "fallback", find, raising=False)
    monkeypatch.setattr(kit.Provider, "capabilities", lambda self, model: only)
    outcome = sync([kit.Refused(refusal)], mode="tools")
    assert str(outcome.error) == "tools are not supported"


def test_the_first_event_comes_after_the_reader_has_left(sync: Any, kit: Any) -> None:
    streams: list[Any] = []
    with sync.client([lambda: streams[0].close() or TextDelta(JO)]) as client:
        streams.append(client.create_partial(response_model=kit.User, messages=[]))
        with pytest.raises(partwise.IncompleteOutputError, match="closed"):
            streams[0].result()


def test_a_feed_is_closed_twice() -> None:
    feeds = Feeds(forbids_restart=False)
    feed = feeds.open(Events())
    feeds.close(feed)
    feeds.close(feed)
    feeds.add([Resumed(2, partwise.PartwiseError("cut off"))])
    assert not feed._batches


def test_a_resumed_stream_as_plain_data() -> None:
    event = Resumed(2, partwise.PartwiseError("cut off")).to_json()
    assert (event["kind"], event["attempt"]) == ("resumed", 2)
