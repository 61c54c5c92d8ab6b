from __future__ import annotations

import json
from typing import TYPE_CHECKING

import partwise
from partwise import ProviderInfo
from partwise._cli import providers

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from .conftest import Outcome

FOUND = [
    ProviderInfo("acme", "partwise-acme", "1.20", "broken", "it raised ImportError: no sdk"),
    ProviderInfo("openai", "partwise-openai", "0.1.0", "ready"),
    ProviderInfo("own", "", "", "ready"),
]


def test_all_are_listed_with_distribution_version_and_state(
    cli: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "installed_providers", lambda: FOUND)

    shown = cli("providers")

    assert shown.code == 0
    assert shown.out.splitlines() == [
        "PROVIDER  DISTRIBUTION     VERSION  STATE",
        "acme      partwise-acme    1.20     broken",
        "openai    partwise-openai  0.1.0    ready",
        "own       -                -        ready",
    ]
    assert shown.err == "acme: it raised ImportError: no sdk\n"


def test_as_json(cli: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "installed_providers", lambda: FOUND)

    first, *_ = json.loads(cli("providers", "--json").out)

    assert first == {
        "name": "acme",
        "distribution": "partwise-acme",
        "version": "1.20",
        "state": "broken",
        "detail": "it raised ImportError: no sdk",
    }


def test_what_is_really_installed(cli: Callable[..., Outcome]) -> None:
    listed = json.loads(cli("providers", "--json").out)

    assert [each["name"] for each in listed] == [
        each.name for each in partwise.installed_providers()
    ]


def test_none(cli: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "installed_providers", list)

    shown = cli("providers")

    assert (shown.code, shown.out) == (0, "")
    assert "pip install 'partwise[openai]'" in shown.err
