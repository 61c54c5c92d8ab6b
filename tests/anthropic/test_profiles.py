"""What a model's name says that it can do."""

from __future__ import annotations

import pytest

from partwise.provider import Granularity, Mode
from partwise_anthropic._profiles import can_force_tool, profile_of

CURRENT = [
    "claude-opus-5-5",
    "claude-sonnet-4-5-20250929",
    "claude-opus-4-1",
    "claude-mythos-preview",
    "claude-haiku-4-5",
    "anthropic.claude-opus-4-5-20251101-v1:0",
    "global.anthropic.claude-fable-5-1",
    "claude-opus-4-5@20251101",
]
BEFORE_SCHEMAS = [
    "claude-3-5-sonnet-20241022",
    "claude-3-haiku-20240307",
    "claude-sonnet-4-20250514",
    "claude-opus-4-0",
    "claude-2.1",
    "claude-4-opus-20250514",
]


@pytest.mark.parametrize("model", CURRENT)
def test_current_models_do_best_with_an_enforced_schema(model: str) -> None:
    assert list(profile_of(model).capabilities.modes) == [
        Mode.JSON_SCHEMA,
        Mode.TOOLS,
        Mode.MD_JSON,
    ]


@pytest.mark.parametrize("model", BEFORE_SCHEMAS)
def test_older_models_have_no_enforced_schema(model: str) -> None:
    assert list(profile_of(model).capabilities.modes) == [Mode.TOOLS, Mode.MD_JSON]


def test_other_vendors_models_do_best_with_tools() -> None:
    assert profile_of("some-model-2").capabilities.default_mode is Mode.TOOLS


def test_every_mode_streams_by_token() -> None:
    assert set(profile_of("claude-opus-4-5").capabilities.modes.values()) == {Granularity.TOKEN}


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "claude-fable-5-1",
        "claude-mythos-5-2",
        "claude-mythos-preview",
        "claude-fable-5",
        "global.anthropic.claude-fable-5-1-v1:0",
        "anthropic.claude-opus-5-5-v1:0",
        "claude-opus-6",
    ],
)
def test_later_models_take_no_forced_tool(model: str) -> None:
    assert not can_force_tool(model, {})


@pytest.mark.parametrize("model", ["claude-opus-5", "claude-latest", *BEFORE_SCHEMAS, "other-9"])
def test_earlier_models_take_a_forced_tool_unless_they_are_to_think(model: str) -> None:
    assert can_force_tool(model, {})
    assert can_force_tool(model, {"thinking": {"type": "disabled"}})
    assert can_force_tool(model, {"thinking": None})
    assert not can_force_tool(model, {"thinking": {"type": "adaptive"}})
    assert not can_force_tool(model, {"thinking": {"type": "enabled", "budget_tokens": 1024}})
