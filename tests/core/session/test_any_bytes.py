"""Whatever a decoder does with an event: a value, or an error of partwise's that loses nothing."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, create_model
from tenacity import Retrying, stop_after_attempt

import partwise
from partwise.provider import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

START = '{"name": "Jo", '


def bad_feed(error: Exception) -> Any:
    def feed(self: Any, event: Any) -> Any:
        if event is None:
            raise error
        return [event]

    return feed


def lazy(self: Any, event: Any) -> Iterator[Any]:
    if event is None:
        yield TextDelta(START[8:])
        raise KeyError("choices")
    yield event


@pytest.mark.parametrize(
    "feed",
    [
        *map(bad_feed, [KeyError("x"), TypeError("y"), UnicodeDecodeError("utf-8", b"", 0, 1, "")]),
        *map(bad_feed, [RecursionError("deep"), ValueError("z"), StopIteration("s")]),
        lambda _, event: event,
        lambda _, event: 7 if event is None else [event],
    ],
)
def test_what_a_decoder_raises(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, feed: Any, pauses: list[float]
) -> None:
    script = [TextDelta(START), Usage(1, 2)]
    if feed(None, TextDelta("")) == TextDelta(""):  # gives no chunks at all
        script = []
    monkeypatch.setattr(kit.Provider, "decoder", lambda *_: type("D", (), {"feed": feed})())
    outcome = play([*script, None], [*script, None], mode="json_schema", max_retries=1)
    assert isinstance(outcome.error, partwise.RetriesExhaustedError)
    for error in outcome.error.errors:
        assert isinstance(error, partwise.ServerError)
        assert error.retryable
        assert "can't be read" in str(error)
        assert error.text == (START if script else "")
        assert error.usage == (Usage(1, 2) if script else None)
    assert len(pauses) == 1


def test_a_decoder_that_fails_in_the_middle_of_an_event(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit.Provider, "decoder", lambda *_: type("D", (), {"feed": lazy})())
    outcome = play([TextDelta(START[:8]), None], mode="json_schema")
    assert isinstance(outcome.error, partwise.ServerError)
    assert isinstance(outcome.error.__cause__, KeyError)
    assert outcome.error.text == START
    assert outcome.error.snapshot.name is None or outcome.error.snapshot.name


def test_a_decoder_that_fails_at_the_end(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close(self: Any) -> Any:
        raise AttributeError("usage")

    monkeypatch.setattr(type(kit.Provider([]).decoder(None)), "close", close)
    outcome = play([TextDelta(START)], mode="json_schema")
    assert isinstance(outcome.error, partwise.ServerError)
    assert outcome.error.text == START


BAD: list[Any] = [
    TextDelta(5),  # type: ignore[arg-type]
    TextDelta("x", item=None),  # type: ignore[arg-type]
    ReasoningDelta({}),  # type: ignore[arg-type]
    RefusalDelta(None),  # type: ignore[arg-type]
    ToolCallDelta(None, ""),  # type: ignore[arg-type]
    ToolCallDelta(0, {}),  # type: ignore[arg-type]
    ToolCallDelta(0, "", name=7),  # type: ignore[arg-type]
    Usage(None, 2),  # type: ignore[arg-type]
    Usage(1.5, 2),  # type: ignore[arg-type]
    Usage(-1, 2),
    Usage(1, 2, True),
    Finish("ended"),  # type: ignore[arg-type]
    Finish([]),  # type: ignore[arg-type]
    Finish("stop", 7),  # type: ignore[arg-type]
    "text",
    None,
    7,
]


@pytest.mark.parametrize("chunk", BAD, ids=repr)
@pytest.mark.parametrize("mode", ["tools", "json_schema"])
def test_a_chunk_of_wrong_types(play: Any, kit: Any, chunk: Any, mode: str) -> None:
    start = kit.call(START) if mode == "tools" else kit.text(START)
    outcome = play([*start, [chunk]], mode=mode)
    assert isinstance(outcome.error, partwise.ServerError)
    assert outcome.error.text == START
    assert outcome.error.snapshot.name == "Jo"
    assert outcome.provider.held == 0


def test_good_chunks_pass(play: Any, kit: Any) -> None:
    script = [
        KeepAlive(), ReasoningDelta("hm"), Usage(), *kit.text('{"name": "", "age": 1}'),
        Finish("stop"),
    ]  # fmt: skip
    assert play(script, mode="json_schema").value.age == 1


def test_the_event_in_the_error_is_short_and_masked(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def feed(self: Any, event: Any) -> Any:
        raise KeyError(event["choices"])

    monkeypatch.setattr(kit.Provider, "decoder", lambda *_: type("D", (), {"feed": feed})())
    with play.client([{"choices": "sk-marker-0123456789", "rest": "x" * 9000}]) as client:
        client._calls.config.secrets.add("sk-marker-0123456789")
        stream = client.create_partial(kit.User, messages=[], max_retries=0)
        error = failure(play, stream)
    assert "sk-marker" not in str(error)
    assert "sk-marker" not in str(error.__cause__)
    assert len(str(error)) < 600


def failure(play: Any, stream: Any) -> Any:
    async def aread() -> None:
        await stream.result()

    with pytest.raises(partwise.PartwiseError) as caught:
        asyncio.run(aread()) if play.is_async else stream.result()
    return caught.value


# Validators -----------------------------------------------------------------------------------


def judge(text: str) -> str:
    partwise.parse(list[int], '["no number"]').result()
    return text


def refuse(text: str) -> str:
    raise partwise.ProviderConnectionError("the judge is away", provider="judge", retryable=True)


@pytest.mark.parametrize("validator", [judge, refuse])
@pytest.mark.parametrize("text", ['{"word": "outer"}', '{"word": "outer", "n": 1}'])
def test_an_error_of_another_answer_inside_a_validator(
    play: Any, kit: Any, validator: Any, text: str
) -> None:
    class Judged(BaseModel):
        word: Annotated[str, AfterValidator(validator)]
        n: int = 0

    outcome = play(kit.text(text), response_model=Judged, mode="json_schema", max_retries=3)
    assert type(outcome.error) in {partwise.InvalidOutputError, partwise.ProviderConnectionError}
    assert "outer" not in outcome.error.text
    assert len(outcome.provider.payloads) == 1
    assert outcome.provider.held == 0


# Bounds ---------------------------------------------------------------------------------------


def test_a_correction_names_some_faults_and_the_error_has_all(play: Any, kit: Any) -> None:
    fields: Any = {f"f{i}": (int, ...) for i in range(500)}
    wide = create_model("Wide", **fields)
    outcome = play(
        kit.text("{}"), kit.text("{}"), response_model=wide, mode="json_schema", max_retries=1
    )
    assert isinstance(outcome.error, partwise.RetriesExhaustedError)
    first: Any = outcome.error.errors[0]
    assert len(first.errors()) == 500
    assert len(str(outcome.error)) < 5000
    fault = outcome.provider.payloads[1]["request"].messages[-1]["content"]
    assert "and 480 more" in fault
    assert fault.count("\n") < 30


def test_the_message_of_an_error_is_bounded_and_the_whole_is_kept() -> None:
    error = partwise.PartwiseError("x" * 100_000)
    assert len(str(error)) < 5000
    assert "96000 more characters" in str(error)
    assert len(error.args[0]) == 100_000


def test_an_answer_has_a_bound_by_default() -> None:
    bound = partwise.Limits().characters
    assert bound is not None
    pieces = ['["', *["x" * 1_000_000] * (bound // 1_000_000 + 1)]
    with pytest.raises(partwise.MalformedOutputError, match="answer exceeds"):
        partwise.parse(list[str], pieces).result()


@pytest.mark.parametrize("name", ["timeout", "idle_timeout", "token_budget"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, "1", True])
def test_times_and_budgets_are_finite_numbers(name: str, value: Any) -> None:
    with pytest.raises(partwise.ConfigurationError, match=f"{name} must be a finite number > 0"):
        partwise.Settings(**{name: value})


@pytest.mark.parametrize("name", ["timeout", "idle_timeout"])
@pytest.mark.parametrize("value", [1e7, 1e300, pytest.param(10**400, id="huge")])
def test_a_time_of_any_length_is_one(play: Any, kit: Any, name: str, value: float) -> None:
    outcome = play(kit.text('{"name": "Jo", "age": 1}'), mode="json_schema", **{name: value})
    assert outcome.value.age == 1


@pytest.mark.parametrize("wait", [1e10, 1e300])
def test_a_policy_s_wait_may_be_longer_than_a_clock_s(
    play: Any, kit: Any, wait: float, pauses: list[float]
) -> None:
    policy = Retrying(wait=lambda _: wait, stop=stop_after_attempt(2))
    outcome = play(kit.text('{"name": 1}'), kit.text("{}"), mode="json_schema", max_retries=policy)
    assert isinstance(outcome.error, partwise.RetriesExhaustedError)
    assert pauses == [pytest.approx(1e6)]


@pytest.mark.parametrize("wait", [math.nan, math.inf, -1, None, pytest.param(10**400, id="huge")])
def test_a_policy_s_wait_is_a_finite_number(play: Any, kit: Any, wait: Any) -> None:
    policy = Retrying(wait=lambda _: wait)
    outcome = play(kit.text('{"name": 1}'), mode="json_schema", max_retries=policy)
    assert isinstance(outcome.error, partwise.ConfigurationError)
    assert "the policy's wait" in str(outcome.error)
    assert outcome.provider.held == 0
