"""Chromium, npm's packages, and pages built of them, for the tests in a browser."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .system import alone, program

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "plugins" / "web" / "client"
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
        context.set_default_timeout(30_000)
        yield context
        browser.close()
