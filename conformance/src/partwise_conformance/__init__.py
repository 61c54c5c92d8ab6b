"""Proves a partwise provider plugin right: the test suite, its pytest plugin, a replay server."""

from .exchange import Exchange, RecordedRequest
from .reply import Action, Close, Drop, Framing, Hold, Pause, Reply, Step, cut, sse
from .server import Handler, ReplayServer

__all__ = [
    "Action",
    "Close",
    "Drop",
    "Exchange",
    "Framing",
    "Handler",
    "Hold",
    "Pause",
    "RecordedRequest",
    "ReplayServer",
    "Reply",
    "Step",
    "cut",
    "sse",
]
