"""OpenAI's own models, and the open ones that many servers host, as data.

A row follows the text that is named beside it. Names that no row lists get the rule of their
server (see `_servers`), which follows most of its models, the newest first. If a rule is wrong for
a model, the vendor refuses the request and the client learns (see `OpenAIProvider.fallback`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from partwise.provider import Granularity, Mode

from ._profiles import Family, Profile, Trait, family


def _modes(*modes: Mode) -> dict[Mode, Granularity]:
    return dict.fromkeys(modes, Granularity.TOKEN)


_T, _S, _J, _M = Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON, Mode.MD_JSON
_R, _RT = Mode.RESPONSES, Mode.RESPONSES_TOOLS
_ALL_STRICT = frozenset({_T, _S, _R, _RT})

# "The following are unsupported with reasoning models", says Azure's guide to these models.
SAMPLING = frozenset({"temperature", "top_p", "presence_penalty", "frequency_penalty"})

_GPT = Profile(
    modes=_modes(_S, _T, _R, _RT, _J, _M),
    strict=_ALL_STRICT,
    limits=("max_completion_tokens", "max_tokens"),
    parallel_tool_calls=True,
)
"""Any name at OpenAI: chat with a schema is the one mode that all current models take but those
that are on Responses only, whose refusal names that endpoint."""

_REASONING = replace(_GPT, thinks=True, refuses=SAMPLING)
_RESPONSES_ONLY = replace(_REASONING, modes=_modes(_R, _RT))

OPENAI_FAMILIES: tuple[Family, ...] = (
    family(
        "gpt-3.5, gpt-4-turbo, the first gpt-4o",
        r"gpt-(?:3\.?5|4-turbo|4-\d{4}-preview|4-vision|4o-2024-05-13)",
        "gpt-3.5-turbo", "gpt-35-turbo", "gpt-4-turbo", "gpt-4-1106-preview", "gpt-4o-2024-05-13",
        profile=replace(_GPT, modes=_modes(_T, _RT, _J, _M)),
        source="https://github.com/crewAIInc/crewAI/pull/6357",
    ),
    family(
        "gpt-*-pro",
        r"gpt-\d[\w.]*-(?:\w+-)*?pro\b",
        "gpt-5.5-pro", "gpt-5.4-pro", "gpt-5-pro-2025-10-06", "gpt-6-sol-pro",
        # Several take no schema in `text.format`, and all take function tools.
        profile=replace(_RESPONSES_ONLY, modes=_modes(_RT, _R)),
        source="https://www.getmaxim.ai/bifrost/model-library/compare/openai/gpt-5.4-pro",
    ),
    family(
        "o1-pro, o3-pro",
        r"o\d+-pro",
        "o3-pro", "o1-pro",
        profile=replace(_RESPONSES_ONLY, parallel_tool_calls=False),
        source="https://platform.openai.com/docs/guides/reasoning",
    ),
    family(
        "*-codex, codex-*",
        r"gpt-\d[\w.]*-(?:\w+-)*?codex\b|codex-",
        "gpt-5.3-codex", "gpt-5.1-codex-max", "gpt-5-codex", "codex-mini-latest",
        profile=_RESPONSES_ONLY,
        source="https://github.com/docker/docker-agent/issues/313",
    ),
    family(
        "*-search-*",
        r"gpt-[\w.]+(?:-mini)?-search",
        "gpt-4o-search-preview", "gpt-4o-mini-search-preview", "gpt-5-search-api",
        profile=replace(_GPT, modes=_modes(_S, _M), refuses=SAMPLING),
        source="https://platform.openai.com/docs/guides/tools-web-search",
    ),
    family(
        "chatgpt-4o-latest",
        r"chatgpt-",
        "chatgpt-4o-latest",
        profile=replace(_GPT, modes=_modes(_M)),
        source="https://github.com/web-infra-dev/midscene/issues/259",
    ),
    family(
        "gpt-5*-chat*",
        r"gpt-5(?:\.\d+)?-chat",
        "gpt-5-chat-latest", "gpt-5.2-chat-latest",
        profile=replace(_GPT, modes=_modes(_S, _T, _R, _RT, _M)),
        source="https://github.com/BerriAI/litellm/issues/13781",
    ),
    family(
        "gpt-5.1 to gpt-5.4",
        r"gpt-5\.[1-4](?!\d)",
        "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-5.1-2025-11-13",
        # They reason only if asked to, and take a temperature until then.
        profile=_GPT,
        source="https://github.com/langchain-ai/langchain/pull/35424",
    ),
    family(
        "o1, o3, o4",
        r"o\d",
        "o1", "o3", "o3-mini", "o4-mini", "o4-mini-2025-04-16",
        profile=replace(_REASONING, parallel_tool_calls=False),
        source="https://platform.openai.com/docs/guides/reasoning",
    ),
    family(
        "gpt-5, gpt-5.5 and newer",
        r"gpt-(?:[5-9]|[1-9]\d)",
        "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5.5", "gpt-5.6", "gpt-5.6-terra", "gpt-6",
        "gpt-6-sol", "gpt-6-astra", "gpt-7-unheard-of",
        profile=_REASONING,
        source="https://github.com/BerriAI/litellm/pull/34569",
    ),
    family(
        "gpt-4",
        r"gpt-4(?:-\d|-32k|$)",
        "gpt-4", "gpt-4-0613",
        profile=replace(_GPT, modes=_modes(_T, _RT, _M)),
        source="https://github.com/mrwadams/stride-gpt/issues/19",
    ),
    family(
        "gpt-4o, gpt-4.1, gpt-4.5",
        r"gpt-4",
        "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o-2024-08-06",
        "ft:gpt-4o-mini-2024-07-18:acme::1",
        profile=replace(_GPT, modes=_modes(_T, _S, _R, _RT, _J, _M)),
        source="https://platform.openai.com/docs/guides/structured-outputs",
    ),
)  # fmt: skip
OPENAI = _GPT

TRAITS: tuple[Trait, ...] = (
    Trait(
        label="deepseek-v4*, deepseek-reasoner, deepseek-r1",
        pattern=re.compile(r"deepseek-(?:v(?:[4-9]|\d\d)|reasoner|r\d)"),
        examples=("deepseek-v4-flash", "deepseek-v4-pro", "deepseek-reasoner"),
        source="https://github.com/deepseek-ai/DeepSeek-V3/issues/1376",
    ),
    Trait(
        label="kimi-k3",
        pattern=re.compile(r"kimi-k(?:[3-9]|\d\d)"),
        examples=("kimi-k3",),
        tool_choice="required",
        source="https://github.com/UKGovernmentBEIS/inspect_ai/pull/5152",
    ),
    Trait(
        label="kimi-k2.5 to kimi-k2.7, kimi-k2-thinking",
        pattern=re.compile(r"kimi-(?:k2[.p-]?(?:[5-9]|thinking)|for-coding)"),
        examples=("kimi-k2.6", "kimi-k2.7-code", "kimi-k2-thinking"),
        source="https://github.com/UKGovernmentBEIS/inspect_ai/pull/5152",
    ),
)
