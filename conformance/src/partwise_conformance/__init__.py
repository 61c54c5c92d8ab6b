"""Proves a partwise provider plugin right: the test suite, its pytest plugin, a replay server."""

from .exchange import Exchange, RecordedRequest
from .framing import NDJSON, SSE, EventFraming, PlainJSON
from .openai_chat import chat_answer, chat_events
from .replays import Replays
from .reply import Action, Close, Drop, Framing, Hold, Pause, Reply, Step, cut, sse
from .server import Handler, ReplayServer
from .suite import ProviderConformance
from .tokens import cut_like_tokens
from .wire import NotOnThisWireError, Part, StreamError, Wire

__all__ = [
    "NDJSON",
    "SSE",
    "Action",
    "Close",
    "Drop",
    "EventFraming",
    "Exchange",
    "Framing",
    "Handler",
    "Hold",
    "NotOnThisWireError",
    "Part",
    "Pause",
    "PlainJSON",
    "ProviderConformance",
    "RecordedRequest",
    "ReplayServer",
    "Replays",
    "Reply",
    "Step",
    "StreamError",
    "Wire",
    "chat_answer",
    "chat_events",
    "cut",
    "cut_like_tokens",
    "sse",
]
