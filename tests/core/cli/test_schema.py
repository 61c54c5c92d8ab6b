from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Outcome

USER, TEAM = "models_of_cli:User", "models_of_cli:Team"


def test_as_pydantic_writes_it(cli: Callable[..., Outcome]) -> None:
    shown = cli("schema", USER)

    assert (shown.code, shown.err) == (0, "")
    schema = json.loads(shown.out)
    assert schema["properties"]["age"] == {"minimum": 0, "title": "Age", "type": "integer"}
    assert cli("schema", "models_of_cli:Group.User").out == shown.out


def test_of_the_snapshots(cli: Callable[..., Outcome]) -> None:
    schema = json.loads(cli("schema", USER, "--partial").out)

    assert schema["title"] == "PartialUser"
    assert "required" not in schema


@pytest.mark.parametrize(
    ("provider", "distribution"),
    [
        ("openai/gpt-4.1", "partwise-openai"),
        ("anthropic/claude-opus-4-8", "partwise-anthropic"),
        ("google/gemini-2.5-flash", "partwise-google"),
    ],
)
def test_as_a_vendor_gets_it(provider: str, distribution: str, cli: Callable[..., Outcome]) -> None:
    pytest.importorskip(distribution.replace("-", "_"))

    shown = cli("schema", USER, "--provider", provider)

    assert version(distribution)
    assert shown.code == 0
    assert set(json.loads(shown.out)["properties"]) == {"name", "age", "nick"}
    assert 'in the description only: default "none" at #/properties/nick\n' in shown.err


def openai(cli: Callable[..., Outcome], *arguments: str) -> tuple[Any, str]:
    pytest.importorskip("partwise_openai")
    shown = cli("schema", *arguments, "--provider", "openai/gpt-4.1")
    assert shown.code == 0
    return json.loads(shown.out), shown.err


def test_what_a_vendor_asks_for_beyond_the_type(cli: Callable[..., Outcome]) -> None:
    schema, told = openai(cli, USER)

    assert schema["required"] == ["name", "age", "nick"]
    assert "always required, though the type has a default: #/properties/nick\n" in told


def test_a_schema_that_a_vendor_can_not_enforce(cli: Callable[..., Outcome]) -> None:
    _, told = openai(cli, TEAM)

    assert (
        "can't enforce this schema, so it is sent unenforced: an object with free keys at " in told
    )


def test_a_mode_in_which_the_prompt_has_it(cli: Callable[..., Outcome]) -> None:
    schema, told = openai(cli, USER, "--mode", "md_json")

    assert schema["title"] == "User"
    assert told == "md_json: the schema is in the prompt, and not enforced\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Missing argument"),
        (["models_of_cli"], 'is not a type: write "module:Name"'),
        (["models_of_cli:Nope"], "'models_of_cli' has no 'Nope'"),
        (["no_such_module:X"], "there is no module 'no_such_module' in "),
        (["models_of_cli:Group"], "'models_of_cli:Group' can't be a response model: "),
        (["models_of_cli:question"], "'models_of_cli:question' can't be a response model: "),
        (["models_of_cli:Names", "--partial"], "--partial needs a pydantic model"),
        (["quitting_models:X"], "importing 'quitting_models' raised SystemExit: 3"),
        (["..models:X"], "importing '..models' raised TypeError: "),
        (["rich:Console"], "rich.py has the name of an installed module, "),
        (["broken_models:X"], "importing 'broken_models' raised ZeroDivisionError: "),
        (["needy_models:X"], "'needy_models' needs 'no_such_library', which is not installed"),
        ([USER, "--mode", "tools"], "name one with --provider"),
        ([USER, "--partial", "--provider", "acme/x"], "--partial is about snapshots"),
        ([USER, "--provider", "acme/x"], "no provider is called 'acme'"),
        ([USER, "--provider", "acme"], 'write "name/model"'),
    ],
)
def test_what_can_not_be_done(
    arguments: list[str], told: str, cli: Callable[..., Outcome], folder: Path
) -> None:
    (folder / "broken_models.py").write_text("1 / 0")
    (folder / "needy_models.py").write_text("import no_such_library")
    (folder / "quitting_models.py").write_text("import sys; sys.exit(3)")
    (folder / "rich.py").write_text("Console = int")

    shown = cli("schema", *arguments)

    assert shown.code == 2
    assert told in shown.error
