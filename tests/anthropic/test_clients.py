"""Keys, and the clients that a user brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import anthropic
import httpx2
import pytest

from partwise.provider import ConfigurationError, MissingKeyError, ProviderConfig, ProviderFactory
from partwise_anthropic import AnthropicProvider, register_providers
from partwise_conformance import ReplayServer, Reply

Payload: TypeAlias = Mapping[str, Any]
MakeProvider: TypeAlias = Callable[..., AnthropicProvider]

CREDENTIALS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_FEDERATION_RULE_ID",
)


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for variable in CREDENTIALS:
        monkeypatch.delenv(variable, raising=False)
    return monkeypatch


def test_the_plugin_answers_to_anthropic() -> None:
    factories: dict[str, ProviderFactory] = {}
    register_providers(factories.__setitem__)
    assert factories == {"anthropic": AnthropicProvider}


@pytest.mark.usefixtures("no_credentials")
def test_a_missing_key_is_said_before_any_request() -> None:
    with pytest.raises(MissingKeyError, match="ANTHROPIC_API_KEY"):
        AnthropicProvider(ProviderConfig(name="anthropic"))


@pytest.mark.parametrize("variable", CREDENTIALS)
def test_a_credential_in_the_environment(variable: str, no_credentials: pytest.MonkeyPatch) -> None:
    no_credentials.setenv(variable, "something")
    AnthropicProvider(ProviderConfig(name="anthropic"))


def test_a_key_in_the_environment_is_sent(
    server: ReplayServer,
    make_provider: MakeProvider,
    payload: Payload,
    answer: list[bytes],
    no_credentials: pytest.MonkeyPatch,
) -> None:
    no_credentials.setenv("ANTHROPIC_API_KEY", "from the environment")
    server.enqueue(Reply(body=answer))
    with make_provider(api_key=None).open(payload):
        pass
    assert "from the environment" in f"{server.requests[0].headers}"


def test_a_credential_of_another_kind(
    server: ReplayServer,
    make_provider: MakeProvider,
    payload: Payload,
    answer: list[bytes],
    no_credentials: pytest.MonkeyPatch,
) -> None:
    server.enqueue(Reply(body=answer))
    with make_provider(api_key=None, options={"auth_token": "a token"}).open(payload):
        pass
    assert server.requests[0].headers["authorization"] == "Bearer a token"


def own(server: ReplayServer) -> dict[str, Any]:
    return {"api_key": "mine", "base_url": server.url, "default_headers": {"x-mine": "yes"}}


def test_the_users_own_client_is_used_and_stays_open(
    server: ReplayServer, make_provider: MakeProvider, payload: Payload, answer: list[bytes]
) -> None:
    with anthropic.Anthropic(**own(server)) as client:
        provider = make_provider(api_key=None, base_url=None, client=client)
        for _ in range(2):
            server.enqueue(Reply(body=answer))
            with provider.open(payload) as events:
                assert len(list(events)) == len(answer)
            provider.close()
        assert not client.is_closed()
    assert [request.headers["x-mine"] for request in server.requests] == ["yes", "yes"]


async def test_the_users_own_asynchronous_client_is_used_and_stays_open(
    server: ReplayServer, amake_provider: MakeProvider, payload: Payload, answer: list[bytes]
) -> None:
    async with anthropic.AsyncAnthropic(**own(server)) as client:
        provider = amake_provider(api_key=None, base_url=None, client=client)
        server.enqueue(Reply(body=answer))
        async with provider.aopen(payload) as events:
            assert len([event async for event in events]) == len(answer)
        await provider.aclose()
        assert not client.is_closed()
    assert server.requests[0].headers["x-mine"] == "yes"


async def test_a_client_of_the_wrong_kind_is_said_before_any_request(
    server: ReplayServer, amake_provider: MakeProvider, payload: Payload
) -> None:
    with anthropic.Anthropic(**own(server)) as client:
        provider = amake_provider(api_key=None, base_url=None, client=client)
        with pytest.raises(ConfigurationError, match="client= is synchronous"):
            async with provider.aopen(payload):
                pass
    async with anthropic.AsyncAnthropic(**own(server)) as aclient:
        provider = amake_provider(api_key=None, base_url=None, client=aclient)
        with (
            pytest.raises(ConfigurationError, match="client= is asynchronous"),
            provider.open(payload),
        ):
            pass
    assert not server.requests


def test_the_users_own_http_client_is_used_and_stays_open(
    server: ReplayServer, make_provider: MakeProvider, payload: Payload, answer: list[bytes]
) -> None:
    with httpx2.Client(headers={"x-mine": "yes"}) as http_client:
        provider = make_provider(http_client=http_client)
        server.enqueue(Reply(body=answer))
        with provider.open(payload) as events:
            assert len(list(events)) == len(answer)
        provider.close()
        assert not http_client.is_closed
    assert server.requests[0].headers["x-mine"] == "yes"


def test_the_users_middleware_is_kept(
    server: ReplayServer, make_provider: MakeProvider, payload: Payload, answer: list[bytes]
) -> None:
    seen: list[Any] = []

    def watch(request: Any, call_next: Any) -> Any:
        seen.append(request)
        return call_next(request)

    server.enqueue(Reply(body=answer))
    with make_provider(options={"middleware": [watch]}).open(payload):
        pass
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"options": {"no_such_option": 1}}, "no_such_option"),
        ({"options": {"auth_token": "one too many"}}, "at most one"),
        ({"http_client": httpx2.AsyncClient()}, "http_client"),
    ],
)
def test_what_the_sdks_client_does_not_take_is_said_before_any_request(
    config: dict[str, Any], message: str, make_provider: MakeProvider, payload: Payload
) -> None:
    with pytest.raises(ConfigurationError, match=message), make_provider(**config).open(payload):
        pass


@pytest.mark.parametrize(
    "more",
    [
        {"api_key": "another"},
        {"base_url": "http://127.0.0.1"},
        {"http_client": "another"},
        {"options": {"timeout": 1}},
    ],
)
def test_a_client_and_what_to_make_one_with_contradict_each_other(more: dict[str, Any]) -> None:
    with (
        anthropic.Anthropic(api_key="mine") as client,
        pytest.raises(
            ConfigurationError, match="was given client=, which is used as it is, and also"
        ),
    ):
        AnthropicProvider(ProviderConfig(name="anthropic", client=client, **more))
