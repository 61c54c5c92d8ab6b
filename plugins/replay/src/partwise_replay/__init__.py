"""partwise's providers without a vendor of their own: `record/…` and `replay/…`.

    from_provider("record/openai/gpt-4.1-mini", to="meeting.sse")    asks, and keeps the stream
    from_provider("replay/meeting.sse")                              plays it back

A recording holds the items of a provider's `open`: the vendor's events, with the time of each, as
readable text (see `_recording`). It plays through the decoder of the plugin that it was made with.
"""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._play import ReplayProvider
from ._record import RecordProvider
from ._recording import FIRST_LINE, Event, Fault, Recording, RecordingError

__all__ = [
    "FIRST_LINE",
    "Event",
    "Fault",
    "RecordProvider",
    "Recording",
    "RecordingError",
    "ReplayProvider",
    "register_providers",
]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Answer to `record` and to `replay`."""
    register("record", RecordProvider)
    register("replay", ReplayProvider)
