"""A draft that was shown is taken back as the snapshots of a failed attempt are."""

from __future__ import annotations

from typing import Any

import pytest

import partwise
from partwise import Closed, Hooks, Restarted
from partwise.provider import Finish, TextDelta

DRAFT = '{"name": "Jo", "age": 24}'
JO = '{"name": "Jo", "age": 25}'
STOP = Finish("stop", "stop")


def script(kit: Any) -> list[Any]:
    return [*kit.text(f"So I say {DRAFT}, or rather\n</think>\n\n{JO}"), STOP]


@pytest.mark.parametrize("mode", ["md_json", "json_schema"])
def test_snapshots_begin_anew_in_the_same_attempt(play: Any, kit: Any, mode: str) -> None:
    heard: list[Any] = []
    hooks = Hooks()
    hooks.on("stream:restart", lambda *detail: heard.append(detail))
    outcome = play(script(kit), mode=mode, hooks=hooks)
    assert outcome.value == kit.User(name="Jo", age=25)
    ages = [each.age for each in outcome.snapshots]
    assert ages.index(24) < ages.index(25)
    assert None not in outcome.snapshots
    ((attempt, error),) = heard
    assert attempt == outcome.stream.attempt == len(outcome.provider.payloads) == 1
    assert "draft" in str(error)


def test_views_hear_of_it(play: Any, kit: Any) -> None:
    events = play(script(kit), mode="md_json", view=lambda stream: stream.events()).snapshots
    (restarted,) = [event for event in events if isinstance(event, Restarted)]
    assert restarted.attempt == 1
    assert Closed(("age",), 24) in events[: events.index(restarted)]
    assert Closed(("age",), 25) in events[events.index(restarted) :]
    assert events[-1] == Closed((), kit.User(name="Jo", age=25))


def test_what_can_t_be_taken_back_is_an_error(play: Any, kit: Any) -> None:
    outcome = play(script(kit), mode="md_json", on_restart="raise", max_retries=3)
    assert isinstance(outcome.error, partwise.OutputError)
    assert "draft" in str(outcome.error)
    assert len(outcome.provider.payloads) == 1
    texts = play(script(kit), mode="md_json", view=lambda stream: stream.text_deltas("name"))
    assert isinstance(texts.error, partwise.OutputError)


def test_so_is_nothing_that_nobody_saw(sync: Any, kit: Any) -> None:
    with sync.client(script(kit)) as client:
        user = client.create(
            response_model=kit.User, messages=[], mode="md_json", on_restart="raise"
        )
    assert user.age == 25


def test_a_draft_that_nobody_could_see_makes_no_restart(play: Any) -> None:
    text = 'So {"value": x</think>{"value": 13}'
    outcome = play([TextDelta(text), STOP], response_model=int, mode="md_json", on_restart="raise")
    assert outcome.value == 13
