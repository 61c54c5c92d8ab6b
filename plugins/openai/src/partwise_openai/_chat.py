"""Chat completions: the request in four modes, and the decoder of the answer's chunks.

OpenAI's imitators differ in a few places, and the decoder reads them all without being told which
one it hears: only what is never ambiguous is done for everybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    KeepAlive,
    Mode,
    ReasoningDelta,
    RefusalDelta,
    Request,
    ServerError,
    TextDelta,
    ToolCallDelta,
)

from ._errors import error_of_body
from ._schema import dialect
from ._usage import usage_of

if TYPE_CHECKING:
    from ._servers import Server

# OpenAI's reasoning models refuse `parallel_tool_calls`, even to be told no.
_ALWAYS_SERIAL = re.compile(r"(?:.*/)?o\d")
# They think before a call, and refuse it without the reasoning that led to it:
# https://api-docs.deepseek.com/guides/thinking_mode, https://platform.moonshot.ai/docs
_TAKES_REASONING = re.compile(r"deepseek|kimi", re.IGNORECASE).search


def build_chat(request: Request, server: Server) -> dict[str, Any]:
    """The keyword arguments of `chat.completions.create`. The user's own options win."""
    usage = {"stream_options": {"include_usage": True}} if server.include_usage else {}
    own = {**usage, **_structure(request, server)}
    options = dict(request.options)
    if "tools" in own:
        own["tools"] += options.pop("tools", [])
    return {
        "model": request.model,
        "messages": [_message(each, request.model) for each in request.messages],
        "stream": True,
        **own,
        **options,
    }


def _message(message: Mapping[str, Any], model: str) -> dict[str, Any]:
    dropped = {"is_error"} if _TAKES_REASONING(model) else {"is_error", "reasoning_content"}
    return {key: value for key, value in message.items() if key not in dropped}


def forbid_parallel_calls(request: Request, server: Server) -> dict[str, bool]:
    """The option that keeps the model to one call, where it may be given."""
    if not server.parallel_tool_calls or _ALWAYS_SERIAL.match(request.model):
        return {}
    return {"parallel_tool_calls": False}


def described(request: Request) -> dict[str, str]:
    """The answer's name, and its description if it has one."""
    description = {"description": request.description} if request.description else {}
    return {"name": request.name, **description}


def _structure(request: Request, server: Server) -> dict[str, Any]:
    if request.plain:
        return {}
    match request.mode:
        case Mode.TOOLS:
            return _tool(request, server)
        case Mode.JSON_SCHEMA:
            schema, strict = dialect(request, server)
            named = {**described(request), "schema": schema, **strict}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case Mode.JSON:
            return {"response_format": {"type": "json_object"}}
    return {}


def _tool(request: Request, server: Server) -> dict[str, Any]:
    schema, strict = dialect(request, server)
    function = {**described(request), "parameters": schema, **strict}
    named = {"type": "function", "function": {"name": request.name}}
    return {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": named if server.tool_choice == "named" else "required",
        **forbid_parallel_calls(request, server),
    }


_REASONS: Mapping[str, FinishReason] = {
    "content_filter": "content_filter",
    "eos": "stop",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "refusal": "refusal",
    "stop": "stop",
    "tool_calls": "tool_calls",
}


class ChatDecoder:
    """Reads the chunks of one chat completion, as plain data. Only the first choice counts."""

    def __init__(self, provider: str, *, blank_finish: bool = False) -> None:
        self._provider = provider
        self._blank_finish = blank_finish
        self._calls = _Calls()
        self._reason: str | None = None

    def feed(self, event: Any) -> Sequence[Chunk]:
        """The chunks in one event."""
        if not isinstance(event, Mapping):
            message = f"{self._provider} sent an event that is not an object"
            raise ServerError(message, provider=self._provider, retryable=True)
        if error := event.get("error"):
            raise error_of_body(error, self._provider)
        return list(self._read(event)) or [KeepAlive()]

    def close(self) -> Sequence[Chunk]:
        """Some servers end an answer with an empty reason: at the very end it is one."""
        return [Finish("stop", "")] if self._blank_finish and self._reason == "" else []

    def _read(self, event: Mapping[str, Any]) -> Iterator[Chunk]:
        # Perplexity's last object repeats the whole answer.
        repeats = event.get("object") == "chat.completion.done"
        for choice in event.get("choices") or ():
            if choice.get("index") or 0:
                continue
            if not repeats:
                yield from self._read_delta(choice.get("delta") or {})
            yield from self._read_finish(choice.get("finish_reason"))
        counts = event.get("usage") or (event.get("x_groq") or {}).get("usage")
        if counts:
            yield usage_of(counts)

    def _read_delta(self, delta: Mapping[str, Any]) -> Iterator[Chunk]:
        # Some servers send the reasoning under both names.
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
            yield ReasoningDelta(reasoning)
        if content := delta.get("content"):
            yield from _read_content(content)
        if refusal := delta.get("refusal"):
            yield RefusalDelta(refusal)
        for fragment in delta.get("tool_calls") or ():
            yield from self._read_call(fragment)

    def _read_call(self, fragment: Mapping[str, Any]) -> Iterator[Chunk]:
        function = fragment.get("function") or {}
        # Absent, null and empty are all used for "as before".
        call_id, name = fragment.get("id") or None, function.get("name") or None
        arguments = function.get("arguments") or ""
        if isinstance(arguments, Mapping):
            arguments = json.dumps(arguments, ensure_ascii=False)
        index = self._calls.place(fragment.get("index"), call_id, name)
        if arguments or call_id or name:
            yield ToolCallDelta(index, arguments, call_id, name)

    def _read_finish(self, reason: str | None) -> Iterator[Chunk]:
        repeated, self._reason = reason == self._reason, reason
        if reason and not repeated:
            yield Finish(_REASONS.get(reason, "other"), reason)


class _Calls:
    """Numbers the calls of an answer by what their fragments say, which is not always enough."""

    def __init__(self) -> None:
        self._ids: list[str | None] = []
        self._at: dict[int, int] = {}

    def place(self, index: int | None, call_id: str | None, name: str | None) -> int:
        """The number of the call that a fragment belongs to, from 0 in order of appearance.

        A fragment begins a call if it has an index that is new; or if it has a name, and either
        no index or another id than the call at its index: some servers give no index, or always
        0. An id alone begins nothing, for some servers make up one for each fragment.
        """
        number = self._known(index, call_id, name)
        if number is None:
            number = len(self._ids)
            self._ids.append(call_id)
        elif self._ids[number] is None:
            self._ids[number] = call_id
        if index is not None:
            self._at[index] = number
        return number

    def _known(self, index: int | None, call_id: str | None, name: str | None) -> int | None:
        if index is None:
            if call_id is not None and call_id in self._ids:
                return self._ids.index(call_id)
            return None if name or not self._ids else len(self._ids) - 1
        number = self._at.get(index)
        if number is None or not (name and call_id):
            return number
        return number if self._ids[number] in (None, call_id) else None


def _read_content(content: Any) -> Iterator[Chunk]:
    if isinstance(content, str):
        yield TextDelta(content)
        return
    for part in content:
        # Mistral's reasoning models send content as parts.
        if part.get("type") == "thinking":
            thoughts = (thought.get("text", "") for thought in part.get("thinking") or ())
            yield ReasoningDelta("".join(thoughts))
        elif text := part.get("text"):
            yield TextDelta(text)
