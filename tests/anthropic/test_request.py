"""What is asked of Anthropic, mode by mode."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from pydantic import TypeAdapter

from partwise.provider import Mode, Request
from partwise_anthropic._request import answers_by_tool, build_request
from partwise_anthropic._schema import MAX_OPTIONAL, MAX_UNIONS

MODEL = "claude-opus-4-5"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 0}},
    "required": ["age"],
}
# What Anthropic can't enforce.
MAP: dict[str, Any] = {
    "type": "object",
    "properties": {"ages": {"type": "object", "additionalProperties": {"type": "integer"}}},
    "required": ["ages"],
}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "How old?"},
]


def request(mode: Mode, schema: Any = SCHEMA, model: str = MODEL, **options: Any) -> Request:
    return Request(
        model=model,
        mode=mode,
        messages=MESSAGES,
        schema=schema,
        name="Age",
        description="An age.",
        options=options,
    )


def build(mode: Mode, schema: Any = SCHEMA, model: str = MODEL, **options: Any) -> dict[str, Any]:
    return build_request(request(mode, schema, model, **options))


def test_a_forced_tool() -> None:
    assert build(Mode.TOOLS) == {
        "model": "claude-opus-4-5",
        "max_tokens": 16_384,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "How old?"}],
        "tools": [
            {
                "name": "Age",
                "description": "An age.",
                "input_schema": SCHEMA,
                "eager_input_streaming": True,
            }
        ],
        "tool_choice": {"type": "tool", "name": "Age", "disable_parallel_tool_use": True},
        "stream": True,
    }


def test_an_enforced_schema() -> None:
    assert build(Mode.JSON_SCHEMA) == {
        "model": "claude-opus-4-5",
        "max_tokens": 16_384,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "How old?"}],
        "output_config": {
            "format": {
                "type": "json_schema",
                "schema": {
                    "type": "object",
                    "properties": {"age": {"type": "integer", "description": "Minimum: 0"}},
                    "required": ["age"],
                    "additionalProperties": False,
                },
            }
        },
        "stream": True,
    }


def test_a_schema_in_the_prompt_is_the_cores_business() -> None:
    assert build(Mode.MD_JSON) == {
        "model": "claude-opus-4-5",
        "max_tokens": 16_384,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "How old?"}],
        "stream": True,
    }


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.JSON_SCHEMA, Mode.MD_JSON])
def test_the_payload_is_what_the_sdk_says_it_takes(mode: Mode) -> None:
    TypeAdapter(MessageCreateParamsStreaming).validate_python(build(mode), strict=True)


def test_a_tool_without_a_description() -> None:
    bare = Request(model=MODEL, mode=Mode.TOOLS, messages=MESSAGES, schema=SCHEMA, name="Age")
    assert "description" not in build_request(bare)["tools"][0]


def test_what_can_not_be_enforced_goes_to_a_tool(caplog: pytest.LogCaptureFixture) -> None:
    payload = build(Mode.JSON_SCHEMA, MAP)
    assert "output_config" not in payload
    assert payload["tools"][0]["input_schema"] == MAP
    assert payload["tool_choice"]["name"] == "Age"
    assert answers_by_tool(request(Mode.JSON_SCHEMA, MAP))
    assert not answers_by_tool(request(Mode.JSON_SCHEMA))
    assert "#/properties/ages" in caplog.text


def test_that_a_schema_can_not_be_enforced_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    schema = {**MAP, "title": "Logged once"}
    for _ in range(3):
        build(Mode.JSON_SCHEMA, schema)
    assert len(caplog.records) == 1


def wide(optional: int, unions: int) -> dict[str, Any]:
    union = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    properties = {
        **{f"o{number}": {"type": "integer"} for number in range(optional)},
        **{f"u{number}": union for number in range(unions)},
    }
    required = [name for name in properties if name.startswith("u")]
    return {"type": "object", "properties": properties, "required": required}


@pytest.mark.parametrize(
    ("optional", "unions", "by_tool"),
    [(MAX_OPTIONAL, MAX_UNIONS, False), (MAX_OPTIONAL + 1, 0, True), (0, MAX_UNIONS + 1, True)],
)
def test_a_schema_beyond_the_vendors_limits_goes_to_a_tool(
    optional: int, unions: int, by_tool: bool, caplog: pytest.LogCaptureFixture
) -> None:
    schema = wide(optional, unions)
    assert answers_by_tool(request(Mode.JSON_SCHEMA, schema)) is by_tool
    assert bool(caplog.records) is by_tool


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (MODEL, {"thinking": {"type": "enabled", "budget_tokens": 2000}}),
        ("claude-opus-4-8", {"thinking": {"type": "adaptive"}}),
        ("claude-opus-5-5", {}),
    ],
)
def test_a_tool_that_can_not_be_forced_is_asked_for(
    model: str, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "partwise")
    payload = build(Mode.TOOLS, model=model, **options)
    assert payload["tool_choice"] == {"type": "auto"}
    assert payload["system"] == "Be brief.\n\nGive your answer by calling the tool `Age`."
    assert model in caplog.text


def test_a_model_that_thinks_gets_its_earlier_answer_as_text() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "Age", "arguments": "{}"}}
    correction: list[dict[str, Any]] = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "age: required"},
    ]
    again = Request(
        model=MODEL,
        mode=Mode.TOOLS,
        messages=[*MESSAGES, *correction],
        schema=SCHEMA,
        name="Age",
        options={"thinking": {"type": "enabled", "budget_tokens": 2000}},
    )
    assert build_request(again)["messages"][1:] == [
        {"role": "assistant", "content": "{}"},
        {"role": "user", "content": "age: required"},
    ]


def test_thinking_has_room_beside_the_answer() -> None:
    payload = build(Mode.JSON_SCHEMA, thinking={"type": "enabled", "budget_tokens": 2000})
    assert payload["max_tokens"] == 16_384 + 2000
    assert payload["thinking"] == {"type": "enabled", "budget_tokens": 2000}
    assert "output_config" in payload


def test_the_users_options_go_to_the_vendor_as_they_are() -> None:
    payload = build(Mode.TOOLS, max_tokens=7, stop_sequences=["X"], metadata={"user_id": "u"})
    assert payload["max_tokens"] == 7
    assert payload["stop_sequences"] == ["X"]
    assert payload["metadata"] == {"user_id": "u"}


def test_sampling_goes_into_the_body() -> None:
    payload = build(Mode.MD_JSON, temperature=0, top_k=5, extra_body={"x": 1})
    assert payload["extra_body"] == {"temperature": 0, "top_k": 5, "x": 1}
    assert not payload.keys() & {"temperature", "top_k"}


def test_the_users_own_tools_and_choice_are_kept() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    payload = build(Mode.TOOLS, tools=[search], tool_choice={"type": "any"})
    assert [tool["name"] for tool in payload["tools"]] == ["web_search", "Age"]
    assert payload["tool_choice"] == {"type": "any"}


def test_the_users_output_config_is_kept() -> None:
    payload = build(Mode.JSON_SCHEMA, output_config={"effort": "low"})
    assert payload["output_config"]["effort"] == "low"
    assert payload["output_config"]["format"]["type"] == "json_schema"


def test_the_users_system_comes_first() -> None:
    assert build(Mode.MD_JSON, system="Be true.")["system"] == "Be true.\n\nBe brief."


def test_the_request_is_not_changed() -> None:
    options: dict[str, Any] = {"output_config": {"effort": "low"}, "tools": [], "extra_body": {}}
    before = repr(options)
    build(Mode.JSON_SCHEMA, MAP, temperature=1, **options)
    build(Mode.JSON_SCHEMA, **options)
    assert repr(options) == before
