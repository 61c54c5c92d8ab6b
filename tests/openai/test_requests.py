"""What is sent, in each mode and to each kind of server."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

import partwise_openai
from partwise.provider import Granularity, Mode, Provider, ProviderConfig, ProviderFactory, Request
from partwise_openai._servers import COMPATIBLE, OPENAI

FACTORIES: dict[str, ProviderFactory] = {}
partwise_openai.register_providers(FACTORIES.__setitem__)

MESSAGES = [{"role": "user", "content": "Who?"}]


class Person(BaseModel):
    name: str
    age: int = Field(default=0, ge=0)


STRICT_PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0, "description": "Default: 0"},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


def provider(name: str = "openai", **config: Any) -> Provider:
    config.setdefault("api_key", "no key")
    config.setdefault("base_url", "http://127.0.0.1:1/v1")
    return FACTORIES[name](ProviderConfig(name=name, **config))


def build(mode: Mode, name: str = "openai", model: str = "m", **request: Any) -> dict[str, Any]:
    options = {key: request.pop(key) for key in list(request) if key not in Request.__slots__}
    request = {
        "messages": MESSAGES,
        "schema": Person.model_json_schema(),
        "name": "Person",
        **request,
    }
    asked = Request(model=model, mode=mode, options=options, **request)
    return dict(provider(name).build_request(asked))


def test_tools() -> None:
    assert build(Mode.TOOLS, description="Somebody.", temperature=0) == {
        "model": "m",
        "messages": MESSAGES,
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "Person",
                    "description": "Somebody.",
                    "parameters": STRICT_PERSON,
                    "strict": True,
                },
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "Person"}},
        "parallel_tool_calls": False,
        "temperature": 0,
    }


def test_json_schema() -> None:
    assert build(Mode.JSON_SCHEMA) == {
        "model": "m",
        "messages": MESSAGES,
        "stream": True,
        "stream_options": {"include_usage": True},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "Person", "schema": STRICT_PERSON, "strict": True},
        },
    }


def test_json() -> None:
    assert build(Mode.JSON)["response_format"] == {"type": "json_object"}


def test_md_json() -> None:
    assert build(Mode.MD_JSON) == {
        "model": "m",
        "messages": MESSAGES,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_responses() -> None:
    assert build(Mode.RESPONSES, description="Somebody.", text={"verbosity": "low"}) == {
        "model": "m",
        "input": MESSAGES,
        "stream": True,
        "text": {
            "verbosity": "low",
            "format": {
                "type": "json_schema",
                "name": "Person",
                "description": "Somebody.",
                "schema": STRICT_PERSON,
                "strict": True,
            },
        },
    }


def test_responses_tools() -> None:
    assert build(Mode.RESPONSES_TOOLS) == {
        "model": "m",
        "input": MESSAGES,
        "stream": True,
        "tools": [
            {"type": "function", "name": "Person", "parameters": STRICT_PERSON, "strict": True}
        ],
        "tool_choice": {"type": "function", "name": "Person"},
        "parallel_tool_calls": False,
    }


@pytest.mark.parametrize("given", ["Hello", [{"role": "user", "content": "Hello"}]])
def test_input_comes_before_the_messages(given: Any) -> None:
    payload = build(Mode.RESPONSES, input=given)

    assert payload["input"] == [{"role": "user", "content": "Hello"}, *MESSAGES]


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.RESPONSES_TOOLS])
def test_own_tools_are_offered_too(mode: Mode) -> None:
    own = {"type": "function", "function": {"name": "search"}}
    payload = build(mode, tools=[own], tool_choice="auto")

    assert payload["tools"][1:] == [own]
    assert payload["tool_choice"] == "auto"


def test_options_win() -> None:
    assert build(Mode.TOOLS, stream_options={"x": 1})["stream_options"] == {"x": 1}


def test_building_changes_nothing() -> None:
    schema, tools = Person.model_json_schema(), [{"type": "function"}]
    build(Mode.TOOLS, schema=schema, tools=tools)

    assert schema == Person.model_json_schema()
    assert tools == [{"type": "function"}]


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.RESPONSES_TOOLS])
@pytest.mark.parametrize("model", ["o3-mini", "o1", "o4-mini-2025-04-16"])
def test_reasoning_models_refuse_to_be_told_of_parallel_calls(mode: Mode, model: str) -> None:
    assert "parallel_tool_calls" not in build(mode, model=model)


@pytest.mark.parametrize(
    ("mode", "path"),
    [
        (Mode.TOOLS, ["tools", 0, "function"]),
        (Mode.JSON_SCHEMA, ["response_format", "json_schema"]),
        (Mode.RESPONSES, ["text", "format"]),
        (Mode.RESPONSES_TOOLS, ["tools", 0]),
    ],
)
def test_what_strict_mode_can_not_take_is_sent_without_it(
    mode: Mode, path: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Scores(BaseModel):
        points: dict[str, int]

    with caplog.at_level(logging.WARNING, "partwise"):
        sent: Any = build(mode, schema=Scores.model_json_schema())
    for step in path:
        sent = sent[step]

    assert sent["strict"] is False
    schema = sent.get("parameters") or sent["schema"]
    assert schema["properties"]["points"]["additionalProperties"] == {"type": "integer"}
    assert "openai strict" in caplog.text


def test_strict_dialect_of_a_recursive_model_with_everything() -> None:
    schema = build(Mode.JSON_SCHEMA, schema=Tree.model_json_schema())
    answer = schema["response_format"]["json_schema"]

    assert answer["strict"] is True
    assert answer["schema"] == {
        "type": "object",
        "properties": {
            "label": {"type": "string", "description": "Minimum length: 1"},
            "mail": {"type": "string", "format": "email"},
            "left": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
            "leaf": {
                "anyOf": [{"$ref": "#/$defs/Leaf"}],
                "description": "The last one.",
            },
        },
        "required": ["label", "mail", "left", "leaf"],
        "additionalProperties": False,
        "$defs": answer["schema"]["$defs"],
    }


class Leaf(BaseModel):
    size: float = Field(gt=0, multiple_of=0.5)


class Tree(BaseModel):
    label: str = Field(min_length=1)
    mail: str = Field(json_schema_extra={"format": "email"})
    left: Tree | None = None
    leaf: Leaf = Field(description="The last one.")


# The compatible servers ---------------------------------------------------------------------


def test_every_server_is_registered_once() -> None:
    assert sorted(FACTORIES) == [
        "azure",
        "cerebras",
        "deepseek",
        "fireworks",
        "groq",
        "llamacpp",
        "lmstudio",
        "mistral",
        "nvidia",
        "ollama",
        "openai",
        "openrouter",
        "perplexity",
        "sambanova",
        "together",
        "vllm",
        "xai",
    ]


@pytest.mark.parametrize(
    ("name", "url", "key"),
    [
        ("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
        ("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
        ("fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
        ("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        ("llamacpp", "http://localhost:8080/v1", None),
        ("lmstudio", "http://localhost:1234/v1", None),
        ("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        ("nvidia", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
        ("ollama", "http://localhost:11434/v1", None),
        ("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        ("perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
        ("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
        ("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        ("vllm", "http://localhost:8000/v1", None),
        ("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
    ],
)
def test_where_a_server_is_and_what_key_it_gets(
    name: str, url: str, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if key:
        monkeypatch.setenv(key, "the key")
    made: Any = FACTORIES[name](ProviderConfig(name=name))
    with made._sync_client() as client:
        assert str(client.base_url).removesuffix("/") == url
        assert client.api_key == ("the key" if key else "none")


@pytest.mark.parametrize("name", FACTORIES)
def test_the_readme_tells_each_server_s_key_and_modes(name: str, root: Path) -> None:
    server = {"openai": OPENAI, **COMPATIBLE}[name]
    modes = ", ".join(
        f"`{mode}`" + (" (whole)" if granularity is Granularity.WHOLE else "")
        for mode, granularity in server.modes.items()
    )
    key = f"`{server.key}`" if server.key else "none"
    readme = (root / "plugins/openai/README.md").read_text("utf-8")
    assert f"\n| `{name}` | {key} | {modes} |\n" in readme


@pytest.mark.parametrize("name", FACTORIES)
def test_every_server_builds_a_request_in_each_of_its_modes(name: str) -> None:
    capabilities = provider(name).capabilities("m")

    for mode in capabilities.modes:
        assert build(mode, name)["stream"] is True
    assert capabilities.modes[capabilities.default_mode] is Granularity.TOKEN


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("openai", Mode.TOOLS),
        ("ollama", Mode.JSON_SCHEMA),
        ("deepseek", Mode.TOOLS),
        ("mistral", Mode.JSON_SCHEMA),
        ("groq", Mode.MD_JSON),
        ("perplexity", Mode.JSON_SCHEMA),
    ],
)
def test_default_modes(name: str, mode: Mode) -> None:
    assert provider(name).capabilities("m").default_mode is mode


def test_groq_takes_schemas_with_some_models() -> None:
    assert Mode.JSON_SCHEMA in provider("groq").capabilities("openai/gpt-oss-20b").modes
    assert Mode.JSON_SCHEMA not in provider("groq").capabilities("llama-3.3-70b").modes


@pytest.mark.parametrize("name", ["mistral", "perplexity"])
def test_who_refuses_stream_options(name: str) -> None:
    assert "stream_options" not in build(Mode.JSON_SCHEMA, name)


@pytest.mark.parametrize("name", ["cerebras", "lmstudio", "llamacpp"])
def test_who_can_not_force_a_tool_by_name(name: str) -> None:
    assert build(Mode.TOOLS, name)["tool_choice"] == "required"


def test_who_is_told_of_parallel_calls() -> None:
    told = [
        name
        for name in FACTORIES
        if Mode.TOOLS in provider(name).capabilities("m").modes
        and "parallel_tool_calls" in build(Mode.TOOLS, name)
    ]

    assert sorted(told) == ["azure", "llamacpp", "openai"]


def test_where_strict_is_unknown_the_schema_is_sent_as_it_is() -> None:
    function = build(Mode.TOOLS, "ollama")["tools"][0]["function"]

    assert function == {"name": "Person", "parameters": Person.model_json_schema()}


@pytest.mark.parametrize(
    ("model", "is_sent"),
    [("deepseek-v4", True), ("moonshotai/Kimi-K2.6", True), ("gpt-5.6", False), ("m", False)],
)
def test_reasoning_goes_back_to_the_models_that_want_it(model: str, is_sent: bool) -> None:
    thought = {"role": "assistant", "content": None, "reasoning_content": "Hm."}
    (message,) = build(Mode.TOOLS, model=model, messages=[thought])["messages"]
    assert ("reasoning_content" in message) is is_sent
