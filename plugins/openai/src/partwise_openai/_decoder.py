"""The decoder of a chat completion's chunks.

Compatible servers differ in many places, and the decoder reads them all without knowing which one
it reads: it follows only those differences that are never ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    ProviderError,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
    as_count,
    as_json,
    as_map,
    as_maps,
    as_text,
    as_word,
    read_event,
)

from ._errors import FAILED_FINISHES, error_of_body, error_of_finish, reported_error

_REASONS: Final[Mapping[str, FinishReason]] = {
    "complete": "stop",
    "content_filter": "content_filter",
    "end_turn": "stop",
    "eos": "stop",
    "error_toxic": "content_filter",
    "function_call": "tool_calls",
    "length": "length",
    "max_output_tokens": "length",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "model_length": "length",
    "refusal": "refusal",
    "safety": "content_filter",
    "sensitive": "content_filter",
    "stop": "stop",
    "stop_sequence": "stop",
    "tool_call": "tool_calls",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
}

# Fields in which servers put more than the next piece of the answer.
_BESIDE_CHOICES: Final = frozenset({"base_resp", "error", "errors", "x_groq"})
_BESIDE_DELTA: Final = frozenset({"error", "message", "usage"})

_BARE: Final = 2
"""Fields of a tool call's fragment with no more than its index and its function."""


class ChatDecoder:
    """The decoder of one stream, of which the first choice counts.

    `provider` is the name that its errors bear.
    """

    def __init__(self, provider: str, *, blank_finish: bool = False) -> None:
        self._provider = provider
        self._blank_finish = blank_finish
        self._calls = _Calls()
        self._reason: str | None = None
        self._has_answer = False
        self._thoughts = ""

    def feed(self, event: Any) -> Iterable[Chunk]:
        """The chunks in one event.

        Raises:
            ProviderError: the event is an error, or can't be read.
        """
        try:
            plain = self._read_plain(event)
        except (AttributeError, KeyError, TypeError, ValueError):
            plain = None  # of another shape than OpenAI's own, to be read with care
        if plain is None:
            return read_event(self._read(event), event, provider=self._provider)
        return (plain,)

    def close(self) -> Sequence[Chunk]:
        """Some servers end an answer with an empty reason: at the very end it is one."""
        return [Finish("stop", "")] if self._blank_finish and self._reason == "" else []

    def _read_plain(self, event: Any) -> Chunk | None:
        """The chunk of an event that does nothing but continue the answer, as nearly all do.

        To read it as the others are read takes five times as long.
        """
        (choice,) = event["choices"]
        is_plain = _BESIDE_CHOICES.isdisjoint(event) and _BESIDE_DELTA.isdisjoint(choice)
        if not is_plain or event.get("usage") or choice["finish_reason"] or choice["index"]:
            return None
        ((key, value),) = choice["delta"].items()
        chunk = self._continue(key, value)
        if chunk is not None:
            self._has_answer, self._reason = True, choice["finish_reason"]
        return chunk

    def _continue(self, key: str, value: Any) -> Chunk | None:
        if key == "content" and value and type(value) is str:
            return TextDelta(value)
        if key == "tool_calls":
            (fragment,) = value
            arguments = fragment["function"]["arguments"]
            is_continued = len(fragment) == _BARE and len(fragment["function"]) == 1
            number = self._calls.continued(fragment["index"]) if is_continued else None
            if number is not None and arguments and type(arguments) is str:
                return ToolCallDelta(number, arguments)
        return None

    def _read(self, event: Any) -> Iterator[Chunk]:
        if error := reported_error(event):
            raise error_of_body(error, self._provider)
        # Perplexity's last object repeats the whole answer.
        repeats = event.get("object") == "chat.completion.done"
        counts = event.get("usage") or as_map(event.get("x_groq")).get("usage")
        failure: ProviderError | None = None
        for choice in as_maps(event.get("choices")):
            if as_count(choice.get("index")):
                continue
            if not repeats:
                yield from self._read_message(choice)
            failure = failure or self._failure(choice)
            yield from self._read_finish(choice)
            counts = counts or choice.get("usage")  # Moonshot
        if as_map(counts):
            yield usage_of(as_map(counts))
        if failure is not None:
            raise failure

    def _read_message(self, choice: Mapping[str, Any]) -> Iterator[Chunk]:
        """The delta; or the message, which servers send that ignore `stream`."""
        for chunk in self._read_delta(as_map(choice.get("delta"))):
            self._has_answer = True
            yield chunk
        if not self._has_answer:
            yield from self._read_delta(as_map(choice.get("message")))

    def _read_delta(self, delta: Mapping[str, Any]) -> Iterator[Chunk]:
        yield from self._read_reasoning(delta)
        yield from _read_content(delta.get("content"))
        if refusal := as_text(delta.get("refusal")):
            yield RefusalDelta(refusal)
        for fragment in as_maps(delta.get("tool_calls")):
            yield from self._read_call(fragment)
        if function := as_map(delta.get("function_call")):
            yield from self._read_call({"index": 0, "function": function})

    def _read_reasoning(self, delta: Mapping[str, Any]) -> Iterator[Chunk]:
        # Some servers send the reasoning under several names.
        text = _joined(delta.get("reasoning_content")) or _joined(delta.get("reasoning"))
        if not text:
            text = _joined(delta.get("reasoning_details"))
            # MiniMax sends here all that there is so far, each time.
            text = text.removeprefix(self._thoughts)
            self._thoughts += text
        if text:
            yield ReasoningDelta(text)

    def _read_call(self, fragment: Mapping[str, Any]) -> Iterator[Chunk]:
        function = as_map(fragment.get("function"))
        # Absent, null and empty are all used for "as before".
        call_id, name = as_word(fragment.get("id")), as_word(function.get("name")) or ""
        arguments = as_json(function.get("arguments"))
        number = self._calls.number(as_count(fragment.get("index")), call_id, name)
        if arguments or call_id or name:
            full_name = self._calls.add_name(number, name, arguments)
            yield ToolCallDelta(number, arguments, call_id, full_name)

    def _failure(self, choice: Mapping[str, Any]) -> ProviderError | None:
        error, reason = choice.get("error"), as_word(choice.get("finish_reason")) or ""
        if error or reason in FAILED_FINISHES:
            return error_of_finish(reason, error, self._provider)
        return None

    def _read_finish(self, choice: Mapping[str, Any]) -> Iterator[Chunk]:
        raw = choice.get("finish_reason")
        reason = raw if raw is None else str(raw)
        repeated, self._reason = reason == self._reason, reason
        if reason and not repeated:
            # Gemini's compatible endpoint says which filter it was: `content_filter: SAFETY`.
            word = reason.partition(":")[0].strip().lower()
            yield Finish(_REASONS.get(word, "other"), reason, _details(choice, reason))


