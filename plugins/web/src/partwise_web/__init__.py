"""partwise's streams in the browser.

- `PartialResponse`, in `partwise_web.starlette`, is an answer as a response, for FastAPI too.
- `updates` and the encoders are the layer below, for every other framework.
- `partwise_web.log` keeps answers, so that they survive a reload, a second reader, a lost worker.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from partwise.provider import ProviderFactory, hookimpl

from ._encoders import AgUi, AiSdk, Encoder, NdJson, ObjectText, Sse, encoder_of
from ._errors import AnswerFailedError, AnswerTakenError, UnknownAnswerError, WorkerLostError
from ._problems import Problem, problem_of
from ._reply import Reply, reply
from ._updates import Attempt, Done, Failed, Patch, Silence, Snapshot, Text, Update, updates
from .log._follow import LogProvider

__all__ = [
    "CLIENT_JS",
    "AgUi",
    "AiSdk",
    "AnswerFailedError",
    "AnswerTakenError",
    "Attempt",
    "Done",
    "Encoder",
    "Failed",
    "NdJson",
    "ObjectText",
    "Patch",
    "Problem",
    "Reply",
    "Silence",
    "Snapshot",
    "Sse",
    "Text",
    "UnknownAnswerError",
    "Update",
    "WorkerLostError",
    "encoder_of",
    "problem_of",
    "register_providers",
    "reply",
    "updates",
]

CLIENT_JS: Final = Path(__file__).with_name("client.js")
"""`@partwise/client` as one file, for a page that is served without a build: an ES module."""


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Answer to `log`, which plays answers that are kept in a log."""
    register("log", LogProvider)
