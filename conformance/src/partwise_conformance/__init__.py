"""Proves a partwise provider plugin right: the test suite, its pytest plugin, a replay server."""

from .exchange import Exchange, RecordedRequest
from .openai_chat import chat_answer, chat_events
from .reply import Action, Close, Drop, Framing, Hold, Pause, Reply, Step, cut, sse
from .server import Handler, ReplayServer
from .tokens import cut_like_tokens

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
    "chat_answer",
    "chat_events",
    "cut",
    "cut_like_tokens",
    "sse",
]
