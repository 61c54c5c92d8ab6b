from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import partwise
from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_answer, sse
from partwise_conformance.fixtures import ANSWER, INVALID
from partwise_conformance.live import TEXTS, Live
from partwise_conformance.report import summed_up

KEY = "the right key"
CHAT_MODES = 4
Answer = Callable[[RecordedRequest], Reply]


def error(status: int, message: str) -> Reply:
    return Reply.of_json({"error": {"message": message}}, status=status)


def vendor(answer: Answer, *, wants_key: bool = True, knows: str = "m") -> Answer:
    """A vendor that answers so to those who have the key and ask for its model."""

    def handle(request: RecordedRequest) -> Reply:
        if wants_key and request.headers["authorization"] != f"Bearer {KEY}":
            return error(401, "a bad key")
        if request.json()["model"] != knows:
            return error(404, "no such model")
        return answer(request)

    return handle


@pytest.fixture
def live() -> Iterator[Callable[..., Live]]:
    """The trial of a server that speaks OpenAI's chat language, and answers so."""
    servers: list[ReplayServer] = []

    def start(answer: Answer, **options: Any) -> Live:
        server = ReplayServer(answer)
        server.__enter__()
        servers.append(server)
        base_url = f"{server.url}/v1"
        return Live("vllm/m", api_key=KEY, base_url=base_url, max_retries=0, **options)

    yield start
    for server in servers:
        server.__exit__()


def outcome(trial: Live) -> dict[str, str]:
    (lines,) = summed_up(trial.run(), TEXTS).values()
    return {line.test: f"{line.state} {line.reason}".strip() for line in lines}


GOOD = {
    "live_wrong_key": "passed",
    "live_unknown_model": "passed",
    "live_answer": "passed",
    "live_value": "passed",
    "live_snapshots": "passed",
    "live_usage": "passed",
    "live_finish": "passed",
    "live_granularity": "passed",
}


def test_a_good_endpoint(live: Callable[..., Live]) -> None:
    trial = live(vendor(chat_answer(ANSWER)))

    assert outcome(trial) == GOOD
    assert 0 < trial.spent < trial.budget
    assert trial.plan == (
        "10 requests to vllm/m (json_schema, tools, json, md_json; sync and async; 2 that have to "
        "fail), 7,000 tokens at most"
    )


def test_an_endpoint_without_a_key_that_takes_any_model(live: Callable[..., Live]) -> None:
    trial = live(chat_answer(ANSWER))

    assert outcome(trial) == GOOD | {
        "live_wrong_key": "not applicable the endpoint asks for no key",
        "live_unknown_model": "not applicable the endpoint takes any model",
    }


def at_once(request: RecordedRequest) -> Reply:
    body = request.json()
    whole = json.dumps(ANSWER)
    tool = body.get("tool_choice")
    arguments = '{"tool_calls":[{"index":0,"id":"a","function":{"name":"Meeting","arguments":%s}}]}'
    delta = json.loads(arguments % whole) if tool else {"content": ANSWER}
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]}
    return Reply(body=[sse(chunk), sse("[DONE]")])


def test_a_failed_check_names_its_mode(live: Callable[..., Live]) -> None:
    found = outcome(live(vendor(at_once)))

    assert found["live_usage"].startswith(
        "failed json_schema, sync: the usage is None; json_schema, async: "
    )
    assert found["live_granularity"].startswith("failed json_schema, sync: the answer came at once")
    assert found["live_value"] == "passed"


def test_an_answer_that_is_none(live: Callable[..., Live]) -> None:
    found = outcome(live(vendor(chat_answer(INVALID))))

    assert found["live_answer"].startswith("failed json_schema, sync: InvalidOutputError: ")
    assert found["live_value"] == "not run"


def test_errors_of_the_wrong_kind(live: Callable[..., Live]) -> None:
    good = chat_answer(ANSWER)

    def handle(request: RecordedRequest) -> Reply:
        wrong = (
            request.headers["authorization"] != f"Bearer {KEY}" or request.json()["model"] != "m"
        )
        return error(500, "out of order") if wrong else good(request)

    found = outcome(live(handle))

    assert found["live_wrong_key"] == "failed ServerError: Error code: 500 - out of order"
    assert found["live_unknown_model"].startswith("failed ServerError")


def test_it_stops_where_the_budget_is_spent(live: Callable[..., Live]) -> None:
    asked: list[str] = []
    good = chat_answer(ANSWER)

    def count(request: RecordedRequest) -> Reply:
        asked.append(request.path)
        return good(request)

    trial = live(vendor(count), budget=50)

    states = [(case.test, case.state) for case in trial.run()]
    assert len(asked) == 1
    assert states.count(("live_answer", "not applicable")) == CHAT_MODES * 2 - 1


def test_a_key_that_is_missing_is_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(partwise.MissingKeyError):
        Live("openai/gpt-4.1-mini")
