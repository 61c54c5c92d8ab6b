"""The decoder of a response's events, in the Responses API.

Everything is keyed by its place in the output, never by item ids: proxies rotate those. Text that
came as deltas comes again, whole, in up to three later events. Each place is read once: from its
deltas, else from the first event that has it whole, since some servers send no deltas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    as_count,
    as_json,
    as_map,
    as_maps,
    as_text,
    as_word,
    read_event,
)

from ._decoder import usage_of
from ._errors import error_of_body, reported_error

_SPOKEN: Final[Mapping[str, Callable[[str], Chunk]]] = {
    "refusal": RefusalDelta,
    "reasoning_summary_text": ReasoningDelta,
    "reasoning_text": ReasoningDelta,
}
_CALLED: Final[Mapping[str, str]] = {
    "function_call_arguments": "arguments",
    "custom_tool_call_input": "input",
}
_CALLS: Final[Mapping[str, str]] = {"function_call": "arguments", "custom_tool_call": "input"}
_PARTS: Final[Mapping[str, str]] = {"output_text": "text", "refusal": "refusal"}
_ENDS: Final = (
    "response.completed",
    "response.incomplete",
    "response.failed",
    "response.cancelled",
)
_INCOMPLETE: Final[Mapping[str, FinishReason]] = {
    "content_filter": "content_filter",
    "max_output_tokens": "length",
}


class ResponsesDecoder:
    """The decoder of one stream. `provider` is the name that its errors bear."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._read_places: set[tuple[object, ...]] = set()
        self._announced: dict[int, str] = {}  # the arguments in each call's first event
        self._commentary: set[int] = set()
        self._answered = False

    def feed(self, event: Any) -> Iterable[Chunk]:
        """The chunks in one event.

        Raises:
            ProviderError: the event is an error, or can't be read.
        """
        return read_event(self._read(event), event, provider=self._provider)

    def close(self) -> Sequence[Chunk]:
        """Nothing is held back."""
        return ()

    def _read(self, event: Any) -> Iterator[Chunk]:
        kind = as_word(as_map(event).get("type")) or ""
        if not kind.startswith("response.") and (error := reported_error(event)):
            raise error_of_body(error, self._provider)
        if not isinstance(event, Mapping):
            raise TypeError("an object was due")
        match kind:
            case "response.output_item.added":
                yield from self._announce(_index(event), as_map(event.get("item")))
            case "response.output_item.done":
                yield from self._whole_item(_index(event), as_map(event.get("item")))
            case "error" | "response.error":
                raise error_of_body(event.get("error") or event, self._provider)
            case "" if "output" in event:  # a server that ignores `stream`
                yield from self._end(event)
            case _ if kind in _ENDS:
                yield from self._end({"status": kind[9:], **as_map(event.get("response"))})
            case _:
                yield from self._read_part(kind, event)

    def _read_part(self, kind: str, event: Mapping[str, Any]) -> Iterator[Chunk]:
        """`response.<stem>.delta`, or `.done` with the whole under a name of its own."""
        stem, _, step = kind.removeprefix("response.").rpartition(".")
        if step == "delta":
            whole = "delta"
        elif step == "done":
            whole = _CALLED.get(stem) or _PARTS.get(stem, "text")
        else:
            return
        text, once = event.get(whole), step == "done"
        if stem in _CALLED:
            yield from self._call(_index(event), as_json(text), once=once)
        elif stem in _SPOKEN or stem in _PARTS:
            part = event.get("content_index", event.get("summary_index", 0))
            yield from self._say(stem, _index(event), part, as_text(text), once=once)

    def _say(self, stem: str, index: int, part: Any, text: str, *, once: bool) -> Iterator[Chunk]:
        if not self._is_due((stem, index, str(part)), once=once) or not text:
            return
        if stem in _PARTS:
            self._answered = True
        if stem == "output_text" and index not in self._commentary:
            yield TextDelta(text, index)
        else:
            yield _SPOKEN.get(stem, ReasoningDelta)(text)

    def _call(self, index: int, text: str, *, once: bool) -> Iterator[Chunk]:
        if self._is_due((index,), once=once) and text:
            self._answered = True
            yield ToolCallDelta(index, text)

    def _is_due(self, place: tuple[object, ...], *, once: bool) -> bool:
        """Whether to read this place now: a whole only if nothing of it was read before."""
        seen = place in self._read_places
        self._read_places.add(place)
        return not (once and seen)

    def _announce(self, index: int, item: Mapping[str, Any]) -> Iterator[Chunk]:
        kind = as_word(item.get("type")) or ""
        if item.get("phase") == "commentary":
            self._commentary.add(index)
        if kind in _CALLS and index not in self._announced:
            # Arguments that are in the first event may come again as deltas, and may not.
            self._announced[index] = as_json(item.get(_CALLS[kind]))
            call_id, name = as_word(item.get("call_id")), as_word(item.get("name"))
            yield ToolCallDelta(index, "", call_id, name)

    def _whole_item(self, index: int, item: Mapping[str, Any]) -> Iterator[Chunk]:
        kind = as_word(item.get("type")) or ""
        yield from self._announce(index, item)
        if kind in _CALLS:
            arguments = as_json(item.get(_CALLS[kind])) or self._announced[index]
            if arguments:
                yield from self._call(index, arguments, once=True)
        elif kind == "message":
            for number, part in enumerate(as_maps(item.get("content"))):
                stem = as_word(part.get("type")) or ""
                if stem in _PARTS:
                    text = as_text(part.get(_PARTS[stem]))
                    yield from self._say(stem, index, number, text, once=True)

    def _end(self, response: Mapping[str, Any]) -> Iterator[Chunk]:
        if not self._answered:
            # A server that sends nothing but the end.
            for index, item in enumerate(as_maps(response.get("output"))):
                yield from self._whole_item(index, item)
        for index, arguments in self._announced.items():
            if arguments and (index,) not in self._read_places:
                yield from self._call(index, arguments, once=True)
        if counts := as_map(response.get("usage")):
            yield usage_of(counts)
        error = response.get("error")
        if error or response.get("status") == "failed":
            raise error_of_body(error or "the response failed", self._provider)
        yield self._finish(response)

    def _finish(self, response: Mapping[str, Any]) -> Finish:
        status = as_word(response.get("status")) or "completed"
        if status == "completed":
            return Finish("tool_calls" if self._announced else "stop", status)
        reason = as_word(as_map(response.get("incomplete_details")).get("reason")) or ""
        return Finish(_INCOMPLETE.get(reason, "other"), reason or status)


def _index(event: Mapping[str, Any]) -> int:
    return as_count(event.get("output_index")) or 0
