"""The TypeScript client, built, in Node: connections that are lost, and what a page sees of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from partwise_web import CLIENT_JS
from partwise_web.log import MemoryLog, follow, write
from partwise_web.starlette import PartialResponse

from ..core.client.test_wire_document import fold
from .browser_tools import CLIENT
from .conftest import FINAL, Team
from .system import program
from .test_log import parse
from .test_starlette import events

if TYPE_CHECKING:
    from pathlib import Path

HERE = CLIENT.parents[2] / "tests" / "web"


async def sse(seen: bytes = b"") -> str:
    """The events of an answer in a log."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    log = MemoryLog()
    await write(parse(), log, "a", every=0)

    async def answer(_: Any) -> PartialResponse:
        return PartialResponse(follow(log, "a", Team))

    transport = httpx.ASGITransport(Starlette(routes=[Route("/", answer)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return (await client.get("/", headers={b"last-event-id": seen})).text


@pytest.mark.anyio
async def test_a_lost_connection_is_taken_up_again_wherever_it_was_cut(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    step = 1 if pytestconfig.getoption("--full") else 3
    body = (await sse()).replace("retry: 500", "retry: 1")
    data = tmp_path / "answer.json"
    data.write_text(json.dumps({"body": body, "final": FINAL}))
    client = shutil.copy(CLIENT_JS, tmp_path / "client.mjs")
    command: list[Any] = [program("node"), HERE / "reconnecting.mjs", client, data, str(step)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=250)  # noqa: ASYNC221
    told = json.loads(done.stdout)
    assert told["failed"] == []
    assert told["cuts"] == len(range(0, len(body.encode()), step))
    assert told["silent"]["value"] == FINAL
    assert "reconnecting" in told["silent"]["states"]
    assert told["gone"]["error"] == "ConnectionError"


@pytest.mark.anyio
async def test_who_comes_back_gets_the_document_and_then_the_changes() -> None:
    whole = [event for event in events(await sse()) if "id" in event]
    for place in range(len(whole) - 1):
        document, path, shown = None, "", []
        again = [e for e in events(await sse(whole[place]["id"].encode())) if "id" in e]
        for event in again[:-1]:
            document, path = fold(document, json.loads(event["data"]), path)
            shown.append(json.dumps(document))
        assert document == FINAL
        assert len(again) <= len(whole) - place  # nothing is shown that was seen before
        before: Any = None
        path = ""
        for event in whole[: place + 1]:
            before, path = fold(before, json.loads(event["data"]), path)
        assert shown[0] == json.dumps(before)


@pytest.mark.anyio
@pytest.mark.parametrize("seen", ["1.9999", "7.1", "x", "1.-5", "", "1.²"])
async def test_an_id_of_another_answer_does_no_harm(seen: str) -> None:
    document, path = None, ""
    for event in events(await sse(seen.encode()))[:-1]:
        document, path = fold(document, json.loads(event["data"]), path)
    assert document == FINAL
