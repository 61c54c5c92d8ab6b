from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Outcome


def test_a_new_plugin(cli: Callable[..., Outcome], folder: Path) -> None:
    pytest.importorskip("partwise_conformance")

    shown = cli("new-plugin", "My Vendor")

    assert (shown.code, shown.err) == (0, "")
    first, then = shown.out.splitlines()
    assert first.startswith("wrote partwise-my-vendor, ")
    assert first.endswith(' files: from_provider("my-vendor/…")')
    assert then.startswith("next: cd partwise-my-vendor && pip install ")
    assert (folder / "partwise-my-vendor" / "pyproject.toml").is_file()


def test_nothing_is_overwritten(cli: Callable[..., Outcome], folder: Path) -> None:
    pytest.importorskip("partwise_conformance")
    (folder / "own" / "partwise-acme").mkdir(parents=True)

    shown = cli("new-plugin", "acme", "--into", "own")

    assert shown.code == 1
    assert "partwise-acme exists: nothing was written" in shown.error


def test_a_name_that_can_not_be(cli: Callable[..., Outcome]) -> None:
    pytest.importorskip("partwise_conformance")

    shown = cli("new-plugin", "01")

    assert shown.code == 2
    assert "NAME: no provider can be called '01'" in shown.error


def test_without_the_kit(cli: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("partwise_conformance")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "partwise_conformance", None)

    shown = cli("new-plugin", "acme")

    assert shown.code == 2
    assert "pip install partwise-conformance" in shown.error


@pytest.fixture
def server() -> Iterator[Any]:
    kit = pytest.importorskip("partwise_conformance")
    fixtures = pytest.importorskip("partwise_conformance.fixtures")
    pytest.importorskip("partwise_openai")
    with kit.ReplayServer(kit.chat_answer(fixtures.ANSWER)) as server:
        yield server


def test_a_live_endpoint(cli: Callable[..., Outcome], folder: Path, server: Any) -> None:
    asked = ("conformance", "llamacpp/m", "--live", "--base-url", f"{server.url}/v1")

    shown = cli(*asked, "--yes", "--report", "live.json")

    assert shown.code == 0
    assert shown.out.startswith("llamacpp/m passed 6 of 6 checks\n")
    assert " requests to llamacpp/m (" in shown.err
    assert " tokens at most\n" in shown.err
    assert " tokens were spent\n" in shown.err
    assert '"passed": 6' in (folder / "live.json").read_text()


def test_a_live_endpoint_that_fails(cli: Callable[..., Outcome], server: Any) -> None:
    server.enqueue(_no())

    shown = cli("conformance", "llamacpp/m", "--live", "--yes", "--base-url", f"{server.url}/v1")

    assert shown.code == 1
    assert "  failed          A wrong key is an AuthenticationError. (BadRequestError" in shown.out
    assert shown.err.endswith("partwise: llamacpp/m failed 1 check.\n")


def _no() -> Any:
    reply = pytest.importorskip("partwise_conformance").Reply
    return reply.of_json({"error": {"message": "no"}}, status=400)


def test_nothing_is_asked_before_the_cost_is_agreed_to(
    cli: Callable[..., Outcome], server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.confirm", _declined)

    shown = cli("conformance", "llamacpp/m", "--live", "--base-url", f"{server.url}/v1")

    assert shown.code == 130
    assert " tokens at most\n" in shown.err
    assert server.exchanges == []


def _declined(_question: str, *, abort: bool, err: bool) -> None:
    assert abort
    assert err
    raise click.Abort


def test_the_whole_suite_is_pytests(cli: Callable[..., Outcome]) -> None:
    shown = cli("conformance", "openai/gpt-4.1-mini")

    assert shown.code == 2
    assert "run pytest in the plugin's project" in shown.error
