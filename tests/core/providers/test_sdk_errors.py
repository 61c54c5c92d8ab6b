"""An SDK that is missing or too old is the user's to install, and the error says which and how."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest

import partwise
from partwise import ConfigurationError
from partwise._providers.sdk_errors import unusable_sdk

MESSAGES = [{"role": "user", "content": "Who?"}]
SDKS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google.genai",
    "mistral": "mistralai.client",
    "bedrock": "boto3",
}


@pytest.fixture(params=SDKS)
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A provider whose SDK can't be imported."""
    name: str = request.param
    monkeypatch.delattr(import_module(f"partwise_{name}"), "_sdk", raising=False)
    monkeypatch.delitem(sys.modules, f"partwise_{name}._sdk", raising=False)
    monkeypatch.setitem(sys.modules, SDKS[name], None)
    return name


def options(provider: str) -> dict[str, Any]:
    return {"region_name": "us-east-1"} if provider == "bedrock" else {}


def expect(error: ConfigurationError, provider: str) -> None:
    assert type(error) is ConfigurationError
    assert f"the SDK of partwise-{provider} can't be imported" in str(error)
    assert f"pip install --upgrade partwise-{provider}" in str(error)
    assert ">=" in str(error)
    assert "is installed" in str(error)
    assert isinstance(error.__cause__, ImportError)


def test_a_missing_sdk(provider: str) -> None:
    client = partwise.from_provider(f"{provider}/m", api_key="k", options=options(provider))

    with pytest.raises(ConfigurationError) as caught:
        client.create(int, MESSAGES)
    expect(caught.value, provider)
    with pytest.raises(ConfigurationError) as caught:
        client.warm()
    expect(caught.value, provider)


async def test_a_missing_sdk_in_asyncio(provider: str) -> None:
    client = partwise.from_provider(
        f"{provider}/m", api_key="k", options=options(provider), async_client=True
    )

    with pytest.raises(ConfigurationError) as caught:
        await client.create(int, MESSAGES)
    expect(caught.value, provider)


def test_a_provider_of_no_distribution() -> None:
    error = unusable_sdk(ImportError("cannot import name 'Stream'"), object())

    assert str(error).endswith("can't be imported: ImportError: cannot import name 'Stream'")
