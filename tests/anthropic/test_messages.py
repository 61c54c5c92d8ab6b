"""Messages in OpenAI's chat form in, Anthropic's out."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic.types import TextBlock, ThinkingBlock

from partwise.provider import ConfigurationError
from partwise_anthropic._messages import to_messages, to_system

Message = dict[str, Any]


def user(*parts: Message) -> Message:
    return {"role": "user", "content": [*parts]}


def call(arguments: str, number: int = 1, name: str = "answer") -> Message:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{number}", "type": "function", "function": function}


def calling(*calls: Message, content: str | None = None) -> Message:
    return {"role": "assistant", "content": content, "tool_calls": [*calls]}


def result(content: Any, number: int = 1, **more: Any) -> Message:
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": content, **more}


OWN = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    user({"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}),
    user({"type": "image", "source": {"type": "file", "file_id": "file_1"}}),
    user({"type": "tool_result", "tool_use_id": "toolu_1", "content": "4"}),
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": "s"},
            {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}},
        ],
    },
]


@pytest.mark.parametrize("message", OWN)
def test_a_message_in_anthropics_own_form_passes_through_untouched(message: Message) -> None:
    (converted,) = to_messages([message])
    assert converted is message


def test_content_of_the_sdks_own_objects_passes_through() -> None:
    blocks = [
        ThinkingBlock(type="thinking", thinking="Hm", signature="s"),
        TextBlock(type="text", text="Hello"),
    ]
    message = {"role": "assistant", "content": blocks}
    assert to_messages([message]) == [message]


def test_system_and_developer_messages_leave_the_conversation() -> None:
    messages: list[Message] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "developer", "content": "Be kind."},
    ]
    assert to_messages(messages) == [{"role": "user", "content": "Hi"}]
    assert to_system(None, messages) == "Be brief.\n\nBe kind."
    assert to_system("Be true.", messages) == "Be true.\n\nBe brief.\n\nBe kind."


def test_no_system_message_is_no_system_argument() -> None:
    assert to_system(None, [{"role": "user", "content": "Hi"}]) is None
    assert to_system(None, [{"role": "system", "content": ""}]) is None


def test_system_messages_in_blocks_stay_blocks() -> None:
    block = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    messages = [{"role": "system", "content": [block]}]
    assert to_system("Be true.", messages) == [{"type": "text", "text": "Be true."}, block]
    assert to_system([block], []) == [block]


def test_an_image_by_url() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}}
    text = {"type": "text", "text": "What is this?"}
    image = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
    assert to_messages([user(text, part)]) == [user(text, image)]


def test_an_image_as_a_data_url() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/webp;base64,UklGRg=="}}
    source = {"type": "base64", "media_type": "image/webp", "data": "UklGRg=="}
    assert to_messages([user(part)]) == [user({"type": "image", "source": source})]


def test_a_pdf_is_a_document() -> None:
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}
    document = {"type": "document", "source": source, "title": "a.pdf"}
    assert to_messages([user({"type": "file", "file": file})]) == [user(document)]


def test_a_pdf_at_an_address_is_a_document() -> None:
    url = "https://example.com/a.pdf"
    document = {"type": "document", "source": {"type": "url", "url": url}}
    part = {"type": "file", "file": {"file_data": url}}
    assert to_messages([user(part)]) == [user(document)]


def test_an_uploaded_file_is_a_document() -> None:
    document = {"type": "document", "source": {"type": "file", "file_id": "file_1"}}
    part = {"type": "file", "file": {"file_id": "file_1"}}
    assert to_messages([user(part)]) == [user(document)]


def test_a_file_that_is_an_image_is_an_image() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
    part = {"type": "file", "file": {"file_data": "data:image/png;base64,iVBO"}}
    assert to_messages([user(part)]) == [user({"type": "image", "source": source})]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"type": "input_audio", "input_audio": {}}, "no audio"),
        ({"type": "file", "file": {"file_data": "data:text/csv;base64,YQ=="}}, "'text/csv'"),
        ({"type": "file", "file": {}}, "not a .data:"),
        ({"type": "image_url", "image_url": {"url": "data:image/svg+xml,<svg/>"}}, "not a .data:"),
    ],
)
def test_what_anthropic_does_not_take_is_refused(part: Message, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        to_messages([user(part)])


def test_tool_calls_become_blocks_after_the_text() -> None:
    message = calling(call('{"a": 1}'), call("", 2), content="I look.")
    assert to_messages([message]) == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "call_1", "name": "answer", "input": {"a": 1}},
                {"type": "tool_use", "id": "call_2", "name": "answer", "input": {}},
            ],
        }
    ]


def test_reasoning_in_chat_form_is_not_sent() -> None:
    thought = {"role": "assistant", "content": "Hello", "reasoning_content": "Hm."}
    assert to_messages([thought]) == [{"role": "assistant", "content": "Hello"}]


@pytest.mark.parametrize("arguments", ['{"a": ', "[1]"])
def test_arguments_that_are_no_object_are_shown_to_the_model_as_such(arguments: str) -> None:
    (message,) = to_messages([calling(call(arguments))])
    assert message["content"][0]["input"] == {"INVALID_JSON": arguments}


def test_tool_results_that_follow_each_other_are_one_message() -> None:
    messages = [
        calling(call("{}"), call("{}", 2)),
        result("sunny"),
        result([{"type": "text", "text": "no such place"}], 2, is_error=True),
        {"role": "user", "content": "Go on."},
        calling(call("{}", 3)),
        result("", 3),
    ]
    converted = to_messages(messages)
    assert [message["role"] for message in converted] == [
        *("assistant", "user", "user"),
        *("assistant", "user"),
    ]
    assert converted[1]["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"},
        {
            "type": "tool_result",
            "tool_use_id": "call_2",
            "content": [{"type": "text", "text": "no such place"}],
            "is_error": True,
        },
    ]
    assert converted[4]["content"] == [{"type": "tool_result", "tool_use_id": "call_3"}]


def test_a_refusal_is_text() -> None:
    part = {"type": "refusal", "refusal": "No."}
    expected = [{"role": "assistant", "content": [{"type": "text", "text": "No."}]}]
    assert to_messages([{"role": "assistant", "content": [part]}]) == expected
    assert to_messages([{"role": "assistant", "content": None, "refusal": "No."}]) == expected


def test_what_is_empty_is_left_out() -> None:
    empty = {"type": "text", "text": ""}
    full = {"type": "text", "text": "Hi"}
    messages = [{"role": "assistant", "content": ""}, user(empty), user(empty, full)]
    assert to_messages(messages) == [user(full)]


def test_keys_that_only_the_chat_form_has_are_left_out() -> None:
    message = {"role": "user", "content": "Hi", "name": "Ada"}
    assert to_messages([message]) == [{"role": "user", "content": "Hi"}]
    dumped = {"role": "assistant", "content": "Hi", "tool_calls": None, "refusal": None}
    assert to_messages([dumped]) == [{"role": "assistant", "content": "Hi"}]


def test_the_calls_of_one_tool_can_be_told_as_text() -> None:
    messages = [
        calling(call("{}", 1, "search")),
        result("found", 1),
        calling(call('{"a": 1}', 2)),
        result("a: too small", 2),
    ]
    assert to_messages(messages, unforced_tool="answer") == [
        *to_messages(messages[:2]),
        {"role": "assistant", "content": '{"a": 1}'},
        {"role": "user", "content": "a: too small"},
    ]


def test_the_messages_given_are_not_changed() -> None:
    messages: list[Message] = [calling(call("{}"), content="Hi"), result("4")]
    before = repr(messages)
    to_messages(messages)
    assert repr(messages) == before
