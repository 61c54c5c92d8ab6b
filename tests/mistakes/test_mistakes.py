"""Each mistake in the catalogue is answered by an error of partwise's that says what to do."""

from __future__ import annotations

import re
import socket
import sys
import threading
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, SecretStr

import partwise
from partwise import IncompleteOutputError, PartwiseError
from partwise._cli import run
from partwise_conformance import ReplayServer, Reply, sse

from .catalogue import CALLS, COMMANDS, FILES, PROVIDERS, STREAMS, VENDORS

MESSAGES: Final = [{"role": "user", "content": "Who?"}]
KEYS: Final = ("OPENAI", "ANTHROPIC", "GOOGLE", "GEMINI", "MISTRAL", "GROQ")
LEAST: Final = 83


class User(BaseModel):
    name: str
    age: int


class Team(BaseModel):
    users: list[User]
    title: str = ""


def fake(**options: Any) -> Any:
    return partwise.from_provider("fake/demo", **options)


def openai(**options: Any) -> Any:
    return partwise.from_provider("openai/gpt-4o", **{"api_key": "k", **options})


def stream() -> Any:
    return fake().create_partial(Team, MESSAGES)


def afake() -> Any:
    return fake(async_client=True)


def astream() -> Any:
    return afake().create_partial(Team, MESSAGES)


def begun() -> Any:
    made = stream()
    next(iter(made))
    return made


def left() -> Any:
    made = stream()
    for _ in made:
        break
    made.close()
    return made


NAMES: Final = {
    **vars(partwise),
    "M": MESSAGES,
    "SecretStr": SecretStr,
    "User": User,
    **{each.__name__: each for each in (afake, astream, begun, fake, left, openai, stream)},
}


def check(message: str, parts: tuple[str, ...]) -> None:
    for part in parts:
        assert re.search(part, message), f"{part!r} is not in {message!r}"


def test_the_catalogue_is_long_enough() -> None:
    entries = [*PROVIDERS, *CALLS, *STREAMS, *FILES, *COMMANDS, *VENDORS]
    assert len({entry[0] for entry in entries}) >= LEAST


@pytest.mark.parametrize(
    ("code", "parts"), [*PROVIDERS, *CALLS, *STREAMS, *FILES], ids=lambda it: str(it)[:60]
)
def test_a_mistake_in_code(
    code: str, parts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for key in KEYS:
        monkeypatch.delenv(f"{key}_API_KEY", raising=False)
    with pytest.raises(PartwiseError) as caught:
        eval(code, dict(NAMES))  # noqa: S307 - the table's own
    check(str(caught.value), parts)
    assert not caught.value.retryable
    assert "sk-123" not in str(caught.value)


@pytest.mark.parametrize(("line", "parts"), COMMANDS, ids=[line for line, _ in COMMANDS])
def test_a_mistake_on_the_command_line(
    line: str,
    parts: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.py").write_text("import pydantic\nclass User(pydantic.BaseModel): 1\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "answers", raising=False)
    assert run(line.split()) == 2
    told = capsys.readouterr().err
    check(told, parts)
    assert "Traceback" not in told


# Answers of a vendor, over the real SDKs ---------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Any:
    with ReplayServer() as server:
        yield server


def ask(name: str, url: str, **keywords: Any) -> PartwiseError:
    client = partwise.from_provider(f"{name}/x-model", api_key="k", base_url=url)
    with client, pytest.raises(PartwiseError) as caught:
        client.create(User, MESSAGES, max_retries=0, mode="md_json", **keywords)
    return caught.value


@pytest.mark.parametrize("name", ["openai", "anthropic"])
@pytest.mark.parametrize(("kind", "status", "words", "parts"), VENDORS, ids=lambda it: str(it)[:20])
def test_a_refusal_says_what_to_do(  # noqa: PLR0913, PLR0917
    server: ReplayServer, name: str, kind: str, status: int, words: str, parts: tuple[str, ...]
) -> None:
    server.reset()
    body = {"error": {"message": words, "type": "x"}}
    server.enqueue(Reply.of_json(body, status=status))
    error = ask(name, server.url)
    assert words in error.args[0], kind
    check(str(error), parts)
    assert not error.retryable


@pytest.mark.parametrize("name", ["openai", "anthropic", "google", "mistral"])
def test_a_refused_connection_names_the_address(name: str) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unheard.getsockname()[1]}"
        error = ask(name, f"http://user:secret@{address}/v1")
    check(str(error), (re.escape(f"http://{address}"), "check that the server runs", "base_url="))
    assert "secret" not in str(error)
    assert error.retryable


def test_a_certificate_that_is_not_trusted_and_a_server_without_tls(server: ReplayServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        plain.listen()
        url = f"https://127.0.0.1:{plain.getsockname()[1]}"

        def greet() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        error = ask("openai", url)
        thread.join()
    check(str(error), ("nothing speaks TLS there", "http://"))
    assert not error.retryable


@pytest.mark.parametrize(
    ("keywords", "advice"),
    [
        ({"max_tokens": 7}, "raise max_tokens=7, or pass resume=True"),
        ({"max_completion_tokens": 9}, "raise max_completion_tokens=9"),
        ({}, r"pass a larger max_tokens= \(it was the vendor's default\)"),
    ],
)
def test_an_answer_that_was_too_long_names_its_limit(
    server: ReplayServer, keywords: dict[str, Any], advice: str
) -> None:
    server.reset()
    choice = {"index": 0, "delta": {"content": '{"name": "J'}, "finish_reason": "length"}
    server.enqueue(Reply(body=[sse({"object": "chat.completion.chunk", "choices": [choice]})]))
    error = ask("openai", server.url, **keywords)
    assert isinstance(error, IncompleteOutputError)
    check(str(error), ("reached its maximum length", advice))
    assert error.text == '{"name": "J'


def test_the_advice_is_for_users_and_not_for_the_model(server: ReplayServer) -> None:
    server.reset()
    choice = {"index": 0, "delta": {"content": '{"name": "J'}, "finish_reason": "length"}
    for _ in range(2):
        server.enqueue(Reply(body=[sse({"object": "chat.completion.chunk", "choices": [choice]})]))
    client = openai(base_url=server.url)
    with client, pytest.raises(partwise.RetriesExhaustedError, match="2 attempts failed") as caught:
        client.create(User, MESSAGES, max_retries=1, max_tokens=7)
    assert "raise max_tokens=7" in str(caught.value)
    assert b"raise max_tokens" not in server.requests[-1].body


def test_retries_that_are_exhausted_show_the_last_faults_with_their_paths() -> None:
    with pytest.raises(partwise.InvalidOutputError) as caught:
        partwise.parse(Team, '{"users": [{"name": "Jo", "age": "old"}]}').result()
    check(str(caught.value), ("1 value is not valid for Team", r"users\[0\].age: Input should be"))


def test_a_long_error_is_bounded_and_whole_in_its_arguments() -> None:
    error = partwise.ConfigurationError("x" * 100_000)
    assert len(str(error)) < 5000
    assert len(error.args[0]) == 100_000
