"""The recipe for Textual, run without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

import partwise

from .conftest import FINAL, TEXT, Team


@pytest.mark.anyio
async def test_an_answer_in_an_app(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(root / "docs" / "examples")
    from textual_app import AnswerApp

    stream = partwise.aparse(Team, [TEXT[:30], TEXT[30:]])
    app = AnswerApp(stream)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        shown = "\n".join(
            "".join(segment.text for segment in line)
            for line in app.query_one("#answer", Static).render_lines(app.screen.region)
        )
    assert "Charles" in shown
    assert (await stream.result()).model_dump() == FINAL
