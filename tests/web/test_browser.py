"""The real clients of each protocol in a real Chromium, against a real server."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

import partwise
from partwise_conformance import ReplayServer, Reply, chat_answer
from partwise_web.starlette import PartialResponse

from .browser_tools import CLIENT, SECONDS, Held, browsing, built, node_modules, wait_for_exchanges
from .conftest import ASK, FINAL, TEXT, Team, closing, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("browser")  # one page, built once

HERE = Path(__file__).parent
PAGE = '<!doctype html><div id="root"></div><script src="/page.js"></script>'


class Leaf(BaseModel):
    tags: dict[str, list[str]]
    note: str | None = None


class Deep(BaseModel):
    rows: list[list[Leaf]]
    named: dict[str, Leaf]
    either: list[Leaf | int]


LEAF: dict[str, Any] = {"tags": {"a/b": ["x", ""], "~": [], 'ü "\n': ["\U0001f600"]}, "note": "n"}
BARE: dict[str, Any] = {"tags": {}, "note": None}
DEEP = {
    "rows": [[], [LEAF, BARE], [BARE]],
    "named": {"": BARE, "/": LEAF, "~1": BARE, "0": LEAF},
    "either": [7, LEAF, -1],
}


@pytest.fixture(scope="module")
def good() -> Iterator[ReplayServer]:
    """A vendor whose answers go on as far as the test lets them."""
    with ReplayServer(chat_answer(TEXT, gated=True)) as server:
        yield server


@pytest.fixture(scope="module")
def site(good: ReplayServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app: cases `good`, `deep`, `retried` (the first attempt is invalid) and `cut`."""
    script = built(HERE / "browser" / "page.tsx", tmp_path_factory.mktemp("page") / "page.js")
    whole, invalid = chat_answer(TEXT), chat_answer(TEXT.replace('"host"', "1"))

    def invalid_at_first(request: Any) -> Reply:
        return (whole if len(request.json()["messages"]) > 1 else invalid)(request)

    with (
        ReplayServer(invalid_at_first) as retried,
        ReplayServer(chat_answer(TEXT[:-20])) as cut,
        ReplayServer(chat_answer(json.dumps(DEEP))) as deep,
    ):

        async def answer(request: Any) -> PartialResponse:
            case = request.query_params["case"]
            server = {"good": good, "deep": deep, "retried": retried, "cut": cut}[case]
            client = partwise.from_provider(
                "openai/gpt-4.1-mini", async_client=True, api_key="k", base_url=f"{server.url}/v1"
            )
            asked = {**ASK, "response_model": Deep if case == "deep" else Team}
            stream: Any = client.create_partial(**asked, max_retries=int(case == "retried"))
            stream.client = client
            return PartialResponse(
                stream, protocol=request.query_params["protocol"], background=closing(stream)
            )

        app = Starlette(
            routes=[
                Route("/", lambda _: HTMLResponse(PAGE)),
                Route("/page.js", lambda _: FileResponse(script)),
                Route("/answer", answer, methods=["GET", "POST"]),
            ]
        )
        with serving(app) as url:
            yield url


@contextmanager
def visiting(url: str) -> Iterator[Any]:
    """The page; no error may come up in it."""
    with browsing() as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        yield page
        assert errors == []


def seen_once(page: Any, condition: str) -> dict[str, Any]:
    """What the clients on the page have seen when the condition holds."""
    page.wait_for_function(f"() => {{ const s = window.seen; return {condition}; }}")
    return page.evaluate("window.seen")  # type: ignore[no-any-return]


CLIENTS = ["chat", "object", "agui", "partial", "source"]
ENDED = (
    "s.chatStatus === 'ready' && s.chat.length && s.aguiDone && s.sourceDone"
    " && s.partialState.status === 'done'"
)


def test_every_client_sees_the_answer_fill_in(site: str, good: ReplayServer) -> None:
    with visiting(f"{site}/?case=good") as page:
        held = Held(TEXT, wait_for_exchanges(page, good, len(CLIENTS)))
        for word in ("analysts", "Ada", "Charles"):
            before = page.evaluate("window.seen")
            assert not any(word in json.dumps(before[client]) for client in CLIENTS)
            held.release_to(word)
            shown = f"JSON.stringify(s[client]).includes('{word}')"
            seen_once(page, f"{CLIENTS}.every((client) => {shown})")
        held.release_all()
        seen = seen_once(page, f"{ENDED} && 'objectFinished' in s")
    assert seen["chat"][-1] == [FINAL]
    assert seen["chatMetadata"]["attempts"] == 1
    assert seen["objectFinished"] == FINAL
    assert seen["aguiState"] == FINAL
    assert seen["partial"][-1] == FINAL
    assert seen["keepsIdentity"] is True
    assert seen["renders"]["Ada"] == 1  # once for its name, though the answer went on
    assert seen["sourceDone"]["attempts"] == 1


