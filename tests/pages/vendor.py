"""The vendor that the pages ask: OpenAI's chat completions, Responses and Anthropic's messages.

It answers with the text that the page's source names, or makes one up that fits the schema.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from partwise_conformance import Reply, chat_answer, cut_like_tokens, sse
from partwise_fake._values import value_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise_conformance import RecordedRequest

EVENTS = {"content-type": "text/event-stream"}


class Vendor:
    """Its answer and the faults that come first, which a page's comments set."""

    def __init__(self) -> None:
        self.answer: str | None = None
        self.faults: list[int] = []

    def __call__(self, request: RecordedRequest) -> Reply:
        body = request.json()
        if self.faults:
            error = {"message": "try again", "type": "error", "code": None}
            headers = {"retry-after": "0.01"}
            return Reply.of_json({"error": error}, status=self.faults.pop(0), headers=headers)
        text = self.answer or json.dumps(value_for(_schema(body), Random(7)))  # noqa: S311
        if request.path.endswith("/messages"):
            return Reply(body=list(_anthropic(body, text)), headers=EVENTS)
        if request.path.endswith("/responses"):
            return Reply(body=list(_responses(text)), headers=EVENTS)
        if not body.get("stream"):
            return _whole(body, text)
        return chat_answer(text)(request)


def _schema(body: dict[str, Any]) -> Any:
    match body:
        case {"tools": [{"function": {"parameters": schema}}, *_]}:
            return schema
        case {"tools": [{"input_schema": schema} | {"parameters": schema}, *_]}:
            return schema
        case {"response_format": {"json_schema": {"schema": schema}}}:
            return schema
        case {"text": {"format": {"schema": schema}}}:
            return schema
        case {"output_config": {"format": {"schema": schema}}}:
            return schema
    return {"type": "string"}


def _whole(body: dict[str, Any], text: str) -> Reply:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": body["model"]}
    return Reply.of_json({**head, "choices": [choice], "usage": usage})


def _anthropic(body: dict[str, Any], text: str) -> Iterator[bytes]:
    tools = body.get("tools")
    block = {"type": "text", "text": ""}
    if tools:
        block = {"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": {}}  # type: ignore[dict-item]
    usage = {"input_tokens": 9, "output_tokens": 1}
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
        "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    yield _named({"type": "message_start", "message": message})
    yield _named({"type": "content_block_start", "index": 0, "content_block": block})
    for delta in cut_like_tokens(text):
        part = {"type": "text_delta", "text": delta}
        if tools:
            part = {"type": "input_json_delta", "partial_json": delta}
        yield _named({"type": "content_block_delta", "index": 0, "delta": part})
    yield _named({"type": "content_block_stop", "index": 0})
    end = {"stop_reason": "tool_use" if tools else "end_turn", "stop_sequence": None}
    yield _named({"type": "message_delta", "delta": end, "usage": {"output_tokens": 9}})
    yield _named({"type": "message_stop"})


def _responses(text: str) -> Iterator[bytes]:
    head = {"id": "resp_1", "object": "response", "created_at": 0, "model": "m", "output": []}
    yield _named({"type": "response.created", "response": head, "sequence_number": 0})
    for number, delta in enumerate(cut_like_tokens(text), 1):
        yield _named({
            "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0,
            "content_index": 0, "delta": delta, "sequence_number": number, "logprobs": [],
        })  # fmt: skip
    usage = {"input_tokens": 9, "output_tokens": 9, "total_tokens": 18}
    done = {**head, "status": "completed", "usage": usage}
    yield _named({"type": "response.completed", "response": done, "sequence_number": 9999})


def _named(event: dict[str, Any]) -> bytes:
    return sse(json.dumps(event), event["type"])
