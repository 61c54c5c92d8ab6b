"""The Anthropic plugin passes the conformance suite, in each of its modes."""

from __future__ import annotations

from typing import ClassVar

from partwise_conformance import ProviderConformance

from .wire import AnthropicWire

NO_FILTER = "Anthropic has no filter apart from the model's refusals"


class TestAnthropic(ProviderConformance):
    provider = "anthropic/claude-test"
    wire = AnthropicWire()
    xfail: ClassVar = {
        "test_finish_reason[content_filter]": NO_FILTER,
        "test_content_filter": NO_FILTER,
    }