def test_every_client_shows_lists_and_dicts_of_models(site: str) -> None:
    with visiting(f"{site}/?case=deep") as page:
        seen = seen_once(page, f"{ENDED} && 'objectFinished' in s")
    assert seen["chat"][-1] == [DEEP]
    assert seen["objectFinished"] == DEEP
    assert seen["aguiState"] == DEEP
    assert seen["partial"][-1] == DEEP


def test_every_client_is_told_of_a_second_attempt(site: str) -> None:
    with visiting(f"{site}/?case=retried") as page:
        seen = seen_once(page, f"{ENDED} && s.objectError")
    assert seen["chat"][-1] == [FINAL]
    assert seen["chatMetadata"]["attempts"] == 2
    assert "objectFinished" not in seen  # its protocol can take nothing back
    assert seen["aguiState"] == FINAL
    assert seen["partial"][-1] == FINAL
    assert seen["partialState"]["attempt"] == 2
    assert seen["sourceDone"]["attempts"] == 2


def test_every_client_is_told_of_an_error(site: str) -> None:
    with visiting(f"{site}/?case=cut") as page:
        seen = seen_once(
            page,
            "s.chatError && s.objectError && s.aguiDone && s.sourceError"
            " && s.partialState.status === 'error'",
        )
    assert "cut off" in seen["chatError"]
    assert seen["aguiError"]["code"] == "IncompleteOutputError"
    assert seen["sourceError"]["error"] == "IncompleteOutputError"
    assert seen["partialState"]["error"]["error"] == "IncompleteOutputError"
    assert seen["partial"][-1]["title"] == FINAL["title"]  # what was there stays


def test_the_hook_in_strict_mode(tmp_path: Path) -> None:
    script = built(HERE / "browser" / "strict.tsx", tmp_path / "page.js", mode="development")
    with ReplayServer(chat_answer(TEXT, gated=True)) as vendor, browsing() as context:

        async def answer(_: Any) -> PartialResponse:
            client = partwise.from_provider(
                "openai/gpt-4.1-mini", async_client=True, api_key="k", base_url=f"{vendor.url}/v1"
            )
            made: Any = client.create_partial(Team, [{"role": "user", "content": "Who?"}])
            made.client = client
            return PartialResponse(made, background=closing(made))

        routes = [
            Route("/", lambda _: HTMLResponse(PAGE)),
            Route("/page.js", lambda _: FileResponse(script)),
            Route("/answers/{name}", answer),
        ]
        with serving(Starlette(routes=routes)) as url:
            page = context.new_page()
            page.goto(url)
            for name in ("one", "two"):
                before = released = len(vendor.exchanges)
                page.evaluate(f"window.show('/answers/{name}')")
                # Strict mode mounts, leaves and mounts again; the first request may get through.
                answered = f"() => window.seen['/answers/{name}']?.at(-1).value?.title"
                deadline = time.monotonic() + SECONDS
                while not page.evaluate(answered):
                    assert time.monotonic() < deadline
                    for exchange in vendor.exchanges[released:]:
                        exchange.release(12)  # and not to the end
                        released += 1
                    time.sleep(0.02)
            assert page.evaluate("window.seen['/answers/two'][0].value ?? null") is None
            assert all(each.wait_disconnected() for each in vendor.exchanges[:before])
            page.evaluate("window.show(undefined)")
            assert all(each.wait_disconnected() for each in vendor.exchanges)
            statuses = page.evaluate("window.seen['/answers/one'].map((each) => each.status)")
            assert "error" not in statuses
            assert page.inner_text("#root") == "nothing"


def test_the_client_is_small_and_its_types_are_right(tmp_path: Path) -> None:
    modules = node_modules() / ".bin"
    size = 0
    for name, options in (("index.ts", []), ("react.ts", ["--external:react"])):
        target = tmp_path / f"{name}.js"
        command: list[Any] = [modules / "esbuild", CLIENT / "src" / name, "--bundle", "--minify"]
        command += [*options, "--format=esm", "--log-level=error", f"--outfile={target}"]
        subprocess.run(command, check=True)
        size = max(size, len(gzip.compress(target.read_bytes())))
    assert size <= 3 * 1024
    subprocess.run([modules / "tsc", "-p", CLIENT, "--outDir", tmp_path / "dist"], check=True)