def _joined(value: Any) -> str:
    """All text in a string, in a list of parts, or in an object with text under a usual name."""
    if isinstance(value, list):
        return "".join(map(_joined, value))
    if isinstance(value, Mapping):
        names = ("text", "content", "summary", "reasoning", "thinking")
        return next((text for name in names if (text := _joined(value.get(name)))), "")
    return value if isinstance(value, str) else ""


def _details(choice: Mapping[str, Any], reason: str) -> str | None:
    """Azure's filters that hit, or the reason of the vendor behind a gateway."""
    filters = as_map(choice.get("content_filter_results"))
    hit = [name for name, found in filters.items() if as_map(found).get("filtered")]
    native = as_word(choice.get("native_finish_reason"))
    return ", ".join(hit) or (native if native != reason else None)


class _Calls:
    """Numbers the calls of an answer by the indexes, ids and names of their fragments."""

    def __init__(self) -> None:
        self._ids: list[str | None] = []
        self._names: list[str] = []
        self._has_arguments: list[bool] = []
        self._at: dict[int, int] = {}

    def number(self, index: int | None, call_id: str | None, name: str) -> int:
        """The number of the call that a fragment belongs to, from 0 in order of appearance.

        A fragment begins a call if it has an index that is new; or if it has a name, and either
        no index or another id than the call at its index: some servers give no index, or always
        0. An id alone begins nothing, for some servers make up one for each fragment. An id that
        is known is that call's at any index (LocalAI), unless the name is another.
        """
        number = self._known(index, call_id, name)
        if number is None:
            number = len(self._ids)
            self._ids.append(call_id)
            self._names.append("")
            self._has_arguments.append(False)
        elif self._ids[number] is None:
            self._ids[number] = call_id
        if index is not None:
            self._at[index] = number
        return number

    def continued(self, index: int) -> int | None:
        """The call at that index, if it has some of its arguments already."""
        number = self._at.get(index)
        return number if number is not None and self._has_arguments[number] else None

    def add_name(self, number: int, name: str, arguments: str) -> str | None:
        """The call's name so far, if the fragment has a piece of it. Some servers repeat it."""
        known = self._names[number]
        if name and name.startswith(known):
            self._names[number] = name
        elif name and not self._has_arguments[number]:
            self._names[number] = known + name
        self._has_arguments[number] = self._has_arguments[number] or bool(arguments)
        return self._names[number] if name else None

    def _known(self, index: int | None, call_id: str | None, name: str) -> int | None:
        if index is None:
            if call_id is not None and call_id in self._ids:
                return self._ids.index(call_id)
            return None if name or not self._ids else len(self._ids) - 1
        number = self._at.get(index)
        if number is None:
            return self._same_id(call_id, name)
        if not (name and call_id):
            return number
        return number if self._ids[number] in (None, call_id) else None

    def _same_id(self, call_id: str | None, name: str) -> int | None:
        if call_id is None or call_id not in self._ids:
            return None
        number = self._ids.index(call_id)
        return number if name in ("", self._names[number]) else None


def _read_content(content: Any) -> Iterator[Chunk]:
    if isinstance(content, Mapping) and "type" not in content:
        content = as_json(content)  # the answer itself, as an object
    if not isinstance(content, list | Mapping):
        content = [{"text": content}]
    for part in as_maps(content):
        # Mistral's reasoning models send content as parts.
        if part.get("type") == "thinking":
            yield ReasoningDelta(_joined(part.get("thinking")))
        elif text := as_text(part.get("text")):
            yield TextDelta(text)


def usage_of(counts: Mapping[str, Any]) -> Usage:
    """The usage in a `usage` object of either API; a count that is missing is 0."""
    sent = _count(counts, "prompt_tokens", "input_tokens")
    written = _count(counts, "completion_tokens", "output_tokens")
    thought = _count(_counts_in(counts, "completion_tokens", "output_tokens"), "reasoning_tokens")
    if thought and _count(counts, "total_tokens") == sent + written + thought:
        # xAI does not count reasoning among the completion tokens.
        written += thought
    cached = _count(_counts_in(counts, "prompt_tokens", "input_tokens"), "cached_tokens")
    return Usage(
        input_tokens=sent,
        output_tokens=written,
        cached_input_tokens=cached or _count(counts, "prompt_cache_hit_tokens", "cached_tokens"),
        reasoning_tokens=thought,
    )


def _counts_in(counts: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((found for name in names if (found := as_map(counts.get(f"{name}_details")))), {})


def _count(counts: Mapping[str, Any], *names: str) -> int:
    return next((found for name in names if (found := as_count(counts.get(name)))), 0)
