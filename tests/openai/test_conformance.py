"""The OpenAI plugin passes the conformance suite, in each of its modes."""

from __future__ import annotations

import pytest

from partwise_conformance import ProviderConformance

from .wire import OpenAIWire


@pytest.mark.sampled(4)
class TestOpenAI(ProviderConformance):
    provider = "openai/gpt-4.1-mini"
    wire = OpenAIWire()
