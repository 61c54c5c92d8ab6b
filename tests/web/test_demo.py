"""The demo's page in a real Chromium, its worker a process of its own, the log in Redis."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from partwise_conformance import ReplayServer, chat_answer
from partwise_web import CLIENT_JS

from .browser_tools import ROOT, Held, browsing, built_client, wait_for_exchanges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from partwise_conformance import RecordedRequest, Reply

pytestmark = pytest.mark.xdist_group("browser")  # one server and one browser, started once

FOLDER = ROOT / "docs" / "examples" / "web"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def demo(
    *options: str,
    port: int | None = None,
    variables: Mapping[str, str] | None = None,
    is_killed: bool = False,
) -> Iterator[str]:
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    command: list[Any] = [sys.executable, FOLDER / "server.py", "--port", str(port), *options]
    environment = {**os.environ, **(variables or {})}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as server:
        try:
            wait_until_it_answers(f"{url}/text")
            yield url
        finally:
            server.kill() if is_killed else server.terminate()


def wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the demo does not answer")


def sees(page: Any, pattern: str) -> None:
    page.wait_for_function(f"() => window.seen?.some((state) => {pattern}.test(state))")


def card(page: Any) -> dict[str, str]:
    names = ["date", "budget", "location", "users", "deadline", "summary"]
    return {name: page.inner_text(f"#{name}") for name in names}


class Asked(NamedTuple):
    """The demo, a browser, and the vendor, whose answers go on as far as a test lets them."""

    url: str
    context: Any
    vendor: ReplayServer
    mistaken: str
    answer: str

    def begin(self) -> tuple[Any, Held]:
        """A page that has asked, and the first attempt."""
        page = self.context.new_page()
        return page, self.begin_on(page)

    def begin_on(self, page: Any) -> Held:
        self.vendor.reset()
        page.goto(self.url)
        page.click("#begin")
        return Held(self.mistaken, wait_for_exchanges(page, self.vendor, 1))

    def second_attempt(self, page: Any, first: Held) -> Held:
        first.release_all()
        return Held(self.answer, wait_for_exchanges(page, self.vendor, 2)[1:])


@contextmanager
def held_vendor() -> Iterator[tuple[ReplayServer, str, str]]:
    """The vendor, the first answer, which is mistaken, and the second one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        from answering import ANSWER, MISTAKEN

    def answer(request: RecordedRequest) -> Reply:
        text = ANSWER if len(request.json()["messages"]) > 1 else MISTAKEN
        return chat_answer(text, gated=True)(request)

    with ReplayServer(answer) as vendor:
        yield vendor, MISTAKEN, ANSWER


def settings(vendor: ReplayServer) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": "any will do"}


@pytest.fixture(scope="module")
def asked(redis_url: str) -> Iterator[Asked]:
    command = ["openai/gpt-4.1-mini", "--redis", redis_url]
    with (
        held_vendor() as (vendor, mistaken, answer),
        demo(*command, variables=settings(vendor)) as url,
        browsing() as context,
    ):
        yield Asked(url, context, vendor, mistaken, answer)


def test_an_answer_fills_in_and_survives(asked: Asked) -> None:
    page, first = asked.begin()
    first.release_to("John")
    sees(page, "/^streaming 1 1/")
    first.release_to("Jane")
    sees(page, "/^streaming 1 2/")
    second = asked.second_attempt(page, first)
    second.release_to("John")
    sees(page, "/^streaming 2 1/")
    assert "taken back" in page.inner_text("#note")
    second.release_to("Jane")
    sees(page, "/^streaming 2 2/")
    second.release_to("Grand")
    sees(page, "/^streaming 2 3 .location/")
    assert len(set(page.evaluate("window.seen"))) >= 5

    pages = [page, asked.context.new_page()]
    pages[1].goto(page.url)
    page.reload()
    for each in pages:
        sees(each, "/^streaming 2 3/")
        assert "John Doe" in card(each)["users"]
    second.release_to("4521")
    for each in pages:
        sees(each, "/^streaming 2 3 .location/")
    second.release_to("Three")
    for each in pages:
        sees(each, "/^streaming 2 3 .summary/")
    second.release_all()
    for each in pages:
        sees(each, "/^done 2/")
    assert card(page) == card(pages[1])
    assert card(page)["budget"] == "$50,000"
    assert page.inner_text("#tokens").count(" + ") == 1

    after = asked.context.new_page()
    after.goto(page.url)
    sees(after, "/^done 2/")
    assert card(after) == card(page)


