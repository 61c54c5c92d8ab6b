"""Anthropic's models and their request parameters, as data: one row for each family of models.

The API gives this only in answer to a request of its own, and other platforms prefix the names
(`anthropic.claude-opus-4-5-20251101-v1:0`) or end them differently (`claude-opus-4-5@20251101`).
So a row is found by the version and the family in the name. A name without a version, such as an
alias, is taken for a current model's. One that is not Claude's is another vendor's behind the same
interface; those have tools, and seldom schemas. A wrong row is refused by the vendor and
learned (see `AnthropicProvider.fallback`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from partwise.provider import Capabilities, Granularity, Mode, ModelRow

Version: TypeAlias = tuple[int, int]

_ALIAS: Final[Version] = (4, 6)

# The digits of a version are short; those of a date are eight.
_VERSION: Final = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")

_THINKING: Final = frozenset({"enabled", "adaptive"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One family of models.

    Attributes:
        label: the models, for a reader.
        names: a pattern that is found in their names.
        since: the first version.
        modes: the modes, best first. All stream by token.
        forces_tool: whether a call of one tool can be demanded.
        samples: whether `temperature`, `top_p` and `top_k` are taken.
        max_tokens: sent if the user gives none, since the API has no default for it.
        source: the text that the row follows.
    """

    label: str
    names: str
    since: Version = (0, 0)
    modes: tuple[Mode, ...] = (Mode.JSON_SCHEMA, Mode.TOOLS, Mode.MD_JSON)
    forces_tool: bool = True
    samples: bool = True
    max_tokens: int = 16_384
    source: str

    @property
    def capabilities(self) -> Capabilities:
        """The modes, in the core's form."""
        offered = frozenset() if self.forces_tool else frozenset({Mode.TOOLS})
        return Capabilities(dict.fromkeys(self.modes, Granularity.TOKEN), offered)


_DOCS: Final = "https://platform.claude.com/docs/en"
_BEFORE_SCHEMAS: Final = (Mode.TOOLS, Mode.MD_JSON)

PROFILES: Final = (
    Profile(
        label="claude-fable-*, claude-mythos-*",
        names=r"claude-(?:fable|mythos)",
        # 5.1 refuses a forced tool for good; of 5 and the preview both was reported.
        forces_tool=False,
        samples=False,
        source=f"{_DOCS}/models/fable-5-1/whats-new-fable-5-1#forced-tool-use-is-not-supported; "
        "https://github.com/pydantic/pydantic-ai/pull/5849",
    ),
    Profile(
        label="claude-*-5-5 and later",
        names="claude",
        since=(5, 1),
        forces_tool=False,
        samples=False,
        source=f"{_DOCS}/build-with-claude/thinking",
    ),
    Profile(
        label="claude-opus-4-7 to claude-*-5",
        names="claude",
        since=(4, 7),
        samples=False,
        source="https://github.com/UKGovernmentBEIS/inspect_ai/pull/5176",
    ),
    Profile(
        label="claude-opus-4-1 to claude-*-4-6",
        names="claude",
        since=(4, 1),
        source=f"{_DOCS}/build-with-claude/structured-outputs",
    ),
    Profile(
        label="claude-opus-4, claude-sonnet-4, claude-3-7-sonnet",
        names="claude",
        since=(3, 7),
        modes=_BEFORE_SCHEMAS,
        source=f"{_DOCS}/build-with-claude/structured-outputs",
    ),
    Profile(
        label="claude-3-5-*",
        names="claude",
        since=(3, 5),
        modes=_BEFORE_SCHEMAS,
        max_tokens=8_192,
        source=f"{_DOCS}/about-claude/models/overview",
    ),
    Profile(
        label="claude-3-* and earlier",
        names="claude",
        modes=_BEFORE_SCHEMAS,
        max_tokens=4_096,
        source=f"{_DOCS}/about-claude/models/overview",
    ),
    Profile(
        label="other models behind the same interface",
        names="",
        # No vendor but Anthropic documents `output_config`.
        modes=(Mode.TOOLS, Mode.JSON_SCHEMA, Mode.MD_JSON),
        source=f"{_DOCS}/build-with-claude/structured-outputs",
    ),
)


def profile_of(model: str) -> Profile:
    """The row of this model."""
    found = _VERSION.search(model)
    # An alias without a version may be any current model's: it is asked as the one that takes most,
    # and the vendor refuses unknown ones.
    version = (int(found[1]), int(found[2] or 0)) if found else _ALIAS
    rows = (row for row in PROFILES if re.search(row.names, model) and row.since <= version)
    return next(rows)


def can_force_tool(model: str, options: Mapping[str, Any]) -> bool:
    """Whether this model, called with these options, can be made to call a tool."""
    return not thinks(options) and profile_of(model).forces_tool


def thinks(options: Mapping[str, Any]) -> bool:
    """Whether the user asks for extended thinking, with which no tool can be forced."""
    return (options.get("thinking") or {}).get("type") in _THINKING


def model_rows() -> Iterator[ModelRow]:
    """The rows of `docs/models.md`."""
    for profile in PROFILES:
        yield ModelRow(
            provider="anthropic",
            model=profile.label,
            capabilities=profile.capabilities,
            forced="name" if profile.forces_tool else "offered only",
            source=profile.source,
        )
