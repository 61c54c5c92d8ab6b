"""What comes back from Mistral: its events as chunks, and what goes wrong as partwise's errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import partwise.provider as pw

_REASONS: Mapping[str, pw.FinishReason] = {
    "stop": "stop", "tool_calls": "tool_calls", "length": "length", "model_length": "length",
}  # fmt: skip


class MistralDecoder:
    """Decodes one stream of completion chunks."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._count = 0
        # The latest call at each index, and its id. Most of Mistral's models send no index.
        self._calls: dict[int | None, tuple[int, str | None]] = {}

    def feed(self, event: Any) -> Iterable[pw.Chunk]:
        if not isinstance(event, dict):
            text = f"an event that is not JSON: {event!r:.200}"
            raise pw.ServerError(text, provider=self._provider, retryable=True)
        if event.get("object") == "error":
            status, said = event.get("raw_status_code"), str(event.get("message"))
            raise pw.error_of_status(status, said, provider=self._provider)
        return list(self._read(event)) or [pw.KeepAlive()]

    def close(self) -> Iterable[pw.Chunk]:
        return ()

    def _read(self, data: Mapping[str, Any]) -> Iterator[pw.Chunk]:
        choices = [each for each in data.get("choices") or () if not each.get("index")]
        choice: Mapping[str, Any] = choices[0] if choices else {}
        delta = choice.get("delta") or {}
        content = delta.get("content") or ()
        parts: Any = [{"text": content}] if isinstance(content, str) else content
        for part in parts:
            for thought in part.get("thinking") or ():
                yield pw.ReasoningDelta(thought.get("text") or "")
            if part.get("text"):
                yield pw.TextDelta(part["text"])
        for fragment in delta.get("tool_calls") or ():
            yield self._call(fragment)
        if reason := choice.get("finish_reason"):
            yield pw.Finish(_REASONS.get(reason, "other"), reason)
        if spent := data.get("usage"):
            cached = (spent.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
            yield pw.Usage(spent["prompt_tokens"], spent["completion_tokens"], cached)

    def _call(self, fragment: Mapping[str, Any]) -> pw.ToolCallDelta:
        index, call_id, function = fragment.get("index"), fragment.get("id"), fragment["function"]
        if index not in self._calls or call_id not in (None, self._calls[index][1]):
            self._calls[index] = (self._count, call_id)
            self._count += 1
        name, arguments = function.get("name") or None, function.get("arguments") or ""
        return pw.ToolCallDelta(self._calls[index][0], arguments, call_id, name)


def map_error(error: Exception, provider: str) -> pw.ProviderError | None:
    """The error as one of partwise's; None if neither the SDK nor its HTTP client raised it."""
    import httpx2
    from mistralai.client.errors import MistralError, NoResponseError

    told = f"{type(error).__name__}: {error}"
    match error:
        case MistralError():
            status, headers = error.status_code, error.headers
            return pw.error_of_status(status, str(error), provider=provider, headers=headers)
        case httpx2.TimeoutException():
            return pw.ProviderTimeoutError(told, provider=provider, retryable=True)
        case httpx2.HTTPError() | httpx2.StreamError() | NoResponseError():
            return pw.ProviderConnectionError(told, provider=provider, retryable=True)
        case httpx2.InvalidURL() | httpx2.CookieConflict():
            return pw.BadRequestError(told, provider=provider)
    is_sdks = type(error).__module__.startswith("mistralai.")
    return pw.BadRequestError(told, provider=provider) if is_sdks else None
