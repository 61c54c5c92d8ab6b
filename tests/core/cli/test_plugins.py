from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
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
