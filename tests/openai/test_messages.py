"""Messages of the chat form, as input of the Responses API."""

from __future__ import annotations

from typing import Any

import pytest

from partwise_openai._messages import to_messages

CALL = {"id": "c", "type": "function", "function": {"name": "answer", "arguments": '{"a":1}'}}


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_plain_text(role: str) -> None:
    message = {"role": role, "content": "Hello"}

    assert to_messages([message]) == [message]


@pytest.mark.parametrize(
    ("part", "converted"),
    [
        ({"type": "text", "text": "Hi"}, {"type": "input_text", "text": "Hi"}),
        (
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            {
                "type": "input_image",
                "image_url": "https://example.org/a.png",
                "detail": "auto",
            },
        ),
        (
            {
                "type": "image_url",
                "image_url": {"url": "data:image/png;base64,AA", "detail": "low"},
            },
            {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "low"},
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:…"}},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:…"},
        ),
        (
            {"type": "image_url", "image_url": "https://example.org/a.png"},
            {"type": "input_image", "image_url": "https://example.org/a.png"},
        ),
        ({"type": "file", "file": {"file_id": "f"}}, {"type": "input_file", "file_id": "f"}),
        ({"type": "input_text", "text": "Hi"}, {"type": "input_text", "text": "Hi"}),
        ({"type": "input_image", "file_id": "f"}, {"type": "input_image", "file_id": "f"}),
    ],
)
def test_parts_of_a_user(part: Any, converted: Any) -> None:
    messages = [{"role": "user", "content": [part]}]

    assert to_messages(messages) == [{"role": "user", "content": [converted]}]


def test_parts_of_an_assistant() -> None:
    parts = [{"type": "text", "text": "Hi"}, {"type": "refusal", "refusal": "No."}]

    assert to_messages([{"role": "assistant", "content": parts}]) == [
        {
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "Hi"},
                {"type": "refusal", "refusal": "No."},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, []),
        ("Hi", [{"type": "output_text", "text": "Hi"}]),
        ([{"type": "text", "text": "Hi"}], [{"type": "output_text", "text": "Hi"}]),
    ],
)
def test_a_refusal(content: Any, said: Any) -> None:
    [item] = to_messages([{"role": "assistant", "content": content, "refusal": "No."}])

    assert item["content"] == [*said, {"type": "refusal", "refusal": "No."}]


def test_a_call_and_its_result() -> None:
    assert to_messages(
        [
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c", "content": "1 error"},
        ]
    ) == [
        {"type": "function_call", "call_id": "c", "name": "answer", "arguments": '{"a":1}'},
        {"type": "function_call_output", "call_id": "c", "output": "1 error"},
    ]


def test_text_before_a_call() -> None:
    items = to_messages([{"role": "assistant", "content": "Let me see.", "tool_calls": [CALL]}])

    assert items[0] == {"role": "assistant", "content": "Let me see."}
    assert items[1]["type"] == "function_call"


def test_a_result_in_parts() -> None:
    message = {
        "role": "tool",
        "tool_call_id": "c",
        "content": [{"type": "text", "text": "1 error"}],
    }

    assert to_messages([message]) == [
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "1 error"}],
        }
    ]


def test_a_call_of_a_custom_tool() -> None:
    call = {"id": "c", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}

    assert to_messages([{"role": "assistant", "tool_calls": [call]}]) == [
        {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "SELECT 1"}
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "function_call_output", "call_id": "c", "output": "1"},
        {"type": "item_reference", "id": "x"},
    ],
)
def test_to_messages_pass_through(item: Any) -> None:
    assert to_messages([item]) == [item]
