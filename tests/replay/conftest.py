"""Streams through the vendors' real SDKs, recorded and played again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from pydantic import BaseModel

from partwise.provider import Finish, Mode, Request, ToolCallDelta, Usage
from partwise_conformance import ReplayServer, Reply, Wire
from partwise_conformance.wire import write

from ..anthropic.wire import AnthropicWire
from ..bedrock.wire import BedrockWire
from ..google.wire import GoogleWire
from ..mistral.wire import MistralWire
from ..openai.wire import OpenAIWire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise_conformance import Part, Step


class User(BaseModel):
    name: str
    age: int


TEXT = '{"name":"Ada Lovelace","age":36}'
PIECES = ("{", '"name":"Ada ', 'Lovelace","a', 'ge":3', "6}")
ASK: dict[str, Any] = {
    "response_model": User,
    "messages": [{"role": "user", "content": "Who wrote the first program?"}],
    "max_retries": 0,
    "mode": "tools",
}


@dataclass(frozen=True)
class Vendor:
    model: str
    wire: Wire
    base_path: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: {"max_retries": 0})

    def body(self, parts: list[Part]) -> list[bytes]:
        """The bytes of these parts, in the answer to a forced call."""
        request = Request(model="m", mode=Mode.TOOLS, messages=[], schema={}, name="User")
        return write(self.wire, parts, request)

    def reply(self, *steps: Step) -> Reply:
        content_type = self.wire.framing.content_type
        return Reply(body=[s for s in steps if s], headers={"content-type": content_type})


ONCE = {"region_name": "us-east-1", "config": Config(retries={"total_max_attempts": 1})}
VENDORS = {
    "openai": Vendor("openai/gpt-4.1-mini", OpenAIWire(), "/v1"),
    "anthropic": Vendor("anthropic/claude-test", AnthropicWire()),
    "google": Vendor("google/gemini-2.5-flash", GoogleWire()),
    "mistral": Vendor("mistral/mistral-large-latest", MistralWire(), options={}),
    "bedrock": Vendor(
        "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0", BedrockWire(), options=ONCE
    ),
}


def call(*pieces: str) -> list[Part]:
    """A call of the tool `User`, whole."""
    deltas = [ToolCallDelta(0, piece) for piece in pieces]
    return [
        ToolCallDelta(0, "", "call_1", "User"),
        *deltas,
        Finish("tool_calls"),
        Usage(input_tokens=7, output_tokens=5),
    ]


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return VENDORS[request.param]
