"""The Mistral plugin passes the conformance suite, in each of its modes."""

from __future__ import annotations

from typing import ClassVar

import pytest

from partwise.provider import Mode
from partwise_conformance import ProviderConformance

from ..recorded import folder_of
from .wire import MistralWire


@pytest.mark.sampled(4)
class TestMistral(ProviderConformance):
    provider = "mistral/mistral-large-latest"
    wire = MistralWire()
    modes = (Mode.JSON_SCHEMA, Mode.TOOLS, Mode.JSON, Mode.MD_JSON)
    client_options: ClassVar = {}  # this SDK does not retry unless it is told how
    recordings = folder_of("mistral-chat")
    xfail: ClassVar = {
        "test_refusal": "Mistral's models refuse in plain text, which nothing tells apart",
        "test_content_filter": "Mistral's guardrails block a request with status 403",
        "test_finish_reason[content_filter]": "Mistral has no such finish reason",
        "test_usage_in_detail[reasoning_tokens]": "Mistral does not count reasoning apart",
    }
