"""Handlers and observers: what they hear, in which order, and that they can do no harm."""

from __future__ import annotations

from typing import Any

import pytest

import partwise
from partwise import Hooks
from partwise.provider import Finish, TextDelta, Usage, hookimpl

JO = '{"name": "Jo", "age": 25}'
OLD = '{"name": "Jo", "age": "old"}'
STOP = Finish("stop", "stop")
GOOD = [TextDelta(JO[:15]), TextDelta(JO[15:]), Usage(1, 2), STOP]
NAMES = [
    "completion:kwargs",
    "completion:response",
    "completion:usage",
    "completion:error",
    "completion:last_attempt",
    "parse:error",
    "stream:first_chunk",
    "stream:first_snapshot",
    "stream:field_complete",
    "stream:restart",
    "stream:resume",
    "stream:end",
]


class Listener:
    """Notes all that it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.hooks = Hooks()
        for name in NAMES:
            self.hooks.on(name, self.handler(name))  # type: ignore[arg-type]

    def handler(self, name: str) -> Any:
        return lambda *args, **keywords: self.heard.append((name, args, keywords))

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self.heard]

    def detail(self, name: str) -> Any:
        return next(args for heard, args, _ in self.heard if heard == name)


def test_a_good_answer(play: Any) -> None:
    listener = Listener()
    outcome = play(GOOD, mode="json_schema", hooks=listener.hooks)
    assert listener.names == [
        "completion:kwargs",
        "stream:first_chunk",
        "stream:first_snapshot",
        "stream:field_complete",
        "stream:field_complete",
        "stream:field_complete",
        "completion:usage",
        "completion:response",
        "stream:end",
    ]
    assert listener.detail("stream:first_snapshot") == (outcome.snapshots[0],)
    assert listener.detail("stream:field_complete") == ("name", "Jo")
    assert listener.detail("completion:usage") == (Usage(1, 2),)
    (completion,) = listener.detail("completion:response")
    assert (completion.text, completion.usage) == (JO, Usage(1, 2))
    (end,) = listener.detail("stream:end")
    assert (end.outcome, end.attempts, end.usage) == ("value", 1, Usage(1, 2))
    assert end.usage_complete


def test_an_answer_that_never_comes_right(play: Any) -> None:
    listener = Listener()
    scripts = [[TextDelta(OLD), STOP], [TextDelta(JO[:15]), STOP]]
    outcome = play(*scripts, mode="json_schema", max_retries=1, hooks=listener.hooks)
    first, second = outcome.error.errors
    assert [name for name in listener.names if name != "stream:field_complete"] == [
        "completion:kwargs",
        "stream:first_chunk",
        "parse:error",
        "stream:restart",
        "completion:kwargs",
        "stream:first_chunk",
        "stream:first_snapshot",
        "parse:error",
        "completion:last_attempt",
        "stream:end",
    ]
    assert listener.detail("parse:error") == (first,)
    assert listener.detail("stream:restart") == (2, first)
    assert listener.detail("completion:last_attempt") == (second,)
    (end,) = listener.detail("stream:end")
    assert (end.outcome, end.attempts, end.error) == ("error", 2, outcome.error)


def test_what_shows_only_as_a_whole_has_a_first_snapshot_too(play: Any) -> None:
    listener = Listener()
    script = [TextDelta('{"value": 25}'), STOP]
    play(script, response_model=int, mode="json_schema", hooks=listener.hooks)
    assert listener.names.count("stream:first_snapshot") == 1
    assert listener.detail("stream:first_snapshot") == (25,)


@pytest.mark.parametrize("known", [True, False])
def test_a_vendor_that_fails(play: Any, kit: Any, known: bool) -> None:
    listener = Listener()
    fault = ConnectionError("gone") if known else kit.Stranger()
    outcome = play([fault], mode="json_schema", hooks=listener.hooks)
    assert listener.names == [
        "completion:kwargs",
        "completion:error",
        *(["completion:last_attempt"] if known else []),
        "stream:end",
    ]
    assert listener.detail("completion:error") == (outcome.error,)


def test_a_stream_that_is_left(play: Any) -> None:
    listener = Listener()
    with play.client(GOOD) as client:
        stream = client.create_partial(dict[str, Any], [], hooks=listener.hooks)
        stream.abandon() if play.is_async else stream.close()
        del stream
    (end,) = listener.detail("stream:end")
    assert (end.outcome, end.error) == ("closed", None)
    assert listener.names == ["stream:end"]


def test_a_client_s_handlers_hear_of_each_call(play: Any, kit: Any) -> None:
    heard: list[Any] = []
    with play.client(GOOD, GOOD, GOOD) as client:
        client.on("completion:usage", heard.append)

        def ask() -> None:
            import asyncio

            call = client.create(kit.User, [], mode="json_schema")
            if play.is_async:

                async def wait() -> None:
                    await call

                asyncio.run(wait())

        ask()
        assert heard == [Usage(1, 2)]
        client.off("completion:usage", heard.append)
        client.off("completion:usage", heard.append)
        ask()
        assert heard == [Usage(1, 2)]
        client.on("completion:usage", heard.append)
        client.clear("completion:usage")
        client.clear("completion:error")
        client.on("stream:end", heard.append)
        client.clear()
        ask()
        assert heard == [Usage(1, 2)]


@pytest.mark.parametrize("method", ["on", "off", "clear"])
def test_a_hook_that_does_not_exist(play: Any, method: str) -> None:
    handler = () if method == "clear" else (print,)
    with (
        play.client() as client,
        pytest.raises(partwise.ConfigurationError, match="completion:kwargs"),
    ):
        getattr(client, method)("completion:kwarg", *handler)


def test_a_handler_that_can_not_be_called() -> None:
    with pytest.raises(partwise.ConfigurationError, match="the handler of 'parse:error' must be"):
        Hooks().on("parse:error", 5)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_that_raises_is_a_warning(play: Any, name: str) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("handler")

    hooks = Hooks()
    hooks.on(name, fail)  # type: ignore[arg-type]
    scripts: list[Any] = (
        [[TextDelta(OLD), STOP], GOOD] if name != "completion:last_attempt" else [[STOP]] * 2
    )
    if name == "completion:error":
        scripts = [[ConnectionError()], GOOD]
    if name == "stream:resume":
        scripts = [[TextDelta(JO[:15]), Finish("length")], GOOD]
    call = {"mode": "json_schema", "max_retries": 1, "resume": name == "stream:resume"}
    with pytest.warns(RuntimeWarning, match=f"{name}.*ZeroDivisionError: handler"):
        outcome = play(*scripts, hooks=hooks, **call)
    if name != "completion:last_attempt":
        assert outcome.value.age == 25


def test_no_key_is_in_a_payload(play: Any) -> None:
    hooks = Hooks()
    seen: list[dict[str, Any]] = []
    hooks.on("completion:kwargs", lambda **payload: seen.append(payload))
    outcome = play(
        GOOD,
        mode="json_schema",
        hooks=hooks,
        extra_headers={"Authorization": "Bearer sk-secret"},
        http_options={"headers": {"X-Key": "sk-secret"}, "timeout": 9},
        temperature=0,
    )
    assert seen[0]["extra_headers"] == {"Authorization": "***"}
    assert seen[0]["http_options"] == {"headers": {"X-Key": "***"}, "timeout": 9}
    assert seen[0]["temperature"] == 0
    assert outcome.provider.payloads[0]["extra_headers"] == {"Authorization": "Bearer sk-secret"}


class Observer:
    def __init__(self) -> None:
        self.heard: list[tuple[str, Any, Any]] = []

    @hookimpl
    def observe(self, name: str, call: Any, detail: Any) -> None:
        self.heard.append((name, call, detail))


def test_an_observer_hears_of_every_call(play: Any, kit: Any) -> None:
    observer = Observer()
    partwise.register(observer)
    try:
        play(GOOD, mode="json_schema")
        play([STOP], mode="json_schema", max_retries=0)
    finally:
        partwise.unregister(observer)
    first, second = {call for _, call, _ in observer.heard}
    assert first is not second
    assert (first.provider, first.model, first.response_model) == ("scripted", "model", "User")
    names = [name for name, *_ in observer.heard]
    assert names.count("stream:end") == 2
    assert "stream:field_complete" in names
    (payload,) = next(detail for name, _, detail in observer.heard if name == "completion:kwargs")
    assert payload["request"].name == "User"
    heard = len(observer.heard)
    play(GOOD, mode="json_schema")
    assert len(observer.heard) == heard


def test_an_observer_that_raises_is_a_warning(play: Any) -> None:
    class Failing:
        @hookimpl
        def observe(self, name: str) -> None:
            if name == "stream:end":
                raise ZeroDivisionError("observer")

    observer = Failing()
    partwise.register(observer)
    try:
        with pytest.warns(RuntimeWarning, match="ZeroDivisionError: observer"):
            assert play(GOOD, mode="json_schema").value.age == 25
    finally:
        partwise.unregister(observer)
