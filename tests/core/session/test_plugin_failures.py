"""A stranger's plugin that fails in its own code: errors of partwise's that lose nothing."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import Any

import pytest

import partwise
from partwise import Mode, instructor
from partwise._client.interrupt import interrupt
from partwise.provider import (
    Approach,
    Capabilities,
    Fallback,
    Granularity,
    ProviderError,
    TextDelta,
    hookimpl,
)

START = '{"name": "Jo", '
JO = '{"name": "Jo", "age": 25}'


class OwnError(Exception):
    """Of the plugin's, with no text to show."""

    def __str__(self) -> str:
        raise RuntimeError


class FrozenError(Exception):
    """Refuses changes, as a frozen dataclass does."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("__"):  # `contextlib` sets the traceback
            raise AttributeError(name)
        super().__setattr__(name, value)


class Odd:
    """Its representation and its comparison fail, and each of its attributes."""

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __bool__(self) -> bool:
        raise RuntimeError

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError


RAISED = [KeyError("x"), RuntimeError("y"), OwnError(), StopIteration("z"), ImportError("w")]


def class_name(value: object) -> str:
    return type(value).__name__


def failing(raised: Any) -> Any:
    """A method that raises it, or returns it if it is no error."""

    def method(*_: Any, **__: Any) -> Any:
        if isinstance(raised, Exception):
            raise raised
        return raised

    return method


@pytest.mark.parametrize("raised", [*RAISED, "no error", ValueError], ids=class_name)
@pytest.mark.parametrize("limits", [{}, {"timeout": 60}], ids=["", "timeout"])
def test_a_translation_that_fails(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, raised: Any, limits: Any
) -> None:
    monkeypatch.setattr(kit.Provider, "map_error", failing(raised))
    for broken in (kit.Stranger("SDK"), KeyError("SDK")):
        outcome = play([*kit.text(START), broken], mode="json_schema", **limits)
        assert type(outcome.error) is ProviderError
        assert "map_error" in str(outcome.error)
        assert "SDK" in str(outcome.error)
        assert outcome.error.text == START
        assert outcome.error.snapshot.name == "Jo"
        assert outcome.error.provider == "scripted"
        assert not outcome.error.retryable
        assert outcome.provider.held == 0


def test_a_translation_that_raises_the_error_in_place_of_returning_it(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant = partwise.RateLimitError("slow down", provider="scripted")
    monkeypatch.setattr(kit.Provider, "map_error", failing(meant))
    outcome = play([*kit.text(START), kit.Stranger("SDK")], mode="json_schema")
    assert outcome.error is meant
    assert outcome.error.text == START


def test_a_translation_that_fails_before_the_stream(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit.Provider, "map_error", failing(RuntimeError("y")))
    refused = kit.Stranger("SDK")
    error = play([kit.Refused(refused)]).error
    assert type(error) is ProviderError
    assert isinstance(error.__cause__, RuntimeError)
    assert error.__cause__.__context__ is refused


@pytest.mark.parametrize("raised", RAISED, ids=class_name)
def test_a_decoder_that_can_not_be_made(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    monkeypatch.setattr(kit.Provider, "decoder", failing(raised))
    outcome = play(kit.text(JO), mode="json_schema")
    assert type(outcome.error) is ProviderError
    assert outcome.error.__cause__ is raised
    assert outcome.provider.held == 0


@pytest.mark.parametrize("raised", [*RAISED, "no payload"], ids=class_name)
def test_a_request_that_can_not_be_built(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, raised: Any
) -> None:
    monkeypatch.setattr(kit.Provider, "build_request", failing(raised))
    with pytest.raises(partwise.ConfigurationError):
        play([])


def test_a_correction_that_can_not_be_built(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = kit.Provider.build_request

    def second_fails(self: Any, request: Any) -> Any:
        if len(request.messages) > 1:
            raise RuntimeError("y")
        return build(self, request)

    monkeypatch.setattr(kit.Provider, "build_request", second_fails)
    bad = kit.call('{"name": "Jo", "age": "old"}')
    outcome = play(bad, mode="tools", max_retries=1)
    assert type(outcome.error) is partwise.ConfigurationError
    assert "build_request raised RuntimeError: y" in str(outcome.error)


@pytest.mark.parametrize(
    "raised",
    [
        *RAISED,
        None,
        Capabilities({}),
        Capabilities({Mode.JSON: Granularity.TOKEN}, prompted=None),  # type: ignore[arg-type]
        Capabilities({"tools": "token"}),  # type: ignore[dict-item]
    ],
    ids=class_name,
)
def test_capabilities_that_can_not_be_told(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, raised: Any
) -> None:
    monkeypatch.setattr(kit.Provider, "capabilities", failing(raised))
    with pytest.raises(partwise.ConfigurationError, match=r"capabilities\('model'\) raised"):
        play([])


@pytest.mark.parametrize("raised", RAISED, ids=class_name)
def test_a_factory_that_fails(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    monkeypatch.setattr(kit.Plugin, "_make", failing(raised))
    with pytest.raises(partwise.ConfigurationError, match="its factory raised") as caught:
        play([])
    assert caught.value.__cause__ is raised


@pytest.mark.parametrize("registered", [("name", 5), (None, dict)])
def test_a_registration_that_fails(registered: Any) -> None:
    class Plugin:
        @hookimpl
        def register_providers(self, register: Any) -> None:
            register(*registered)

    plugin = Plugin()
    partwise.register(plugin)
    try:
        with pytest.raises(partwise.ProviderNotFoundError, match="is not a name and a factory"):
            partwise.from_provider("name/model")
    finally:
        partwise.unregister(plugin)


def test_attributes_that_fail_are_left_out(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    for name in ("models_url", "telemetry_name"):
        monkeypatch.setattr(kit.Provider, name, property(failing(KeyError("x"))), raising=False)
    lost = partwise.BadRequestError("no such model", provider="scripted", status_code=404)
    error = play([kit.Refused(lost)]).error
    assert error is lost
    assert "check the name of the model" in error.advice
    assert "models_url raised KeyError: 'x'" in caplog.text
    assert "telemetry_name raised KeyError: 'x'" in caplog.text


def test_an_answer_that_the_plugin_can_not_keep_is_given(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(kit.Decoder, "accept", failing(OSError("disk full")), raising=False)
    assert play(kit.text(JO), mode="json_schema").value.age == 25
    assert "accept raised OSError: disk full" in caplog.text


def test_a_client_that_can_not_be_closed_or_warmed(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    for name in ("close", "aclose", "warm"):
        monkeypatch.setattr(kit.Provider, name, failing(KeyError("x")), raising=False)
    with play.client([]) as client:
        closing = client.close()
        if play.is_async:
            asyncio.run(closing)
        else:
            with pytest.raises(partwise.ConfigurationError, match="warm raised KeyError: 'x'"):
                client.warm()
    assert "close raised KeyError: 'x'" in caplog.text


@pytest.mark.parametrize("asked", ["5", -1.0, math.nan, math.inf, Odd()], ids=class_name)
def test_a_time_to_wait_that_is_none(play: Any, kit: Any, asked: Any, pauses: list[float]) -> None:
    error = partwise.RateLimitError("slow down", provider="scripted", retryable=True)
    error.retry_after = asked
    assert play([kit.Refused(error)], kit.call(JO), max_retries=1).value.age == 25
    assert 0 < pauses[0] <= 60


@pytest.mark.parametrize("secret", [FrozenError("sk-" + "x" * 20), OwnError("sk-" + "x" * 20)])
def test_errors_that_can_not_be_changed_are_masked(play: Any, kit: Any, secret: Exception) -> None:
    secret.__dict__["body"] = {"key": "sk-" + "x" * 20, "odd": Odd()}
    error = play([*kit.text(START), secret], mode="json_schema").error
    assert error is secret
    assert secret.args == ("***",)
    assert secret.__dict__["body"]["key"] == "***"


def test_an_event_that_can_not_be_shown(play: Any, kit: Any) -> None:
    outcome = play([*kit.text(START), [Odd()]], mode="json_schema")
    assert type(outcome.error) is partwise.ServerError
    assert outcome.error.text == START
    assert "a value of type Odd" in str(outcome.error)


def test_a_stop_of_an_iterator_is_no_end_of_the_stream(play: Any, kit: Any) -> None:
    outcome = play([kit.Refused(StopIteration())])
    assert type(outcome.error) is partwise.ConfigurationError
    outcome = play([*kit.text(START), [TextDelta("x")]], mode="json_schema")
    assert isinstance(outcome.error, partwise.PartwiseError)


def test_chunks_that_can_not_be_iterated(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = type("Chunks", (), {"__iter__": failing(RuntimeError("y"))})()
    monkeypatch.setattr(kit.Decoder, "feed", lambda _, event: chunks if event == "odd" else [event])
    outcome = play([*kit.text(START), "odd"], mode="json_schema")
    assert type(outcome.error) is partwise.ServerError
    assert outcome.error.text == START


@pytest.mark.parametrize("limits", [{}, {"timeout": 60}], ids=["", "timeout"])
def test_a_provider_without_its_methods(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, limits: Any
) -> None:
    for name in ("open", "aopen"):
        monkeypatch.delattr(kit.Provider, name)
    outcome = play([], **limits)
    assert type(outcome.error) is partwise.ConfigurationError
    assert "has no attribute" in str(outcome.error)


@pytest.mark.parametrize(
    "approach",
    [None, Approach(mode="json"), Approach(mode=Mode.JSON, omitted={"x"})],  # type: ignore[arg-type]
    ids=["none", "no mode", "no hash"],
)
def test_a_fallback_that_leads_nowhere(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any, approach: Any
) -> None:
    found = failing(Fallback(approach, "mode"))
    monkeypatch.setattr(kit.Provider, "fallback", found, raising=False)
    refused = partwise.BadRequestError("no tools", provider="scripted", status_code=400)
    assert play([kit.Refused(refused)]).error is refused
    assert "fallback raised TypeError" in caplog.text


def test_an_interrupt_that_fails_does_no_harm(caplog: Any) -> None:
    events = type("Events", (), {"interrupt": failing(KeyError("x"))})()
    assert not interrupt(events, None, lambda: True)
    assert "could not be interrupted" in caplog.text


def test_an_answer_without_a_model_from_a_plugin_that_fails(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play.client([TextDelta("x"), kit.Stranger("SDK")]):
        monkeypatch.setattr(kit.Provider, "map_error", failing(RuntimeError("y")))
        client = instructor.from_provider("scripted/model", async_client=play.is_async)
        create = partial(client.create, response_model=None, messages="Who?")
        with pytest.raises(instructor.core.InstructorError, match="map_error"):
            asyncio.run(create()) if play.is_async else create()
