"""The servers that speak OpenAI's wire format, as data: one row for each.

A row has the server's address, the names of its key, and the rule for its models; families of
models that differ from the rule are listed beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from partwise.provider import Granularity, Mode, ModelRow

from ._models import OPENAI, OPENAI_FAMILIES, SAMPLING, TRAITS
from ._profiles import FORCED, Profile, Server, family
from ._schema import BARE

TOKEN, WHOLE = Granularity.TOKEN, Granularity.WHOLE
_T, _S, _J, _M = Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON, Mode.MD_JSON
_SCHEMA_ONLY = frozenset({_S})


def _modes(*modes: Mode, whole: frozenset[Mode] = frozenset()) -> dict[Mode, Granularity]:
    return {mode: WHOLE if mode in whole else TOKEN for mode in modes}


_host = partial(Server, traits=TRAITS)


_TOOLS_WHOLE = frozenset({_T})

# Engines that constrain an answer by a grammar, but don't show the schema to the model: "it's
# advised to describe it in the prompt as well", say their guides to structured outputs.
_ENGINE = Profile(
    modes=_modes(_S, _T, _J, _M), prompted=_SCHEMA_ONLY, reasoning="reasoning_content"
)
_ENGINE_WITH_WHOLE_TOOLS = replace(_ENGINE, modes=_modes(_S, _T, _J, _M, whole=_TOOLS_WHOLE))

# Gateways: the model behind may enforce the schema or never see it.
_GATEWAY = Profile(
    modes=_modes(_S, _T, _J, _M),
    strict=_SCHEMA_ONLY,
    dialect=BARE,
    prompted=_SCHEMA_ONLY,
    reasoning="reasoning",
)

_DEEPSEEK = Profile(modes=_modes(_T, _J, _M), limits=("max_tokens",), reasoning="reasoning_content")

_OPENAI_SERVER = Server(
    keys=("OPENAI_API_KEY",),
    profile=OPENAI,
    families=OPENAI_FAMILIES,
    source="https://platform.openai.com/docs/guides/structured-outputs",
)

SERVERS: Mapping[str, Server] = {
    "openai": _OPENAI_SERVER,
    # A deployment bears any name: one that looks like a model's is taken for that model's.
    "azure": replace(
        _OPENAI_SERVER,
        url="{}/openai/v1",
        keys=("AZURE_OPENAI_API_KEY",),
        hosts=("AZURE_OPENAI_ENDPOINT",),
        aliases=("azure_openai", "azure-openai"),
        telemetry_name="azure.ai.openai",
        domains=("openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"),
        traits=TRAITS,
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning",
    ),
    "cerebras": _host(
        url="https://api.cerebras.ai/v1",
        keys=("CEREBRAS_API_KEY",),
        profile=Profile(
            modes=_modes(_S, _T, _J, _M, whole=_TOOLS_WHOLE),
            strict=_SCHEMA_ONLY,
            dialect=BARE,
            tool_choice="required",
            limits=("max_completion_tokens",),
            refuses=frozenset({"frequency_penalty", "presence_penalty"}),
        ),
        source="https://inference-docs.cerebras.ai/capabilities/structured-outputs",
    ),
    "cohere": Server(
        url="https://api.cohere.ai/compatibility/v1",
        keys=("COHERE_API_KEY", "CO_API_KEY"),
        profile=Profile(
            modes=_modes(_S, _T, _J, _M),
            dialect=BARE,
            prompted=_SCHEMA_ONLY,
            tool_choice="required",
            limits=("max_tokens",),
            stream_options=False,
        ),
        source="https://strandsagents.com/docs/user-guide/concepts/model-providers/cohere/",
    ),
    "dashscope": _host(
        domains=("dashscope.aliyuncs.com",),
        url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        keys=("DASHSCOPE_API_KEY", "ALIBABA_API_KEY"),
        aliases=("alibaba",),
        profile=Profile(
            modes=_modes(_J, _M, _T),
            tool_choice="offered",
            limits=("max_tokens",),
            reasoning="reasoning_content",
        ),
        families=(
            family(
                "qwen*-thinking, qwq, qvq",
                r"qwq|qvq|qwen.*thinking",
                "qwen3-235b-a22b-thinking-2507", "qwq-plus",
                # "Json mode response is not supported when enable_thinking is true".
                profile=Profile(
                    modes=_modes(_M, _T),
                    tool_choice="offered",
                    thinks=True,
                    limits=("max_tokens",),
                    reasoning="reasoning_content",
                ),
                source="https://docs.instructorphp.com/cookbook/examples/B04_LLMApiSupport/llm_qwen",
            ),
        ),
        source="https://docs.instructorphp.com/cookbook/examples/B04_LLMApiSupport/llm_qwen",
    ),
    "databricks": _host(
        domains=("databricks.com", "azuredatabricks.net"),
        url="{}/serving-endpoints",
        keys=("DATABRICKS_TOKEN",),
        hosts=("DATABRICKS_HOST",),
        profile=Profile(
            modes=_modes(_S, _T, _J, _M),
            strict=_SCHEMA_ONLY,
            dialect=BARE,
            prompted=_SCHEMA_ONLY,
            tool_choice="required",
            limits=("max_tokens",),
        ),
        source="https://docs.databricks.com/machine-learning/model-serving/structured-outputs",
    ),
    "deepseek": _host(
        url="https://api.deepseek.com",
        keys=("DEEPSEEK_API_KEY",),
        profile=_DEEPSEEK,
        source="https://api-docs.deepseek.com/guides/json_mode",
    ),
    "fireworks": _host(
        url="https://api.fireworks.ai/inference/v1",
        keys=("FIREWORKS_API_KEY",),
        aliases=("fireworks_ai", "fireworks-ai"),
        profile=_ENGINE,
        source="https://fireworks.ai/docs/structured-responses/structured-response-formatting",
    ),
    "gemini": Server(
        url="https://generativelanguage.googleapis.com/v1beta/openai",
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        profile=Profile(
            modes=_modes(_S, _T, _J, _M, whole=_TOOLS_WHOLE),
            limits=("max_tokens", "max_completion_tokens"),
        ),
        source="https://ai.google.dev/gemini-api/docs/openai",
    ),
    "groq": _host(
        url="https://api.groq.com/openai/v1",
        keys=("GROQ_API_KEY",),
        # "Streaming and tool use are not currently supported with Structured Outputs", says Groq's
        # guide to them, and that of JSON mode says the same: these are only for who asks.
        profile=Profile(
            modes=_modes(_T, _M, _J, whole=frozenset({_T, _J})),
            limits=("max_completion_tokens", "max_tokens"),
            reasoning="reasoning",
        ),
        families=(
            family(
                "openai/gpt-oss-*",
                r"gpt-oss-",
                "openai/gpt-oss-20b", "openai/gpt-oss-120b",
                profile=Profile(
                    modes=_modes(_T, _M, _S, _J, whole=frozenset({_T, _S, _J})),
                    strict=_SCHEMA_ONLY,
                    dialect=BARE,
                    thinks=True,
                    limits=("max_completion_tokens", "max_tokens"),
                    reasoning="reasoning",
                ),
                source="https://console.groq.com/docs/structured-outputs",
            ),
        ),
        source="https://console.groq.com/docs/structured-outputs",
    ),
    "heroku": _host(
        domains=("inference.heroku.com",),
        url="{}/v1",
        keys=("INFERENCE_KEY", "HEROKU_INFERENCE_KEY"),
        hosts=("INFERENCE_URL", "HEROKU_INFERENCE_URL"),
        profile=Profile(
            modes=_modes(_T, _M),
            limits=("max_tokens",),
            stream_options=False,
        ),
        source="https://devcenter.heroku.com/articles/openai-compatibility-chat-completions",
    ),
    "huggingface": _host(
        url="https://router.huggingface.co/v1",
        keys=("HF_TOKEN", "HUGGINGFACE_API_KEY"),
        aliases=("hf",),
        profile=_GATEWAY,
        source="https://huggingface.co/docs/inference-providers/guides/structured-output",
    ),
    "litellm": _host(
        url="http://localhost:4000/v1",
        keys=("LITELLM_API_KEY", "LITELLM_PROXY_API_KEY"),
        needs_key=False,
        profile=replace(_GATEWAY, reasoning="reasoning_content"),
        source="https://docs.litellm.ai/docs/completion/json_mode",
    ),
    "llamacpp": _host(
        url="http://localhost:8080/v1",
        keys=("LLAMA_API_KEY",),
        needs_key=False,
        aliases=("llama.cpp", "llama-cpp"),
        # A choice by name it takes for none, and without a word it writes the same call again.
        profile=replace(_ENGINE, tool_choice="required", parallel_tool_calls=True),
        source="https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md",
    ),
    "lmstudio": _host(
        url="http://localhost:1234/v1",
        keys=("LM_API_TOKEN",),
        needs_key=False,
        aliases=("lm_studio", "lm-studio"),
        profile=replace(_ENGINE, modes=_modes(_S, _T, _M), tool_choice="required"),
        source="https://lmstudio.ai/docs/developer/openai-compat/structured-output",
    ),
    "localai": _host(
        url="http://localhost:8080/v1",
        keys=("LOCALAI_API_KEY",),
        needs_key=False,
        profile=_ENGINE_WITH_WHOLE_TOOLS,
        source="https://localai.io/features/constrained_grammars/",
    ),
    "minimax": Server(
        domains=("api.minimaxi.com",),
        url="https://api.minimax.io/v1",
        keys=("MINIMAX_API_KEY",),
        # Neither `tool_choice` nor `response_format` is in its documented parameters.
        profile=Profile(
            modes=_modes(_M, _T),
            tool_choice="offered",
            thinks=True,
            limits=("max_completion_tokens", "max_tokens"),
            refuses=frozenset({"frequency_penalty", "presence_penalty"}),
            reasoning="reasoning_content",
        ),
        source="https://java.agentscope.io/v2/en/integration/model/minimax",
    ),
    "mistral": Server(
        url="https://api.mistral.ai/v1",
        keys=("MISTRAL_API_KEY",),
        profile=Profile(
            modes=_modes(_S, _T, _J, _M, whole=_TOOLS_WHOLE),
            strict=_SCHEMA_ONLY,
            dialect=BARE,
            limits=("max_tokens",),
            stream_options=False,
        ),
        source="https://github.com/avante-corp/avante.nvim/issues/2347",
    ),
    "moonshot": _host(
        domains=("api.moonshot.cn", "api.kimi.com"),
        url="https://api.moonshot.ai/v1",
        keys=("MOONSHOT_API_KEY", "KIMI_API_KEY"),
        aliases=("moonshotai", "kimi"),
        # `kimi-*` have their sampling parameters fixed.
        profile=Profile(
            modes=_modes(_J, _M, _T),
            tool_choice="offered",
            thinks=True,
            limits=("max_completion_tokens", "max_tokens"),
            refuses=SAMPLING,
            reasoning="reasoning_content",
            needs_reasoning=True,
        ),
        families=(
            family(
                "moonshot-v1-*",
                r"moonshot-",
                "moonshot-v1-8k", "moonshot-v1-auto",
                profile=Profile(
                    modes=_modes(_J, _M, _T),
                    tool_choice="offered",
                    limits=("max_tokens", "max_completion_tokens"),
                ),
                source="https://java.agentscope.io/v2/en/integration/model/kimi",
            ),
            family(
                "kimi-k3",
                r"kimi-k(?:[3-9]|\d\d)",
                "kimi-k3",
                profile=Profile(
                    modes=_modes(_J, _T, _M),
                    tool_choice="required",
                    thinks=True,
                    limits=("max_completion_tokens", "max_tokens"),
                    refuses=SAMPLING,
                    reasoning="reasoning_content",
                    needs_reasoning=True,
                ),
                source="https://github.com/UKGovernmentBEIS/inspect_ai/pull/5152",
            ),
        ),
        source="https://java.agentscope.io/v2/en/integration/model/kimi",
    ),
    "nebius": _host(
        domains=("tokenfactory.nebius.com",),
        url="https://api.studio.nebius.com/v1",
        keys=("NEBIUS_API_KEY",),
        profile=_ENGINE,
        source="https://docs.nebius.com/studio/inference/json",
    ),
    "nvidia": _host(
        url="https://integrate.api.nvidia.com/v1",
        keys=("NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"),
        aliases=("nvidia_nim",),
        profile=Profile(modes=_modes(_T, _M), reasoning="reasoning_content"),
        source="https://docs.api.nvidia.com/nim/reference/llm-apis",
    ),
    "ollama": _host(
        url="http://localhost:11434/v1",
        needs_key=False,
        # It ignores `tool_choice`, and models in Ollama's cloud enforce no schema.
        profile=replace(
            _ENGINE_WITH_WHOLE_TOOLS, reasoning="reasoning", limits=("max_tokens",)
        ),
        blank_finish=True,
        source="https://docs.ollama.com/capabilities/structured-outputs",
    ),
    "ollama-cloud": _host(
        url="https://ollama.com/v1",
        keys=("OLLAMA_API_KEY",),
        aliases=("ollama_cloud",),
        profile=replace(
            _ENGINE_WITH_WHOLE_TOOLS, reasoning="reasoning", limits=("max_tokens",)
        ),
        blank_finish=True,
        source="https://github.com/ollama/ollama/issues/12362",
    ),
    "openrouter": _host(
        url="https://openrouter.ai/api/v1",
        keys=("OPENROUTER_API_KEY",),
        profile=_GATEWAY,
        source="https://openrouter.ai/docs/features/structured-outputs",
    ),
    "ovhcloud": _host(
        url="https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
        keys=("OVHCLOUD_API_KEY", "OVH_AI_ENDPOINTS_ACCESS_TOKEN"),
        aliases=("ovh",),
        profile=_ENGINE,
        source="https://docs.docker.com/ai/docker-agent/providers/ovhcloud.md",
    ),
    "perplexity": Server(
        url="https://api.perplexity.ai",
        keys=("PERPLEXITY_API_KEY",),
        profile=Profile(
            modes=_modes(_S, _M),
            prompted=_SCHEMA_ONLY,
            limits=("max_tokens",),
            stream_options=False,
        ),
        source="https://docs.perplexity.ai/guides/structured-outputs",
    ),
    "sambanova": _host(
        url="https://api.sambanova.ai/v1",
        keys=("SAMBANOVA_API_KEY",),
        profile=Profile(modes=_modes(_T, _M), limits=("max_tokens",)),
        source="https://docs.sambanova.ai/docs/en/features/function-calling",
    ),
    "sglang": _host(
        url="http://localhost:30000/v1",
        keys=("SGLANG_API_KEY",),
        needs_key=False,
        profile=_ENGINE,
        source="https://docs.sglang.ai/advanced_features/structured_outputs.html",
    ),
    "snowflake": _host(
        domains=("snowflakecomputing.com",),
        url="{}/api/v2/cortex/v1",
        keys=("SNOWFLAKE_PAT", "SNOWFLAKE_TOKEN"),
        hosts=("SNOWFLAKE_ACCOUNT_URL", "SNOWFLAKE_HOST"),
        profile=replace(
            _GATEWAY, reasoning=None, limits=("max_completion_tokens", "max_tokens")
        ),
        source="https://docs.snowflake.com/user-guide/snowflake-cortex/open_ai_sdk",
    ),
    "together": _host(
        domains=("api.together.ai",),
        url="https://api.together.xyz/v1",
        keys=("TOGETHER_API_KEY",),
        aliases=("together_ai", "togetherai"),
        profile=replace(_ENGINE, limits=("max_tokens",)),
        source="https://docs.together.ai/docs/json-mode",
    ),
    "vercel": _host(
        url="https://ai-gateway.vercel.sh/v1",
        keys=("AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"),
        aliases=("vercel_ai_gateway", "ai-gateway"),
        profile=_GATEWAY,
        source="https://vercel.com/docs/ai-gateway/openai-compat",
    ),
    "vllm": _host(
        url="http://localhost:8000/v1",
        keys=("VLLM_API_KEY",),
        needs_key=False,
        aliases=("hosted_vllm",),
        profile=_ENGINE,
        source="https://docs.vllm.ai/en/latest/features/structured_outputs.html",
    ),
    "xai": Server(
        url="https://api.x.ai/v1",
        keys=("XAI_API_KEY",),
        aliases=("x-ai", "grok"),
        telemetry_name="x_ai",
        profile=Profile(
            modes=_modes(_S, _T, _J, _M, whole=_TOOLS_WHOLE),
            strict=_SCHEMA_ONLY,
            dialect=BARE,
            limits=("max_completion_tokens", "max_tokens"),
        ),
        source="https://docs.x.ai/docs/guides/structured-outputs",
    ),
    "zai": Server(
        domains=("open.bigmodel.cn",),
        url="https://api.z.ai/api/paas/v4",
        keys=("ZAI_API_KEY", "ZHIPUAI_API_KEY"),
        aliases=("z-ai", "zhipu"),
        profile=Profile(
            modes=_modes(_J, _M, _T, whole=_TOOLS_WHOLE),
            tool_choice="offered",
            thinks=True,
            limits=("max_tokens",),
            refuses=frozenset({"frequency_penalty", "presence_penalty"}),
            stream_options=False,
            reasoning="reasoning_content",
        ),
        source="https://java.agentscope.io/v2/en/integration/model/glm",
    ),
}  # fmt: skip


def server_at(url: str) -> Server | None:
    """The server that answers at that address, if it is a known one."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # no address, which the SDK will say of it
        return None
    return next((server for server in SERVERS.values() if server.is_at(host)), None)


def model_rows() -> Iterator[ModelRow]:
    """The table of all servers and families, for `docs/models.md`."""
    for name, server in SERVERS.items():
        for each in server.families:
            yield _row(name, each.label, each.profile, each.source)
        for trait in server.traits:
            applied = trait.applied(server.profile)
            differs = applied.capabilities != server.profile.capabilities
            if differs and not _is_listed(server, trait.examples):
                yield _row(name, trait.label, applied, trait.source)
        yield _row(name, "other models", server.profile, server.source)


def _is_listed(server: Server, examples: tuple[str, ...]) -> bool:
    return any(each.pattern.match(name) for each in server.families for name in examples)


def _row(name: str, label: str, profile: Profile, source: str) -> ModelRow:
    has_tools = any(mode.uses_tool for mode in profile.modes)
    return ModelRow(
        provider=name,
        model=label,
        capabilities=profile.capabilities,
        forced=FORCED[profile.tool_choice] if has_tools else "no tools",
        thinks=profile.thinks,
        source=source,
    )
