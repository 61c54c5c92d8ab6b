"""Finding providers: real plugins, in real installed distributions on a path of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest

import partwise
from partwise._providers import registry as _registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Install = "Callable[..., None]"

GOOD = """
    from partwise.provider import hookimpl

    class Provider:
        def __init__(self, config):
            self.config = config
        def capabilities(self, model):
            from partwise.provider import Capabilities, Granularity, Mode
            return Capabilities({Mode.JSON: Granularity.TOKEN})
        def close(self):
            pass

    @hookimpl
    def register_providers(register):
        for name in NAMES:
            register(name, Provider)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Put a distribution with one plugin on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules: list[str] = []

    def install(
        distribution: str,
        name: str,
        *names: str,
        source: str | None = GOOD,
        requires: str = "partwise",
        target: str = "",
    ) -> None:
        module = distribution.replace("-", "_") + "_plugin"
        modules.append(module)
        if source is not None:
            code = textwrap.dedent(source).replace("NAMES", repr(names or (name,)))
            (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        (info / "METADATA").write_text(metadata + f"Requires-Dist: {requires}\n")
        (info / "entry_points.txt").write_text(f"[partwise]\n{name} = {module}{target}\n")

    yield install
    for module in modules:
        if (plugin := sys.modules.pop(module, None)) and _registry._manager.is_registered(plugin):
            _registry._manager.unregister(plugin)


def infos(name: str) -> list[partwise.ProviderInfo]:
    return [info for info in partwise.installed_providers() if info.name == name]


def provider_module(client: Any) -> str:
    return type(client._calls.provider).__module__


def test_a_plugin_is_found_by_its_entry_point(install: Any) -> None:
    install("partwise-acme", "acme")
    client = partwise.from_provider("acme/large/v2", api_key="k", base_url="u", region="eu")
    provider: Any = client._calls.provider
    config = provider.config
    assert (config.name, config.api_key, config.base_url) == ("acme", "k", "u")
    assert config.options == {"region": "eu"}
    assert repr(client) == "<Client of acme/large/v2>"
    assert infos("acme") == [partwise.ProviderInfo("acme", "partwise-acme", "1.2", "ready")]


def test_plugins_are_looked_for_again_once_one_was_installed(
    install: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def look(**group: str) -> Any:
        looks.append(group["group"])
        return entry_points(**group)

    monkeypatch.setattr("importlib.metadata.entry_points", look)
    install("partwise-acme", "acme")
    monkeypatch.setattr("sys.path", sys.path[:1])  # others may change the checkout's folder
    monkeypatch.setattr("sys.dont_write_bytecode", True)  # it would change this one
    for _ in range(3):
        partwise.from_provider("acme/large")
    assert len(looks) == 1
    install("partwise-other", "other")
    os.utime(sys.path[0])  # a file system's clock may stand still for a few ms
    assert provider_module(partwise.from_provider("other/large")) == "partwise_other_plugin"
    assert len(looks) == 2


def test_an_unknown_provider_s_error_says_what_there_is_and_what_to_install(install: Any) -> None:
    install("partwise-acme", "acme")
    with pytest.raises(partwise.ProviderNotFoundError) as caught:
        partwise.from_provider("acne/large")
    assert "did you mean 'acme'?" in str(caught.value)
    assert "(installed: acme, anthropic, bedrock, fake, " in str(caught.value)
    assert "groq" not in str(caught.value), "the plugins, and not each of their names"
    assert "see `partwise providers`" in str(caught.value)
    assert "pip install" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("opnai", "did you mean 'openai'?"),
        ("Groq", "did you mean 'groq'?"),
        ("vertex-ai", "did you mean 'vertexai'?"),
        ("azure-open-ai", "did you mean 'azure-openai'?"),
        ("moonshoot", "did you mean 'moonshot'?"),
    ],
)
def test_the_nearest_name_is_suggested(name: str, hint: str) -> None:
    with pytest.raises(partwise.ProviderNotFoundError) as caught:
        partwise.from_provider(f"{name}/large")
    assert hint in str(caught.value)
    assert "pip install" not in str(caught.value)


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    with pytest.raises(partwise.ProviderNotFoundError) as caught:
        partwise.from_provider("qqqqqqqq/large")
    assert "did you mean" not in str(caught.value)
    assert "pip install" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("anthropic", "is called 'anthropic': pip install partwise-anthropic"),
        ("antropic", "did you mean 'anthropic'? pip install partwise-anthropic"),
        ("vertexai", "pip install partwise-google"),
        ("groq", "servers that speak OpenAI's wire format: pip install partwise-openai"),
    ],
)
def test_a_package_is_only_named_if_it_exists(
    name: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_registry, "_plugins", list)
    with pytest.raises(partwise.ProviderNotFoundError) as caught:
        partwise.from_provider(f"{name}/large")
    assert hint in str(caught.value)


