"""The first code of docs/web.md, run: the fold, the page's app, the page that survives a reload."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from partwise_conformance import ReplayServer, chat_answer

from .conftest import serving

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "web.md"
VALUE = {"title": "Engines", "attendees": ["Ada", "Charles"]}


def folded(names: dict[str, Any], body: str) -> Any:
    """The document after all patches of an SSE body."""
    document, path = None, ""
    for line in body.splitlines():
        data = json.loads(line.removeprefix("data:")) if line.startswith("data:") else None
        if isinstance(data, list):
            document, path = names["fold"](document, data, path)
    return document


def test_the_code_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    with ReplayServer(chat_answer(json.dumps(VALUE))) as vendor:
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{vendor.url}/v1")
        for block in blocks[:3]:
            exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - the page is ours
        with serving(names["app"]) as url:
            assert folded(names, httpx.get(f"{url}/answer").text) == VALUE
            answer = httpx.post(f"{url}/answers").json()["id"]
            for _ in range(2):
                assert folded(names, httpx.get(f"{url}/answers/{answer}").text) == VALUE
