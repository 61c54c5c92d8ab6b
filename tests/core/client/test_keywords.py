"""Keywords: partwise's own are checked, the vendor's pass, a typo names the one that is meant."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from datetime import timedelta
from typing import Any

import httpx
import pytest

import partwise
from partwise import ConfigurationError
from partwise._client.keywords import sdk_options, vendor_options
from partwise.provider import Finish, TextDelta

MESSAGES = [{"role": "user", "content": "Who?"}]
METHODS = ["create_partial", "create_iterable", "create", "create_with_completion"]
SCRIPT = [TextDelta('{"name": "Jo", "age": 25}'), Finish("stop", "stop")]


def read(value: Any) -> None:
    """Read the stream to its end, or await the value."""

    async def wait() -> None:
        await (value if inspect.iscoroutine(value) else value.result())

    if inspect.iscoroutine(value) or isinstance(value, partwise.AsyncPartialStream):
        asyncio.run(wait())
    elif isinstance(value, partwise.PartialStream):
        value.result()


def refused(play: Any, call: Any) -> str:
    """The message of the error that the call raises before any request."""
    with play.client() as client, pytest.raises(ConfigurationError) as caught:
        read(call(client))
    assert play.provider.payloads == []
    return str(caught.value)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("max_retry", "max_retries"), ("max_retires", "max_retries"), ("maxRetries", "max_retries"),
        ("time_out", "timeout"), ("idletimeout", "idle_timeout"), ("contex", "context"),
        ("validation_ctx", "validation_context"), ("hook", "hooks"), ("limit", "limits"),
        ("tokens_budget", "token_budget"), ("onrestart", "on_restart"), ("resumes", "resume"),
        ("modle", "model"), ("modes", "mode"), ("strickt", "strict"), ("option", "options"),
        ("message", "messages"), ("respose_model", "response_model"), ("streams", "stream"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", METHODS)
def test_a_typo_names_the_keyword(play: Any, kit: Any, method: str, typo: str, meant: str) -> None:
    message = refused(play, lambda it: getattr(it, method)(kit.User, MESSAGES, **{typo: 1}))
    assert f"unknown keyword {typo}=; did you mean {meant}=?" in message
    assert f"options={{'{typo}': …}}" in message


def test_the_vendor_s_keywords_pass(play: Any, kit: Any) -> None:
    given = {"temperature": 0, "max_tokens": 9, "top_k": 4, "custom": 1}
    options = {"max_retry": 3, "hook": "x"}
    with play.client(SCRIPT) as client:
        read(
            client.create_partial(kit.User, MESSAGES, **given, options=options, mode="json_schema")
        )
    assert play.provider.payloads[0]["request"].options == {**given, **options}


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"options": [1]}, "options= takes a dict"),
        ({"options": {"top_k": 1}, "top_k": 2}, "top_k is given twice"),
        ({"timeout": "30s"}, r"timeout must be a finite number > 0, got '30s': write timeout=30,"),
        ({"timeout": "2 min"}, "write timeout=120, in seconds"),
        ({"timeout": "500ms"}, "write timeout=0.5, in seconds"),
        ({"timeout": "1h"}, "write timeout=3600, in seconds"),
        ({"idle_timeout": "soon"}, "write seconds, as in idle_timeout=30"),
        ({"idle_timeout": httpx.Timeout(3)}, "write seconds, as in idle_timeout=30"),
        ({"timeout": timedelta(0)}, r"timeout must be a finite number > 0, got 0\.0"),
        ({"token_budget": "1000"}, "token_budget must be a finite number > 0, got '1000'"),
        ({"strict": "yes"}, "strict must be bool, got 'yes'; write strict=True"),
        ({"resume": "no"}, "resume must be bool"),
        ({"hooks": {"parse:error": print}}, r"hooks must be Hooks.*partwise\.Hooks\(\)"),
        ({"limits": 100}, r"limits must be Limits, got 100; write limits=partwise\.Limits"),
        ({"mode": "tolls"}, "unknown mode 'tolls'; did you mean 'tools'"),
        ({"model": int}, "the type of the answer is response_model="),
    ],
)
def test_values_that_can_t_be(play: Any, kit: Any, keywords: dict[str, Any], message: str) -> None:
    import re

    found = refused(play, lambda it: it.create_partial(kit.User, MESSAGES, **keywords))
    assert re.search(message, found)


@pytest.mark.parametrize(
    ("given", "timeout", "idle"),
    [
        ({"timeout": 30}, 30, None),
        ({"timeout": 0.5, "idle_timeout": timedelta(seconds=2)}, 0.5, 2.0),
        ({"timeout": timedelta(minutes=1)}, 60.0, None),
        ({"timeout": httpx.Timeout(9, connect=1)}, None, 9.0),
        ({"timeout": httpx.Timeout(9, read=None)}, None, None),
        ({"timeout": httpx.Timeout(9), "idle_timeout": 3}, None, 3),
        ({"timeout": None, "idle_timeout": None}, None, None),
    ],
)
def test_durations(given: dict[str, Any], timeout: float | None, idle: float | None) -> None:
    settings, options = partwise.Settings.split({**given, "seed": 1})
    assert (settings.timeout, settings.idle_timeout) == (timeout, idle)
    assert options == {"seed": 1}


# The response model and the messages ------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        (None, "no messages given: write messages="),
        (MESSAGES[0], "messages is one dict, and must be a list of them"),
        (["Who?"], r"messages[0] is of type str, and must be a dict"),
        ([("user", "Who?")], r"messages[0] is a tuple"),
        (("user", "Who?"), r"messages[0] is of type str"),
        ([MESSAGES[0], None], r"messages[1] is None"),
        ([MESSAGES], r"messages[0] is a list"),
        (b"Who?", "messages must be a list of dicts, got bytes"),
        (5, "messages must be a list of dicts, got int"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_messages_of_no_form(play: Any, kit: Any, method: str, messages: Any, message: str) -> None:
    found = refused(play, lambda it: getattr(it, method)(kit.User, messages))
    assert message in found
    assert '[{"role": "user", "content": "…"}]' in found


@pytest.mark.parametrize("make", [lambda: "Who?", lambda: iter(MESSAGES), lambda: tuple(MESSAGES)])
def test_other_forms_of_messages(play: Any, kit: Any, make: Any) -> None:
    with play.client(SCRIPT) as client:
        read(client.create_partial(kit.User, make(), mode="json_schema"))
    assert [*play.provider.payloads[0]["request"].messages] == MESSAGES


@pytest.mark.parametrize("method", METHODS)
def test_arguments_that_are_missing(play: Any, kit: Any, method: str) -> None:
    found = refused(play, lambda it: getattr(it, method)(messages=MESSAGES))
    assert "no response_model given: pass a pydantic model" in found
    found = refused(play, lambda it: getattr(it, method)(kit.User))
    assert "no messages given" in found
    found = refused(play, lambda it: getattr(it, method)(kit.User(name="Jo", age=1), MESSAGES))
    assert "this is an instance of User; pass User itself" in found
    found = refused(play, lambda it: getattr(it, method)("User", MESSAGES))
    assert "pass the class itself and not its name 'User'" in found
    found = refused(play, lambda it: getattr(it, method)(len, MESSAGES))
    assert "pass a pydantic model" in found


# `from_provider`, `with_config`, `parse` ---------------------------------------------------------


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("apikey", "api_key"), ("api_keys", "api_key"), ("base_urls", "base_url"),
        ("baseurl", "base_url"), ("caches", "cache"), ("asyncclient", "async_client"),
        ("http_clients", "http_client"), ("modle", "model"), ("plugins", "plugin"),
    ],
)  # fmt: skip
def test_a_typo_at_from_provider(typo: str, meant: str) -> None:
    keywords: dict[str, Any] = {typo: "x"}
    with pytest.raises(ConfigurationError, match=f"{typo}=; did you mean {meant}="):
        partwise.from_provider("fake/ada", **keywords)


def test_other_keywords_of_from_provider_pass(play: Any) -> None:
    with play.client() as client:
        config = client.config
    assert config.options == {}
    assert sdk_options({"organization": "o", "region_name": "r"}, {"apikey": 1}) == {
        "organization": "o", "region_name": "r", "apikey": 1,
    }  # fmt: skip


def test_a_typo_at_with_config(play: Any) -> None:
    keywords: dict[str, Any] = {"base_urls": "x"}
    with (
        play.client() as client,
        pytest.raises(ConfigurationError, match=r"no keyword base_urls=; did you mean base_url="),
    ):
        client.with_config(**keywords)


@pytest.mark.parametrize("parse", [partwise.parse, partwise.aparse])
def test_a_typo_at_parse(kit: Any, parse: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"has no keyword contxt=; did you mean context="):
        parse(kit.User, "{}", contxt=1)
    with pytest.raises(ConfigurationError, match=r"parse\(\) has no keyword zzz=; it takes"):
        parse(kit.User, "{}", zzz=1)
    with pytest.raises(ConfigurationError, match="no text given"):
        parse(kit.User)
    with pytest.raises(ConfigurationError, match="no response_model given"):
        parse(chunks="{}")


CALLS = [
    "openai.resources.chat.completions:Completions.create",
    "openai.resources.responses:Responses.create",
    "anthropic.resources.messages:Messages.create",
    "anthropic.resources.beta.messages:Messages.create",
    "mistralai.client.chat:Chat.stream",
]
SDKS = [
    "openai:OpenAI", "openai:AzureOpenAI", "anthropic:Anthropic", "anthropic:AnthropicBedrock",
    "anthropic:AnthropicVertex", "google.genai:Client", "mistralai.client:Mistral",
    "boto3.session:Session.client", "boto3.session:Session.__init__",
]  # fmt: skip


def parameters(name: str) -> dict[str, Any]:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for step in path.split("."):
        found = getattr(found, step)
    return dict.fromkeys(inspect.signature(found).parameters)


@pytest.mark.parametrize("name", CALLS)
def test_no_keyword_of_a_vendor_s_is_taken_for_a_typo(name: str) -> None:
    own = {"self", "messages", "model", "stream", "timeout"}
    vendor_options({key: 1 for key in parameters(name) if key not in own}, None)


def test_no_parameter_of_google_s_or_amazon_s_is_taken_for_a_typo() -> None:
    import boto3
    from google.genai import types

    vendor_options(dict.fromkeys(types.GenerateContentConfig.model_fields), None)
    bedrock = boto3.client(
        "bedrock-runtime", region_name="x", aws_access_key_id="x", aws_secret_access_key="x"
    )
    shape = bedrock.meta.service_model.operation_model("ConverseStream").input_shape
    vendor_options(dict.fromkeys(set(shape.members) - {"messages"}), None)


@pytest.mark.parametrize("name", SDKS)
def test_no_keyword_of_an_sdk_s_is_taken_for_a_typo(name: str) -> None:
    own = {"self", "api_key", "async_client", "base_url", "client", "http_client"}
    sdk_options({key: 1 for key in parameters(name) if key not in own}, None)
