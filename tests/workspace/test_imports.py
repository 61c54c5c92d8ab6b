"""What an import costs: no vendor's SDK, which takes half a second or more, is loaded early."""

from __future__ import annotations

import subprocess
import sys

import pytest

SDKS = {"openai", "anthropic", "google", "mistralai", "boto3", "botocore", "httpx", "httpx2"}
HEAVY = {*SDKS, "rich", "pytest", "asyncio.subprocess"}
PLUGINS = ("openai", "anthropic", "google", "mistral", "bedrock")
MODULES = ["partwise", *(f"partwise_{name}" for name in PLUGINS)]


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", MODULES)
def test_importing_loads_no_vendor_sdk(module: str) -> None:
    report = run(f"import {module}", "-X", "importtime").stderr

    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in report.splitlines()}
    assert module in loaded
    assert loaded.isdisjoint(HEAVY)


def test_without_rich_the_view_says_what_to_install() -> None:
    error = run("import sys; sys.modules['rich'] = None; import partwise.rich").stderr

    assert error.endswith("partwise.rich needs rich: pip install 'partwise[rich]'\n")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openai/m", "openai"),
        ("azure_openai/m", "azure.ai.openai"),
        ("grok/m", "x_ai"),
        ("anthropic/m", "anthropic"),
        ("google/m", "gcp.gemini"),
        ("mistral/m", "mistral_ai"),
        ("bedrock/m", "aws.bedrock"),
    ],
)
def test_a_plugin_says_its_name_in_telemetry(model: str, name: str) -> None:
    from partwise.provider import ProviderConfig, find_factory

    given = model.partition("/")[0]
    config = ProviderConfig(name=given, api_key="none", base_url="http://127.0.0.1:9")
    assert getattr(find_factory(given)(config), "telemetry_name", given) == name
