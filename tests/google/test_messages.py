"""OpenAI's chat form becomes Google's; Google's own passes through."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai import types

from partwise.provider import ConfigurationError
from partwise_google._messages import to_messages, to_system

PIXEL = "iVBORw0KGgo="
PIXEL_BYTES = b"\x89PNG\r\n\x1a\n"

Message = dict[str, Any]


def user(*parts: Message) -> Message:
    return {"role": "user", "content": [*parts]}


def image(url: str) -> Message:
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}}


def file(**fields: str) -> Message:
    return {"type": "file", "file": fields}


def one_part(part: Message) -> Any:
    [content] = to_messages([user(part)])
    [converted] = content["parts"]
    return converted


def tool_call(name: str, arguments: str, call_id: str = "call_1") -> Message:
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


# Roles --------------------------------------------------------------------------------------


def test_a_conversation() -> None:
    messages: list[Message] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Ada."},
        {"role": "developer", "content": [{"type": "text", "text": "In French."}]},
        {"role": "user", "content": [{"type": "text", "text": "When?"}]},
    ]

    assert to_messages(messages) == [
        {"role": "user", "parts": [{"text": "Who?"}]},
        {"role": "model", "parts": [{"text": "Ada."}]},
        {"role": "user", "parts": [{"text": "When?"}]},
    ]
    assert to_system(messages) == [{"text": "Be brief."}, {"text": "In French."}]


def test_an_unknown_role() -> None:
    with pytest.raises(ConfigurationError, match="'narrator'"):
        to_messages([{"role": "narrator", "content": "Then"}])


def test_a_refusal_was_said() -> None:
    message = {"role": "assistant", "content": None, "refusal": "I won't."}

    assert to_messages([message]) == [{"role": "model", "parts": [{"text": "I won't."}]}]


# Parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "converted"),
    [
        pytest.param(
            image(f"data:image/png;base64,{PIXEL}"),
            {"inline_data": {"mime_type": "image/png", "data": PIXEL_BYTES}},
            id="image",
        ),
        pytest.param(
            {"type": "image_url", "image_url": f"data:image/png;charset=x;base64,{PIXEL}"},
            {"inline_data": {"mime_type": "image/png", "data": PIXEL_BYTES}},
            id="image-without-an-object",
        ),
        pytest.param(
            image("https://example.org/a/b.webp?size=1"),
            {
                "file_data": {
                    "file_uri": "https://example.org/a/b.webp?size=1",
                    "mime_type": "image/webp",
                }
            },
            id="image-at-an-address",
        ),
        pytest.param(
            image("gs://bucket/b.png"),
            {"file_data": {"file_uri": "gs://bucket/b.png", "mime_type": "image/png"}},
            id="image-in-the-cloud",
        ),
        pytest.param(
            image("https://example.org/picture"),
            {"file_data": {"file_uri": "https://example.org/picture"}},
            id="image-of-unknown-type",
        ),
        pytest.param(
            {"type": "input_audio", "input_audio": {"data": PIXEL, "format": "mp3"}},
            {"inline_data": {"mime_type": "audio/mp3", "data": PIXEL_BYTES}},
            id="audio",
        ),
        pytest.param(
            file(file_data=f"data:application/pdf;base64,{PIXEL}", filename="a.pdf"),
            {"inline_data": {"mime_type": "application/pdf", "data": PIXEL_BYTES}},
            id="file",
        ),
        pytest.param(
            file(file_data="gs://bucket/a.pdf"),
            {"file_data": {"file_uri": "gs://bucket/a.pdf", "mime_type": "application/pdf"}},
            id="file-at-an-address",
        ),
        pytest.param(
            file(file_data=PIXEL, filename="a.pdf"),
            {"inline_data": {"mime_type": "application/pdf", "data": PIXEL_BYTES}},
            id="file-without-a-scheme",
        ),
        pytest.param(
            file(file_id="https://generativelanguage.googleapis.com/v1/files/x", filename="a.pdf"),
            {
                "file_data": {
                    "file_uri": "https://generativelanguage.googleapis.com/v1/files/x",
                    "mime_type": "application/pdf",
                }
            },
            id="file-by-id",
        ),
        pytest.param({"type": "refusal", "refusal": "No."}, {"text": "No."}, id="refusal"),
    ],
)
def test_parts(part: Message, converted: Message) -> None:
    assert one_part(part) == converted


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (image("data:image/svg+xml,<svg/>"), "in base64"),
        (image("data:image/png;base64,???"), "not base64"),
        (file(file_data=PIXEL, filename="unknown"), "need their content"),
        (file(filename="a"), "need their content"),
        ({"type": "video_url"}, "'video_url'"),
    ],
)
def test_parts_that_cannot_be_converted(part: Message, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        one_part(part)


# Calls --------------------------------------------------------------------------------------


def test_calls_and_results() -> None:
    messages: list[Message] = [
        {
            "role": "assistant",
            "content": "I'll look.",
            "tool_calls": [tool_call("find", '{"q": 1}', "c1"), tool_call("ping", "", "c2")],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "pong"}]},
        {"role": "user", "content": "Well?"},
    ]

    assert to_messages(messages) == [
        {
            "role": "model",
            "parts": [
                {"text": "I'll look."},
                {
                    "function_call": {"id": "c1", "name": "find", "args": {"q": 1}},
                    "thought_signature": b"skip_thought_signature_validator",
                },
                {"function_call": {"id": "c2", "name": "ping", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"function_response": result("c1", "find", {"output": "found"})},
                {"function_response": result("c2", "ping", {"output": "pong"})},
            ],
        },
        {"role": "user", "parts": [{"text": "Well?"}]},
    ]


def result(call_id: str, name: str, response: Message) -> Message:
    return {"id": call_id, "name": name, "response": response}


def test_a_result_that_is_an_error() -> None:
    message = {
        "role": "tool",
        "tool_call_id": "c9",
        "name": "find",
        "content": "no",
        "is_error": True,
    }

    [content] = to_messages([message])
    assert content["parts"] == [{"function_response": result("c9", "find", {"error": "no"})}]


def test_a_result_without_a_call() -> None:
    with pytest.raises(ConfigurationError, match="'c9'"):
        to_messages([{"role": "tool", "tool_call_id": "c9", "content": "?"}])


@pytest.mark.parametrize("arguments", ['{"a": [1, 2', "[1]"])
def test_arguments_that_are_no_object_stay_as_text(arguments: str) -> None:
    call = tool_call("f", arguments)
    del call["id"]

    [content] = to_messages([{"role": "assistant", "tool_calls": [call]}])
    [part] = content["parts"]
    assert part["function_call"] == {"name": "f", "args": {"arguments": arguments}}


# The vendor's own form ----------------------------------------------------------------------


def test_the_vendors_own_messages_pass_through() -> None:
    plain = {"role": "model", "parts": [{"text": "a", "thought_signature": b"s"}]}
    typed = types.Content(role="user", parts=[types.Part(text="b")])
    messages: list[Any] = [plain, typed]

    assert to_messages(messages) == [plain, typed]
    assert to_messages(messages)[1] is typed


def test_the_vendors_own_parts_pass_through() -> None:
    part = types.Part.from_bytes(data=b"x", mime_type="image/png")

    [content] = to_messages([user(part, {"text": "own"}, "bare")])  # type: ignore[arg-type]
    assert content["parts"] == [part, {"text": "own"}, {"text": "bare"}]


def test_what_is_made_is_what_the_sdk_takes() -> None:
    messages: list[Message] = [
        user({"type": "text", "text": "See"}, image(f"data:image/png;base64,{PIXEL}")),
        {"role": "assistant", "tool_calls": [tool_call("f", '{"a": 1}')]},
        {"role": "tool", "tool_call_id": "call_1", "content": "ok"},
    ]

    contents = [types.Content.model_validate(content) for content in to_messages(messages)]
    assert contents[0].parts
    blob = contents[0].parts[1].inline_data
    assert blob
    assert blob.data == PIXEL_BYTES
