"""An answer in a Textual app, which fills in while the model writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import App, ComposeResult
from textual.widgets import Static

from partwise.rich import SnapshotView

if TYPE_CHECKING:
    from partwise import AsyncPartialStream


class AnswerApp(App[None]):
    """Shows one stream; a worker of Textual's reads it."""

    def __init__(self, stream: AsyncPartialStream[Any]) -> None:
        super().__init__()
        self._stream = stream

    def compose(self) -> ComposeResult:
        """One widget for the answer."""
        yield Static(id="answer")

    def on_mount(self) -> None:
        """Read the stream beside the app; when the app ends, the worker and the stream do."""
        self.run_worker(self._show())

    async def _show(self) -> None:
        answer = self.query_one("#answer", Static)
        async for snapshot in self._stream.snapshots(throttle=0.05):
            answer.update(SnapshotView(snapshot, self._stream.state))
