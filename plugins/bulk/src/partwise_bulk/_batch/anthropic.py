"""Anthropic's Message Batches: requests in one call, results as lines.

Its limits are those of docs.claude.com/en/docs/build-with-claude/batch-processing: 100,000
requests or 256 MB a batch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from partwise.provider import error_of_status

from .._playback import Events
from .vendor import Line, Result, body_of, given_arguments

if TYPE_CHECKING:
    from anthropic.types.messages import MessageBatchIndividualResponse
    from anthropic.types.messages.batch_create_params import Request as BatchRequest

    from partwise.provider import ProviderConfig

_STATUS_OF: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class AnthropicBatches:
    """The endpoint `/v1/messages/batches`."""

    most_requests = 100_000
    most_bytes = 240_000_000

    def __init__(self, config: ProviderConfig) -> None:
        from anthropic import AsyncAnthropic

        self._name = config.name
        self._is_own = config.client is None
        given: AsyncAnthropic | None = config.client
        self._client = (
            AsyncAnthropic(**given_arguments(config))
            if given is None
            else given.with_options(max_retries=0)
        )

    def line(self, name: str, payload: Mapping[str, Any]) -> Line:
        return {"custom_id": name, "params": body_of(payload)}

    async def submit(self, lines: Sequence[Line], token: str) -> str:
        del token
        requests = cast("Sequence[BatchRequest]", lines)
        batch = await self._client.messages.batches.create(requests=requests)
        return batch.id

    async def find(
        self, token: str, size: int, created: float, known: Collection[str]
    ) -> str | None:
        # Its batches bear no mark of ours, so it is the one of that size and hour. If it is
        # another's, its results have other names, and the rows are asked again.
        del token
        async for batch in self._client.messages.batches.list(limit=100):
            counts = batch.request_counts.model_dump().values()
            since = batch.created_at.timestamp() - created
            is_new = batch.id not in known
            if is_new and sum(counts) == size and -60 < since < 3600:  # noqa: PLR2004 - seconds
                return batch.id
            if since < -3600:  # noqa: PLR2004
                return None
        return None

    async def has_ended(self, batch: str) -> bool:
        found = await self._client.messages.batches.retrieve(batch)
        return found.processing_status == "ended"

    async def results(self, batch: str) -> AsyncIterator[Result]:
        batches = self._client.messages.batches
        if (await batches.retrieve(batch)).results_url is None:  # archived, after 29 days
            return
        async for each in await batches.results(batch):
            yield self._result(each)

    def _result(self, response: MessageBatchIndividualResponse) -> Result:
        result = response.result
        if result.type == "succeeded":
            message = result.message.model_dump(mode="json", by_alias=True)
            return Result(response.custom_id, _events(message))
        status, told = 503, f"the request was {result.type}"
        if result.type == "errored":
            error = result.error.error
            status, told = _STATUS_OF.get(error.type, 500), error.message
        error_ = error_of_status(status, told, provider=self._name)
        return Result(response.custom_id, None, error_)

    async def aclose(self) -> None:
        if self._is_own:
            await self._client.close()


def _events(message: Mapping[str, Any]) -> Events:
    """The events of a stream that would have brought this message."""
    delta = {"stop_reason": message.get("stop_reason")}
    return Events(
        [
            {"type": "message_start", "message": message},
            {"type": "message_delta", "delta": delta, "usage": message.get("usage")},
            {"type": "message_stop"},
        ]
    )
