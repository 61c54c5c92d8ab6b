"""Checks that the plugin does what it declares."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from partwise.provider import Granularity, Mode

from ..assertions import expect, require
from ..fixtures import KEY, MESSAGES, SCHEMA, TOOL, Meeting, answer

if TYPE_CHECKING:
    from ..harness import Harness

_FIELDS = len(Meeting.model_fields)

# Run in a process of its own, in which nothing has been imported yet.
_PROBE = """
import json, sys
given = json.loads(sys.argv[1])
sys.path[:] = given["path"]
import pydantic, partwise, partwise.provider
import importlib
from contextlib import suppress
from importlib.metadata import entry_points
name, _, model = given["provider"].partition("/")
# partwise asks other plugins whether they have the same name: what they import is theirs.
plugins = entry_points(group="partwise")
others = [plugin for plugin in plugins if plugin.name != name]
for other in others if len(others) < len(plugins) else ():
    with suppress(Exception):
        other.load()
before = set(sys.modules)
if given["plugin"]:
    partwise.register(importlib.import_module(given["plugin"]))
config = partwise.provider.ProviderConfig(
    name=name, api_key=given["key"], base_url="http://127.0.0.1:9", options=given["options"]
)
provider = partwise.provider.find_factory(name)(config)
capabilities = provider.capabilities(model)
request = partwise.provider.Request(
    model=model, mode=capabilities.default_mode, messages=given["messages"],
    schema=given["schema"], name=given["name"],
)
provider.build_request(request)
provider.decoder(request)
own = {(given["plugin"] or type(provider).__module__).partition(".")[0], "partwise"}
own |= {other.module.partition(".")[0] for other in others}
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(tops - own - set(sys.stdlib_module_names))))
"""


class DeclaredChecks:
    """The declarations are true."""

    def test_capabilities(self, harness: Harness) -> None:
        """The modes are declared, best first, each with its granularity.

        Source: `Capabilities` of `partwise.provider`.
        """
        modes = harness.modes
        require(modes, "`capabilities` must declare at least one mode")
        kinds = {(type(mode), type(fineness)) for mode, fineness in modes.items()}
        expect(kinds, {(Mode, Granularity)}, "`Capabilities.modes` maps Mode to Granularity")
        if harness.suite.modes is not None:
            advice = "declare each mode that the vendor has with this model, and no other"
            expect(sorted(modes), sorted(harness.suite.modes), advice)

    def test_granularity(self, harness: Harness, mode: Mode) -> None:
        """An answer arrives as finely as is declared, and no more finely.

        Source: `Granularity` of `partwise.provider`.
        """
        transcript = harness.decode(mode, answer(mode))
        actual = transcript.granularity(mode, _FIELDS)
        advice = f"declare how finely {mode} really streams"
        expect(actual.value, harness.modes[mode].value, advice)

    def test_no_sdk_before_open(self, harness: Harness) -> None:
        """Nothing but the plugin itself is imported before a stream is opened.

        Source: `docs/writing-a-provider.md`: the SDK is imported late.
        """
        suite = harness.suite
        imported = _imported(
            json.dumps({
                "path": sys.path,
                "plugin": suite.plugin,
                "provider": suite.provider,
                "key": KEY,
                "options": _plain(suite.client_options),
                "messages": MESSAGES,
                "schema": SCHEMA,
                "name": TOOL,
            })
        )  # fmt: skip
        heavy = sorted(set(imported) - suite.light_imports)
        require(
            not heavy,
            f"{', '.join(heavy)} was imported before `open`: import the SDK inside `open`, `aopen` "
            "and `map_error` (small ones may be named in the suite's `light_imports`)",
        )


def _plain(options: object) -> object:
    """The options that JSON can carry; no others are needed to make a provider."""
    return json.loads(json.dumps(options, default=str))


@lru_cache(maxsize=64)
def _imported(given: str) -> tuple[str, ...]:
    command = [sys.executable, "-c", _PROBE, given]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    require(ran.returncode == 0, f"making the provider in a new process failed:\n{ran.stderr}")
    return tuple(json.loads(ran.stdout))
