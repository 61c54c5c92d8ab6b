"""Broken plugins in the wild: real wheels in a folder of their own, met by a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("wheels")

GOOD = """
    from partwise.provider import Capabilities, Granularity, Mode, hookimpl

    class Provider:
        def __init__(self, config): pass
        def capabilities(self, model): return Capabilities({Mode.JSON: Granularity.TOKEN})

    @hookimpl
    def register_providers(register):
        register(NAME, Provider)
"""


@dataclass(frozen=True)
class Plugin:
    """A stranger's distribution. Its module is left out where there is no source."""

    distribution: str
    name: str
    source: str | None = GOOD

    @property
    def module(self) -> str:
        return self.distribution.replace("-", "_")

    def build(self, folder: Path) -> Path:
        """Write the wheel."""
        path = folder / f"{self.module}-1.2-py3-none-any.whl"
        info = f"{self.module}-1.2.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {self.distribution}\nVersion: 1.2\n"
        files = {
            f"{info}/METADATA": f"{metadata}Requires-Dist: partwise>=0.1\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[partwise]\n{self.name} = {self.module}\n",
        }
        if self.source is not None:
            code = textwrap.dedent(self.source).replace("NAME", repr(self.name))
            files[f"{self.module}.py"] = code
        record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
        with ZipFile(path, "w") as wheel:
            for name, text in {**files, f"{info}/RECORD": record}.items():
                wheel.writestr(name, text)
        return path


PLUGINS = (
    Plugin("partwise-good", "good"),
    Plugin("partwise-raises", "raises", "raise RuntimeError('no luck today')"),
    Plugin("partwise-hollow", "hollow", None),
    Plugin("partwise-twins", "twins"),
    Plugin("twins-for-partwise", "twins"),
    Plugin("partwise-groq", "groq"),
)


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory, uv: Callable[..., None]) -> Path:
    """A folder in which all of them are installed."""
    built = tmp_path_factory.mktemp("wheels")
    target = tmp_path_factory.mktemp("wild")
    wheels = [plugin.build(built) for plugin in PLUGINS]
    uv("pip", "install", "--no-deps", "--target", target, "--python", sys.executable, *wheels)
    return target


def run(wild: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of Python that finds them."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": str(wild)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_breaks_only_itself_and_only_when_it_is_asked_for(wild: Path) -> None:
    script = """
        import json, sys
        import partwise

        partwise.from_provider("good/any")
        loaded = sorted(sys.modules.keys() & set(sys.argv[1:]))
        said = {}
        for name in ("raises", "hollow", "twins", "nobody"):
            try:
                partwise.from_provider(f"{name}/any")
            except partwise.ProviderNotFoundError as error:
                said[name] = str(error)
        groq = partwise.from_provider("groq/any")
        said["groq"] = type(groq._calls.provider).__module__
        print(json.dumps([loaded, said]))
    """
    strangers = [plugin.module for plugin in PLUGINS]
    ran = run(wild, "-c", textwrap.dedent(script), *strangers)
    assert ran.stderr.startswith("the provider 'groq' is that of partwise-groq")
    assert ran.stderr.count("\n") == 1
    loaded, said = json.loads(ran.stdout)
    assert loaded == ["partwise_good"]
    assert said == {
        "raises": "the plugin 'raises' of partwise-raises 1.2 can't be used: "
        "it raised RuntimeError: no luck today",
        "hollow": "the plugin 'hollow' of partwise-hollow 1.2 can't be used: "
        "it raised ModuleNotFoundError: No module named 'partwise_hollow'",
        "twins": "partwise-twins and twins-for-partwise claim the provider 'twins': "
        "uninstall all but one, or name the one to use, as in plugin='partwise-twins'",
        "nobody": said["nobody"],
        # A plugin of that name comes before the OpenAI plugin's row of it.
        "groq": "partwise_groq",
    }
    assert "pip install" not in said["nobody"]
    assert "good" in said["nobody"]


def test_the_shell_lists_them_all_with_what_is_wrong(wild: Path) -> None:
    ran = run(wild, "-m", "partwise", "providers", "--json")
    assert ran.returncode == 0, ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    strange = {plugin.distribution for plugin in PLUGINS}
    states = {
        (each["name"], each["distribution"]): (each["version"], each["state"], bool(each["detail"]))
        for each in found
        if each["distribution"] in strange or each["name"] == "groq"
    }
    assert states == {
        ("good", "partwise-good"): ("1.2", "ready", False),
        ("raises", "partwise-raises"): ("1.2", "broken", True),
        ("hollow", "partwise-hollow"): ("1.2", "broken", True),
        ("twins", "partwise-twins"): ("1.2", "conflict", True),
        ("twins", "twins-for-partwise"): ("1.2", "conflict", True),
        ("groq", "partwise-groq"): ("1.2", "ready", True),
        ("groq", "partwise-openai"): (version("partwise-openai"), "shadowed", True),
    }


def version(distribution: str = "partwise") -> str:
    from importlib.metadata import version as installed

    return installed(distribution)
