"""The Google plugin passes the conformance suite, in each of its modes."""

from __future__ import annotations

from typing import ClassVar

import pytest

from partwise_conformance import ProviderConformance

from .wire import GoogleWire


@pytest.mark.sampled(4)
class TestGoogle(ProviderConformance):
    provider = "google/gemini-2.5-flash"
    wire = GoogleWire()
    xfail: ClassVar = {
        "test_refusal": "Gemini's models refuse in plain text, which nothing tells apart",
    }
