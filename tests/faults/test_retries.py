"""Requests that failed before their first byte are sent again by partwise, and by nobody else.

Each vendor's real SDK sends to a loopback server that counts. Nobody waits: the pauses are noted.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from time import time
from types import SimpleNamespace
from typing import Any, Final, Self

import anthropic
import boto3
import botocore.endpoint
import openai
import pytest
from botocore.config import Config
from google import genai
from google.genai.types import HttpOptions, HttpRetryOptions
from mistralai.client import Mistral
from mistralai.client.utils import BackoffStrategy, RetryConfig
from tenacity import Retrying, stop_after_attempt, stop_after_delay, wait_fixed

import partwise
from partwise import PartwiseError, ProviderConnectionError, RateLimitError, ServerError
from partwise._client import driver
from partwise_conformance import Drop, RecordedRequest, ReplayServer, Reply

from .stand import MESSAGES, Note, Way
from .vendors import VENDORS

AWS: Final[dict[str, Any]] = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "dummy",
    "aws_secret_access_key": "dummy",
}
MODELS: Final = {
    "openai": "openai/gpt-4.1-mini",
    "groq": "groq/llama-3.3-70b-versatile",
    "anthropic": "anthropic/claude-haiku-4-5",
    "google": "google/gemini-2.5-flash",
    "mistral": "mistral/mistral-small-latest",
    "bedrock": "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0",
}


class Vendors:
    """One server for all vendors, which gives the same reply to each request.

    Attributes:
        waited: the seconds of each pause.
    """

    def __init__(self) -> None:
        self._server = ReplayServer(self._reply)
        self._replies: list[Reply] = []
        self.waited: list[float] = []

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return self._server.url

    def answer(self, *replies: Reply) -> None:
        """Give these replies, the last of them to all further requests."""
        self._replies = list(replies)

    def _reply(self, _: RecordedRequest) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def requests(self) -> int:
        return len(self._server.exchanges)

    def client(self, name: str, way: Way, **options: Any) -> Any:
        options = {**AWS, **options} if name == "bedrock" else {"api_key": "k", **options}
        is_async = way == "async"
        options["base_url"] = self.url
        return partwise.from_provider(MODELS[name], async_client=is_async, **options)

    def ask(self, client: Any, **keywords: Any) -> Any:
        """The value, or the error."""
        call = {"response_model": Note, "messages": MESSAGES, "mode": "md_json", **keywords}

        async def asked() -> Any:
            async with client:
                return await client.create(**call)

        try:
            if isinstance(client, partwise.AsyncClient):
                return asyncio.run(asked())
            with client:
                return client.create(**call)
        except PartwiseError as error:
            return error


def refused(status: int, **headers: str) -> Reply:
    """An answer of this status; `retry_after` stands for a header's name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply.of_json({"message": "not now"}, status=status, headers=named)


RESET: Final = Reply(before_head=[Drop()])


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    with Vendors() as made:

        async def asleep(seconds: float, _real: Any = asyncio.sleep) -> None:
            if seconds and threading.current_thread() is threading.main_thread():
                made.waited.append(seconds)
            await _real(0)

        monkeypatch.setattr(driver, "pause", lambda seconds, _: made.waited.append(seconds))
        monkeypatch.setattr(asyncio, "sleep", asleep)
        yield made


