"""The calls of the clients, in every form that users know."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

import partwise
from partwise.provider import Finish, TextDelta, ToolCallDelta, Usage

JO = '{"name": "Jo", "age": 25}'
STOP = Finish("stop", "stop")
SCRIPT = [TextDelta(JO[:9]), TextDelta(JO[9:]), Usage(3, 4), STOP]
MESSAGES = [{"role": "user", "content": "Who?"}]


def run(call: Any) -> Any:
    """What the call gives, awaited where it is to be."""

    async def wait() -> Any:
        return await call

    return asyncio.run(wait()) if inspect.isawaitable(call) else call


@pytest.mark.parametrize("way", ["client", "messages", "chat.completions"])
def test_every_namespace_answers_the_same_calls(play: Any, kit: Any, way: str) -> None:
    with play.client(SCRIPT, SCRIPT, SCRIPT, SCRIPT) as client:
        calls = client
        for step in way.split(".") if way != "client" else ():
            calls = getattr(calls, step)
        keywords = {"response_model": kit.User, "messages": MESSAGES, "mode": "json_schema"}
        assert run(calls.create(**keywords)).age == 25
        value, completion = run(calls.create_with_completion(**keywords))
        assert (value.age, completion.text) == (25, JO)
        assert isinstance(
            calls.create_partial(**keywords), partwise.PartialStream | partwise.AsyncPartialStream
        )
        assert isinstance(calls.create_iterable(**keywords), partwise.View | partwise.AsyncView)


def test_create_takes_the_keyword_stream(play: Any, kit: Any) -> None:
    with play.client(SCRIPT) as client:
        value = run(client.create(kit.User, MESSAGES, mode="json_schema", stream=False))
        assert value.age == 25
        assert play.provider.payloads[0]["request"].options == {}
        with pytest.raises(partwise.ConfigurationError, match="use create_partial"):
            run(client.create(kit.User, MESSAGES, stream=True))


@pytest.mark.parametrize("method", ["create_partial", "create_iterable"])
def test_a_stream_can_t_be_asked_not_to_stream(play: Any, kit: Any, method: str) -> None:
    with (
        play.client() as client,
        pytest.raises(partwise.ConfigurationError, match="stream=False"),
    ):
        getattr(client, method)(kit.User, MESSAGES, stream=False)


def test_what_the_vendor_sent(play: Any, kit: Any) -> None:
    with play.client([TextDelta("[]")], SCRIPT) as client:
        _, completion = run(
            client.create_with_completion(
                kit.User, MESSAGES, mode="json_schema", max_retries=1, model="other"
            )
        )
    assert completion.events == tuple(SCRIPT)
    assert completion.attempt == 2
    assert completion.usage == Usage(3, 4)
    assert (completion.finish_reason, completion.raw_finish_reason) == ("stop", "stop")
    assert (completion.call.provider, completion.call.model) == ("scripted", "other")
    assert play.provider.payloads[0]["request"].model == "other"


def test_the_vendor_s_events_are_not_kept_unasked(play: Any, kit: Any) -> None:
    assert play(SCRIPT, mode="json_schema").stream.completion.events == ()


def test_elements_one_by_one(play: Any, kit: Any) -> None:
    text = f'{{"value": [{JO}, {JO.replace("25", "26")}]}}'
    with play.client([TextDelta(text[i : i + 6]) for i in range(0, len(text), 6)]) as client:
        view = client.create_iterable(kit.User, MESSAGES, mode="json_schema")

        async def collect() -> list[Any]:
            return [each async for each in view]

        users = asyncio.run(collect()) if play.is_async else list(view)
    assert [user.age for user in users] == [25, 26]
    assert all(type(user) is kit.User for user in users)


def test_the_mode_is_the_provider_s_best_unless_said(play: Any, kit: Any) -> None:
    script = [ToolCallDelta(0, JO, name="User"), STOP]
    assert play(script).provider.payloads[0]["request"].mode is partwise.Mode.TOOLS


@pytest.mark.parametrize(
    ("mode", "message"), [("tolls", "unknown mode 'tolls'"), ("tools", "has no mode tools")]
)
def test_a_mode_that_is_none(
    kit: Any, monkeypatch: pytest.MonkeyPatch, mode: str, message: str
) -> None:
    from partwise.provider import Capabilities, Granularity, Mode

    capabilities = Capabilities({Mode.JSON: Granularity.TOKEN})
    monkeypatch.setattr(kit.Provider, "capabilities", lambda provider, model: capabilities)
    plugin = kit.Plugin(kit.Provider([]))
    partwise.register(plugin)
    try:
        with pytest.raises(partwise.ConfigurationError, match=message):
            partwise.from_provider("scripted/model", mode=mode)
        client = partwise.from_provider("scripted/model", mode="json")
        with pytest.raises(partwise.ConfigurationError, match=message):
            client.create_partial(kit.User, MESSAGES, mode=mode)
    finally:
        partwise.unregister(plugin)


@pytest.mark.parametrize(
    "settings",
    [{"on_restart": "no"}, {"timeout": 0}, {"idle_timeout": -1}, {"token_budget": 0}],
)
def test_settings_that_make_no_sense(play: Any, kit: Any, settings: dict[str, Any]) -> None:
    with play.client() as client, pytest.raises(partwise.ConfigurationError):
        client.create_partial(kit.User, MESSAGES, **settings)


def test_what_is_wrong_is_said_before_any_request(play: Any, kit: Any) -> None:
    with play.client() as client:
        with pytest.raises(Exception, match="schema"):
            client.create_partial(type("Opaque", (), {}), MESSAGES)
        assert play.provider.payloads == []


def test_there_is_no_answer_of_no_type(play: Any) -> None:
    with play.client() as client, pytest.raises(partwise.ConfigurationError, match="can't be None"):
        client.create_partial(None, MESSAGES)


def test_an_async_sdk_client_wants_an_async_client() -> None:
    with pytest.raises(partwise.ConfigurationError, match="async_client=True"):
        partwise.from_provider("openai/m", client=AsyncSDK())


def test_closing_a_client_closes_its_provider(play: Any) -> None:
    async def main(client: partwise.AsyncClient) -> None:
        async with client as same:
            assert same is client

    with play.client() as client:
        if play.is_async:
            asyncio.run(main(client))
        else:
            with client as same:
                assert same is client
        assert play.provider.closed == 1


# Adopting an SDK's client -----------------------------------------------------------------------


class SDK:
    """What OpenAI's and Anthropic's clients look like."""

    def close(self) -> None: ...


class AsyncSDK:
    async def close(self) -> None: ...


class Google:
    def close(self) -> None: ...


class GoogleAio:
    async def aclose(self) -> None: ...


@pytest.mark.parametrize(
    ("adopt", "name", "sdk", "kind"),
    [
        (partwise.from_openai, "openai", SDK(), partwise.Client),
        (partwise.from_openai, "openai", AsyncSDK(), partwise.AsyncClient),
        (partwise.from_anthropic, "anthropic", SDK(), partwise.Client),
        (partwise.from_anthropic, "anthropic", AsyncSDK(), partwise.AsyncClient),
        (partwise.from_google, "google", Google(), partwise.Client),
        (partwise.from_google, "google", GoogleAio(), partwise.AsyncClient),
    ],
)
def test_adopting_a_client(kit: Any, adopt: Any, name: str, sdk: Any, kind: Any) -> None:
    from partwise.provider import hookimpl

    provider = kit.Provider([SCRIPT])

    class Plugin:
        @hookimpl
        def register_providers(self, register: Any) -> None:
            register(name, self._make)

        def _make(self, config: Any) -> Any:
            provider.config = config
            return provider

    plugin = Plugin()
    partwise.register(plugin)
    try:
        client = adopt(sdk)
        assert type(client) is kind
        assert provider.config.client is sdk
        assert repr(client) == f"<{kind.__name__} of {name}/?>"
        with pytest.raises(partwise.ConfigurationError, match="no model given"):
            client.create_partial(kit.User, MESSAGES)
        value = run(client.create(kit.User, MESSAGES, model="m", mode="json_schema"))
        assert value.age == 25
        assert adopt(sdk, "m", mode="json")._calls._mode is partwise.Mode.JSON
    finally:
        partwise.unregister(plugin)
