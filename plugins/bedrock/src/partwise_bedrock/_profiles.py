"""Bedrock's models and their request parameters, as data: one row for each family of models.

The first row whose pattern is found in a model's id, a profile's or an ARN is its. All modes stream
by token. A wrong row is refused by Bedrock and learned (see `BedrockProvider.fallback`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from partwise.provider import Capabilities, ForcedBy, Granularity, Mode, ModelRow

_T, _S, _M = Mode.TOOLS, Mode.JSON_SCHEMA, Mode.MD_JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One family of models.

    Attributes:
        label: the models, for a reader.
        pattern: found in their names.
        modes: all that may be asked for, best first.
        forced: how a tool call is demanded.
        samples: whether `temperature` and `topP` are taken.
        source: the text that the row follows.
    """

    label: str
    pattern: str
    modes: tuple[Mode, ...] = (_T, _M, _S)
    forced: ForcedBy = "name"
    samples: bool = True
    source: str

    @property
    def capabilities(self) -> Capabilities:
        """The modes, in the core's form."""
        prompted = frozenset({_T}) if self.forced == "offered only" else frozenset()
        return Capabilities(dict.fromkeys(self.modes, Granularity.TOKEN), prompted)


_GUIDE: Final = "https://docs.aws.amazon.com/bedrock/latest/userguide"
_FEATURES: Final = f"{_GUIDE}/conversation-inference-supported-models-features.html"
_CLAUDE_SCHEMAS: Final = "https://platform.claude.com/docs/en/build-with-claude/structured-outputs"

PROFILES: Final = (
    Profile(
        label="*claude-fable-*, *claude-mythos-*",
        pattern=r"claude-(?:fable|mythos)",
        forced="offered only",
        samples=False,
        source="https://github.com/langchain-ai/langchain-aws/issues/1273",
    ),
    Profile(
        label="*claude-*-5-5 and later",
        pattern=r"claude-(?:[a-z]+-)?(?:5-[1-9]|[6-9]|\d\d)(?!\d)",
        forced="offered only",
        samples=False,
        source="https://platform.claude.com/docs/en/build-with-claude/thinking",
    ),
    Profile(
        label="*claude-opus-4-7 to *claude-*-5",
        pattern=r"claude-[a-z]+-(?:4-[7-9]|5)(?!\d)",
        samples=False,
        source="https://github.com/pydantic/pydantic-ai/issues/7373",
    ),
    Profile(
        label="*claude-*-4-5, *claude-*-4-6",
        pattern=r"claude-[a-z]+-4-[56](?!\d)",
        modes=(_T, _S, _M),
        source=_CLAUDE_SCHEMAS,
    ),
    Profile(
        label="anthropic.claude-v2, anthropic.claude-instant-*",
        pattern=r"claude-(?:v\d|instant)",
        modes=(_M, _T, _S),
        source=_FEATURES,
    ),
    Profile(
        label="deepseek.r1-*",
        pattern=r"deepseek\.r1",
        modes=(_M, _S, _T),
        source="https://github.com/langchain-ai/langchain-aws/issues/447",
    ),
    Profile(
        label="deepseek.v3*",
        pattern=r"deepseek\.v3",
        modes=(_T, _S, _M),
        forced="any tool",
        source="https://github.com/langchain-ai/langchain-aws/pull/1261",
    ),
    Profile(
        label="meta.llama*",
        pattern=r"meta\.llama",
        modes=(_M, _S, _T),
        forced="offered only",
        source=_FEATURES,
    ),
    Profile(
        label="amazon.titan-*",
        pattern=r"amazon\.titan",
        modes=(_M, _S, _T),
        source=_FEATURES,
    ),
    Profile(
        label="mistral.mistral-7b-*, mistral.mixtral-8x7b-*",
        pattern=r"mi[sx]tral-[78]",
        modes=(_M, _S, _T),
        forced="any tool",
        source=_FEATURES,
    ),
    Profile(
        label="mistral.*",
        pattern=r"mistral\.",
        modes=(_T, _S, _M),
        forced="any tool",
        source=_FEATURES,
    ),
    Profile(
        label="cohere.*, ai21.*",
        pattern=r"cohere\.|ai21\.",
        forced="offered only",
        source=_FEATURES,
    ),
    Profile(
        label="openai.gpt-oss-*",
        pattern=r"openai\.gpt-oss",
        modes=(_T, _S, _M),
        source="https://github.com/langchain-ai/langchain-aws/issues/1278",
    ),
    Profile(
        label="other models and ARNs",
        pattern="",
        modes=(_T, _S, _M),
        source=_FEATURES,
    ),
)


def profile_of(model: str) -> Profile:
    """The row of this model."""
    return next(row for row in PROFILES if re.search(row.pattern, model))


def model_rows() -> Iterator[ModelRow]:
    """The rows of `docs/models.md`."""
    for profile in PROFILES:
        yield ModelRow(
            provider="bedrock",
            model=profile.label,
            capabilities=profile.capabilities,
            forced=profile.forced,
            source=profile.source,
        )
