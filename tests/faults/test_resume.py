"""An answer that was cut off is gone on with, through each vendor's real SDK, sync and async."""

from __future__ import annotations

import json
from typing import Any

import pytest

from partwise import Mode, Usage
from partwise_conformance import Drop, ReplayServer, Reply

from .faults import body
from .stand import AT_ONCE, KEY, Note, Stand
from .vendors import DELTAS, SPENT

BEGUN = "".join(DELTAS[:1])
STRUCTURE = ("tools", "tool_choice", "response_format", "output_config", "tool_config")
REPLIES = {
    "word for word": (BEGUN, "fé", '","count":3,', '"tags":["a","b"]}'),
    "from the start": ("".join(DELTAS),),
    "in a fence": ("```json\n", BEGUN, 'fé","count":3,"tags":["a","b"]}', "\n```\n"),
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=lambda reply: reply[0][:3])
@pytest.mark.parametrize("breaks", [False, True], ids=["length", "reset"])
def test_an_answer_that_was_cut_off(stand: Stand, reply: tuple[str, ...], breaks: bool) -> None:
    vendor, server = stand.vendor, stand.server
    server.reset()
    begun = [*vendor.head, vendor.delta(BEGUN)]
    server.enqueue(body(*begun, *([Drop()] if breaks else vendor.cut())))
    server.enqueue(Reply(body=vendor.written(*reply)))

    outcome = stand.ask(max_retries=AT_ONCE, resume=True)

    assert outcome.error is None
    assert outcome.value == Note(title="Café", count=3, tags=["a", "b"])
    assert outcome.stream.attempt == 2
    first = vendor.early_usage or Usage() if breaks else SPENT
    assert outcome.stream.usage == first + SPENT
    assert outcome.stream.usage_complete is not breaks
    titles = [snapshot.title for snapshot in outcome.snapshots]
    assert titles[0] == "Ca"
    assert set(titles[1:]) <= {"Ca", "Café"}
    check_request(server.requests[-1].json())


def check_request(asked: dict[str, Any]) -> None:
    """It asks for plain text, and tells what there is."""
    config = asked.get("generationConfig", {})
    assert not {*asked, *config} & {*STRUCTURE, "responseMimeType", "responseJsonSchema"}
    turns = asked.get("messages") or asked["contents"]
    assert [turn["role"] for turn in turns] in (
        ["user", "assistant", "user"],
        ["user", "model", "user"],
    )
    part, wish = map(json.dumps, turns[1:])
    assert json.dumps(BEGUN)[1:-1] in part
    assert "-----" in wish


@pytest.mark.parametrize("mode", [Mode.RESPONSES, Mode.RESPONSES_TOOLS])
def test_the_responses_api_is_asked_in_its_own_terms(mode: Mode) -> None:
    import partwise
    from partwise_conformance import sse

    def events(text: str, end: str, reason: str | None) -> list[bytes]:
        named = {"type": "function_call", "call_id": "c", "name": "Note"}
        tool = mode is Mode.RESPONSES_TOOLS and reason is not None
        kind = "function_call_arguments" if tool else "output_text"
        item = named if tool else {"type": "message"}
        details = {"incomplete_details": {"reason": reason}}
        return [
            sse({"type": "response.output_item.added", "output_index": 0, "item": item}),
            sse({"type": f"response.{kind}.delta", "output_index": 0, "delta": text}),
            sse({"type": f"response.{end}", "response": details}),
        ]

    with ReplayServer() as server:
        server.enqueue(Reply(body=events(BEGUN, "incomplete", "max_output_tokens")))
        server.enqueue(Reply(body=events("".join(DELTAS), "completed", None)))
        client = partwise.from_provider("openai/gpt-4.1", base_url=server.url, api_key=KEY)
        note = client.create(
            Note, [{"role": "user", "content": "?"}], mode=mode, resume=True, max_output_tokens=9
        )
        client.close()
        assert note == Note(title="Café", count=3, tags=["a", "b"])
        _, asked = [request.json() for request in server.requests]
    assert asked["max_output_tokens"] == 9
    assert not {"text", "tools", "tool_choice"} & asked.keys()
    assert [item["role"] for item in asked["input"]] == ["user", "assistant", "user"]
