"""The servers that speak OpenAI's wire format, as data: one row each, nothing else to know.

A row says where the server is, what it can do, best first, how finely it streams that, and where
it departs from OpenAI. Whether a server takes `strict` is listed by mode: where it does not, or
where nobody knows, the schema is sent as it is, without the flag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from partwise.provider import Capabilities, Granularity, Mode

_TOKEN, _WHOLE = Granularity.TOKEN, Granularity.WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server, or one kind of server.

    Attributes:
        url: its base URL; None where the SDK's default, or the user's own, is the right one.
        key: the environment variable with its key; None if it needs no key.
        url_key: the environment variable with the address of the user's own resource.
        modes: what it can do, best first, and how finely each mode streams.
        strict: the modes in which it enforces OpenAI's strict dialect when told `strict: true`.
        schema_models: the models that have `JSON_SCHEMA`, where not all do.
        tool_choice: whether a tool can be forced by its name, or only some tool.
        parallel_tool_calls: whether it may be told not to call tools in parallel.
        include_usage: whether usage must and may be asked for, with `stream_options`.
        blank_finish: whether it may end an answer with an empty finish reason.
    """

    url: str | None = None
    key: str | None = None
    url_key: str | None = None
    modes: Mapping[Mode, Granularity]
    strict: frozenset[Mode] = frozenset()
    schema_models: re.Pattern[str] | None = None
    tool_choice: Literal["named", "required"] = "named"
    parallel_tool_calls: bool = False
    include_usage: bool = True
    blank_finish: bool = False

    def capabilities(self, model: str) -> Capabilities:
        """What this server can do with that model."""
        if self.schema_models is None or self.schema_models.match(model):
            return Capabilities(self.modes)
        modes = dict(self.modes)
        del modes[Mode.JSON_SCHEMA]
        return Capabilities(modes)


_CHAT_AND_RESPONSES = {
    Mode.TOOLS: _TOKEN,
    Mode.JSON_SCHEMA: _TOKEN,
    Mode.RESPONSES: _TOKEN,
    Mode.RESPONSES_TOOLS: _TOKEN,
    Mode.JSON: _TOKEN,
    Mode.MD_JSON: _TOKEN,
}
_STRICT_EVERYWHERE = frozenset({Mode.TOOLS, Mode.JSON_SCHEMA, Mode.RESPONSES, Mode.RESPONSES_TOOLS})
_STRICT_SCHEMA = frozenset({Mode.JSON_SCHEMA})


def _schema_first(tools: Granularity, *, json: bool = True) -> dict[Mode, Granularity]:
    """The modes of a server that constrains its answers by a grammar."""
    object_mode = {Mode.JSON: _TOKEN} if json else {}
    return {Mode.JSON_SCHEMA: _TOKEN, Mode.TOOLS: tools, **object_mode, Mode.MD_JSON: _TOKEN}


OPENAI = Server(
    key="OPENAI_API_KEY",
    modes=_CHAT_AND_RESPONSES,
    strict=_STRICT_EVERYWHERE,
    parallel_tool_calls=True,
)

COMPATIBLE: Mapping[str, Server] = {
    "azure": Server(
        key="AZURE_OPENAI_API_KEY",
        url_key="AZURE_OPENAI_ENDPOINT",
        modes=_CHAT_AND_RESPONSES,
        strict=_STRICT_EVERYWHERE,
        parallel_tool_calls=True,
    ),
    "cerebras": Server(
        url="https://api.cerebras.ai/v1",
        key="CEREBRAS_API_KEY",
        modes=_schema_first(_WHOLE),
        strict=_STRICT_SCHEMA,
        tool_choice="required",
    ),
    "deepseek": Server(
        url="https://api.deepseek.com",
        key="DEEPSEEK_API_KEY",
        modes={Mode.TOOLS: _TOKEN, Mode.JSON: _TOKEN, Mode.MD_JSON: _TOKEN},
    ),
    "fireworks": Server(
        url="https://api.fireworks.ai/inference/v1",
        key="FIREWORKS_API_KEY",
        modes=_schema_first(_TOKEN),
    ),
    "groq": Server(
        url="https://api.groq.com/openai/v1",
        key="GROQ_API_KEY",
        # "Streaming and tool use are not currently supported with Structured Outputs", says Groq's
        # guide to them, and that of JSON mode says the same: these two are only for who asks.
        modes={
            Mode.TOOLS: _WHOLE,
            Mode.MD_JSON: _TOKEN,
            Mode.JSON_SCHEMA: _WHOLE,
            Mode.JSON: _WHOLE,
        },
        strict=_STRICT_SCHEMA,
        schema_models=re.compile(r"openai/gpt-oss-"),
    ),
    "llamacpp": Server(
        url="http://localhost:8080/v1",
        modes=_schema_first(_TOKEN),
        # A choice by name it takes for none, and without a word it writes the same call again.
        tool_choice="required",
        parallel_tool_calls=True,
    ),
    "lmstudio": Server(
        url="http://localhost:1234/v1",
        modes=_schema_first(_TOKEN, json=False),
        tool_choice="required",
    ),
    "mistral": Server(
        url="https://api.mistral.ai/v1",
        key="MISTRAL_API_KEY",
        modes=_schema_first(_WHOLE),
        strict=_STRICT_SCHEMA,
        include_usage=False,
    ),
    "nvidia": Server(
        url="https://integrate.api.nvidia.com/v1",
        key="NVIDIA_API_KEY",
        modes={Mode.TOOLS: _TOKEN, Mode.MD_JSON: _TOKEN},
    ),
    "ollama": Server(
        url="http://localhost:11434/v1",
        modes=_schema_first(_WHOLE),
        blank_finish=True,
    ),
    "openrouter": Server(
        url="https://openrouter.ai/api/v1",
        key="OPENROUTER_API_KEY",
        modes={
            Mode.TOOLS: _TOKEN,
            Mode.JSON_SCHEMA: _TOKEN,
            Mode.JSON: _TOKEN,
            Mode.MD_JSON: _TOKEN,
        },
        strict=_STRICT_SCHEMA,
    ),
    "perplexity": Server(
        url="https://api.perplexity.ai",
        key="PERPLEXITY_API_KEY",
        modes={Mode.JSON_SCHEMA: _TOKEN, Mode.MD_JSON: _TOKEN},
        include_usage=False,
    ),
    "sambanova": Server(
        url="https://api.sambanova.ai/v1",
        key="SAMBANOVA_API_KEY",
        modes={Mode.TOOLS: _TOKEN, Mode.MD_JSON: _TOKEN},
    ),
    "together": Server(
        url="https://api.together.xyz/v1",
        key="TOGETHER_API_KEY",
        modes=_schema_first(_TOKEN),
    ),
    "vllm": Server(
        url="http://localhost:8000/v1",
        modes=_schema_first(_TOKEN),
    ),
    "xai": Server(
        url="https://api.x.ai/v1",
        key="XAI_API_KEY",
        modes=_schema_first(_WHOLE),
        strict=_STRICT_SCHEMA,
    ),
}
