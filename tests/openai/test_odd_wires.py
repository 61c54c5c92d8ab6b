"""Wires that vendors are known to send, from the SDK's socket to the value or the error.

Each is played to the whole of partwise, sync and async: what can be read is the answer, what is the
vendor's failure is its error, and the model is never told of it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

import partwise
from partwise import (
    AsyncClient,
    AuthenticationError,
    BadRequestError,
    Client,
    ContentFilterError,
    Mode,
    ProviderError,
    RateLimitError,
    ServerError,
)
from partwise_conformance import ReplayServer, Reply, sse


class Note(BaseModel):
    text: str
    stars: int


TEXT = '{"text": "Hä?", "stars": 5}'
NOTE = Note(text="Hä?", stars=5)
QUESTION = [{"role": "user", "content": "Which note?"}]
T, S, J = Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON
R, RT = Mode.RESPONSES, Mode.RESPONSES_TOOLS


@dataclass(frozen=True)
class Wire:
    """A body, and the mode that it answers."""

    body: Sequence[bytes]
    mode: Mode = S
    kind: str = "text/event-stream"

    @property
    def reply(self) -> Reply:
        return Reply(body=list(self.body), headers={"content-type": self.kind})


def choice(delta: Any, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **fields}]}


def events(*given: Any) -> list[bytes]:
    return [*map(sse, given), sse("[DONE]")]


def called(**fields: Any) -> dict[str, Any]:
    return choice({"tool_calls": [fields]})


def response(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def item(**fields: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": "c", "name": "Note", "arguments": "", **fields}


def message(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text}], **fields}


def text_delta(text: str, index: int = 0) -> dict[str, Any]:
    return response("output_text.delta", output_index=index, content_index=0, delta=text)


STOP = choice({}, "stop")
FIRST, SECOND = TEXT[:12], TEXT[12:]
PLAIN = events(choice({"content": FIRST}), choice({"content": SECOND}), STOP)
COMPLETED = response("completed", response={"status": "completed"})
DRAFT = '{"text": "draft", "stars": 0}'


def written(text: str) -> list[bytes]:
    """The events of a text, a few characters each."""
    pieces = [text[start : start + 3] for start in range(0, len(text), 3)]
    return events(*(choice({"content": piece}) for piece in pieces), STOP)


USAGE = {"prompt_tokens": 3, "completion_tokens": 4}


def whole_chat(message: dict[str, Any]) -> bytes:
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({"object": "chat.completion", "choices": choices, "usage": USAGE}).encode()


def whole_response(*output: dict[str, Any]) -> bytes:
    body = {"object": "response", "status": "completed", "error": None, "output": output}
    return json.dumps(body).encode()


def cut(body: bytes) -> list[bytes]:
    return [body[: len(body) // 2], body[len(body) // 2 :]]


CALL = {"function": {"name": "Note", "arguments": TEXT}, "id": "c", "type": "function"}

READ = {
    # Events without data, and other ways to write events
    "retry": Wire([b"retry: 3000\n\n", *PLAIN]),
    "event-without-data": Wire([PLAIN[0], b"event: keepalive\n\n", *PLAIN[1:]]),
    "id-before-a-comment": Wire([b"id: 7\n: a comment\n\n", *PLAIN]),
    "empty-data": Wire([b"data:\n\n", b"data: \n\n", *PLAIN]),
    "byte-order-mark": Wire([b"\xef\xbb\xbf", *PLAIN]),
    "crlf": Wire([each.replace(b"\n", b"\r\n") for each in PLAIN]),
    "cr": Wire([each.replace(b"\n", b"\r") for each in PLAIN]),
    "crlf-cut": Wire([b for each in PLAIN for b in (each[:-1] + b"\r", b"\n\r", b"\n")]),
    "no-space-after-the-colon": Wire([each.replace(b"data: ", b"data:") for each in PLAIN]),
    "data-in-two-lines": Wire([PLAIN[0].replace(b', "delta"', b',\ndata: "delta"'), *PLAIN[1:]]),
    "an-event-that-no-line-ends": Wire([*PLAIN, b'data: {"choices": [{"ind']),
    "no-done": Wire(PLAIN[:-1]),
    "events-called-plain-text": Wire(PLAIN, kind="text/plain"),
    # A server that ignores `stream`
    "whole-chat": Wire([whole_chat({"content": TEXT})], S, "application/json"),
    "whole-chat-cut": Wire(cut(whole_chat({"content": TEXT})), S, "application/json"),
    "whole-chat-called-events": Wire([b"\n\n", whole_chat({"content": TEXT})], S),
    "whole-call": Wire([whole_chat({"content": None, "tool_calls": [CALL]})], T, "text/json"),
    "whole-response": Wire([whole_response(message(TEXT))], R, "application/json"),
    "whole-response-call": Wire([whole_response(item(arguments=TEXT))], RT, "application/json"),
    # Tool calls
    "legacy-function-call": Wire(
        events(
            choice({"function_call": {"name": "Note", "arguments": FIRST}}),
            choice({"function_call": {"arguments": SECOND}}, "function_call"),
        ),
        T,
    ),
    "one-id-at-several-indexes": Wire(
        events(
            called(index=0, id="c", function={"name": "Note", "arguments": ""}),
            called(index=1, id="c", function={"arguments": FIRST}),
            called(index=2, id="c", function={"arguments": SECOND}),
            STOP,
        ),
        T,
    ),
    "a-name-in-pieces": Wire(
        events(
            called(index=0, id="c", function={"name": "No"}),
            called(index=0, function={"name": "te"}),
            called(index=0, function={"arguments": TEXT}),
            STOP,
        ),
        T,
    ),
    "arguments-as-an-object": Wire(
        events(called(index=0, function={"name": "Note", "arguments": NOTE.model_dump()}), STOP), T
    ),
    "null-among-the-calls": Wire(events(choice({"tool_calls": [None, CALL]}), STOP), T),
    "arguments-in-the-first-event": Wire(
        events(response("output_item.added", output_index=0, item=item(arguments=TEXT)), COMPLETED),
        RT,
    ),
    "arguments-in-the-first-event-and-again": Wire(
        events(
            response("output_item.added", output_index=0, item=item(arguments=TEXT)),
            response("function_call_arguments.delta", output_index=0, delta=FIRST),
            response("function_call_arguments.delta", output_index=0, delta=SECOND),
            COMPLETED,
        ),
        RT,
    ),
    # Shapes that vary
    "message-null": Wire([sse(choice(None, message=None)), *PLAIN]),
    "choices-null": Wire([sse({"choices": None}), *PLAIN]),
    "usage-half-there": Wire([*PLAIN[:-1], sse({"choices": [], "usage": {"prompt_tokens": None}})]),
    "the-answer-as-an-object": Wire(events(choice({"content": NOTE.model_dump()}), STOP), J),
    "odd-reasoning": Wire([sse(choice({"reasoning": {"content": "Hm."}})), *PLAIN]),
    "a-list-of-reasoning": Wire([sse(choice({"reasoning_content": [{"text": "Hm."}]})), *PLAIN]),
    "reasoning-details": Wire([sse(choice({"reasoning_details": [{"text": "Hm."}]})), *PLAIN]),
    # Text around the answer
    "thinking": Wire(written(f"<think>Maybe {DRAFT}?</think>\n{TEXT}")),
    "thinking-opened-in-the-prompt": Wire(written(f"Maybe {DRAFT}?\n</think>\n\n{TEXT}"), J),
    "thinking-beside-a-call": Wire(
        [*written(f"<think>{DRAFT}</think>")[:-2], *events(choice({"tool_calls": [CALL]}), STOP)], T
    ),
    "the-answer-as-reasoning": Wire(
        events(choice({"reasoning_content": FIRST}), choice({"reasoning": SECOND}), STOP)
    ),
    "fence": Wire(written(f"Sure:\n```json\n{TEXT}\n```\nAnything else?")),
    "end-token": Wire(written(f"\ufeff{TEXT}<|im_end|>")),
    "twice": Wire(written(f"{TEXT}\n{TEXT}")),
    "an-unknown-key-first": Wire(written('{"why": {"text": "x"}, ' + TEXT[1:])),
    "an-envelope": Wire(written(f'{{"result": {TEXT}}}'), J),
    "decorated-name": Wire(
        events(called(index=0, function={"name": "functions.Note", "arguments": TEXT}), STOP), T
    ),
    "harmony-name": Wire(
        events(
            called(index=0, function={"name": "Note<|channel|>commentary", "arguments": ""}),
            called(index=0, function={"arguments": TEXT}),
            STOP,
        ),
        T,
    ),
    "text-in-the-place-of-a-call": Wire(written(f"Sure:\n```json\n{TEXT}\n```"), T),
    # Responses
    "prose-in-an-item-of-its-own": Wire(
        events(text_delta('Let me see {"text": "', 0), text_delta(TEXT, 1), COMPLETED), R
    ),
    "two-items-with-the-same": Wire(
        events(text_delta(TEXT, 0), text_delta(FIRST, 1), text_delta(SECOND, 1), COMPLETED), R
    ),
    "commentary": Wire(
        events(
            response("output_item.added", output_index=0, item=message("", phase="commentary")),
            text_delta('{"text": "A draft", "stars": 1}', 0),
            response("output_item.added", output_index=1, item=message("", phase="final_answer")),
            text_delta(TEXT, 1),
            COMPLETED,
        ),
        R,
    ),
    "only-the-end": Wire(
        events(response("completed", response={"output": [message(TEXT)], "status": "completed"})),
        R,
    ),
}

SLOW = {"message": "Slow down", "code": "rate_limit_exceeded"}
FAILED = {
    "error": (Wire(events({"error": SLOW})), RateLimitError, 429),
    "x-groq": (Wire(events({"choices": [], "x_groq": {"error": SLOW}})), RateLimitError, 429),
    "in-the-choice": (Wire(events(choice({}, "error", error=SLOW))), RateLimitError, 429),
    "finish-reason-error": (Wire(events(choice({}, "error"))), ServerError, None),
    "no-resources": (
        Wire(events(choice({}, "insufficient_system_resource"))), ServerError, 503,
    ),
    "base-resp": (
        Wire(events({"base_resp": {"status_code": 1002, "status_msg": "Slow down"}})),
        RateLimitError, 429,
    ),
    "base-resp-key": (
        Wire([b'{"base_resp": {"status_code": 1004, "status_msg": "login fail"}}']),
        AuthenticationError, 401,
    ),
    "failed-in-completed": (
        Wire(events(response("completed", response={"status": "failed", "error": SLOW})), R),
        RateLimitError, 429,
    ),
    "failed": (
        Wire(events(response("failed", response={"error": {"code": "server_error"}})), R),
        ServerError, 500,
    ),
    "error-event": (
        Wire(events({"type": "error", "code": "rate_limit_exceeded", "message": "Slow"}), R),
        RateLimitError, 429,
    ),
    "a-list": (
        Wire(events([{"error": {"code": 503, "status": "UNAVAILABLE", "message": "Busy"}}])),
        ServerError, 503,
    ),
    "a-list-as-a-document": (
        Wire([b'[{"error": {"code": 429, "message": "Slow down"}}]'], S, "application/json"),
        RateLimitError, 429,
    ),
    "bare": (
        Wire(events({"message": "Bad", "type": "invalid_request_error", "param": None})),
        BadRequestError, 400,
    ),
    "an-object-of-errors": (
        Wire(events({"object": "error", "message": "Bad", "code": 400})), BadRequestError, 400,
    ),
    "detail": (Wire([b'{"detail": "No key"}'], R, "application/json"), ServerError, None),
    "after-a-part": (
        Wire([PLAIN[0], sse({"error": {"code": 502, "message": "Gone"}})]), ServerError, 502,
    ),
    "an-odd-piece": (Wire(events(choice({"content": 7}))), ServerError, None),
    "an-odd-piece-of-arguments": (
        Wire(events(called(index=0, function={"name": "Note", "arguments": 7})), T),
        ServerError, None,
    ),
    "no-json": (Wire([b"data: <oops>\n\n"]), ServerError, 200),
    "a-page": (Wire([b"<!doctype html>"], S, "text/html"), ServerError, 200),
    "a-page-called-events": (Wire([b"<!doctype html>"]), ServerError, 200),
    "another-document": (Wire([b'{"answer": 1}'], S, "application/json"), ServerError, 200),
    "half-a-document": (Wire([b'{"choices": ['], S, "application/json"), ServerError, 200),
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(server: ReplayServer) -> Iterator[Client]:
    with partwise.from_provider("openai/m", api_key="k", base_url=server.url) as client:
        yield client


@pytest.fixture(scope="module")
async def aclient(server: ReplayServer) -> AsyncIterator[AsyncClient]:
    async with partwise.from_provider(
        "openai/m", async_client=True, api_key="k", base_url=server.url
    ) as client:
        yield client


def call(wire: Wire, server: ReplayServer, **options: Any) -> dict[str, Any]:
    server.enqueue(wire.reply)
    options = {"max_retries": 0, **options}
    return {"response_model": Note, "messages": QUESTION, "mode": wire.mode, **options}


@pytest.mark.parametrize("wire", READ.values(), ids=READ)
def test_read(wire: Wire, server: ReplayServer, client: Client) -> None:
    stream = client.create_partial(**call(wire, server))

    snapshots = list(stream)
    assert snapshots[-1] == NOTE
    assert len({id(each) for each in snapshots if each == NOTE}) == 1


@pytest.mark.parametrize("wire", READ.values(), ids=READ)
async def test_read_async(wire: Wire, server: ReplayServer, aclient: AsyncClient) -> None:
    stream = aclient.create_partial(**call(wire, server))

    snapshots = [each async for each in stream]
    assert snapshots[-1] == NOTE
    assert len({id(each) for each in snapshots if each == NOTE}) == 1


@pytest.mark.parametrize("name", ["odd-reasoning", "a-list-of-reasoning", "reasoning-details"])
def test_reasoning(name: str, server: ReplayServer, client: Client) -> None:
    stream = client.create_partial(**call(READ[name], server))

    assert stream.result() == NOTE
    assert stream.reasoning == "Hm."


@pytest.mark.parametrize(("wire", "kind", "status"), FAILED.values(), ids=FAILED)
def test_failed(
    wire: Wire,
    kind: type[ProviderError],
    status: int | None,
    server: ReplayServer,
    client: Client,
) -> None:
    before = len(server.requests)
    with pytest.raises(kind) as caught:
        client.create(**call(wire, server))

    assert type(caught.value) is kind
    assert caught.value.status_code == status
    assert str(caught.value)
    assert len(server.requests) == before + 1


@pytest.mark.parametrize(("wire", "kind", "status"), FAILED.values(), ids=FAILED)
async def test_failed_async(
    wire: Wire,
    kind: type[ProviderError],
    status: int | None,
    server: ReplayServer,
    aclient: AsyncClient,
) -> None:
    with pytest.raises(kind) as caught:
        await aclient.create(**call(wire, server))

    assert type(caught.value) is kind
    assert caught.value.status_code == status


def test_a_failure_of_the_vendor_is_retried_and_not_told_to_the_model(
    server: ReplayServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partwise._session.retry._backoff", lambda *_: 0.0)
    failures = [wire for wire, _, status in FAILED.values() if wire.mode is S and status == 429]
    for failure in failures:
        asked = call(failure, server, max_retries=1)
        server.enqueue(Wire(PLAIN).reply)

        assert client.create(**asked) == NOTE
        first, second = (request.json()["messages"] for request in server.requests[-2:])
        assert first == second
    assert len(failures) >= 5


def test_a_failure_that_stays_is_not_retried(server: ReplayServer, client: Client) -> None:
    before = len(server.requests)
    with pytest.raises(BadRequestError):
        client.create(**call(FAILED["bare"][0], server, max_retries=3))

    assert len(server.requests) == before + 1


def test_an_error_loses_nothing_received_before_it(server: ReplayServer, client: Client) -> None:
    with pytest.raises(ServerError) as caught:
        client.create(**call(FAILED["after-a-part"][0], server))

    assert caught.value.text == FIRST
    assert caught.value.snapshot is not None


@pytest.mark.parametrize(
    ("finish", "raw", "told"),
    [
        (
            choice({}, "content_filter", content_filter_results={"hate": {"filtered": True}}),
            "content_filter",
            "hate",
        ),
        (choice({}, "content_filter: SAFETY"), "content_filter: SAFETY", "SAFETY"),
        (
            choice({}, "content_filter", native_finish_reason="RECITATION"),
            "content_filter",
            "RECITATION",
        ),
    ],
)
def test_the_error_says_which_filter_it_was(
    finish: Any, raw: str, told: str, server: ReplayServer, client: Client
) -> None:
    with pytest.raises(ContentFilterError) as caught:
        client.create(**call(Wire(events(choice({"content": FIRST}), finish)), server))

    assert caught.value.finish_reason == "content_filter"
    assert caught.value.raw_finish_reason == raw
    assert told in f"{caught.value} {raw}"


@pytest.mark.parametrize(
    "choice_usage", [{"usage": USAGE}, {"usage": {**USAGE, "cached_tokens": 1}}]
)
def test_moonshot_s_usage(choice_usage: Any, server: ReplayServer, client: Client) -> None:
    last = choice({}, "stop", **choice_usage)
    stream = client.create_partial(**call(Wire(events(choice({"content": TEXT}), last)), server))

    assert stream.result() == NOTE
    assert stream.usage
    assert stream.usage.total_tokens == 7
