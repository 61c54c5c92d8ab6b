from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Outcome

kit = pytest.importorskip("partwise_conformance")
pytest.importorskip("partwise_openai")

ANSWER = '{"name":"Ada Lovelace","age":36,"nick":"none"}'
SHOWN = 'name: "Ada Lovelace"\nage: 36\nnick: "none"\n'
ASKED = ("record", "openai/gpt-4.1-mini", "Who?", "--schema", "models_of_cli:User")


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a server answers every question alike."""
    monkeypatch.setenv("OPENAI_API_KEY", "any key will do")
    with kit.ReplayServer(kit.chat_answer(ANSWER)) as server:
        yield f"{server.url}/v1"


@pytest.fixture
def recording(cli: Callable[..., Outcome], folder: Path, url: str) -> Path:
    assert cli(*ASKED, "-o", "user.sse", "--base-url", url).code == 0
    return folder / "user.sse"


def test_a_stream_is_shown_and_kept(
    cli: Callable[..., Outcome], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any key will do")
    with kit.ReplayServer(kit.chat_answer(ANSWER)) as server:
        base_url = ("--base-url", f"{server.url}/v1")
        options = ("--system", "Be brief.", "--mode", "json_schema", "--set", "temperature=0.25")
        shown = cli(*ASKED, "-o", "user.sse", *base_url, *options)
        body = server.requests[0].json()

    assert shown.code == 0
    assert json.loads(shown.out) == json.loads(ANSWER)
    assert shown.err.startswith(SHOWN)
    assert "wrote user.sse: " in shown.err
    assert body["temperature"] == 0.25
    assert [each["content"] for each in body["messages"]] == ["Be brief.", "Who?"]
    assert ": mode json_schema\n" in (folder / "user.sse").read_text()


def test_it_is_played_again(cli: Callable[..., Outcome], recording: Path) -> None:
    played = cli("replay", recording, "--at-once", "--schema", "models_of_cli:User")
    faster = cli("replay", recording, "--speed", "1e9")

    assert (played.code, played.err) == (0, SHOWN)
    assert json.loads(played.out) == json.loads(faster.out) == json.loads(ANSWER)


def test_snapshots_as_lines_of_json(cli: Callable[..., Outcome], recording: Path) -> None:
    played = cli("replay", recording, "--at-once", "--snapshots")

    lines = [json.loads(line) for line in played.out.splitlines()]
    assert {"name": "Ada"} in lines
    assert lines[-1] == json.loads(ANSWER)


def test_a_recording_is_not_overwritten_unless_told(
    cli: Callable[..., Outcome], recording: Path, url: str
) -> None:
    before = recording.read_text()

    refused = cli(*ASKED, "-o", recording, "--base-url", url)
    assert refused.code == 2
    assert "exists already" in refused.error
    assert recording.read_text() == before

    assert cli(*ASKED, "-o", recording, "--base-url", url, "--force").code == 0


def test_a_stream_that_fails_is_kept(
    cli: Callable[..., Outcome], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any key will do")
    refusal = kit.Reply.of_json({"error": {"message": "no, any key will do"}}, status=401)
    with kit.ReplayServer(lambda _request: refusal) as server:
        failed = cli(*ASKED, "-o", "user.sse", "--base-url", f"{server.url}/v1")

    assert failed.code == 3
    wrote, error = failed.err.splitlines()
    assert wrote == "wrote user.sse: 0 events in 0.0 s"
    assert error.startswith("partwise: AuthenticationError: ")
    assert "any key will do" not in (folder / "user.sse").read_text()
    replayed = cli("replay", "user.sse")
    assert replayed.code == 3
    assert "[scrubbed]" in replayed.error


def test_the_prompt_from_standard_input(
    cli: Callable[..., Outcome], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.read", lambda: "Who?", raising=False)

    shown = cli(*(each.replace("Who?", "-") for each in ASKED), "-o", "x.sse", "--base-url", url)

    assert shown.code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["replay", "none.sse"], "no recording at"),
        (["replay", "models_of_cli.py"], "is no recording of partwise's"),
        (["replay", "none.sse", "--speed", "0"], "speed is a positive number"),
        ([*ASKED, "-o", "x.sse", "--set", "temperature"], "write NAME=VALUE"),
        ([*ASKED[:1], "openai", *ASKED[2:], "-o", "x.sse"], "names no provider"),
        (ASKED, "Missing option '-o'"),
    ],
)
def test_what_can_not_be_done(arguments: list[str], told: str, cli: Callable[..., Outcome]) -> None:
    shown = cli(*arguments)

    assert shown.code == 2
    assert told in shown.error


def test_without_a_key(cli: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    shown = cli(*ASKED, "-o", "x.sse")

    assert shown.code == 2
    assert "OPENAI_API_KEY" in shown.error