@pytest.fixture(params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_eleven_requests_for_ten_retries(vendors: Vendors, name: str, way: Way) -> None:
    vendors.answer(refused(429, retry_after="7"))
    error = vendors.ask(vendors.client(name, way), max_retries=10)
    assert vendors.requests == 11
    assert isinstance(error, partwise.RetriesExhaustedError)
    assert [type(each) for each in error.errors] == [RateLimitError] * 11
    assert vendors.waited == [7.0] * 10


@pytest.mark.parametrize(("max_retries", "requests"), [(None, 4), (0, 1), (1, 2)])
def test_the_default_and_none_at_all(
    vendors: Vendors, name: str, max_retries: int | None, requests: int
) -> None:
    vendors.answer(refused(503))
    error = vendors.ask(vendors.client(name, "sync"), max_retries=max_retries)
    assert vendors.requests == requests
    assert isinstance(error.__cause__ if requests > 1 else error, ServerError)


def test_a_reset_before_the_first_byte(vendors: Vendors, name: str, way: Way) -> None:
    vendors.answer(RESET)
    error = vendors.ask(vendors.client(name, way), max_retries=2)
    assert vendors.requests == 3
    assert [type(each) for each in error.errors] == [ProviderConnectionError] * 3
    first, second = vendors.waited
    assert 0.375 <= first <= 0.5
    assert 0.75 <= second <= 1.0


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_the_answer_after_all(vendors: Vendors, vendor: Any, way: Way) -> None:
    vendors.answer(refused(429, retry_after="1"), RESET, refused(529), Reply(body=vendor.whole()))
    value = vendors.ask(vendors.client(vendor.name, way), mode=vendor.mode)
    assert value == Note(title="Café", count=3, tags=["a", "b"])
    assert vendors.requests == 4
    assert vendors.waited[0] == 1.0
    assert len(vendors.waited) == 3


@pytest.mark.parametrize("status", [400, 404])
def test_what_waiting_does_not_mend_is_sent_once(vendors: Vendors, name: str, status: int) -> None:
    vendors.answer(refused(status))
    error = vendors.ask(vendors.client(name, "sync"), max_retries=5)
    assert vendors.requests == 1
    assert not error.retryable


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after": "12"}, 12, 12),
        ({"retry_after": "0.5"}, 0.5, 0.5),
        ({"retry_after_ms": "2500", "retry_after": "9"}, 2.5, 2.5),
        ({"retry_after": "date"}, 28, 31),
        ({"retry_after": "86400"}, 60, 60),
        ({"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "8.5s"}, 8.5, 8.5),
        ({"retry_after": "soon"}, 0.375, 0.5),
        ({}, 0.375, 0.5),
    ],
)
def test_the_time_that_a_vendor_asks_for(
    vendors: Vendors, headers: dict[str, str], least: float, most: float
) -> None:
    in_half_a_minute = formatdate(time() + 30, usegmt=True)
    said = {key: in_half_a_minute if it == "date" else it for key, it in headers.items()}
    vendors.answer(refused(429, **said))
    vendors.ask(vendors.client("openai", "sync"), max_retries=1)
    (seconds,) = vendors.waited
    assert least <= seconds <= most


def test_the_reset_that_anthropic_tells(vendors: Vendors) -> None:
    spent = {
        "anthropic_ratelimit_requests_remaining": "0",
        "anthropic_ratelimit_requests_reset": "2020-01-01T00:00:00Z",
    }
    vendors.answer(refused(429, **spent))
    vendors.ask(vendors.client("anthropic", "sync"), max_retries=1)
    assert vendors.waited in ([0.0], [])


def test_the_delay_that_google_writes_into_the_body(vendors: Vendors) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}
    body = {"error": {"code": 429, "message": "Quota", "details": [info]}}
    vendors.answer(Reply.of_json(body, status=429))
    vendors.ask(vendors.client("google", "sync"), max_retries=1)
    assert vendors.waited == [36.5]


def test_tenacity_says_how_often_and_how_long(vendors: Vendors, name: str, way: Way) -> None:
    vendors.answer(refused(503))
    policy = Retrying(stop=stop_after_attempt(5), wait=wait_fixed(3))
    error = vendors.ask(vendors.client(name, way), max_retries=policy)
    assert vendors.requests == 5
    assert len(error.errors) == 5
    assert vendors.waited == [3.0] * 4


def test_tenacity_waits_at_least_as_long_as_the_vendor_asks(vendors: Vendors) -> None:
    vendors.answer(refused(429, retry_after="20"))
    policy = Retrying(stop=stop_after_delay(0) | stop_after_attempt(2), wait=wait_fixed(3))
    vendors.ask(vendors.client("openai", "sync"), max_retries=policy)
    assert vendors.requests == 1
    policy = Retrying(stop=stop_after_attempt(2), wait=wait_fixed(3))
    vendors.ask(vendors.client("openai", "sync"), max_retries=policy)
    assert vendors.waited == [20.0]


def test_the_time_of_the_call_bounds_the_pause(vendors: Vendors, way: Way) -> None:
    vendors.answer(refused(429, retry_after="50"))
    error = vendors.ask(vendors.client("openai", way), max_retries=1, timeout=5)
    (seconds,) = vendors.waited
    assert 4 < seconds <= 5
    assert isinstance(error, PartwiseError)


# The user's own client of the SDK, or retries that they asked the SDK for ----------------------


