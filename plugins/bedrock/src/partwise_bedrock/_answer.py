"""What comes back from Bedrock: its events as chunks, and what goes wrong as partwise's errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import partwise.provider as pw

_REASONS: Mapping[str, pw.FinishReason] = {
    "end_turn": "stop", "stop_sequence": "stop", "tool_use": "tool_calls",
    "max_tokens": "length", "model_context_window_exceeded": "length",
    "content_filtered": "content_filter", "guardrail_intervened": "content_filter",
}  # fmt: skip
# The statuses that the API's exceptions have, since those in a stream come without.
_STATUSES = {
    "internalServerException": 500, "modelStreamErrorException": 424, "modelTimeoutException": 408,
    "serviceUnavailableException": 503, "throttlingException": 429, "validationException": 400,
}  # fmt: skip


class BedrockDecoder:
    """Decodes one stream of Converse's events."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def feed(self, event: Mapping[str, Any]) -> Iterable[pw.Chunk]:
        try:
            return list(_read(event)) or [pw.KeepAlive()]
        except KeyError as error:  # boto3 leaves nothing of an event that is not JSON
            text = f"an event without {error}: {event!r:.200}"
            raise pw.ServerError(text, provider=self._provider, retryable=True) from error

    def close(self) -> Iterable[pw.Chunk]:
        return ()


def _read(event: Mapping[str, Any]) -> Iterator[pw.Chunk]:
    for kind, fields in event.items():
        if kind == "contentBlockStart" and (tool := fields["start"].get("toolUse")):
            yield pw.ToolCallDelta(fields["contentBlockIndex"], "", tool["toolUseId"], tool["name"])
        elif kind == "contentBlockDelta":
            delta = fields["delta"]
            if "toolUse" in delta:
                yield pw.ToolCallDelta(fields["contentBlockIndex"], delta["toolUse"]["input"])
            elif delta.get("text"):
                yield pw.TextDelta(delta["text"])
            elif thought := delta.get("reasoningContent", {}).get("text"):
                yield pw.ReasoningDelta(thought)
        elif kind == "messageStop":
            yield pw.Finish(_REASONS.get(fields["stopReason"], "other"), fields["stopReason"])
        elif kind == "metadata":
            spent = fields["usage"]
            # What was read from the cache, or written to it, is not in `inputTokens`.
            cached = spent.get("cacheReadInputTokens", 0)
            sent = spent["inputTokens"] + cached + spent.get("cacheWriteInputTokens", 0)
            yield pw.Usage(sent, spent["outputTokens"], cached)


def map_error(error: Exception, provider: str) -> pw.ProviderError | None:
    """The error as one of partwise's; None if neither botocore nor urllib3 raised it."""
    import botocore.exceptions as aws
    import urllib3.exceptions as http
    from botocore.eventstream import ParserError
    from botocore.parsers import ResponseParserError

    if isinstance(error, aws.ClientError):
        code, met = error.response["Error"]["Code"], error.response.get("ResponseMetadata", {})
        status = _STATUSES.get(code[:1].lower() + code[1:]) or met.get("HTTPStatusCode")
        headers = met.get("HTTPHeaders")
        return pw.error_of_status(status, str(error), provider=provider, headers=headers)
    kinds: dict[type[pw.ProviderError], Any] = {
        pw.ProviderTimeoutError: aws.ReadTimeoutError | aws.ConnectTimeoutError | http.TimeoutError,
        pw.ProviderConnectionError: aws.HTTPClientError | aws.ConnectionError | http.HTTPError,
        pw.ServerError: ParserError | ResponseParserError,
        pw.AuthenticationError: aws.NoCredentialsError
        | aws.CredentialRetrievalError
        | aws.SSOError,
        pw.BadRequestError: aws.BotoCoreError | aws.UndefinedModelAttributeError,
    }
    kind = next((ours for ours, theirs in kinds.items() if isinstance(error, theirs)), None)
    if kind is None:
        return None
    may_pass = kind not in (pw.AuthenticationError, pw.BadRequestError)
    return kind(f"{type(error).__name__}: {error}", provider=provider, retryable=may_pass)
