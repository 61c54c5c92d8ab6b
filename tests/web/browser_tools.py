"""Chromium, npm's packages, and pages built of them, for the tests in a browser."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partwise_conformance import cut_like_tokens

from .system import alone, program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from partwise_conformance import Exchange, ReplayServer

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "plugins" / "web" / "client"
SECONDS = 60
"""A browser on a busy machine has them for each step; none waits longer than it takes."""
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def node_modules() -> Path:
    """The client's npm packages, installed once."""
    folder = CLIENT / "node_modules"
    program("npm")
    with alone("npm"):
        if not (folder / ".ready").exists():
            options = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
            command = ["npm", "install", "--silent", *options]
            subprocess.run(command, cwd=CLIENT, check=True)
            (folder / ".ready").touch()
    return folder


def built(page: Path, target: Path, *, mode: str = "production") -> Path:
    """The page's script in one file."""
    esbuild = node_modules() / ".bin" / "esbuild"
    options = [
        "--bundle",
        "--jsx=automatic",
        "--log-level=error",
        f"--define:process.env.NODE_ENV='\"{mode}\"'",
    ]
    environment = {**os.environ, "NODE_PATH": str(node_modules())}
    subprocess.run([esbuild, page, *options, f"--outfile={target}"], check=True, env=environment)
    return target


def built_client(target: Path) -> Path:
    """The package's client without React, as one module."""
    options = ["--format=esm", "--target=es2022", "--charset=utf8", "--log-level=error"]
    source = CLIENT / "src" / "index.ts"
    command: list[Any] = [node_modules() / ".bin" / "esbuild", source, *options]
    subprocess.run([*command, f"--outfile={target}"], check=True)
    return target


@contextmanager
def browsing(**options: Any) -> Iterator[Any]:
    """A browser of its own, with an empty profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        context = browser.new_context(**options)
        context.set_default_timeout(SECONDS * 1000)
        yield context
        browser.close()


def wait_for_exchanges(page: Any, vendor: ReplayServer, count: int) -> list[Exchange]:
    """The vendor's exchanges, once there are so many."""
    deadline = time.monotonic() + SECONDS
    while len(vendor.exchanges) < count:
        assert time.monotonic() < deadline
        page.wait_for_timeout(10)
    return vendor.exchanges


class Held:
    """Answers of a vendor's that go on as far as a test lets them, so no state is skipped.

    Args:
        text: the text of `chat_answer(text, gated=True)`.
        exchanges: in which it is sent.
    """

    def __init__(self, text: str, exchanges: Sequence[Exchange]) -> None:
        self._steps = ["", *cut_like_tokens(text)]  # the first one is the message's head
        self._exchanges = exchanges
        self._sent = 0

    def release_to(self, word: str) -> None:
        """Let the answers go on to the end of that word."""
        before = self._sent
        while word not in "".join(self._steps[: self._sent]):
            self._sent += 1
            assert self._sent <= len(self._steps), word
        for exchange in self._exchanges:
            exchange.release(self._sent - before)

    def release_all(self) -> None:
        """Let the answers go on to their end."""
        for exchange in self._exchanges:
            exchange.release_all()
