"""How hypothesis runs, and which tests the coverage of the core is taken of.

Hypothesis draws the same each time: a few examples, more with `--full`, and many others with
HYPOTHESIS_PROFILE=thorough.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from .scripted_provider import asynchronous, kit, pauses, play, sync

__all__ = ["asynchronous", "kit", "pauses", "play", "sync"]

_slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "full",
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=_slow,
)
settings.register_profile("daily", settings.get_profile("full"), max_examples=8)
settings.register_profile(
    "thorough", settings.get_profile("full"), max_examples=1000, derandomize=False
)
settings.register_profile(
    "find", settings.get_profile("thorough"), max_examples=100, phases=[Phase.generate]
)

HERE = Path(__file__).parent
COVERED = {HERE / name for name in ("json", "plan", "snapshot", "session", "client")}
ELSEWHERE = {"test_large.py"}
"""Takes no branch that the others don't, and is slow under coverage."""


def pytest_configure(config: pytest.Config) -> None:
    is_full = config.getoption("--full", default=False)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "full" if is_full else "daily"))


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses by the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that must take every branch: always the same ones, so nothing is drawn."""
    for item in items:
        is_core = item.path.parent in COVERED and item.path.name not in ELSEWHERE
        is_slow = item.get_closest_marker("full") is not None
        if is_core and not is_slow and not _draws(item):
            item.add_marker("covered")


def _draws(item: pytest.Item) -> bool:
    is_property = hasattr(getattr(item, "obj", None), "hypothesis")
    return is_property or item.get_closest_marker("hypothesis") is not None
