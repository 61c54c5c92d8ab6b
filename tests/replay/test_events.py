from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from google.genai import types

from partwise_replay import Event, RecordingError
from partwise_replay._events import to_event, to_plain


@pytest.mark.parametrize(
    "data", [{"a": [1, 2.5, None, True, "x"]}, [], "text", {"b": {"c": b"\0"}}]
)
def test_plain_data_comes_back(data: Any) -> None:
    plain, kind = to_plain(data)

    assert kind == ""
    assert to_event(Event(0.0, plain), "") == data


def test_bytes_are_written_in_base64() -> None:
    assert to_plain({"b": b"\x00\xff"}) == ({"b": {"$bytes": "AP8="}}, "")


def test_an_sdks_model_comes_back_as_it_was_but_for_the_http_response() -> None:
    part = types.Part(text="Ada", thought_signature=b"\x00\x01")
    event = types.GenerateContentResponse(
        candidates=[types.Candidate(content=types.Content(parts=[part]))],
        sdk_http_response=types.HttpResponse(headers={"set-cookie": "secret"}),
    )

    plain, kind = to_plain(event)

    assert kind == "google.genai.types:GenerateContentResponse"
    assert "secret" not in repr(plain)
    again = to_event(Event(0.0, plain, kind), "partwise-google")
    assert again == event.model_copy(update={"sdk_http_response": None})


def test_what_is_neither_can_not_be_recorded() -> None:
    @dataclass
    class Odd:
        x: int

    with pytest.raises(RecordingError, match="Odd in it is no plain data"):
        to_plain({"a": Odd(1)})


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("antigravity:Fly", "is in neither partwise-google nor a package that it requires"),
        ("subprocess:Popen", "is in neither partwise-google nor a package that it requires"),
        ("openai.types:Batch", "is in neither partwise-google nor a package that it requires"),
        ("google.genai.client:Client", "which is no pydantic model"),
        ("google.genai.types:NoSuchThing", "can't take an event"),
        ("google.genai.types:Part", "can't take an event"),
    ],
)
def test_a_recording_can_name_no_class_but_an_event_of_the_plugins_sdk(
    kind: str, told: str
) -> None:
    with pytest.raises(RecordingError, match=told):
        to_event(Event(0.0, {"text": {}}, kind), "partwise-google")
