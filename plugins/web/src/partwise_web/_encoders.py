"""Updates as the text of a protocol. Framework-neutral, and no I/O.

| protocol | for | form |
| --- | --- | --- |
| `sse` | `EventSource`, `@partwise/client` | patches, attempts, done or error |
| `ndjson` | any HTTP client, line by line | the same |
| `ai-sdk` | Vercel's `useChat`: UI message stream v1 | snapshots as a data part |
| `text` | Vercel's `useObject` | the JSON text of the answer |
| `ag-ui` | AG-UI clients such as `HttpAgent` | STATE_SNAPSHOT and STATE_DELTA |
"""

from __future__ import annotations

import json
import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final

from partwise import ConfigurationError

from ._updates import ENDED, Attempt, Done, Failed, Form, Patch, Snapshot, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._updates import Update

_SSE_HEADERS: Final = {
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",  # nginx sends each event at once
}


class Encoder(ABC):
    """Writes one answer in a protocol.

    Attributes:
        form: the form of the answer that the protocol shows.
        media_type: the content type of the response.
        headers: further headers of the response.
        tells_errors: whether an error can be told in the protocol; if not, the connection breaks.
    """

    form: ClassVar[Form]
    media_type: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = _SSE_HEADERS
    tells_errors: ClassVar[bool] = True

    def begin(self) -> str:
        """The text before the first update."""
        return ""

    @abstractmethod
    def encode(self, update: Update) -> str:
        """The text of one update; empty if the protocol has no word for it."""

    def heartbeat(self) -> str:
        """Text that says nothing but that the connection is alive."""
        return ":\n\n"


class Sse(Encoder):
    """Server-sent events: patches without a name, then `attempt`, `done` and `error`."""

    form = "patches"
    media_type = "text/event-stream"

    def begin(self) -> str:
        """How soon a browser comes back after a lost connection, in ms."""
        return "retry: 500\n\n"

    def encode(self, update: Update) -> str:
        """One event."""
        match update:
            case Patch(operations, place):
                return f"id: {place}\ndata: {compact(operations)}\n\n"
            case Attempt(number):
                return _event("attempt", {"attempt": number})
            case Done(usage, attempts):
                return _event("done", {"usage": usage, "attempts": attempts}, place=ENDED)
            case Failed(problem):
                return _event("error", problem, place=ENDED)
        return ""


def _event(name: str, data: Any, place: str | None = None) -> str:
    line = "" if place is None else f"id: {place}\n"
    return f"{line}event: {name}\ndata: {compact(data)}\n\n"


class NdJson(Encoder):
    """A JSON object a line: `patch`, `attempt`, `done`, `error` and `heartbeat` in `type`."""

    form = "patches"
    media_type = "application/x-ndjson"

    def encode(self, update: Update) -> str:
        """One line."""
        match update:
            case Patch(operations, place):
                return self._line(type="patch", id=place, patch=operations)
            case Attempt(number):
                return self._line(type="attempt", attempt=number)
            case Done(usage, attempts):
                return self._line(type="done", id=ENDED, usage=usage, attempts=attempts)
            case Failed(problem):
                return self._line(type="error", id=ENDED, problem=problem)
        return ""

    def heartbeat(self) -> str:
        """A line that readers skip."""
        return self._line(type="heartbeat")

    def _line(self, **data: Any) -> str:
        return compact(data) + "\n"


class AiSdk(Encoder):
    """Vercel's UI message stream, version 1: one data part, replaced by its id as it fills in.

    Source: `uiMessageChunkSchema` in the npm package `ai`, version 7. A failed attempt is taken
    back by `reset-step`.

    Args:
        name: the part's type is `data-` and this name.
    """

    form = "snapshots"
    media_type = "text/event-stream"
    headers: ClassVar[Mapping[str, str]] = {**_SSE_HEADERS, "x-vercel-ai-ui-message-stream": "v1"}

    def __init__(self, name: str = "answer") -> None:
        self._name = name

    def begin(self) -> str:
        """A message with one step."""
        message = f"msg_{uuid.uuid4().hex}"
        return _data({"type": "start", "messageId": message}) + _data({"type": "start-step"})

    def encode(self, update: Update) -> str:
        """One or more chunks."""
        match update:
            case Snapshot(value):
                return _data({"type": f"data-{self._name}", "id": self._name, "data": value})
            case Attempt():
                return _data({"type": "reset-step"})
            case Done(usage, attempts):
                metadata = {"usage": usage, "attempts": attempts}
                finish = {"type": "finish", "finishReason": "stop", "messageMetadata": metadata}
                return _data({"type": "finish-step"}) + _data(finish) + "data: [DONE]\n\n"
            case Failed(problem):
                error = {"type": "error", "errorText": problem["detail"] or problem["title"]}
                return _data(error) + "data: [DONE]\n\n"
        return ""


class ObjectText(Encoder):
    """The JSON text that Vercel's `useObject` reads. Its only way to tell an error is to break."""

    form = "json"
    media_type = "text/plain; charset=utf-8"
    tells_errors = False

    def encode(self, update: Update) -> str:
        """The next piece of text."""
        return update.text if isinstance(update, Text) else ""

    def heartbeat(self) -> str:
        """White space before the answer is not shown; inside it might be."""
        return ""


class AgUi(Encoder):
    """AG-UI events: the run's life, STATE_SNAPSHOT first and after a restart, then STATE_DELTA.

    Source: the npm package `@ag-ui/core`, version 1; a delta is a JSON patch of RFC 6902.

    Args:
        thread_id: of the `RunAgentInput` that the client sent.
        run_id: likewise.
    """

    form = "standard patches"
    media_type = "text/event-stream"

    def __init__(self, thread_id: str | None = None, run_id: str | None = None) -> None:
        self._ids = {
            "threadId": thread_id or uuid.uuid4().hex,
            "runId": run_id or uuid.uuid4().hex,
        }

    def begin(self) -> str:
        """The run has started."""
        return _data({"type": "RUN_STARTED", **self._ids})

    def encode(self, update: Update) -> str:
        """One event."""
        match update:
            case Patch(operations, _, is_whole=True):
                rest = operations[1:]
                snapshot = {"type": "STATE_SNAPSHOT", "snapshot": operations[0]["value"]}
                return _data(snapshot) + (self._delta(rest) if rest else "")
            case Patch(operations):
                return self._delta(operations)
            case Attempt(number):
                return _data({"type": "CUSTOM", "name": "attempt", "value": {"attempt": number}})
            case Done(usage, attempts):
                result = {"usage": usage, "attempts": attempts}
                return _data({"type": "RUN_FINISHED", **self._ids, "result": result})
            case Failed(problem):
                message = problem["detail"] or problem["title"]
                return _data({"type": "RUN_ERROR", "message": message, "code": problem["error"]})
        return ""

    def _delta(self, operations: list[Any]) -> str:
        return _data({"type": "STATE_DELTA", "delta": operations})


def _data(value: Any) -> str:
    return f"data: {compact(value)}\n\n"


def compact(value: Any) -> str:
    """The JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


PROTOCOLS: Final[Mapping[str, type[Encoder]]] = {
    "sse": Sse,
    "ndjson": NdJson,
    "ai-sdk": AiSdk,
    "text": ObjectText,
    "ag-ui": AgUi,
}


def encoder_of(protocol: str | Encoder) -> Encoder:
    """The encoder of that name.

    Raises:
        ConfigurationError: there is none.
    """
    if isinstance(protocol, Encoder):
        return protocol
    if protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise ConfigurationError(f"unknown protocol {protocol!r}; choose one of {known}")
    return PROTOCOLS[protocol]()
