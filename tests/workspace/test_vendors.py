"""Plugins whose wheels are installed are found by their entry points alone, and by standing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_answer, cut_like_tokens

from ..bedrock.wire import BedrockWire

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("wheels")]  # built once, by one worker

Ask: TypeAlias = Callable[..., str]
Install: TypeAlias = Callable[..., Path]

TEXT = '{"name":"Ada Lovelace","age":36}'
WIRE = BedrockWire()


def converse() -> Reply:
    """Bedrock's answer: a call of the tool that was asked for."""
    at = {"contentBlockIndex": 0}
    start = {"toolUse": {"toolUseId": "t1", "name": "User"}}
    deltas = [{"delta": {"toolUse": {"input": piece}}, **at} for piece in cut_like_tokens(TEXT)]
    events = [
        {"contentBlockStart": {"start": start, **at}},
        *({"contentBlockDelta": delta} for delta in deltas),
        {"messageStop": {"stopReason": "tool_use"}},
    ]
    frames = [WIRE.framing.frame(each) for each in events]
    return Reply(body=frames, headers={"content-type": WIRE.framing.content_type})


def answer(request: RecordedRequest) -> Reply:
    return converse() if "converse" in request.path else chat_answer(TEXT)(request)


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def install(
    wheels: list[Path], uv: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Install:
    """Makes an environment outside the checkout with these wheels in it, and nothing else of us."""

    def make(*names: str) -> Path:
        environment = tmp_path_factory.mktemp("outside") / "venv"
        uv("venv", "--python", sys.executable, "--no-project", environment)
        python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
        chosen = [wheel for wheel in wheels if wheel.name.partition("-")[0] in names]
        assert len(chosen) == len(names)
        uv("pip", "install", "--python", python, *chosen)
        return python

    return make


@pytest.fixture(scope="module")
def two_vendors(install: Install) -> Path:
    return install("partwise", "partwise_mistral", "partwise_bedrock")


@pytest.fixture(scope="module")
def only_rows(install: Install) -> Path:
    return install("partwise", "partwise_openai")


@pytest.fixture
def ask(server: ReplayServer, tmp_path: Path) -> Ask:
    """Asks a provider in an environment, and returns what was printed."""

    def run(python: Path, model: str, *folders: Path, logged: str = "") -> str:
        script = Path(__file__).with_name("asked.py")
        command = [python, "-I", "-W", "error", script, model, server.url, *folders]
        ran = subprocess.run(
            list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.stderr.startswith(logged)
        assert ran.stderr.count("\n") == bool(logged)
        return ran.stdout.strip()

    return run


@pytest.mark.parametrize("name", ["mistral", "bedrock"])
def test_it_streams_where_only_its_wheel_and_the_cores_are(
    name: str, ask: Ask, two_vendors: Path
) -> None:
    printed = ask(two_vendors, f"{name}/some-model")

    assert printed == f"partwise_{name} of partwise partwise-bedrock partwise-mistral"


def test_without_a_plugin_of_its_name_it_is_a_row(ask: Ask, only_rows: Path) -> None:
    assert ask(only_rows, "mistral/some-model") == "partwise_openai of partwise partwise-openai"


# A stranger's plugin --------------------------------------------------------------------------

STRANGER = f"""
from contextlib import contextmanager
from partwise.provider import Capabilities, Finish, Granularity, Mode, TextDelta, hookimpl


class Groq:
    def __init__(self, config): pass
    def capabilities(self, model): return Capabilities({{Mode.JSON: Granularity.TOKEN}})
    def build_request(self, request): return {{}}
    def decoder(self, request): return self
    def feed(self, event): return [event]
    def map_error(self, error): return None
    def close(self): return ()

    @contextmanager
    def open(self, payload):
        yield iter([*map(TextDelta, {TEXT!r}), Finish("stop")])


@hookimpl
def register_providers(register):
    register("groq", Groq)
"""


@pytest.fixture
def stranger(tmp_path: Path) -> Callable[[str], Path]:
    """Lays out a distribution of a stranger's that claims the name `groq`, as pip would."""

    def make(distribution: str) -> Path:
        folder = tmp_path / distribution
        module = distribution.replace("-", "_")
        metadata = folder / f"{module}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (folder / f"{module}.py").write_text(STRANGER)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[partwise]\ngroq = {module}\n")
        return folder

    return make


def test_a_name_s_own_plugin_wins_over_the_row(
    ask: Ask, only_rows: Path, stranger: Callable[[str], Path]
) -> None:
    assert ask(only_rows, "groq/m").startswith("partwise_openai of ")
    logged = "the provider 'groq' is that of partwise-groq, which takes the name"
    asked = ask(only_rows, "groq/m", stranger("partwise-groq"), logged=logged)
    assert asked.startswith("partwise_groq of ")


def test_two_of_equal_standing_are_an_error_that_names_both(
    ask: Ask, only_rows: Path, stranger: Callable[[str], Path]
) -> None:
    printed = ask(only_rows, "groq/m", stranger("partwise-groq"), stranger("acme-groq"))

    assert printed == (
        "acme-groq and partwise-groq claim the provider 'groq': uninstall all but one, "
        "or name the one to use, as in plugin='acme-groq'"
    )
