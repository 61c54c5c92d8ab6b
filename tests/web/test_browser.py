"""The real clients of each protocol in a real Chromium, against a real server."""

from __future__ import annotations

import gzip
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

import partwise
from partwise_conformance import ReplayServer, chat_answer
from partwise_web.starlette import PartialResponse

from .browser_tools import CLIENT, browsing, built, node_modules
from .conftest import FINAL, TEXT, Team, closing, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("browser")  # one page, built once

HERE = Path(__file__).parent
PAGE = '<!doctype html><div id="root"></div><script src="/page.js"></script>'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app: cases `good`, `retried` (the first attempt is invalid) and `cut`."""
    script = built(HERE / "browser" / "page.tsx", tmp_path_factory.mktemp("page") / "page.js")
    bad = TEXT.replace('"host"', "1")
    with (
        ReplayServer(chat_answer(TEXT, pace=0.005)) as good,
        ReplayServer(chat_answer(bad, pace=0.005)) as invalid,
        ReplayServer(chat_answer(TEXT[:-20])) as cut,
    ):

        def stream(case: str) -> Any:
            server = {"good": good, "retried": invalid, "cut": cut}[case]
            client = partwise.from_provider(
                "openai/gpt-4.1-mini", async_client=True, api_key="k", base_url=f"{server.url}/v1"
            )
            made: Any = client.create_partial(
                Team, [{"role": "user", "content": "Who?"}], max_retries=int(case == "retried")
            )
            made.client = client
            return made

        async def answer(request: Any) -> PartialResponse:
            case = request.query_params["case"]
            if case == "retried" and len(invalid.exchanges) % 2 == 0:
                invalid.reset()
            made = stream(case)
            return PartialResponse(
                made, protocol=request.query_params["protocol"], background=closing(made)
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


def visit(url: str, until: str) -> dict[str, Any]:
    """What the clients on the page have seen when the condition holds."""
    with browsing() as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_function(f"() => {{ const s = window.seen; return {until}; }}")
        assert errors == []
        return page.evaluate("window.seen")  # type: ignore[no-any-return]


ENDED = (
    "s.chatStatus === 'ready' && s.chat.length && 'objectFinished' in s && s.aguiDone"
    " && s.sourceDone && s.partialState.status === 'done'"
)


def test_every_client_sees_the_answer_fill_in(site: str) -> None:
    seen = visit(f"{site}/?case=good", ENDED)
    assert seen["chat"][-1] == [FINAL]
    assert seen["chatMetadata"]["attempts"] == 1
    assert seen["objectFinished"] == FINAL
    assert seen["aguiState"] == FINAL
    assert seen["partial"][-1] == FINAL
    assert seen["keepsIdentity"] is True
    assert seen["renders"]["Ada"] == 1  # once for its name, though the answer went on
    assert seen["sourceDone"]["attempts"] == 1
    for client, least in {"chat": 1, "object": 2, "agui": 9, "partial": 3, "source": 9}.items():
        assert len(seen[client]) >= least, client


def test_every_client_is_told_of_an_error(site: str) -> None:
    seen = visit(
        f"{site}/?case=cut",
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
                deadline = time.monotonic() + 20
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