def test_a_killed_worker_shows_an_error_and_keeps_what_was_there(asked: Asked) -> None:
    page, first = asked.begin()
    asked.second_attempt(page, first).release_to("Jane")
    sees(page, "/^streaming 2 2/")
    page.click("#kill")
    killed = time.monotonic()
    sees(page, "/^error/")
    assert time.monotonic() - killed < 5
    assert "WorkerLostError" in page.inner_text("#note")
    assert "John Doe" in card(page)["users"]


def test_markup_in_an_answer_is_shown_as_text(asked: Asked) -> None:
    markup = '<img src="x" onerror="window.ran = 1"><script>window.ran = 1</script>&lt;'
    person = dict.fromkeys(["name", "email", "twitter"], markup)
    mixed = {**json.loads(asked.answer), "location": markup, "summary": markup, "users": [person]}
    usual, page = asked.vendor._handler, asked.context.new_page()
    asked.vendor._handler = chat_answer(json.dumps(mixed))
    page.goto(asked.url)
    page.click("#begin")
    sees(page, "/^done 1/")
    asked.vendor._handler = usual
    for place in ("#location", "#summary", ".who div", ".small span", ".handle"):
        assert page.locator(place).first.text_content() == markup
    assert page.locator(".card img, .card script").count() == 0
    assert page.evaluate("window.ran ?? null") is None


@pytest.mark.full
def test_a_server_that_is_killed_and_started_again(redis_url: str) -> None:
    # Playwright runs once in a thread, and the other tests' browser may be open in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(survives_a_restart, redis_url).result()


def survives_a_restart(redis_url: str) -> None:
    port, command = free_port(), ["openai/gpt-4.1-mini", "--redis", redis_url]
    with held_vendor() as (vendor, mistaken, answer), browsing() as context:
        variables = settings(vendor)
        page = context.new_page()
        with demo(*command, port=port, variables=variables, is_killed=True) as url:
            asked = Asked(url, context, vendor, mistaken, answer)
            second = asked.second_attempt(page, asked.begin_on(page))
            second.release_to("Jane")
            sees(page, "/^streaming 2 2/")
            second.release_to("janesmith")  # beyond the name, of which the initials are shown, too
            sees(page, "/^streaming 2 2 .users.1.email/")
        sees(page, "/^reconnecting 2/")  # the process is dead
        before = card(page)
        assert "John Doe" in before["users"]
        with demo(*command, port=port, variables=variables):
            second.release_all()
            sees(page, "/^done 2/")
            after = card(page)
            assert after["users"].startswith(before["users"][:-1])
            assert after["summary"] == json.loads(answer)["summary"]
            fresh = context.new_page()
            fresh.goto(page.url)
            sees(fresh, "/^done 2/")
            assert card(fresh) == after
        seen = [state.split() for state in page.evaluate("window.seen")]
    assert not any(state[0] == "error" for state in seen)
    users = [int(state[2]) for state in seen if state[1] == "2"]
    users = users[users.index(0) :]  # the first attempt's stay until the second one's begin
    assert users == sorted(users)  # nothing that was there went away, not even for a moment


@pytest.mark.full
def test_the_demo_runs_without_redis() -> None:
    # Playwright runs once in a thread, and the other tests' browser may be open in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(runs_without_redis).result()


def runs_without_redis() -> None:
    with (
        demo("--pace", "0.005") as url,
        browsing(viewport={"width": 390, "height": 800}) as context,
    ):
        page = context.new_page()
        page.goto(url)
        page.click("#begin")
        sees(page, "/^done 2/")
        for width in (360, 390, 768):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            cut_off = "element => element.scrollWidth > element.clientWidth + 1"
            parts = "[...document.querySelectorAll('.card div')]"
            assert page.evaluate(f"{parts}.filter({cut_off}).length") == 0
            assert page.evaluate("document.getElementById('date').offsetHeight") < 30  # one line


@pytest.mark.full
def test_the_page_s_client_is_the_package_s(tmp_path: Path) -> None:
    client = built_client(tmp_path / "client.js")
    assert CLIENT_JS.read_text() == client.read_text()