@contextmanager
def own_client(name: str, url: str, retries: int) -> Iterator[Any]:
    """A client around one of the SDK's, which is the user's to close."""
    with closing(sdk_client(name, url, retries)) as own:
        if name == "bedrock":
            yield partwise.from_provider(MODELS[name], client=own)
        else:
            adopt: Any = getattr(partwise, f"from_{name}")
            yield adopt(own, model=MODELS[name].partition("/")[2])


def sdk_client(name: str, url: str, retries: int) -> Any:
    if name == "openai":
        return openai.OpenAI(api_key="k", base_url=url, max_retries=retries)
    if name == "anthropic":
        return anthropic.Anthropic(api_key="k", base_url=url, max_retries=retries)
    if name == "google":
        once = HttpRetryOptions(attempts=retries + 1, initial_delay=0.001, jitter=0.001)
        options = HttpOptions(base_url=url, retry_options=once if retries else None)
        return genai.Client(api_key="k", http_options=options)
    config = Config(retries={"total_max_attempts": retries + 1})
    return boto3.client("bedrock-runtime", endpoint_url=url, config=config, **AWS)


OWN = ["openai", "anthropic", "google", "bedrock"]


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(
    ("sdk_retries", "max_retries", "requests"), [(2, None, 3), (2, 1, 6), (0, None, 4), (0, 10, 11)]
)
def test_the_user_s_own_client_keeps_its_retries(  # noqa: PLR0913, PLR0917
    vendors: Vendors,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    sdk_retries: int,
    max_retries: int | None,
    requests: int,
) -> None:
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
    vendors.answer(refused(503, retry_after_ms="1"))
    with own_client(name, vendors.url, sdk_retries) as client:
        error = vendors.ask(client, max_retries=max_retries)
    assert vendors.requests == requests
    assert isinstance(error.__cause__ if requests != 3 else error, ServerError)


@pytest.mark.parametrize("name", OWN[:3])
@pytest.mark.parametrize(("max_retries", "requests"), [(None, 2), (1, 4)])
def test_retries_that_the_user_asked_the_sdk_for(
    vendors: Vendors, name: str, max_retries: int | None, requests: int
) -> None:
    vendors.answer(refused(503, retry_after_ms="1"))
    options: dict[str, Any] = {"max_retries": 1}
    if name == "google":
        at_once = HttpRetryOptions(attempts=2, initial_delay=0.001, jitter=0.001)
        options = {"http_options": HttpOptions(retry_options=at_once)}
    vendors.ask(vendors.client(name, "sync", **options), max_retries=max_retries)
    assert vendors.requests == requests


@pytest.mark.parametrize("is_own", [True, False])
def test_mistral_s_own_retries(vendors: Vendors, is_own: bool) -> None:
    # The SDK repeats a request for 503 and not for 501.
    vendors.answer(refused(503), refused(503), refused(501))
    brief = RetryConfig("backoff", BackoffStrategy(1, 1, 1.0, 60_000, jitter_ms=1), False)
    if is_own:
        own = Mistral(api_key="k", server_url=vendors.url, retry_config=brief)
        client: Any = partwise.from_provider(MODELS["mistral"], client=own)
    else:
        client = vendors.client("mistral", "sync", retry_config=brief)
    error = vendors.ask(client)
    assert isinstance(error, ServerError), "final, since the SDK has retried it"
    assert vendors.requests == 3
    assert vendors.waited == []


# A caller that sends failed requests again by itself, as a bulk job does ------------------------


@pytest.mark.parametrize("name", ["openai", "anthropic", "google", "mistral", "bedrock"])
def test_a_caller_that_retries_is_told_at_once(vendors: Vendors, name: str) -> None:
    vendors.answer(refused(429, retry_after_ms="1"))
    client = vendors.client(name, "sync").with_config(caller_retries=True)
    error = vendors.ask(client, max_retries=10)
    assert isinstance(error, RateLimitError)
    assert vendors.requests == 1


@pytest.mark.parametrize("name", OWN[:3])
def test_and_so_it_is_with_the_user_s_own_client(vendors: Vendors, name: str) -> None:
    vendors.answer(refused(429, retry_after_ms="1"))
    with own_client(name, vendors.url, 2) as client:
        error = vendors.ask(client.with_config(caller_retries=True), max_retries=10)
    assert isinstance(error, RateLimitError)
    assert vendors.requests == 1
