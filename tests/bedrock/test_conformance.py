"""The Bedrock plugin passes the conformance suite, in each of its modes."""

from __future__ import annotations

from typing import ClassVar

import pytest
from botocore.config import Config

from partwise.provider import Mode
from partwise_conformance import ProviderConformance

from ..recorded import folder_of
from .wire import BedrockWire


@pytest.mark.sampled(4)
class TestBedrock(ProviderConformance):
    provider = "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0"
    wire = BedrockWire()
    modes = (Mode.TOOLS, Mode.JSON_SCHEMA, Mode.MD_JSON)
    client_options: ClassVar = {
        "region_name": "us-east-1",
        "config": Config(retries={"total_max_attempts": 1}),
    }
    needs_key = False  # boto3 has many ways to find credentials, and looks when it first sends
    recordings = folder_of("bedrock-converse")
    xfail: ClassVar = {
        "test_refusal": "Converse has no word for a refusal: it is text, or a filtered answer",
        "test_usage_in_detail[reasoning_tokens]": "Converse does not count reasoning apart",
    }
