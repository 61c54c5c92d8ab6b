"""What is sent, in each mode and to each kind of server."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel, Field

import partwise_openai
from partwise.provider import (
    ConfigurationError,
    Granularity,
    MissingKeyError,
    Mode,
    Provider,
    ProviderConfig,
    ProviderFactory,
    Request,
)
from partwise_openai._servers import SERVERS

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
def test_some_reasoning_models_refuse_to_be_told_of_parallel_calls(mode: Mode, model: str) -> None:
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

    schema = {**Scores.model_json_schema(), "title": mode}  # new, so it is not yet known
    with caplog.at_level(logging.WARNING, "partwise"):
        sent: Any = build(mode, schema=schema)
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


# What a model takes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "model", "mode", "sent"),
    [
        ("openai", "gpt-4.1", Mode.TOOLS, "max_completion_tokens"),
        ("openai", "gpt-5.6", Mode.JSON_SCHEMA, "max_completion_tokens"),
        ("openai", "gpt-5.6", Mode.RESPONSES, "max_output_tokens"),
        ("azure", "my-deployment", Mode.JSON_SCHEMA, "max_completion_tokens"),
        ("deepseek", "deepseek-v4-pro", Mode.JSON, "max_tokens"),
        ("moonshot", "kimi-k2.6", Mode.JSON, "max_completion_tokens"),
        ("ollama", "llama3.2", Mode.JSON, "max_tokens"),
    ],
)
@pytest.mark.parametrize("given", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
def test_a_limit_has_the_name_that_the_model_takes(
    given: str, name: str, model: str, mode: Mode, sent: str
) -> None:
    payload = build(mode, name, model, **{given: 100})

    names = {"max_tokens", "max_completion_tokens", "max_output_tokens"}
    assert {key: payload[key] for key in names & payload.keys()} == {sent: 100}


def test_a_refused_name_of_the_limit_gives_way_to_the_other() -> None:
    once = frozenset({"max_completion_tokens"})
    never = once | {"max_tokens"}

    assert build(Mode.JSON, max_tokens=9, omitted=once)["max_tokens"] == 9
    assert "max_tokens" not in build(Mode.JSON, max_tokens=9, omitted=never)


@pytest.mark.parametrize("model", ["gpt-5", "gpt-5.6-terra", "o4-mini", "gpt-5.5-pro", "gpt-6"])
@pytest.mark.parametrize("mode", [Mode.JSON_SCHEMA, Mode.RESPONSES])
def test_reasoning_models_get_no_temperature(
    mode: Mode, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    payload = build(mode, model=model, temperature=0, top_p=0.5, seed=1)

    assert not payload.keys() & {"temperature", "top_p"}
    assert payload["seed"] == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"openai/{model} does not take temperature: it is left out",
        f"openai/{model} does not take top_p: it is left out",
    ]


def test_what_is_left_out_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    made = provider()
    request = Request(
        model="o3", mode=Mode.JSON, messages=(), schema={}, name="a", options={"temperature": 0}
    )

    assert made.build_request(request) == made.build_request(request)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-5.4", "unheard-of"])
def test_other_models_get_the_temperature(model: str) -> None:
    assert build(Mode.JSON_SCHEMA, model=model, temperature=0)["temperature"] == 0


def test_what_the_vendor_refused_is_left_out() -> None:
    omitted = frozenset({"stream_options", "parallel_tool_calls", "temperature"})
    payload = build(Mode.TOOLS, omitted=omitted, temperature=0)

    assert not payload.keys() & omitted


def test_a_tool_that_is_only_offered() -> None:
    for payload in (
        build(Mode.TOOLS, forced=False),
        build(Mode.RESPONSES_TOOLS, forced=False),
        build(Mode.TOOLS, "deepseek", "deepseek-v4-flash"),
        build(Mode.TOOLS, "openrouter", "moonshotai/kimi-k2.6"),
    ):
        assert len(payload["tools"]) == 1
        assert "tool_choice" not in payload


def test_a_schema_that_was_refused_is_sent_without_its_constraints() -> None:
    answer = build(Mode.JSON_SCHEMA, strict=False)["response_format"]["json_schema"]

    assert "strict" not in answer
    assert answer["schema"]["properties"]["age"] == {
        "type": "integer",
        "default": 0,
        "description": "Minimum: 0",
    }
    assert build(Mode.RESPONSES, strict=False)["text"]["format"]["strict"] is False


@pytest.mark.parametrize("name", ["cerebras", "groq", "openrouter", "xai"])
def test_other_strict_modes_get_no_constraints(name: str) -> None:
    class Strings(BaseModel):
        code: str = Field(pattern="[a-z]+", min_length=1)
        many: list[int] = Field(min_length=1, max_length=3)

    payload = build(Mode.JSON_SCHEMA, name, "gpt-oss-1", schema=Strings.model_json_schema())
    answer = payload["response_format"]["json_schema"]

    assert answer["strict"] is True
    code, many = (answer["schema"]["properties"][key] for key in ("code", "many"))
    assert code.keys() == {"type", "description"}
    assert many.keys() == {"type", "items", "description"}
    assert "[a-z]+" in code["description"]


CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]}


@pytest.mark.parametrize(
    ("name", "model", "message", "sent"),
    [
        ("openai", "gpt-4.1", {"reasoning_content": "Hm."}, {}),
        ("openrouter", "x", {"reasoning_content": "Hm."}, {"reasoning": "Hm."}),
        ("openrouter", "x", {"reasoning": "So"}, {"reasoning": "So"}),
        ("openrouter", "x", {}, {}),
        ("deepseek", "deepseek-chat", {"reasoning_content": "So"}, {"reasoning_content": "So"}),
        ("deepseek", "deepseek-v4-pro", {}, {"reasoning_content": ""}),
        ("moonshot", "kimi-k2.6", {"reasoning_content": "So"}, {"reasoning_content": "So"}),
        ("vllm", "deepseek-ai/DeepSeek-V4", {}, {"reasoning_content": ""}),
    ],
)
def test_the_reasoning_of_a_call_goes_back_to_who_wants_it(
    name: str, model: str, message: dict[str, Any], sent: dict[str, Any]
) -> None:
    payload = build(Mode.TOOLS, name, model, messages=[{**CALL, **message}])

    assert payload["messages"] == [{**CALL, **sent}]


# The servers ----------------------------------------------------------------------------------


ALIASES = {alias for server in SERVERS.values() for alias in server.aliases}


def test_every_name_is_registered() -> None:
    assert sorted(FACTORIES) == sorted({*SERVERS, *ALIASES})
    assert len(FACTORIES) == len(SERVERS) + len(ALIASES)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_s_address_and_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SERVERS[name]
    for variable in server.keys:
        monkeypatch.setenv(variable, f"the {variable}")
    for variable in server.hosts:
        monkeypatch.setenv(variable, "https://mine.example.com/")
    made: Any = FACTORIES[name](ProviderConfig(name=name))

    with made._clients.get() as client:
        address = (server.url or "https://api.openai.com/v1").replace(
            "{}", "https://mine.example.com"
        )
        assert str(client.base_url).removesuffix("/") == address
        assert client.api_key == (f"the {server.keys[0]}" if server.keys else "none")


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_without_its_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SERVERS[name]
    for variable in server.keys:
        monkeypatch.delenv(variable, raising=False)
    if server.needs_key and server.keys:
        with pytest.raises(MissingKeyError, match=" or ".join(server.keys)):
            FACTORIES[name](ProviderConfig(name=name, base_url="http://127.0.0.1:1"))
    else:
        made: Any = FACTORIES[name](ProviderConfig(name=name))
        with made._clients.get() as client:
            assert client.api_key == "none"


@pytest.mark.parametrize(
    ("name", "host", "address"),
    [
        (
            "snowflake",
            "me.snowflakecomputing.com",
            "https://me.snowflakecomputing.com/api/v2/cortex/v1",
        ),
        ("databricks", "https://dbc-1.example.com/", "https://dbc-1.example.com/serving-endpoints"),
        ("azure", "https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1"),
    ],
)
def test_the_user_s_own_host(
    name: str, host: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVERS[name].hosts[0], host)
    made: Any = FACTORIES[name](ProviderConfig(name=name, api_key="k"))

    with made._clients.get() as client:
        assert str(client.base_url).removesuffix("/") == address


@pytest.mark.parametrize(
    ("url", "model", "mode"),
    [
        ("https://api.deepseek.com", "deepseek-v4-flash", Mode.JSON),
        ("https://api.moonshot.cn/v1", "kimi-k2.6", Mode.JSON),
        ("https://api.perplexity.ai", "gpt-4.1", Mode.JSON_SCHEMA),
        ("https://me.openai.azure.com/openai/v1", "gpt-4.1", Mode.TOOLS),
        ("https://open.bigmodel.cn/api/paas/v4", "glm-5.3", Mode.JSON),
        ("https://api.openai.com/v1", "gpt-4.1", Mode.TOOLS),
        ("https://proxy.example.com/v1", "gpt-4.1", Mode.TOOLS),
        ("http://localhost:8000/v1", "gpt-4.1", Mode.TOOLS),
    ],
)
def test_a_server_is_known_by_its_address_too(
    url: str, model: str, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with openai.OpenAI(api_key="k", base_url=url) as own:
        for made in (
            provider(base_url=url),
            FACTORIES["openai"](ProviderConfig(name="openai", client=own)),
            FACTORIES["openai"](ProviderConfig(name="openai", api_key="k")),
        ):
            assert made.capabilities(model).default_mode is mode


@pytest.mark.parametrize("name", ["azure", "databricks", "heroku", "snowflake"])
def test_no_host_at_all(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in SERVERS[name].hosts:
        monkeypatch.delenv(variable, raising=False)

    with pytest.raises(ConfigurationError, match=SERVERS[name].hosts[0]):
        FACTORIES[name](ProviderConfig(name=name, api_key="k"))


@pytest.mark.parametrize("name", SERVERS)
def test_the_readme_has_each_server_s_keys_and_names(name: str, root: Path) -> None:
    server = SERVERS[name]
    names = ", ".join(f"`{each}`" for each in (name, *server.aliases))
    keys = ", ".join(f"`{key}`" for key in (*server.hosts, *server.keys)) or "none"
    optional = "" if server.needs_key or not server.keys else " (if set)"
    readme = (root / "plugins/openai/README.md").read_text("utf-8")

    assert f"\n| {names} | {keys}{optional} |\n" in readme


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_builds_a_request_in_each_of_its_modes(name: str) -> None:
    capabilities = provider(name).capabilities("m")

    for mode in capabilities.modes:
        assert build(mode, name)["stream"] is True
    assert capabilities.modes[capabilities.default_mode] is Granularity.TOKEN


@pytest.mark.parametrize(
    ("name", "model", "mode"),
    [
        ("openai", "gpt-4.1-mini", Mode.TOOLS),
        ("openai", "gpt-5.6", Mode.JSON_SCHEMA),
        ("openai", "unheard-of", Mode.JSON_SCHEMA),
        ("openai", "o3-pro", Mode.RESPONSES),
        ("openai", "gpt-5.4-pro", Mode.RESPONSES_TOOLS),
        ("openai", "gpt-5.3-codex", Mode.RESPONSES),
        ("openai", "gpt-3.5-turbo", Mode.TOOLS),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::1", Mode.TOOLS),
        ("azure", "gpt-35-turbo", Mode.TOOLS),
        ("azure", "my-deployment", Mode.JSON_SCHEMA),
        ("ollama", "llama3.2", Mode.JSON_SCHEMA),
        ("deepseek", "deepseek-chat", Mode.TOOLS),
        ("deepseek", "deepseek-v4-flash", Mode.JSON),
        ("moonshot", "kimi-k2.6", Mode.JSON),
        ("together", "deepseek-ai/DeepSeek-R1", Mode.JSON_SCHEMA),
        ("mistral", "mistral-large", Mode.JSON_SCHEMA),
        ("groq", "llama-3.3-70b", Mode.MD_JSON),
        ("perplexity", "sonar", Mode.JSON_SCHEMA),
        ("minimax", "MiniMax-M3", Mode.MD_JSON),
        ("zai", "glm-5.3", Mode.JSON),
    ],
)
def test_default_modes(name: str, model: str, mode: Mode) -> None:
    assert provider(name).capabilities(model).default_mode is mode


def test_groq_takes_schemas_with_some_models() -> None:
    assert Mode.JSON_SCHEMA in provider("groq").capabilities("openai/gpt-oss-20b").modes
    assert Mode.JSON_SCHEMA not in provider("groq").capabilities("llama-3.3-70b").modes


def test_schemas_that_are_not_enforced_for_certain_are_in_the_prompt() -> None:
    certain = {"openai", "azure", "cerebras", "mistral", "xai", "gemini"}

    for name in SERVERS:
        capabilities = provider(name).capabilities("m")
        if Mode.JSON_SCHEMA in capabilities.modes:
            assert (Mode.JSON_SCHEMA in capabilities.prompted) is (name not in certain), name


@pytest.mark.parametrize("name", ["mistral", "perplexity", "cohere", "zai"])
def test_who_refuses_stream_options(name: str) -> None:
    mode = provider(name).capabilities("m").default_mode
    assert "stream_options" not in build(mode, name)


@pytest.mark.parametrize("name", ["cerebras", "lmstudio", "llamacpp", "cohere"])
def test_who_can_not_force_a_tool_by_name(name: str) -> None:
    assert build(Mode.TOOLS, name)["tool_choice"] == "required"


def test_who_is_told_of_parallel_calls() -> None:
    told = [
        name
        for name in SERVERS
        if Mode.TOOLS in provider(name).capabilities("m").modes
        and "parallel_tool_calls" in build(Mode.TOOLS, name)
    ]

    assert sorted(told) == ["azure", "llamacpp", "openai"]


def test_where_strict_is_unknown_the_schema_is_sent_as_it_is() -> None:
    function = build(Mode.TOOLS, "ollama")["tools"][0]["function"]

    assert function == {"name": "Person", "parameters": Person.model_json_schema()}


def test_every_row_has_a_source_and_names_that_it_fits() -> None:
    for server in SERVERS.values():
        assert server.source
        for family in server.families:
            assert family.source
            assert family.examples
            for example in family.examples:
                assert server.profile_of(example) is family.profile, example
        for trait in server.traits:
            assert all(trait.pattern.match(example) for example in trait.examples)


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.JSON_SCHEMA, Mode.RESPONSES])
def test_an_answer_in_one_document(mode: Mode) -> None:
    config = ProviderConfig(name="openai", api_key="k", streams=False)
    request = Request(
        model="m", mode=mode, messages=MESSAGES, schema=Person.model_json_schema(), name="Person"
    )
    streamed = build(mode)
    streamed.pop("stream_options", None)

    assert FACTORIES["openai"](config).build_request(request) == {**streamed, "stream": False}


def test_a_schema_that_was_changed_by_its_user_is_sent_as_it_was_next_time() -> None:
    sent = build(Mode.TOOLS)
    sent["tools"][0]["function"]["parameters"].clear()

    assert build(Mode.TOOLS)["tools"][0]["function"]["parameters"] == STRICT_PERSON
