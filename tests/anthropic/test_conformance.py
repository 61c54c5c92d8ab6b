"""The Anthropic plugin passes the conformance suite, in each of its modes."""

from __future__ import annotations

import pytest

from partwise_conformance import ProviderConformance

from .wire import AnthropicWire


@pytest.mark.sampled(4)
class TestAnthropic(ProviderConformance):
    provider = "anthropic/claude-test"
    wire = AnthropicWire()
