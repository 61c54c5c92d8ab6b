from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import partwise
from partwise.provider import (
    AuthenticationError,
    Granularity,
    Mode,
    ProviderConnectionError,
    ProviderError,
    RateLimitError,
)
from partwise_replay import FIRST_LINE, Event, Fault, Recording, RecordingError

if TYPE_CHECKING:
    from pathlib import Path

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def recording(*events: Event, fault: Fault | None = None) -> Recording:
    return Recording(
        provider="openai",
        model="org/a model",
        mode=Mode.TOOLS,
        granularity=Granularity.TOKEN,
        name="User",
        recorded="2026-03-02T09:30:00+00:00",
        events=list(events),
        fault=fault,
    )


# Where others use the machine too, the first draws may take long.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.lists(json_values, max_size=3))
def test_what_is_written_is_read_again(
    data: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.sse"
    written = recording(*(Event(0.25, value) for value in data))

    path.write_text(written.dumps(), encoding="utf-8")

    assert Recording.load(path) == written


def test_the_text_is_that_of_server_sent_events() -> None:
    fault = Fault("RateLimitError", "slow down", 1.5, 429, retryable=True, retry_after=7.0)

    text = recording(Event(0.4125, {"a": "ü\u2028"}, "sdk:Event"), fault=fault).dumps()

    assert text == (
        ": partwise recording 1\n: provider openai\n: model org/a model\n: mode tools\n"
        ": granularity token\n: name User\n: recorded 2026-03-02T09:30:00+00:00\n\n"
        ': +0.412 sdk:Event\ndata: {"a": "ü\u2028"}\n\n'
        ': +1.500\nevent: fault\ndata: {"error": "RateLimitError", "message": "slow down", '
        '"status_code": 429, "retryable": true, "retry_after": 7.0}\n\n'
    )


def test_a_fault_is_read_again(tmp_path: Path) -> None:
    error = RateLimitError(
        "slow", provider="acme", status_code=429, retryable=True, retry_after=7.0
    )
    path = tmp_path / "fault.sse"
    path.write_text(recording(fault=Fault.of(error, 0.5)).dumps())

    fault = Recording.load(path).fault

    assert fault is not None
    again = fault.as_error("acme")
    assert type(again) is RateLimitError
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_an_error_of_a_plugins_own_kind_is_the_nearest_that_everybody_knows() -> None:
    class OddError(AuthenticationError):
        pass

    assert Fault.of(OddError("no", provider="x"), 0.0).error == "AuthenticationError"
    assert Fault.of(ProviderError("no", provider="x"), 0.0).error == "ProviderError"
    assert type(Fault("ProviderConnectionError", "").as_error("x")) is ProviderConnectionError


GOOD = recording(Event(0.1, {"a": 1})).dumps()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no recording of partwise's: its first line is not"),
        ("data: {}\n\n", "is no recording of partwise's"),
        (FIRST_LINE, "is damaged: KeyError: 'provider'"),
        (GOOD.replace("tools", "psychic"), "is damaged: ValueError: 'psychic'"),
        (GOOD.replace(": +0.100", ": soon"), "an event begins with its delay"),
        (GOOD.replace('{"a": 1}', '{"a"'), "is damaged: JSONDecodeError"),
        (GOOD + ': +1\nevent: fault\ndata: {"error": "Odd", "message": ""}\n\n', "KeyError: 'Odd'"),
    ],
)
def test_what_is_no_recording(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.sse"
    path.write_text(text)

    with pytest.raises(RecordingError) as caught:
        Recording.load(path)

    assert told in str(caught.value)
    assert str(path) in str(caught.value)


DEEP = "[" * 100_000 + "]" * 100_000
FAULT = ': +1\nevent: fault\ndata: {"error": "ServerError", "message": "m", %s}\n\n'


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace('{"a": 1}', DEEP),
        GOOD.replace('{"a": 1}', "[" * 300 + "]" * 300),
        GOOD.replace('{"a": 1}', '{"a":' * 202 + "1" + "}" * 202),
        GOOD.replace('{"a": 1}', '{"a": {"$bytes": "not base64!"}}'),
        GOOD.replace('{"a": 1}', '{"$bytes": "QUJ"}'),
        GOOD.replace('{"a": 1}', "9" * 100_000),
        GOOD.replace(": +0.100", ": +" + "9" * 400),
        GOOD.replace(": +0.100", ": +99999999"),
        GOOD.replace("provider openai", "provider replay"),
        GOOD.replace("provider openai", "provider record"),
        GOOD + FAULT % '"retry_after": "soon"',
        GOOD + FAULT % '"retry_after": NaN',
        GOOD + FAULT % '"retry_after": -1',
        GOOD + FAULT % '"status_code": "x"',
        GOOD + FAULT % '"retryable": 1',
        GOOD + FAULT % '"delay": 0, "more": 1',
        GOOD.replace('{"error"', '["error"') + ": +1\nevent: fault\ndata: [1]\n\n",
    ],
)
def test_hostile_recordings_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.sse"
    path.write_text(text)

    with pytest.raises(RecordingError, match="is damaged"):
        Recording.load(path)


def test_a_recording_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partwise_replay._recording.MAX_BYTES", len(GOOD) - 1)
    path = tmp_path / "large.sse"
    path.write_text(GOOD)

    with pytest.raises(RecordingError, match="larger than"):
        Recording.load(path)


@pytest.mark.parametrize("place", ["/dev/zero", "pipe", "a\0b", "."])
def test_what_is_no_file(place: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(RecordingError, match="no recording at"):
        Recording.load(tmp_path / place)
    with pytest.raises(RecordingError, match=r"no recording at|names no"):
        partwise.from_provider(f"replay/{tmp_path / place}")


def test_a_recording_as_deep_as_an_answer_may_be(tmp_path: Path) -> None:
    path = tmp_path / "deep.sse"
    path.write_text(GOOD.replace('{"a": 1}', "[" * 199 + "]" * 199))

    assert Recording.load(path).events[0].plain


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "bad.sse").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(RecordingError, match="no recording at"):
        Recording.load(tmp_path / "bad.sse")
    with pytest.raises(RecordingError, match="No such file"):
        Recording.load(tmp_path / "none.sse")
