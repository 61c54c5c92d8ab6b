"""Requests, as what the SDK is called with."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from google.genai import types

from partwise.provider import ConfigurationError, Mode, Request
from partwise_google._request import build_request

SCHEMA = {
    "type": "object",
    "properties": {"kind": {"const": "person"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["kind", "age"],
}

GEMINI_SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["person"]}, "age": {"type": "integer", "minimum": 0}},
    "required": ["kind", "age"],
}

NEVER_BY_ITSELF = {
    "automatic_continuation": False,
    "automatic_function_calling": {"disable": True},
}


def built(mode: Mode = Mode.MD_JSON, system: str | None = None, **options: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Who?"}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return build_request(
        Request(
            model="gemini-2.5-flash",
            mode=mode,
            messages=messages,
            schema=SCHEMA,
            name="Person",
            description="A person.",
            options=options,
        )
    )


def config_of(mode: Mode = Mode.MD_JSON, **options: Any) -> dict[str, Any]:
    config: dict[str, Any] = built(mode, **options)["config"]
    for name in NEVER_BY_ITSELF:
        del config[name]
    return config


# Modes --------------------------------------------------------------------------------------


def test_json_schema() -> None:
    assert built(Mode.JSON_SCHEMA, system="Be brief.") == {
        "model": "gemini-2.5-flash",
        "contents": [{"role": "user", "parts": [{"text": "Who?"}]}],
        "config": {
            "system_instruction": {"parts": [{"text": "Be brief."}]},
            "response_mime_type": "application/json",
            "response_json_schema": GEMINI_SCHEMA,
            **NEVER_BY_ITSELF,
        },
    }


def test_tools() -> None:
    function = {
        "name": "Person",
        "description": "A person.",
        "parameters_json_schema": GEMINI_SCHEMA,
    }
    choice = {"mode": "ANY", "allowed_function_names": ["Person"]}

    assert config_of(Mode.TOOLS) == {
        "tools": [{"function_declarations": [function]}],
        "tool_config": {"function_calling_config": choice},
    }


def test_tools_beside_the_users_own() -> None:
    search: dict[str, Any] = {"google_search": {}}
    retrieval = types.RetrievalConfig(language_code="fr")

    config = config_of(
        Mode.TOOLS, tools=[search], tool_config=types.ToolConfig(retrieval_config=retrieval)
    )

    assert config["tools"][0] == search
    assert config["tool_config"]["retrieval_config"] is retrieval
    assert config["tool_config"]["function_calling_config"]["mode"] == "ANY"


def test_streamed_arguments_are_asked_for() -> None:
    config = config_of(Mode.TOOLS, stream_function_call_arguments=True)

    choice = config["tool_config"]["function_calling_config"]
    assert choice["stream_function_call_arguments"] is True
    assert config_of(stream_function_call_arguments=True) == {}


def test_md_json_asks_for_nothing() -> None:
    assert built()["config"] == NEVER_BY_ITSELF


# Options ------------------------------------------------------------------------------------


def test_options_go_into_the_config() -> None:
    assert config_of(temperature=0.5, top_k=3, thinking_config={"include_thoughts": True}) == {
        "temperature": 0.5,
        "top_k": 3,
        "thinking_config": {"include_thoughts": True},
    }


@pytest.mark.parametrize(
    ("options", "config"),
    [
        ({"max_tokens": 9}, {"max_output_tokens": 9}),
        ({"max_completion_tokens": 9}, {"max_output_tokens": 9}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["A", "B"]}, {"stop_sequences": ["A", "B"]}),
        ({"timeout": None}, {"http_options": {"timeout": 0, "headers": {}}}),
        ({"extra_body": {"a": 1}}, {"http_options": {"extra_body": {"a": 1}}}),
    ],
)
def test_openais_names(options: dict[str, Any], config: dict[str, Any]) -> None:
    assert config_of(**options) == config


@pytest.mark.parametrize(
    "whole", [{"temperature": 0.5, "seed": 1}, types.GenerateContentConfig(temperature=0.5, seed=1)]
)
def test_a_whole_config(whole: Any) -> None:
    assert config_of(config=whole, seed=2) == {"temperature": 0.5, "seed": 2}


def test_http_options_come_together() -> None:
    config = types.GenerateContentConfig(http_options=types.HttpOptions(api_version="v1beta"))

    options = config_of(
        config=config, http_options={"headers": {"a": "1"}}, extra_headers={"b": "2"}
    )["http_options"]
    assert options == {"api_version": "v1beta", "headers": {"a": "1", "b": "2"}}


def test_a_read_timeout_is_no_deadline_for_the_answer() -> None:
    request = Request(
        model="m", mode=Mode.MD_JSON, messages=[], schema=SCHEMA, name="x", read_timeout=2.5
    )

    assert build_request(request)["config"]["http_options"] == {
        "timeout": 2500,
        "headers": {"X-Server-Timeout": "600"},
    }


def test_what_the_answer_needs_is_not_to_be_overridden() -> None:
    config = built(
        Mode.JSON_SCHEMA,
        response_mime_type="text/plain",
        automatic_continuation=True,
        automatic_function_calling={"disable": False},
    )["config"]

    assert config["response_mime_type"] == "application/json"
    assert config.items() >= NEVER_BY_ITSELF.items()


# Instructions -------------------------------------------------------------------------------


def test_instructions_in_both_places() -> None:
    config = built(system="In French.", system_instruction="Be brief.")["config"]

    assert config["system_instruction"] == {
        "parts": [{"text": "Be brief."}, {"text": "In French."}]
    }


def test_instructions_of_the_vendors_own_kind() -> None:
    own = types.Content(parts=[types.Part(text="Be brief.")])

    assert config_of(system_instruction=own) == {"system_instruction": own}
    with pytest.raises(ConfigurationError, match="not in both"):
        built(system="In French.", system_instruction=own)


def test_nothing_of_the_request_is_changed() -> None:
    options: dict[str, Any] = {
        "config": {"seed": 1},
        "extra_headers": {"a": "1"},
        "http_options": {"headers": {}},
    }
    before = deepcopy(options)

    built(Mode.TOOLS, **options)

    assert options == before
