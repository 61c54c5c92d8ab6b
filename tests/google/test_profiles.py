"""What each family of models takes, and what is tried after a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from partwise.provider import BadRequestError, Mode, ProviderConfig, Request
from partwise_google import GoogleProvider
from partwise_google._profiles import profile_of
from partwise_google._request import build_request


def asking(**changes: Any) -> Request:
    given: dict[str, Any] = {
        "model": "gemini-3-pro",
        "mode": Mode.JSON_SCHEMA,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "schema": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}},
        "name": "Answer",
        **changes,
    }
    return Request(**given)


@pytest.mark.parametrize(
    ("model", "modes"),
    [
        ("gemini-2.5-flash", [Mode.JSON_SCHEMA, Mode.TOOLS, Mode.MD_JSON]),
        ("publishers/google/models/gemini-9", [Mode.JSON_SCHEMA, Mode.TOOLS, Mode.MD_JSON]),
        ("gemma-3-27b-it", [Mode.MD_JSON]),
        ("gemini-2.5-flash-image", [Mode.MD_JSON]),
    ],
)
def test_modes(model: str, modes: list[Mode]) -> None:
    assert list(profile_of(model).capabilities.modes) == modes


def test_a_model_without_a_system_instruction_has_it_in_its_first_message() -> None:
    payload = build_request(asking(model="gemma-3-27b-it", mode=Mode.MD_JSON))

    assert "system_instruction" not in payload["config"]
    assert payload["contents"] == [
        {"role": "user", "parts": [{"text": "Be brief."}, {"text": "Hi"}]}
    ]


def test_a_system_instruction_among_the_options_goes_there_too() -> None:
    request = asking(
        model="gemma-3-27b-it",
        mode=Mode.MD_JSON,
        messages=[{"role": "assistant", "content": "Ho"}, {"role": "user", "content": "Hi"}],
        options={"system_instruction": "Be kind."},
    )
    first, second, third = build_request(request)["contents"]

    assert first == {"role": "user", "parts": [{"text": "Be kind."}]}
    assert (second["role"], third["role"]) == ("model", "user")


REFUSALS = {
    "A schema in GenerationConfig in the request exceeds the maximum allowed nesting depth.": (
        Mode.JSON_SCHEMA,
        False,
    ),
    "The specified schema produces a constraint that has too many states for serving.": (
        Mode.JSON_SCHEMA,
        False,
    ),
    "Request contains an invalid argument.": (Mode.JSON_SCHEMA, False),
    "JSON mode is not enabled for models/gemini-x": (Mode.MD_JSON, True),
    "Function calling with a response mime type: 'application/json' is unsupported": (
        Mode.MD_JSON,
        True,
    ),
}


@pytest.mark.parametrize("words", REFUSALS)
def test_the_approach_after_a_refusal(words: str) -> None:
    provider = GoogleProvider(ProviderConfig(name="google", api_key="no key"))
    error = BadRequestError(words, provider="google", status_code=400)
    fallback = provider.fallback(asking(), error)

    assert fallback is not None
    assert (fallback.approach.mode, fallback.approach.strict) == REFUSALS[words]


def test_a_bare_refusal_is_believed_once() -> None:
    provider = GoogleProvider(ProviderConfig(name="google", api_key="no key"))
    words = "Request contains an invalid argument."
    error = BadRequestError(words, provider="google", status_code=400)

    assert provider.fallback(asking(strict=False), error) is None
    assert provider.fallback(asking(mode=Mode.MD_JSON), error) is None


def test_an_unconstrained_answer_is_still_json() -> None:
    config = build_request(asking(strict=False))["config"]

    assert config["response_mime_type"] == "application/json"
    assert "response_json_schema" not in config


def test_a_tool_that_may_not_be_forced_is_offered() -> None:
    config = build_request(asking(mode=Mode.TOOLS, forced=False))["config"]

    assert config["tool_config"]["function_calling_config"] == {"mode": "AUTO"}


def test_a_function_without_bounds() -> None:
    config = build_request(asking(mode=Mode.TOOLS, strict=False))["config"]
    [declaration] = config["tools"][0]["function_declarations"]

    assert declaration["parameters_json_schema"]["properties"]["a"] == {
        "type": "integer",
        "description": "Minimum: 1",
    }


def test_refused_parameters_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    options = {"temperature": 0.5, "max_tokens": 7}
    config = build_request(asking(options=options, omitted=frozenset({"temperature"})))["config"]

    assert "temperature" not in config
    assert config["max_output_tokens"] == 7
    assert "does not take temperature" in caplog.text
