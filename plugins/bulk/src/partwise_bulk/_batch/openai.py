"""OpenAI's Batch API: a file of requests, and a file of responses.

Its limits are those of platform.openai.com/docs/guides/batch: 50,000 requests and 200 MB a file.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import ProviderError, error_of_status

from .._playback import Events
from .vendor import TOKEN, Line, Result, body_of, given_arguments

if TYPE_CHECKING:
    from openai.types import Batch

    from partwise.provider import ProviderConfig

_ENDED: Final = frozenset({"completed", "expired", "cancelled"})
_CHAT: Final = "/v1/chat/completions"
_RESPONSES: Final = "/v1/responses"


class OpenAIBatches:
    """The endpoint `/v1/batches`."""

    most_requests = 50_000
    most_bytes = 190_000_000

    def __init__(self, config: ProviderConfig) -> None:
        from openai import AsyncOpenAI

        self._name = config.name
        self._is_own = config.client is None
        given: AsyncOpenAI | None = config.client
        self._client = (
            AsyncOpenAI(**given_arguments(config))
            if given is None
            else given.with_options(max_retries=0)
        )

    def line(self, name: str, payload: Mapping[str, Any]) -> Line:
        url = _RESPONSES if "input" in payload else _CHAT
        return {"custom_id": name, "method": "POST", "url": url, "body": body_of(payload)}

    async def submit(self, lines: Sequence[Line], token: str) -> str:
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        file = await self._client.files.create(
            file=(f"{token}.jsonl", content, "application/jsonl"), purpose="batch"
        )
        batch = await self._client.batches.create(
            input_file_id=file.id,
            endpoint=lines[0]["url"],
            completion_window="24h",
            metadata={TOKEN: token},
        )
        return batch.id

    async def find(
        self, token: str, size: int, created: float, known: Collection[str]
    ) -> str | None:
        del size, known
        async for batch in self._client.batches.list(limit=100):
            if (batch.metadata or {}).get(TOKEN) == token:
                return batch.id
            if batch.created_at < created - 3600:
                return None
        return None

    async def has_ended(self, batch: str) -> bool:
        found = await self._client.batches.retrieve(batch)
        if found.status == "failed":
            raise ProviderError(_why(found), provider=self._name)
        return found.status in _ENDED

    async def results(self, batch: str) -> AsyncIterator[Result]:
        found = await self._client.batches.retrieve(batch)
        for file in (found.output_file_id, found.error_file_id):
            if file is not None:
                async for line in self._lines(file):
                    yield self._result(json.loads(line))

    async def _lines(self, file: str) -> AsyncIterator[str]:
        # Two hundred megabytes, which are not to be in memory at once.
        content = self._client.files.with_streaming_response.content(file)
        async with content as response:
            async for line in response.iter_lines():
                if line.strip():
                    yield line

    def _result(self, line: Mapping[str, Any]) -> Result:
        response, error = line.get("response") or {}, line.get("error") or {}
        status, body = response.get("status_code"), response.get("body") or {}
        if status == 200:  # noqa: PLR2004
            return Result(line["custom_id"], _events(body))
        told = (body.get("error") or error).get("message") or "the request was not carried out"
        # A request without a response is one that the batch's end came before.
        code = status if response else 503
        return Result(line["custom_id"], None, error_of_status(code, told, provider=self._name))

    async def aclose(self) -> None:
        if self._is_own:
            await self._client.close()


def _why(batch: Batch) -> str:
    faults = (batch.errors.data if batch.errors else None) or []
    told = "; ".join(fault.message or "" for fault in faults) or "no reason was given"
    return f"OpenAI refuses the batch {batch.id}: {told}"


def _events(body: Mapping[str, Any]) -> Events:
    """The events of a stream that would have brought this response."""
    if body.get("object") == "response":
        kind = "response.completed" if body.get("status") == "completed" else "response.incomplete"
        return Events([{"type": kind, "response": body}])
    choices = [_choice(choice) for choice in body.get("choices") or ()]
    return Events([{**body, "object": "chat.completion.chunk", "choices": choices}])


def _choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    message = dict(choice.get("message") or {})
    calls = message.get("tool_calls")
    if calls:
        message["tool_calls"] = [{"index": n, **call} for n, call in enumerate(calls)]
    return {**choice, "delta": message}
