"""What each of Anthropic's models can do, read from the version in its name.

The API offers this only by a request of its own, and under names that other platforms prefix
(`anthropic.claude-opus-4-5-20251101-v1:0`) or end differently (`claude-opus-4-5@20251101`). Two
facts matter here, and both follow the version:

- Claude 4.1 and later take a JSON schema for the visible answer.
- Later than 5.0 none takes a forced tool call: `tool_choice` "tool" or "any" is a 400. Earlier
  ones take it unless they are to think.

A name without a version, such as an alias, is taken for a current model. One that is not Claude's
is another vendor's behind the same API; those have tools, and seldom schemas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from partwise.provider import Capabilities, Granularity, Mode

_ALL = (Mode.JSON_SCHEMA, Mode.TOOLS, Mode.MD_JSON)
_TOOLS_FIRST = (Mode.TOOLS, Mode.JSON_SCHEMA, Mode.MD_JSON)
_BEFORE_SCHEMAS = (Mode.TOOLS, Mode.MD_JSON)

_FIRST_WITH_SCHEMAS = (4, 1)
_LAST_FORCED = (5, 0)

# The digits of a version are short; those of a date are eight.
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")

_THINKS = frozenset({"enabled", "adaptive"})


def capabilities(model: str) -> Capabilities:
    """The modes of this model, best first. All of them stream by token."""
    return Capabilities(dict.fromkeys(_modes(model), Granularity.TOKEN))


def _modes(model: str) -> tuple[Mode, ...]:
    if "claude" not in model:
        return _TOOLS_FIRST
    version = _version(model)
    return _ALL if version is None or version >= _FIRST_WITH_SCHEMAS else _BEFORE_SCHEMAS


def can_force_tool(model: str, options: Mapping[str, Any]) -> bool:
    """Whether this model, called with these options, can be made to call a tool."""
    version = _version(model)
    return not thinks(options) and (version is None or version <= _LAST_FORCED)


def thinks(options: Mapping[str, Any]) -> bool:
    """Whether the user asks for extended thinking."""
    return (options.get("thinking") or {}).get("type") in _THINKS


def _version(model: str) -> tuple[int, int] | None:
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else None
