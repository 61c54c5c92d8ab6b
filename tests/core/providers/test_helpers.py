"""The small helpers that several plugins share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partwise.provider import (
    Chunk,
    ClientPool,
    ConfigurationError,
    KeepAlive,
    ProviderConfig,
    ReadyEvents,
    ServerError,
    TextDelta,
    arguments_object,
    decode_base64,
    leave_out,
    read_event,
    split_data_url,
)


def test_a_data_url() -> None:
    assert split_data_url("data:image/png;charset=x;base64,AAA=") == ("image/png", "AAA=")


@pytest.mark.parametrize("url", ["https://example.com/a.png", "data:image/svg+xml,<svg/>", ""])
def test_another_url(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base64"):
        split_data_url(url)


def test_base64() -> None:
    assert decode_base64("QQ==", "an image") == b"A"
    with pytest.raises(ConfigurationError, match="the data of an image is not base64"):
        decode_base64("!", "an image")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        (None, {}),
        ('{"a', {"raw": '{"a'}),
        ("[1]", {"raw": "[1]"}),
    ],
)
def test_arguments(text: str | None, value: object) -> None:
    assert arguments_object(text, key="raw") == value


def test_options_that_are_left_out_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        assert leave_out({"a": 1, "b": 2}, {"b", "c"}, model="m") == {"a": 1}
    assert [record.message for record in caplog.records] == ["m does not take b: it is left out"]


async def test_ready_events() -> None:
    events = ReadyEvents([1, None, 2])

    assert [event async for event in events] == [1, None, 2]


def chunks(*parts: str, error: Exception | None = None) -> Iterator[Chunk]:
    yield from map(TextDelta, parts)
    if error is not None:
        raise error


def test_an_event_is_read_as_far_as_possible() -> None:
    assert list(read_event(chunks("a"), {}, provider="p")) == [TextDelta("a")]
    assert list(read_event(chunks(), {}, provider="p")) == [KeepAlive()]
    for error in (KeyError("x"), ServerError("no", provider="p")):
        read = iter(read_event(chunks("a", error=error), {"b": 1}, provider="p"))
        assert next(read) == TextDelta("a")
        with pytest.raises(ServerError):
            next(read)


def test_clients_of_the_user_are_not_given_back_to_be_closed() -> None:
    pool = ClientPool(object, object, is_owned=False)

    assert pool.get() is pool.get()
    assert pool.pop() is None


@pytest.mark.parametrize(
    ("url", "part"),
    [("my-host/v1", "did you mean 'https://my-host/v1'?"), ("http://[", ""), ("/v1", "in full")],
)
def test_an_address_in_the_environment(
    url: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_BASE_URL", url)

    with pytest.raises(ConfigurationError, match="ACME_BASE_URL is not an address") as caught:
        ProviderConfig(name="acme").url("ACME_BASE_URL")
    assert part in str(caught.value)


class Client:
    max_retries = 4


def test_retries_of_the_sdk() -> None:
    assert ProviderConfig(name="acme").sdk_retries == 0
    assert ProviderConfig(name="acme", options={"max_retries": 2}).sdk_retries == 2
    assert ProviderConfig(name="acme", client=Client()).sdk_retries == 4
    assert ProviderConfig(name="acme", client=Client(), caller_retries=True).sdk_retries == 0
