"""The Responses API: the request in two modes, and the decoder of the answer's events.

Everything is keyed by where it stands in the output, never by item ids: proxies rotate those.
What came as deltas comes again, whole, in up to three later events. Each place is read once: from
its deltas, else from the first event that has it whole, since some servers send no deltas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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

from ._chat import described, forbid_parallel_calls
from ._errors import error_of_body
from ._messages import input_items
from ._schema import dialect
from ._usage import usage_of

if TYPE_CHECKING:
    from ._servers import Server


def build_responses(request: Request, server: Server) -> dict[str, Any]:
    """The keyword arguments of `responses.create`. The user's own options win.

    `input` among the options comes before what the messages say.
    """
    options = dict(request.options)
    own = _structure(request, server)
    if "tools" in own:
        own["tools"] += options.pop("tools", [])
    if "text" in own:
        own["text"] = {**options.pop("text", {}), **own["text"]}
    return {
        "model": request.model,
        "input": [*_given(options.pop("input", [])), *input_items(request.messages)],
        "stream": True,
        **own,
        **options,
    }


def _given(given: str | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return [dict(item) for item in given]


def _structure(request: Request, server: Server) -> dict[str, Any]:
    if request.plain:
        return {}
    schema, strict = dialect(request, server)
    if request.mode is Mode.RESPONSES:
        answer = {"type": "json_schema", **described(request), "schema": schema, **strict}
        return {"text": {"format": answer}}
    # The SDK and the API want the flag here, where the chat API can do without.
    tool = {"type": "function", **described(request), "parameters": schema, "strict": False}
    return {
        "tools": [{**tool, **strict}],
        "tool_choice": {"type": "function", "name": request.name},
        **forbid_parallel_calls(request, server),
    }


_SPOKEN: Mapping[str, Callable[[str], Chunk]] = {
    "output_text": TextDelta,
    "refusal": RefusalDelta,
    "reasoning_summary_text": ReasoningDelta,
    "reasoning_text": ReasoningDelta,
}
_CALLED: Mapping[str, str] = {
    "function_call_arguments": "arguments",
    "custom_tool_call_input": "input",
}
_CALLS: Mapping[str, str] = {"function_call": "arguments", "custom_tool_call": "input"}
_PARTS: Mapping[str, str] = {"output_text": "text", "refusal": "refusal"}
_INCOMPLETE: Mapping[str, FinishReason] = {
    "content_filter": "content_filter",
    "max_output_tokens": "length",
}


class ResponsesDecoder:
    """Reads the events of one response, as plain data."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._read_places: set[tuple[object, ...]] = set()
        self._announced: set[int] = set()
        self._answered = False

    def feed(self, event: Any) -> Sequence[Chunk]:
        """The chunks in one event."""
        if not isinstance(event, Mapping):
            message = f"{self._provider} sent an event that is not an object"
            raise ServerError(message, provider=self._provider, retryable=True)
        return list(self._read(event)) or [KeepAlive()]

    def close(self) -> Sequence[Chunk]:
        """Nothing is held back."""
        return ()

    def _read(self, event: Mapping[str, Any]) -> Iterator[Chunk]:
        kind = event.get("type") or ""
        match kind:
            case "response.output_item.added":
                yield from self._announce(event.get("output_index", 0), event.get("item") or {})
            case "response.output_item.done":
                yield from self._whole_item(event.get("output_index", 0), event.get("item") or {})
            case "response.completed" | "response.incomplete" | "response.failed":
                yield from self._end(kind, event.get("response") or {})
            case "error":
                raise error_of_body(event.get("error") or event, self._provider)
            case "" if error := event.get("error"):
                raise error_of_body(error, self._provider)
            case _:
                yield from self._read_part(kind, event)

    def _read_part(self, kind: str, event: Mapping[str, Any]) -> Iterator[Chunk]:
        """`response.<stem>.delta`, or `.done` with the whole under a name of its own."""
        stem, _, step = kind.removeprefix("response.").rpartition(".")
        where = event.get("output_index", 0)
        if step == "delta":
            whole = "delta"
        elif step == "done":
            whole = _CALLED.get(stem) or _PARTS.get(stem, "text")
        else:
            return
        text, once = event.get(whole) or "", step == "done"
        if stem in _CALLED:
            yield from self._call(where, text, once=once)
        elif stem in _SPOKEN:
            part = event.get("content_index", event.get("summary_index", 0))
            yield from self._say(stem, (where, part), text, once=once)

    def _say(self, stem: str, where: tuple[int, int], text: str, *, once: bool) -> Iterator[Chunk]:
        if not self._is_due((stem, *where), once=once):
            return
        if stem in _PARTS:
            self._answered = True
        if text:
            yield _SPOKEN[stem](text)

    def _call(self, index: int, text: str, *, once: bool) -> Iterator[Chunk]:
        if self._is_due((index,), once=once) and text:
            self._answered = True
            yield ToolCallDelta(index, text)

    def _is_due(self, place: tuple[object, ...], *, once: bool) -> bool:
        """Whether to read this place now: a whole only where nothing of it was read before."""
        seen = place in self._read_places
        self._read_places.add(place)
        return not (once and seen)

    def _announce(self, index: int, item: Mapping[str, Any]) -> Iterator[Chunk]:
        if item.get("type") in _CALLS and index not in self._announced:
            self._announced.add(index)
            yield ToolCallDelta(index, "", item.get("call_id"), item.get("name"))

    def _whole_item(self, index: int, item: Mapping[str, Any]) -> Iterator[Chunk]:
        kind = item.get("type") or ""
        if kind in _CALLS:
            yield from self._announce(index, item)
            yield from self._call(index, item.get(_CALLS[kind]) or "", once=True)
        elif kind == "message":
            for number, part in enumerate(item.get("content") or ()):
                stem = part.get("type")
                if stem in _PARTS:
                    text = part.get(_PARTS[stem]) or ""
                    yield from self._say(stem, (index, number), text, once=True)

    def _end(self, kind: str, response: Mapping[str, Any]) -> Iterator[Chunk]:
        if kind == "response.failed":
            raise error_of_body(response.get("error") or "the response failed", self._provider)
        if not self._answered:
            # A server that sends nothing but the end.
            for index, item in enumerate(response.get("output") or ()):
                yield from self._whole_item(index, item)
        if counts := response.get("usage"):
            yield usage_of(counts)
        yield self._finish(kind, response)

    def _finish(self, kind: str, response: Mapping[str, Any]) -> Finish:
        if kind == "response.completed":
            return Finish("tool_calls" if self._announced else "stop", "completed")
        reason = (response.get("incomplete_details") or {}).get("reason") or ""
        return Finish(_INCOMPLETE.get(reason, "other"), reason)
