"""Google's batch mode of the Gemini API: requests in one call, results in the job itself.

The requests of a job may take 20 MB (ai.google.dev/gemini-api/docs/batch-mode).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from partwise import ConfigurationError
from partwise.provider import ProviderError, error_of_status

from .._playback import Events
from .vendor import Line, Result

if TYPE_CHECKING:
    from google.genai.types import InlinedResponse

    from partwise.provider import ProviderConfig

_ENDED: Final = frozenset(
    {
        "JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED", "JOB_STATE_CANCELLED",
        "JOB_STATE_EXPIRED",
    }
)  # fmt: skip
_NAME: Final = "partwise_row"

# They are about the SDK's own behaviour, or about one HTTP request.
_NOT_IN_A_BATCH: Final = frozenset(
    {"automatic_continuation", "automatic_function_calling", "http_options"}
)

# Codes of google.rpc.Code, as an error of one request has them, and the HTTP status of each.
_STATUS_OF: Final = {3: 400, 4: 504, 5: 404, 7: 403, 8: 429, 13: 500, 14: 503, 16: 401}


class GoogleBatches:
    """The method `batchGenerateContent` of a model."""

    most_requests = 10_000
    most_bytes = 18_000_000

    def __init__(self, config: ProviderConfig) -> None:
        from google import genai

        self._name = config.name
        self._own = None
        client = config.client
        if client is None:
            client = self._own = genai.Client(**_arguments(config))
        # The user's own may be the asynchronous half alone.
        self._client: Any = getattr(client, "aio", client)

    def line(self, name: str, payload: Mapping[str, Any]) -> Line:
        config = {
            key: value for key, value in payload["config"].items() if key not in _NOT_IN_A_BATCH
        }
        return {
            "model": payload["model"],
            "contents": payload["contents"],
            "config": config,
            "metadata": {_NAME: name},
        }

    async def submit(self, lines: Sequence[Line], token: str) -> str:
        from pydantic import ValidationError

        try:
            job = await self._client.batches.create(
                model=lines[0]["model"], src=list(lines), config={"display_name": token}
            )
        except ValidationError as error:
            raise ConfigurationError(f"google-genai does not take this batch: {error}") from error
        return str(job.name)

    async def find(
        self, token: str, size: int, created: float, known: Collection[str]
    ) -> str | None:
        del size, known
        async for job in await self._client.batches.list(config={"page_size": 100}):
            if job.display_name == token:
                return str(job.name)
            if job.create_time is not None and job.create_time.timestamp() < created - 3600:
                return None
        return None

    async def has_ended(self, batch: str) -> bool:
        job = await self._client.batches.get(name=batch)
        state = "" if job.state is None else job.state.name
        if state == "JOB_STATE_FAILED":
            told = job.error.message if job.error else "no reason was given"
            raise ProviderError(f"Google refuses the batch {batch}: {told}", provider=self._name)
        return state in _ENDED

    async def results(self, batch: str) -> AsyncIterator[Result]:
        job = await self._client.batches.get(name=batch)
        for response in (job.dest.inlined_responses if job.dest else None) or ():
            yield self._result(response)

    def _result(self, response: InlinedResponse) -> Result:
        name = (response.metadata or {}).get(_NAME, "")
        if response.response is not None:
            return Result(name, Events([response.response]))
        error = response.error
        status = _STATUS_OF.get(error.code or 0, 500) if error else 503
        told = (error.message if error else None) or "the request was not carried out"
        return Result(name, None, error_of_status(status, told, provider=self._name))

    async def aclose(self) -> None:
        if self._own is not None:
            await self._own.aio.aclose()


def _arguments(config: ProviderConfig) -> dict[str, Any]:
    options = dict(config.options)
    http_options: dict[str, Any] = {}
    if config.base_url is not None:
        http_options["base_url"] = config.base_url
    if config.http_client is not None:
        http_options["httpx_async_client"] = config.http_client
    options.pop("max_retries", None)
    given = {"http_options": http_options, **options}
    return given if config.api_key is None else {**given, "api_key": config.api_key}
