"""The keywords of calls and of `from_provider`: partwise's own, and those that vendors know.

For type checkers both are closed: any other keyword is an error, and belongs into `options={…}`. At
run time any other keyword goes to the vendor, too, unless it is nearly one of partwise's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Required, TypeAlias

from typing_extensions import TypedDict

from .._errors import ConfigurationError, type_shown
from .._nearest import nearest_name

if TYPE_CHECKING:
    from datetime import timedelta

    from .._json.limits import Limits
    from .._providers.mode import Mode
    from .._session.hooks import Hooks
    from .._session.settings import PhaseTimeouts
    from .cache import Cache
    from .selectors import OnInvalid

Messages: TypeAlias = str | Sequence[Mapping[str, Any]]
"""A conversation in OpenAI's chat form, `[{"role": "user", "content": "…"}]`, or a user's text."""

_TYPO: Final = 0.77
"""Least ratio, as `difflib` measures it, at which a keyword is taken for a mistyped one of ours."""


class RetryPolicy(Protocol):
    """tenacity's `Retrying` or `AsyncRetrying`, structurally."""

    @property
    def stop(self) -> Any: ...
    @property
    def wait(self) -> Any: ...
    @property
    def retry(self) -> Any: ...


class VendorKeywords(TypedDict, total=False):
    """Keywords of a call that go to the vendor as they are: those in common use.

    Sources: the signatures of `create` in the SDKs of OpenAI (chat and Responses), Anthropic and
    Mistral, and `GenerateContentConfig` of Google's.
    """

    temperature: float | None
    top_p: float | None
    top_k: float | None
    max_tokens: int | None
    max_completion_tokens: int | None
    max_output_tokens: int | None
    seed: int | str | None  # a word for `fake/`
    stop: str | Sequence[str] | None
    stop_sequences: Sequence[str] | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    tools: Sequence[Any] | None
    tool_choice: Any
    parallel_tool_calls: bool | None
    reasoning: Any
    reasoning_effort: str | None
    thinking: Any
    thinking_config: Any
    verbosity: str | None
    system: Any
    instructions: Any
    metadata: Mapping[str, Any] | None
    user: str | None
    store: bool | None
    service_tier: str | None
    safety_settings: Any
    prompt_cache_key: str | None
    extra_headers: Mapping[str, Any] | None
    extra_query: Mapping[str, Any] | None
    extra_body: Any


class CallKeywords(VendorKeywords, total=False):
    """The keywords of every call beside its response model and messages; see `partwise.Settings`.

    `model` and `mode` are used in place of the client's own. `options` are further keywords for
    the vendor, not checked. None means the default.
    """

    model: str | None
    mode: Mode | str | None
    max_retries: int | RetryPolicy | None
    context: Any
    validation_context: Any
    strict: bool | None
    hooks: Hooks | None
    on_restart: Literal["restart", "raise"] | None
    resume: bool | None
    token_budget: int | None
    timeout: float | timedelta | PhaseTimeouts | None
    idle_timeout: float | timedelta | None
    limits: Limits | None
    options: Mapping[str, Any] | None


class PartialCall(CallKeywords, total=False, closed=True):
    """The keywords of `create_partial`."""

    stream: Literal[True]


class IterableCall(CallKeywords, total=False, closed=True):
    """The keywords of `create_iterable`."""

    on_invalid: OnInvalid
    stream: Literal[True]


class ValueCall(CallKeywords, total=False, closed=True):
    """The keywords of `create` for the value."""

    stream: Literal[False]


class StreamCall(CallKeywords, total=False, closed=True):
    """The keywords of `create` for a stream."""

    stream: Required[Literal[True]]


class CompletionCall(CallKeywords, total=False, closed=True):
    """The keywords of `create_with_completion`."""

    stream: bool


class ParseKeywords(TypedDict, total=False, closed=True):
    """The keywords of `parse` and `aparse`."""

    lenient: bool
    context: Any
    strict: bool | None
    limits: Limits | None


