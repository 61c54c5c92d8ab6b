"""Every recorded stream, through boto3 over loopback, ends as its description says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from partwise.provider import Request, Usage
from partwise_conformance import ReplayServer, Reply

from ..recorded import Answer, areplay, body_of, cases, check, meta_of, pieces, replay

if TYPE_CHECKING:
    from partwise_bedrock import BedrockProvider

CASES = cases("bedrock-converse")
REASONS = {"end_turn": "stop", "tool_use": "tool_calls"}


@pytest.mark.usefixtures("recordings")
def test_recordings_are_found() -> None:
    assert len(CASES) == 10


every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_cut = pytest.mark.parametrize("size", [1, 7, None])


def reply_of(case: Path, size: int | None) -> Reply:
    headers = {"content-type": "application/vnd.amazon.eventstream"}
    return Reply(body=pieces(body_of(case), size), headers=headers)


@pytest.mark.sampled
@every_cut
@every_case
def test_sync(
    case: Path,
    size: int | None,
    server: ReplayServer,
    provider: BedrockProvider,
    request_for: Callable[..., Request],
) -> None:
    server.enqueue(reply_of(case, size))

    check_all(replay(provider, request_for()), meta_of(case))


@pytest.mark.sampled
@every_cut
@every_case
async def test_async(
    case: Path,
    size: int | None,
    server: ReplayServer,
    provider: BedrockProvider,
    request_for: Callable[..., Request],
) -> None:
    server.enqueue(reply_of(case, size))

    check_all(await areplay(provider, request_for()), meta_of(case))


def check_all(answer: Answer, meta: dict[str, Any]) -> None:
    check(answer, meta)
    assert answer.finishes[0].reason == REASONS[meta["finish_reason"]]
    spent = meta["usage"]
    assert answer.usage == (Usage(spent["inputTokens"], spent["outputTokens"]) if spent else None)
