"""Streams in a notebook: an output that fills in while the answer is being written.

    from partwise.notebook import show

    meeting = show(client.create_partial(Meeting, messages))

A stream that is the last value of a cell shows its newest snapshot, as HTML or as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from partwise import AsyncPartialStream, PartialStream

__all__ = ["ashow", "show"]

T = TypeVar("T")


def show(stream: PartialStream[T], *, throttle: float = 0.05) -> T:
    """Read the stream to its end, and let the cell's output follow it: the value.

    Raises:
        ModuleNotFoundError: there is no IPython.
    """
    handle = _display(stream)
    for _ in stream.snapshots(throttle=throttle):
        handle.update(stream._repr_mimebundle_(), raw=True)
    return stream.result()


async def ashow(stream: AsyncPartialStream[T], *, throttle: float = 0.05) -> T:
    """The same for an asynchronous stream."""
    handle = _display(stream)
    async for _ in stream.snapshots(throttle=throttle):
        handle.update(stream._repr_mimebundle_(), raw=True)
    return await stream.result()


def _display(stream: Any) -> Any:
    # A notebook has it, and nobody else needs it.
    from IPython import display  # noqa: PLC0415

    module: Any = display
    return module.display(stream._repr_mimebundle_(), raw=True, display_id=True)