class SDKKeywords(TypedDict, total=False):
    """Keywords of `from_provider` for the vendor's SDK client, by the names that the SDKs have.

    Sources: the signatures of `openai.OpenAI` and `AzureOpenAI`, `anthropic.Anthropic` and its
    siblings for Bedrock and Vertex, `google.genai.Client`, `Mistral`, `boto3.client`; and the
    options of `fake/`, `record/` and `replay/`.
    """

    timeout: Any
    max_retries: int
    default_headers: Mapping[str, str] | None
    default_query: Mapping[str, object] | None
    # OpenAI and Azure.
    organization: str | None
    project: str | None
    azure_endpoint: str
    azure_deployment: str | None
    azure_ad_token: str | None
    azure_ad_token_provider: Any
    api_version: str | None
    # Anthropic.
    auth_token: str | None
    # Google.
    vertexai: bool | None
    credentials: Any
    location: str | None
    http_options: Any
    region: str | None
    # AWS.
    region_name: str | None
    profile_name: str | None
    aws_access_key_id: str | None
    aws_secret_access_key: str | None
    aws_session_token: str | None
    config: Any
    # Mistral.
    retry_config: Any
    # `fake/`, `record/`, `replay/`.
    seed: Any
    pace: float
    delta: int
    to: Any
    speed: float


class ProviderKeywords(SDKKeywords, total=False, closed=True):
    """The keywords of `from_provider` but `async_client`; its docstring explains them."""

    mode: Mode | str | None
    api_key: str | None
    base_url: str | None
    client: Any
    http_client: Any
    cache: Cache | None
    plugin: str | None
    options: Mapping[str, Any] | None


class ConfigKeywords(TypedDict, total=False, closed=True):
    """The fields of a client's `config` that `with_config` changes, and its cache."""

    cache: Cache | None
    api_key: str | None
    base_url: str | None
    client: Any
    http_client: Any
    options: Mapping[str, Any]
    plugin: str | None
    caller_retries: bool
    on_headers: Any
    streams: bool


_VENDORS: Final = frozenset({
    *VendorKeywords.__annotations__,
    # Less common ones whose names are near to one of ours: Bedrock's `modelId`, Google's
    # `response_modalities`, Mistral's `retries` and `timeout_ms`, OpenRouter's `models`.
    "modelId", "models", "response_modalities", "retries", "timeout_ms",
})  # fmt: skip
_SDKS: Final = frozenset(SDKKeywords.__annotations__)
_CALL: Final = frozenset({
    *CallKeywords.__annotations__, "response_model", "messages", "stream", "on_invalid",
}) - _VENDORS  # fmt: skip
_PROVIDER: Final = frozenset({*ProviderKeywords.__annotations__, "model", "async_client"}) - _SDKS


def vendor_options(given: Mapping[str, Any], options: object) -> dict[str, Any]:
    """The vendor's part of a call's keywords, with its `options=`.

    Raises:
        ConfigurationError: a keyword is nearly one of partwise's own, or is given twice, or
            `options` is not a mapping.
    """
    _check(given, _CALL, _VENDORS, "for the vendor")
    return _merged(given, options)


def sdk_options(given: Mapping[str, Any], options: object) -> dict[str, Any]:
    """The SDK's part of `from_provider`'s keywords, with its `options=`.

    Raises:
        ConfigurationError: as of `vendor_options`.
    """
    _check(given, _PROVIDER, _SDKS, "for the vendor's SDK")
    return _merged(given, options)


def flag(name: str, value: object) -> bool:
    """The truth of a keyword that is True or False.

    Raises:
        ConfigurationError: it has no truth, as an array of numpy's has none.
    """
    try:
        return bool(value)
    except Exception as error:
        raise ConfigurationError(
            f"{name}= must be True or False, got {type_shown(value)}"
        ) from error


def unknown_keywords(function: str, unknown: Collection[str], known: Collection[str]) -> None:
    """Refuse keywords of a function that takes none but its own.

    Raises:
        ConfigurationError: there is one; has the nearest known name.
    """
    for name in unknown:
        meant = nearest_name(name, known)
        advice = f"did you mean {meant}=?" if meant else f"it takes {', '.join(sorted(known))}"
        raise ConfigurationError(f"{function} has no keyword {name}=; {advice}")


def _check(
    given: Mapping[str, Any], own: frozenset[str], foreign: frozenset[str], whose: str
) -> None:
    for name in given.keys() - foreign:
        meant = nearest_name(name, own, likeness=_TYPO)
        if meant is not None:
            raise ConfigurationError(
                f"unknown keyword {name}=; did you mean {meant}=? If it is meant {whose}, pass it "
                f"in options={{{name!r}: …}}"
            )


def _merged(given: Mapping[str, Any], options: object) -> dict[str, Any]:
    if options is None:
        return dict(given)
    if not isinstance(options, Mapping):
        raise ConfigurationError(
            "options= takes a dict of further keywords for the vendor, as in "
            f'options={{"top_k": 40}}; got {type(options).__name__}'
        )
    if twice := sorted(given.keys() & options.keys()):
        raise ConfigurationError(f"{twice[0]} is given twice: as a keyword and in options=")
    return {**given, **options}
