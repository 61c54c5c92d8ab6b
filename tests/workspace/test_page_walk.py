"""docs/web.md word by word, from an empty environment to a page that survives a reload."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from partwise_conformance import ReplayServer, chat_answer

from ..web.browser_tools import browsing
from ..web.test_demo import free_port, wait_until_it_answers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Uv

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("wheels")]  # built once, by one worker

MEETING = {"title": "Engines that weave numbers", "attendees": ["Ada", "Charles", "Mary", "Luigi"]}
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Walk:
    """Somebody who does what the page says, up to the end of a section."""

    def __init__(self, page: str, folder: Path, wheels: Path, uv: Uv) -> None:
        self.folder = folder
        self._page = page
        self._wheels = wheels
        self._uv = uv
        self._python = folder / "venv" / "bin" / "python"
        uv("venv", "--no-project", "--python", sys.executable, folder / "venv")

    def section(self, title: str) -> list[tuple[str, str, str]]:
        """The language, the file's name and the text of each block."""
        text = self._page.split(f"\n## {title}\n")[1].split("\n## ")[0]
        return _BLOCK.findall(text)

    def begin(self) -> None:
        """From nothing to a page."""
        for language, name, text in self.section("From nothing to a page"):
            if name:
                (self.folder / name).write_text(text)
            elif language == "sh" and text.startswith("pip install"):
                wanted = shlex.split(text)[2:]
                found = ["--find-links", self._wheels]
                self._uv("pip", "install", "--python", self._python, *found, *wanted)

    def go_on(self) -> None:
        """A page that survives a reload."""
        for language, _, text in self.section("A page that survives a reload"):
            if language == "python" and "@app" in text:
                app = self.folder / "app.py"
                app.write_text(app.read_text() + text)
            elif language == "js":
                page = self.folder / "page.html"
                before = page.read_text()
                page.write_text(before.replace('const answer = connect("/answer");\n', text))
                assert page.read_text() != before

    @contextmanager
    def serve(self, vendor: str) -> Iterator[str]:
        """`uvicorn app:app`, on another port."""
        port = free_port()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OPENAI"))}
        environment = clean | {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": f"{vendor}/v1"}
        command: list[Any] = [self._python.with_name("uvicorn"), "app:app", "--port", str(port)]
        command += ["--log-level", "error", "--timeout-graceful-shutdown", "1"]
        with subprocess.Popen(command, cwd=self.folder, env=environment) as server:
            try:
                wait_until_it_answers(f"http://127.0.0.1:{port}/client.js")
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()


def shown(page: Any) -> dict[str, Any]:
    return {
        "title": page.inner_text("#title"),
        "attendees": page.locator("#attendees li").all_inner_texts(),
    }


def test_from_nothing_to_a_page_that_survives_a_reload(
    root: Path, wheels: list[Path], uv: Uv, tmp_path: Path
) -> None:
    started = time.monotonic()
    walk = Walk((root / "docs" / "web.md").read_text(), tmp_path, wheels[0].parent, uv)
    walk.begin()
    answer = chat_answer(json.dumps(MEETING), gated=True)
    with ReplayServer(answer) as vendor, browsing() as context:
        page = context.new_page()
        with walk.serve(vendor.url) as url:
            page.goto(url)
            wait_for(lambda: vendor.exchanges)
            vendor.exchanges[0].release_all()
            page.wait_for_function("document.getElementById('status').textContent === 'done'")
            assert shown(page) == MEETING
        vendor.reset()
        walk.go_on()
        with walk.serve(vendor.url) as url:
            page.goto(url)
            wait_for(lambda: vendor.exchanges)
            vendor.exchanges[0].release(14)
            page.wait_for_function("document.getElementById('title').textContent.length > 5")
            assert shown(page)["attendees"] == []
            page.reload()
            page.wait_for_function("document.getElementById('title').textContent.length > 5")
            other = context.new_page()
            other.goto(page.url)
            vendor.exchanges[0].release_all()
            for each in (page, other):
                each.wait_for_function("document.getElementById('status').textContent === 'done'")
                assert shown(each) == MEETING
        assert len(vendor.exchanges) == 1
    assert time.monotonic() - started < 600


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