@pytest.mark.parametrize("model", ["gpt-4.1", "", "/", "openai/", "/gpt-4.1"])
def test_a_model_without_a_provider(model: str) -> None:
    with pytest.raises(partwise.ProviderNotFoundError, match=r"openai/gpt-4\.1-mini") as caught:
        partwise.from_provider(model)
    assert "pip install" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("raise RuntimeError('no luck')", "", "RuntimeError: no luck"),
        ("import nowhere_to_be_found", "", "No module named 'nowhere_to_be_found'"),
        (None, "", "No module named"),
        ("", ":missing", "missing"),
        ("", "", "registers no provider 'acme'"),
        (
            "from partwise.provider import hookimpl\n@hookimpl\ndef register_providers(no): 1",
            "",
            "no",
        ),
    ],
    ids=["raises", "imports", "absent", "attribute", "empty", "hook"],
)
def test_a_broken_plugin_breaks_itself_alone(
    install: Any, source: str | None, target: str, reason: str
) -> None:
    install("partwise-acme", "acme", source=source, target=target)
    install("partwise-good", "good")
    partwise.from_provider("good/x")
    with pytest.raises(partwise.ProviderNotFoundError, match=re.escape(reason)) as caught:
        partwise.from_provider("acme/x")
    assert "partwise-acme 1.2" in str(caught.value)
    with pytest.raises(partwise.ProviderNotFoundError, match="no provider is called 'else'"):
        partwise.from_provider("else/x")
    (info,) = infos("acme")
    assert info.state == "broken"
    assert reason in info.detail


def test_two_that_claim_one_name(install: Any) -> None:
    install("partwise-acme", "acme")
    install("acme-for-partwise", "acme")
    with pytest.raises(
        partwise.ProviderNotFoundError, match="acme-for-partwise and partwise-acme claim"
    ):
        partwise.from_provider("acme/x")
    assert [info.state for info in infos("acme")] == ["conflict", "conflict"]


def test_a_row_is_found_where_no_plugin_has_the_name(install: Any) -> None:
    install("partwise-acme", "acme", "acme", "acme-eu")
    partwise.from_provider("acme-eu/x")
    assert infos("acme-eu")[0].state == "ready"


def test_a_name_s_own_plugin_wins_over_a_row(install: Any) -> None:
    install("partwise-acme", "acme", "acme", "other")
    install("partwise-other", "other")
    assert provider_module(partwise.from_provider("other/x")) == "partwise_other_plugin"
    states = {info.distribution: info.state for info in infos("other")}
    assert states == {"partwise-acme": "shadowed", "partwise-other": "ready"}


def test_two_rows_of_one_name(install: Any) -> None:
    install("partwise-acme", "acme", "acme", "other")
    install("partwise-bcme", "bcme", "bcme", "other")
    with pytest.raises(
        partwise.ProviderNotFoundError,
        match="partwise-acme and partwise-bcme claim the provider 'other'",
    ):
        partwise.from_provider("other/x")
    assert [info.state for info in infos("other")] == ["conflict", "conflict"]


def takeovers(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "takes the name" in r.getMessage()]


