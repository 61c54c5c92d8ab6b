"""What the packages offer, by name: a change here is a change for users."""

from __future__ import annotations

from importlib import import_module

import pytest

PUBLIC = {
    "partwise.provider": """
        Approach AuthenticationError BadRequestError Capabilities Chunk ClientPool
        ClosableStream ConfigurationError Decoder Fallback Finish FinishReason ForcedBy
        Granularity KeepAlive MASK MissingKeyError Mode ModelRow Provider ProviderConfig
        ProviderConnectionError ProviderError ProviderFactory ProviderTimeoutError
        ProviderWrapper RateLimit RateLimitError ReadyEvents ReasoningDelta RefusalDelta Request
        SchemaProfile Secrets ServerError SupportsAcceptance SupportsFallback SupportsModelsUrl
        SupportsTelemetry TextDelta ToolCallDelta TransformedSchema Usage arguments_object
        as_count as_json as_map as_maps as_text as_word decode_base64 error_of_status
        error_of_transport find_factory hookimpl is_simple_pattern is_tls_failure leave_out
        next_approach open_in_thread rate_limits read_event refuse_redirects retry_after
        split_data_url transform unreadable_event walk_schema
    """,
    "partwise.rich": "LiveView SnapshotView",
    "partwise_bulk": """
        AsyncExtraction Cache Extraction Outcome Pace RowFunction Summary aextract extract
    """,
    "partwise_fake": "FakeProvider UnsatisfiableError register_providers",
    "partwise_replay": """
        Event FIRST_LINE Fault RecordProvider Recording RecordingError ReplayProvider
        register_providers
    """,
    "partwise_web": """
        AgUi AiSdk AnswerFailedError AnswerTakenError Attempt CLIENT_JS Done Encoder Failed NdJson
        ObjectText Patch Problem Reply Silence Snapshot Sse Text UnknownAnswerError Update
        WorkerLostError
        encoder_of problem_of register_providers reply updates
    """,
    "partwise_conformance": """
        Action Close Drop EventFraming Exchange Framing Handler Hold NDJSON
        NotOnThisWireError Part Pause PlainJSON ProviderConformance RecordedRequest
        Replays ReplayServer Reply SSE Step StreamError Wire chat_answer chat_events cut
        cut_like_tokens sse
    """,
}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_module_offers_these_names_and_no_others(name: str) -> None:
    module = import_module(name)

    assert sorted(module.__all__) == sorted(PUBLIC[name].split())
    assert all(hasattr(module, offered) for offered in module.__all__)


@pytest.mark.parametrize(
    "name", ["openai", "anthropic", "google", "mistral", "bedrock", "replay", "fake", "web"]
)
def test_a_plugin_registers_itself(name: str) -> None:
    assert "register_providers" in import_module(f"partwise_{name}").__all__
