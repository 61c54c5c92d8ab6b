"""The conformance kit plays recordings of partwise's, and gives them to programs' own tests."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import partwise
from partwise_conformance import (
    Drop,
    ProviderConformance,
    Replays,
    ReplayServer,
    Reply,
    StreamError,
)
from partwise_conformance.harness import Harness

from .conftest import ASK, PIECES, VENDORS, User, Vendor, call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADA = User(name="Ada Lovelace", age=36)


def suite(vendor: Vendor) -> type[ProviderConformance]:
    described = {
        "provider": vendor.model,
        "wire": vendor.wire,
        "client_options": vendor.options,
    }
    return type("Suite", (ProviderConformance,), described)


@pytest.fixture
def harness(vendor: Vendor) -> Iterator[Harness]:
    with Harness(suite(vendor)) as harness:
        yield harness


def replies(vendor: Vendor) -> dict[str, Reply]:
    body = vendor.body(call(*PIECES))
    broken = vendor.body([*call(*PIECES)[:4], StreamError("closed")])[:-1]
    return {
        "whole": vendor.reply(*body),
        "dropped": vendor.reply(b"".join(body[:4]), Drop()),
        "refused": Reply.of_json(vendor.wire.error(429, "slow"), status=429),
        "failed": vendor.reply(*broken),
    }


def recorded(vendor: Vendor, server: ReplayServer, path: Path, reply: Reply) -> Path:
    server.enqueue(reply)
    with (
        partwise.from_provider(
            f"record/{vendor.model}",
            base_url=server.url + vendor.base_path,
            api_key="any",
            to=path,
            **vendor.options,
        ) as client,
        suppress(partwise.ProviderError),
    ):
        client.create(**ASK)
    return path


@pytest.mark.parametrize("what", ["whole", "dropped", "refused", "failed"])
def test_the_suite_plays_a_recording_over_the_wire(
    what: str, vendor: Vendor, harness: Harness, server: ReplayServer, tmp_path: Path
) -> None:
    path = recorded(vendor, server, tmp_path / "user.sse", replies(vendor)[what])
    checks = harness.suite()

    checks.test_recording(harness, path, "sync")
    checks.test_recording(harness, path, "async")
    if what == "whole":
        checks.test_recording_in_single_bytes(harness, path)

    assert len(harness.server.requests) >= 2


def test_a_recording_that_the_wire_writes_otherwise_fails(
    server: ReplayServer, tmp_path: Path
) -> None:
    class OddWire(type(VENDORS["openai"].wire)):  # type: ignore[misc]  # of a harness-in
        class framing:  # noqa: N801 - in the place of the wire's own
            content_type = "text/event-stream"

            @staticmethod
            def frame(event: Any) -> bytes:
                return b": nothing\n\n"

    vendor = VENDORS["openai"]
    path = recorded(vendor, server, tmp_path / "user.sse", replies(vendor)["whole"])
    odd = Vendor(vendor.model, OddWire(), vendor.base_path)

    with (
        Harness(suite(odd)) as harness,
        pytest.raises(pytest.fail.Exception, match="nothing was read of this recording"),
    ):
        harness.suite().test_recording(harness, path, "sync")


@pytest.fixture
def recording(server: ReplayServer, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    vendor = VENDORS["openai"]
    return recorded(vendor, server, tmp_path / "user.sse", replies(vendor)["whole"])


def test_a_client_of_a_recording(replay_provider: Replays, recording: Path) -> None:
    with replay_provider(recording) as client:
        assert client.create(**ASK) == ADA


async def test_an_async_client_of_a_recording(replay_provider: Replays, recording: Path) -> None:
    async with replay_provider(recording, async_client=True) as client:
        assert await client.create(**ASK) == ADA


def test_a_relative_path_is_beside_the_test(replay_provider: Replays) -> None:
    with pytest.raises(partwise.ConfigurationError, match=r"tests/replay/none\.sse"):
        replay_provider("none.sse")


def test_a_recording_in_the_place_of_a_vendor(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    replays = Replays(tmp_path)

    replays.instead_of("openai", recording.name)
    with partwise.from_provider("openai/gpt-4.1", timeout=3) as client:
        assert client.create(**ASK) == ADA
    replays.close()

    with pytest.raises(partwise.MissingKeyError):
        partwise.from_provider("openai/gpt-4.1", max_retries=0)