def test_a_stranger_s_plugin_that_takes_a_server_s_name_is_told_once(
    install: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install("groq-for-partwise", "groq")
    for _ in range(2):
        client = partwise.from_provider("groq/x", api_key="k")
        assert provider_module(client) == "groq_for_partwise_plugin"
    (told,) = takeovers(caplog)
    assert "groq-for-partwise" in told
    assert 'plugin="partwise-openai"' in told
    details = {info.distribution: (info.state, info.detail) for info in infos("groq")}
    assert details == {
        "groq-for-partwise": ("ready", "takes the name from partwise-openai"),
        "partwise-openai": ("shadowed", "groq-for-partwise has a plugin of that name"),
    }


@pytest.mark.parametrize("name", ["partwise-openai", "Partwise_OpenAI"])
def test_a_plugin_can_be_pinned(name: str, install: Any, caplog: pytest.LogCaptureFixture) -> None:
    install("groq-for-partwise", "groq")
    client = partwise.from_provider("groq/x", api_key="k", plugin=name)
    assert provider_module(client).startswith("partwise_openai")
    assert not takeovers(caplog)


def test_no_takeover_is_told_of_a_name_that_nobody_else_has(
    install: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install("partwise-acme", "acme")
    partwise.from_provider("acme/x")
    partwise.from_provider("mistral/x", api_key="k")  # partwise-openai registers it, too
    assert not takeovers(caplog)


@pytest.mark.parametrize(
    ("distribution", "message"),
    [("partwise-nobody", "no plugin for partwise"), ("partwise-acme", "registers no provider")],
)
def test_a_pin_that_leads_nowhere(install: Any, distribution: str, message: str) -> None:
    install("partwise-acme", "acme")
    with pytest.raises(partwise.ProviderNotFoundError, match=message):
        partwise.from_provider("groq/x", api_key="k", plugin=distribution)


def test_a_pin_chooses_between_two_that_claim_one_name(install: Any) -> None:
    install("partwise-acme", "acme", "acme", "other")
    install("partwise-bcme", "bcme", "bcme", "other")
    client = partwise.from_provider("other/x", plugin="partwise-bcme")
    assert provider_module(client) == "partwise_bcme_plugin"


def test_only_the_plugin_that_is_asked_for_is_loaded(install: Any) -> None:
    install("partwise-acme", "acme")
    install("partwise-bcme", "bcme")
    partwise.from_provider("acme/x")
    assert "partwise_bcme_plugin" not in sys.modules


def test_a_plugin_given_to_register_comes_first(install: Any) -> None:
    install("partwise-acme", "acme")
    namespace: dict[str, Any] = {"__name__": "given"}
    exec(textwrap.dedent(GOOD).replace("NAMES", "('acme',)"), namespace)  # noqa: S102
    plugin = type(
        "Given", (), {"register_providers": staticmethod(namespace["register_providers"])}
    )
    partwise.register(plugin)
    try:
        assert provider_module(partwise.from_provider("acme/x")) == "given"
        with pytest.raises(partwise.ConfigurationError):
            partwise.register(plugin)
        assert [info.distribution for info in infos("acme")] == ["", "partwise-acme"]
    finally:
        partwise.unregister(plugin)
    assert provider_module(partwise.from_provider("acme/x")) == "partwise_acme_plugin"
    with pytest.raises(partwise.ConfigurationError, match="not registered"):
        partwise.unregister(plugin)


def test_one_of_an_entry_point_can_be_given_to_register_too(install: Any) -> None:
    install("partwise-acme", "acme", "acme", "more")
    partwise.from_provider("acme/x")
    plugin = sys.modules["partwise_acme_plugin"]
    partwise.register(plugin)
    try:
        assert [info.distribution for info in infos("acme")] == ["", "partwise-acme"]
        assert provider_module(partwise.from_provider("more/x")) == "partwise_acme_plugin"
    finally:
        partwise.unregister(plugin)
    assert provider_module(partwise.from_provider("acme/x")) == "partwise_acme_plugin"


def test_the_import_loads_no_sdk_and_no_event_loop() -> None:
    code = (
        "import sys, partwise; "
        "slow = {'openai', 'anthropic', 'google.genai', 'httpx2', 'asyncio', 'tenacity', 'rich'}; "
        "print(sorted(slow & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert result.stdout.strip() == "[]"
