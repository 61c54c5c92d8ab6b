"""A refused approach is replaced by the next one, at once, and the client remembers it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import partwise
from partwise import Mode
from partwise.provider import (
    Approach,
    BadRequestError,
    Capabilities,
    Fallback,
    Granularity,
    TextDelta,
    Usage,
    next_approach,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

JO = '{"name": "Jo", "age": 25}'
MODES = [Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON]
CAPABILITIES = Capabilities(
    dict.fromkeys(MODES, Granularity.TOKEN), prompted=frozenset({Mode.JSON_SCHEMA})
)


class Other(BaseModel):
    name: str
    age: int


def refusal(message: str) -> BadRequestError:
    return BadRequestError(message, provider="scripted", status_code=400)


NO_TOOLS = "this model does not support tools"
NOT_STRICT = "Invalid schema for tool: nesting is too deep"
NO_PARAMETER = "unsupported parameter: stream_options"


@pytest.fixture(autouse=True)
def fallback(monkeypatch: pytest.MonkeyPatch, kit: Any) -> None:
    def find(self: Any, request: Any, error: Any) -> Fallback | None:
        return next_approach(request, error, CAPABILITIES, optional=["stream_options"])

    monkeypatch.setattr(kit.Provider, "fallback", find, raising=False)
    monkeypatch.setattr(kit.Provider, "capabilities", lambda self, model: CAPABILITIES)


class Caller:
    """Calls of one client, sync or async."""

    def __init__(self, play: Any, kit: Any, *scripts: list[Any]) -> None:
        self._is_async = play.is_async
        self._kit = kit
        self._context = play.client(*scripts)
        self.client = self._context.__enter__()
        self.provider = play.provider

    def __call__(self, model: Any = None, **keywords: Any) -> Any:
        keywords.setdefault("messages", [{"role": "user", "content": "Who?"}])
        call = self.client.create(model or self._kit.User, **keywords)
        return asyncio.run(self._result(call)) if self._is_async else call

    async def _result(self, call: Any) -> Any:
        return await call

    @property
    def approaches(self) -> list[Approach]:
        return [payload["request"].approach for payload in self.provider.payloads]

    def close(self) -> None:
        self._context.__exit__(None, None, None)


@pytest.fixture
def caller(play: Any, kit: Any) -> Iterator[Any]:
    made: list[Caller] = []

    def make(*scripts: list[Any]) -> Caller:
        made.append(Caller(play, kit, *scripts))
        return made[-1]

    yield make
    for each in made:
        each.close()


def refused(kit: Any, message: str) -> list[Any]:
    return [kit.Refused(refusal(message))]


def test_a_refused_mode_is_replaced_and_remembered(
    caller: Any, kit: Any, caplog: pytest.LogCaptureFixture, pauses: list[float]
) -> None:
    call = caller(refused(kit, NO_TOOLS), kit.text(JO), kit.text(JO))
    with caplog.at_level(logging.WARNING, "partwise"):
        assert call(max_retries=0).age == 25
        assert call(max_retries=0).age == 25
    modes = [approach.mode for approach in call.approaches]
    assert modes == [Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON_SCHEMA]
    (record,) = caplog.records
    assert "mode='json_schema'" in record.getMessage()
    assert NO_TOOLS in record.getMessage()
    assert pauses == []


@pytest.mark.parametrize("in_band", [True, False])
def test_an_approach_that_brought_nothing_is_not_remembered(
    caller: Any, kit: Any, in_band: bool
) -> None:
    fault = partwise.ServerError("broken", provider="scripted", status_code=500)
    failed = [kit.InBand(fault) if in_band else kit.Refused(fault)]
    call = caller(refused(kit, NO_TOOLS), failed, kit.call(JO))
    with pytest.raises(partwise.ServerError):
        call(max_retries=0)
    assert call(max_retries=0).age == 25
    modes = [approach.mode for approach in call.approaches]
    assert modes == [Mode.TOOLS, Mode.JSON_SCHEMA, Mode.TOOLS]


def test_an_approach_that_brought_an_invalid_answer_is_remembered(caller: Any, kit: Any) -> None:
    call = caller(refused(kit, NO_TOOLS), kit.text('{"name": 1}'), kit.text(JO))
    with pytest.raises(partwise.InvalidOutputError):
        call(max_retries=0)
    assert call(max_retries=0).age == 25
    assert call.approaches[-1].mode is Mode.JSON_SCHEMA


def test_the_schema_is_in_the_prompt_if_the_approach_is_prompted(caller: Any, kit: Any) -> None:
    call = caller(refused(kit, NO_TOOLS), kit.text(JO))
    call()
    before, after = (payload["request"].messages for payload in call.provider.payloads)
    assert [each["role"] for each in before] == ["user"]
    assert [each["role"] for each in after] == ["system", "user"]
    assert '"properties"' in after[0]["content"]


def test_a_refused_schema_is_remembered_for_its_type_only(caller: Any, kit: Any) -> None:
    call = caller(
        refused(kit, NOT_STRICT),
        kit.call(JO),
        kit.call(JO),
        kit.call(JO, name="Other"),
    )
    call()
    call()
    call(Other)
    assert [approach.strict for approach in call.approaches] == [True, False, False, True]
    assert "Answer by calling" in call.provider.payloads[1]["request"].messages[0]["content"]


def test_a_refused_parameter_is_remembered_for_the_model(caller: Any, kit: Any) -> None:
    call = caller(refused(kit, NO_PARAMETER), kit.call(JO), kit.call(JO, name="Other"))
    call()
    call(Other)
    omitted = [approach.omitted for approach in call.approaches]
    assert omitted == [frozenset(), {"stream_options"}, {"stream_options"}]
    assert {approach.mode for approach in call.approaches} == {Mode.TOOLS}


def test_a_named_mode_is_never_changed(caller: Any, kit: Any) -> None:
    call = caller(refused(kit, NO_TOOLS))
    with pytest.raises(BadRequestError, match="try mode='json_schema', 'json'") as caught:
        call(mode="tools")
    assert NO_TOOLS in str(caught.value)
    assert len(call.provider.payloads) == 1


def test_a_named_mode_may_be_asked_for_otherwise(caller: Any, kit: Any) -> None:
    call = caller(refused(kit, NOT_STRICT), kit.call(JO))
    assert call(mode="tools").age == 25
    assert [approach.mode for approach in call.approaches] == [Mode.TOOLS, Mode.TOOLS]


def test_it_ends_when_every_approach_is_refused(caller: Any, kit: Any) -> None:
    call = caller(*[refused(kit, NO_TOOLS)] * 9)
    with pytest.raises(BadRequestError, match=NO_TOOLS):
        call(max_retries=5)
    assert len(call.provider.payloads) <= len(MODES)


def test_an_approach_that_was_tried_is_not_tried_again(
    caller: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle = {Mode.TOOLS: Mode.JSON, Mode.JSON: Mode.TOOLS}

    def find(self: Any, request: Any, error: Any) -> Fallback:
        return Fallback(Approach(mode=circle[request.mode]), "mode")

    monkeypatch.setattr(kit.Provider, "fallback", find)
    call = caller(*[refused(kit, NO_TOOLS)] * 9)
    with pytest.raises(BadRequestError):
        call()
    assert len(call.provider.payloads) == 2


def test_a_refusal_is_no_attempt_of_the_user_s(play: Any, kit: Any) -> None:
    payloads: list[Any] = []
    hooks = partwise.Hooks()
    hooks.on("completion:kwargs", lambda **payload: payloads.append(payload["request"].mode))
    errors: list[Any] = []
    hooks.on("completion:error", errors.append)
    ends: list[Any] = []
    hooks.on("stream:end", ends.append)
    outcome = play(refused(kit, NO_TOOLS), [Usage(3, 4), *kit.text(JO)], hooks=hooks, max_retries=0)
    assert outcome.value.age == 25
    assert outcome.stream.attempt == 1
    assert outcome.stream.usage == Usage(3, 4)
    assert payloads == [Mode.TOOLS, Mode.JSON_SCHEMA]
    assert errors == []
    assert ends[0].attempts == 1


def test_a_refusal_in_the_stream_before_anything_was_shown(play: Any, kit: Any) -> None:
    outcome = play([kit.InBand(refusal(NO_TOOLS))], kit.text(JO))
    assert outcome.value.age == 25
    assert outcome.provider.held == 0


def test_what_was_shown_is_not_asked_for_in_another_way(play: Any, kit: Any) -> None:
    script = [*kit.call('{"name": "J'), kit.InBand(refusal(NO_TOOLS))]
    outcome = play(script, kit.text(JO))
    assert isinstance(outcome.error, BadRequestError)
    assert outcome.snapshots


def test_other_errors_are_final_as_before(play: Any, kit: Any) -> None:
    outcome = play([kit.Refused(refusal("your credit is too low"))], kit.text(JO))
    assert isinstance(outcome.error, BadRequestError)
    assert len(outcome.provider.payloads) == 1


def test_views_see_nothing_of_a_refusal(play: Any, kit: Any) -> None:
    outcome = play(refused(kit, NO_TOOLS), [TextDelta(JO)], view=lambda stream: stream.events())
    assert outcome.error is None
    assert not [each for each in outcome.snapshots if isinstance(each, partwise.Restarted)]


def test_a_correction_keeps_the_approach(play: Any, kit: Any) -> None:
    bad = kit.text(JO.replace("25", '"x"'))
    outcome = play(refused(kit, NO_TOOLS), bad, kit.text(JO), max_retries=1)
    assert outcome.value.age == 25
    requests = [payload["request"] for payload in outcome.provider.payloads]
    assert [request.mode for request in requests] == [Mode.TOOLS, *[Mode.JSON_SCHEMA] * 2]
    roles = [message["role"] for message in requests[-1].messages]
    assert roles == ["system", "user", "assistant", "user"]
    assert outcome.stream.attempt == 2


@pytest.mark.parametrize("found", [LookupError("the plugin's own"), "tools"], ids=repr)
def test_a_fallback_that_fails_leaves_the_refusal(
    caller: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any, found: Any
) -> None:
    def find(self: Any, request: Any, error: Any) -> Fallback:
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    monkeypatch.setattr(kit.Provider, "fallback", find)
    call = caller(refused(kit, NO_TOOLS))
    with pytest.raises(partwise.BadRequestError, match="does not support tools"):
        call()
    assert "the plugin of 'scripted' failed: fallback raised" in caplog.text
    assert call.provider.held == 0
